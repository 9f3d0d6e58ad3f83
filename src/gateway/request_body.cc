#include "gateway/request_body.h"

#include <algorithm>
#include <vector>

namespace corral::gateway {

RequestBody::RequestBody(http::Exchange& exchange, SpillBudget& budget, Reading reading)
    : exchange_(exchange), reading_(reading), scanner_({"model", "stream"}), spill_(budget) {}

bool RequestBody::wants_stream() const {
  const json::Field& stream = *scanner_.field("stream");
  return stream.found && stream.type == json::Type::kTrue;
}

// The next piece from the client, checked as JSON where it must be.
io::Task<Result<std::string_view>> RequestBody::next() {
  Result<std::string_view> piece = co_await exchange_.read_body();
  if (piece.has_value() && reading_ == Reading::kJson) {
    const Result<void> valid = piece->empty() ? scanner_.finish() : scanner_.push(*piece);
    if (!valid.has_value()) piece = fail(Code::kInvalid, valid.error().message);
  }
  if (!piece.has_value()) error_ = piece.error();
  co_return piece;
}

Result<void> RequestBody::keep(std::string_view piece) {
  if (spill_.size() == 0 && memory_.size() + piece.size() <= kMemory) {
    // In one piece: growing by copies would need half as much again for a moment.
    const http::RequestHead& head = exchange_.request();
    if (memory_.empty() && head.framing == http::Framing::kLength) {
      memory_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(head.length, kMemory)));
    }
    memory_.append(piece);
    return {};
  }
  if (spill_.size() + piece.size() > kSpill) {
    return fail(Code::kLimit, "the request body has more than 4 GiB; send less");
  }
  return spill_.append(piece);
}

io::Task<Result<void>> RequestBody::gather() {
  while (true) {
    const bool known = reading_ == Reading::kBlind || model().found;
    const bool enough = known && memory_.size() + spill_.size() >= kMemory;
    if (enough && !exchange_.body_done()) co_return Result<void>{};
    const Result<bool> more = co_await gather_piece();
    if (!more.has_value()) co_return std::unexpected(more.error());
    if (!*more) co_return Result<void>{};
  }
}

io::Task<Result<void>> RequestBody::gather_all() {
  while (true) {
    const Result<bool> more = co_await gather_piece();
    if (!more.has_value()) co_return std::unexpected(more.error());
    if (!*more) co_return Result<void>{};
  }
}

// False at the end of the body.
io::Task<Result<bool>> RequestBody::gather_piece() {
  const Result<std::string_view> piece = co_await next();
  if (!piece.has_value()) co_return std::unexpected(piece.error());
  if (piece->empty()) co_return false;
  const Result<void> kept = keep(*piece);
  if (!kept.has_value()) co_return std::unexpected(kept.error());
  co_return true;
}

Result<std::string> RequestBody::copy() {
  if (!whole() || length() > kMostCopied) {
    return fail(Code::kLimit, "its request is too large to be sent again");
  }
  std::string all = memory_;
  all.resize(length());
  std::size_t at = memory_.size();
  while (at < all.size()) {
    const std::span<char> rest = std::span(all).subspan(at);
    const Result<std::size_t> count = spill_.read(at - memory_.size(), rest);
    if (!count.has_value() || *count == 0) {
      return fail(Code::kIo, "its request cannot be read again");
    }
    at += *count;
  }
  return all;
}

http::Framing RequestBody::framing() const {
  if (exchange_.request().framing != http::Framing::kChunked) return exchange_.request().framing;
  return whole() ? http::Framing::kLength : http::Framing::kChunked;
}

std::uint64_t RequestBody::length() const {
  return whole() ? memory_.size() + spill_.size() : exchange_.request().length;
}

io::Task<Result<void>> RequestBody::send(http::Call& call) {
  if (whole() && spill_.size() == 0) {
    Result<void> sent = co_await call.end_body(memory_);
    co_return sent;
  }
  Result<void> sent = co_await call.send(memory_);
  if (sent.has_value()) sent = co_await send_spilled(call);
  if (sent.has_value()) sent = co_await send_rest(call);
  if (sent.has_value()) sent = co_await call.end_body();
  co_return sent;
}

io::Task<Result<void>> RequestBody::send_spilled(http::Call& call) {
  if (spill_.size() == 0) co_return Result<void>{};
  std::vector<char> buffer(64 * 1024);
  std::uint64_t offset = 0;
  while (offset < spill_.size()) {
    Result<std::size_t> count = spill_.read(offset, buffer);
    if (count.has_value() && *count == 0) count = fail(Code::kIo, "a temporary file was cut short");
    if (!count.has_value()) {
      error_ = count.error();
      co_return std::unexpected(count.error());
    }
    offset += *count;
    Result<void> sent = co_await call.send(std::string_view(buffer.data(), *count));
    if (!sent.has_value()) co_return sent;
  }
  co_return Result<void>{};
}

io::Task<Result<void>> RequestBody::send_rest(http::Call& call) {
  while (true) {
    const Result<std::string_view> piece = co_await next();
    if (!piece.has_value()) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return Result<void>{};
    passed_ = true;
    Result<void> sent = co_await call.send(*piece);
    if (!sent.has_value()) co_return sent;
  }
}

}  // namespace corral::gateway
