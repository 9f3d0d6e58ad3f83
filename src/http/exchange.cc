// Exchange: the handler's side of a connection.
#include "base/strings.h"
#include "http/connection.h"
#include "http/head_writer.h"

namespace corral::http {

Exchange::Exchange(Connection& connection)
    : connection_(connection), continue_due_(connection.request_.expect_continue) {}

const RequestHead& Exchange::request() const { return connection_.request_; }

io::Event& Exchange::client_gone() { return connection_.stream_.closed(); }

std::string Exchange::client_address() const { return connection_.stream_.peer(); }

bool Exchange::sends_events() const {
  if (!begun_) return false;
  for (const std::string_view line : split(connection_.head_out_, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos ||
        !equals_ignore_case(line.substr(0, colon), "Content-Type"))
      continue;
    constexpr std::string_view kEvents = "text/event-stream";
    return equals_ignore_case(trim(line.substr(colon + 1)).substr(0, kEvents.size()), kEvents);
  }
  return false;
}

bool Exchange::body_done() const { return connection_.reader_.body_done(); }

void Exchange::abort() { broken_ = true; }

void Exchange::add_header(std::string_view name, std::string_view value) {
  CHECK(!begun_ && is_token(name) && is_field_value(value));
  more_headers_.reserve(more_headers_.size() + name.size() + value.size() + 4);
  more_headers_.append(name).append(": ").append(value).append("\r\n");
}

io::Task<Result<std::string_view>> Exchange::read_body() {
  if (continue_due_ && !begun_) {
    continue_due_ = false;
    // A client that has sent its body without waiting needs no permission.
    if (!body_done() && !connection_.reader_.has_leftover()) {
      constexpr std::array<std::string_view, 1> kGoOn = {"HTTP/1.1 100 Continue\r\n\r\n"};
      const Result<void> written = co_await connection_.write(kGoOn);
      if (!written.has_value()) co_return std::unexpected(written.error());
    }
  }
  Result<std::string_view> piece = co_await connection_.read_body();
  body_failed_ = !piece.has_value();
  co_return piece;
}

io::Task<Result<void>> Exchange::begin(int status, std::span<const Header> headers, Framing framing,
                                       std::uint64_t length) {
  CHECK(!begun_);
  const RequestHead& head = request();
  const bool head_only = head.method == "HEAD" || status == 204 || status == 304;
  if (framing == Framing::kChunked && !head.http11) framing = Framing::kUntilClose;
  keep_alive_ = head.keep_alive && !connection_.server_.draining_ && !connection_.server_.full();
  if (framing == Framing::kUntilClose && !head_only) keep_alive_ = false;
  // Where a broken body ends, and a next request would begin, nobody knows.
  if (body_failed_) keep_alive_ = false;
  // Whether a body follows that was never asked for cannot be known.
  if (continue_due_ && !body_done()) keep_alive_ = false;
  const Delivery delivery{.framing = framing,
                          .length = length,
                          .keep_alive = keep_alive_,
                          .http11 = head.http11,
                          .more = more_headers_};
  Result<void> written = write_response_head(connection_.head_out_, status, headers, delivery);
  if (!written.has_value()) co_return written;
  has_body_ = !head_only && framing != Framing::kNone;
  framing_ = framing;
  length_ = framing == Framing::kLength ? length : 0;
  status_ = status;
  begun_ = head_due_ = true;
  co_return written;
}

io::Task<Result<void>> Exchange::reply(int status, std::span<const Header> headers,
                                       std::string_view body) {
  Result<void> result = co_await begin(status, headers, Framing::kLength, body.size());
  if (!result.has_value()) co_return result;
  result = co_await end(has_body_ ? body : std::string_view());
  co_return result;
}

io::Task<Result<void>> Exchange::send(std::string_view piece) {
  CHECK(begun_ && !ended_);
  if (piece.empty()) co_return Result<void>{};
  Result<void> result = co_await write_out(piece, false);
  co_return result;
}

io::Task<Result<void>> Exchange::flush() {
  CHECK(begun_);
  if (!head_due_) co_return Result<void>{};
  Result<void> result = co_await write_out({}, false);
  co_return result;
}

io::Task<Result<void>> Exchange::end(std::string_view last) {
  CHECK(begun_ && !ended_);
  if (has_body_ && framing_ == Framing::kLength && sent_ + last.size() < length_) {
    abort();
    co_return fail(Code::kInternal, "the reply ended before its announced length");
  }
  Result<void> result = co_await write_out(last, true);
  ended_ = result.has_value();
  co_return result;
}

// The head if it is due, the framed piece and, at the last, the end of the body: one write.
io::Task<Result<void>> Exchange::write_out(std::string_view piece, bool last) {
  if (broken_) co_return fail(Code::kClosed, "the reply was aborted or its client has gone");
  std::array<std::string_view, 5> pieces;
  std::size_t count = 0;
  if (head_due_) pieces[count++] = connection_.head_out_;
  head_due_ = false;
  if (has_body_) {
    sent_ += piece.size();
    CHECK(framing_ != Framing::kLength || sent_ <= length_);
    const bool chunked = framing_ == Framing::kChunked;
    if (chunked && !piece.empty()) pieces[count++] = write_chunk_size(size_line_, piece.size());
    if (!piece.empty()) pieces[count++] = piece;
    if (chunked && !piece.empty()) pieces[count++] = last ? "\r\n0\r\n\r\n" : "\r\n";
    if (chunked && piece.empty() && last) pieces[count++] = "0\r\n\r\n";
  }
  if (count == 0) co_return Result<void>{};
  const std::span<const std::string_view> used(pieces.data(), count);
  Result<void> result = co_await connection_.write(used);
  if (!result.has_value()) broken_ = true;
  co_return result;
}

}  // namespace corral::http
