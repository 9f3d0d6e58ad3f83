// The chunk decoder gives the same at every split, and what it accepts, http_parser accepts with
// the same payload and the same end, and so does a plain reading of the grammar. Known exception:
// http_parser heeds a trailer that is called Content-Length or Transfer-Encoding, and may refuse
// it; ours are all dropped.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/strings.h"
#include "fuzz/http_oracle.h"
#include "fuzz/splits.h"
#include "http/chunk_decoder.h"

using namespace corral;

namespace {

constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Outcome {
  bool valid = true;
  bool done = false;
  std::string payload;
  std::size_t consumed = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome decode(const fuzz::Pieces& pieces) {
  http::ChunkDecoder decoder;
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    std::string bytes(piece);
    const Result<http::ChunkDecoder::Step> step = decoder.decode(bytes);
    if (!step.has_value()) return Outcome{.valid = false, .payload = {}};
    CHECK(step->consumed == bytes.size() || decoder.done());
    outcome.payload += step->piece;
    outcome.consumed += step->consumed;
  }
  outcome.done = decoder.done();
  return outcome;
}

// The text up to the next CRLF, which is taken off `text` with it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  CHECK(end != std::string_view::npos);
  const std::string_view line = text.substr(0, end);
  CHECK(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  text.remove_prefix(end + 2);
  return line;
}

// A whole body, read line by line as RFC 9112 section 7.1 writes it; spaces may follow a size.
// http_parser passes over whatever follows a size, so it is no judge of that.
void check_strict(std::string_view text, std::string_view payload) {
  while (true) {
    const std::string_view line = take_line(text);
    const std::size_t digits =
        std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
    CHECK(digits > 0);
    const std::size_t rest = line.find_first_not_of(' ', digits);
    CHECK(rest == std::string_view::npos || line[rest] == ';');
    const std::size_t size = std::stoull(std::string(line.substr(0, digits)), nullptr, 16);
    if (size == 0) break;
    CHECK(text.size() >= size + 2 && payload.starts_with(text.substr(0, size)));
    CHECK(text.substr(size, 2) == "\r\n");
    text.remove_prefix(size + 2);
    payload.remove_prefix(size);
  }
  CHECK(payload.empty());
  for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
    const std::size_t colon = line.find(':');
    CHECK(colon != std::string_view::npos && colon > 0);
    CHECK(line.substr(0, colon).find_first_of(" \t") == std::string_view::npos);
  }
  CHECK(text.empty());
}

bool has_framing_trailer(std::string_view input) {
  const std::string lower = to_lower(input);
  return lower.find("\ncontent-length:") != std::string::npos ||
         lower.find("\ntransfer-encoding:") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Outcome whole = decode({input});
  fuzz::for_every_split(input, [&](const fuzz::Pieces& pieces) { CHECK(decode(pieces) == whole); });
  if (whole.done) check_strict(input.substr(0, whole.consumed), whole.payload);
  if (!whole.valid || has_framing_trailer(input)) return 0;
  const fuzz::Reading theirs = fuzz::read_request(std::string(kHead) + std::string(input));
  CHECK(theirs.error.empty());
  CHECK(theirs.message_done == whole.done);
  CHECK(theirs.body == whole.payload);
  CHECK(theirs.consumed == kHead.size() + whole.consumed);
  return 0;
}
