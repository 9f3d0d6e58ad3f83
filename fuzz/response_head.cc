// What parse_response_head accepts, http_parser accepts with the same meaning. The first byte says
// whether the request was a HEAD. Known exceptions:
//   - 1xx, 204, 304 and replies to HEAD have no body, whatever they announce (RFC 9110,
//     section 6.4.1); http_parser would read one by its length;
//   - the connection of a 204 that announces a body is not kept;
//   - keep-alive where may_differ_on_keep_alive says so;
//   - heads that confuses_oracle tells of.
#include <cstdint>

#include "fuzz/head_claims.h"

using namespace corral;

namespace {

http::Framing framing_of(const fuzz::Reading& reading) {
  if (reading.chunked) return http::Framing::kChunked;
  if (!reading.length) return http::Framing::kUntilClose;
  return *reading.length == 0 ? http::Framing::kNone : http::Framing::kLength;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const bool to_head_request = input[0] == 'h';
  input.remove_prefix(1);
  const std::optional<std::string_view> text = fuzz::head_of(input);
  if (!text) return 0;
  http::ResponseHead head;
  if (const auto refused = http::parse_response_head(*text, to_head_request, head)) {
    fuzz::check_refusal(*refused);
    return 0;
  }
  fuzz::check_strict(*text, head.headers);
  CHECK(fuzz::count(head.headers, "Content-Length") +
            fuzz::count(head.headers, "Transfer-Encoding") <=
        1);

  if (fuzz::confuses_oracle(head.headers)) return 0;
  const fuzz::Reading theirs = fuzz::read_response(*text);
  CHECK(theirs.head_done);
  CHECK(theirs.status == head.status);
  CHECK(theirs.reason == head.reason);
  CHECK((theirs.http_minor == 1) == head.http11);
  fuzz::check_same_headers(head.headers, theirs);
  CHECK(theirs.length.value_or(0) == head.length);
  const bool bodiless =
      to_head_request || head.status < 200 || head.status == 204 || head.status == 304;
  CHECK(head.framing == (bodiless ? http::Framing::kNone : framing_of(theirs)));
  const bool announced = theirs.chunked || head.length != 0;
  if (head.status == 204 && announced) {
    CHECK(!head.keep_alive);
  } else if (!to_head_request && !fuzz::may_differ_on_keep_alive(head.headers)) {
    CHECK(theirs.keep_alive == head.keep_alive);
  }
  return 0;
}
