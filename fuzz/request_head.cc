// What parse_request_head accepts, http_parser accepts with the same meaning. Known exceptions:
//   - a method that http_parser's table lacks: it is given GET instead, and all else is compared;
//   - keep-alive where may_differ_on_keep_alive says so;
//   - heads that confuses_oracle tells of.
#include <cstdint>
#include <string>

#include "fuzz/head_claims.h"

using namespace corral;

namespace {

fuzz::Reading opinion(std::string_view text, const http::RequestHead& head) {
  fuzz::Reading theirs = fuzz::read_request(text);
  if (theirs.error != "HPE_INVALID_METHOD") {
    CHECK(theirs.head_done);
    CHECK(theirs.method == head.method);
    return theirs;
  }
  const auto rest = static_cast<std::size_t>(head.method.data() - text.data()) + head.method.size();
  return fuzz::read_request("GET" + std::string(text.substr(rest)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::optional<std::string_view> text = fuzz::head_of(input);
  if (!text) return 0;
  http::RequestHead head;
  if (const std::optional<http::Refusal> refused = http::parse_request_head(*text, head)) {
    fuzz::check_refusal(*refused);
    return 0;
  }
  fuzz::check_strict(*text, head.headers);
  CHECK(fuzz::count(head.headers, "Host") <= 1);
  CHECK(fuzz::count(head.headers, "Content-Length") +
            fuzz::count(head.headers, "Transfer-Encoding") <=
        1);
  CHECK(head.framing != http::Framing::kUntilClose);

  if (fuzz::confuses_oracle(head.headers)) return 0;
  const fuzz::Reading theirs = opinion(*text, head);
  CHECK(theirs.head_done);
  CHECK(theirs.target == head.target);
  CHECK((theirs.http_minor == 1) == head.http11);
  fuzz::check_same_headers(head.headers, theirs);
  CHECK(theirs.chunked == (head.framing == http::Framing::kChunked));
  CHECK(theirs.length.value_or(0) == head.length);
  CHECK((head.framing == http::Framing::kLength) == (head.length != 0));
  if (!fuzz::may_differ_on_keep_alive(head.headers)) {
    CHECK(theirs.keep_alive == head.keep_alive);
  }
  return 0;
}
