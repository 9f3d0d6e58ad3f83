#include "gateway/held_reply.h"

#include <algorithm>

namespace corral::gateway {

io::Task<Result<std::string>> hold_reply(http::Call& call, engine::Load& load,
                                         std::string_view first) {
  std::string held;
  const http::ResponseHead& head = call.head();
  if (head.framing == http::Framing::kLength) {
    held.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(head.length, kMostHeld)));
  }
  held.append(first);
  while (!call.body_done() && held.size() < kMostHeld) {
    const engine::Load::Wait waits(load);
    const Result<std::string_view> piece = co_await call.read_body();
    if (!piece.has_value()) co_return std::unexpected(piece.error());
    if (piece->empty()) break;
    load.note_progress();
    held.append(*piece);
  }
  co_return held;
}

}  // namespace corral::gateway
