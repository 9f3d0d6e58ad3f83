// Call: one request and its reply on one connection.
#include "http/head_parser.h"
#include "http/head_writer.h"
#include "http/upstream.h"

namespace corral::http {
namespace {

constexpr int kMostInterim = 16;  // interim replies before the real one

}  // namespace

Call::Call(Client& client, std::unique_ptr<Upstream> upstream)
    : client_(&client), upstream_(std::move(upstream)) {}

Call::Call(Call&&) noexcept = default;

Call& Call::operator=(Call&& other) noexcept {
  if (this == &other) return *this;
  release();
  client_ = other.client_;
  upstream_ = std::move(other.upstream_);
  return *this;
}

Call::~Call() { release(); }

void Call::release() {
  if (upstream_ && upstream_->reusable()) client_->put_back(std::move(upstream_));
  upstream_.reset();
}

const ResponseHead& Call::head() const { return upstream_->head; }
bool Call::body_done() const { return upstream_->head_read && upstream_->reader.body_done(); }
bool Call::reused() const { return upstream_->reused; }
bool Call::reply_begun() const { return upstream_->reply_begun; }

io::Task<Result<void>> Call::send(std::string_view piece) {
  CHECK(!upstream_->request_ended);
  if (piece.empty()) co_return Result<void>{};
  Result<void> result = co_await write_out(piece, false);
  co_return result;
}

io::Task<Result<void>> Call::end_body(std::string_view last) {
  CHECK(!upstream_->request_ended);
  if (upstream_->sent + last.size() < upstream_->length) {
    upstream_->write_failed = true;
    co_return fail(Code::kInternal, "the request ended before its announced length");
  }
  Result<void> result = co_await write_out(last, true);
  upstream_->request_ended = result.has_value();
  co_return result;
}

// The head if it is due, the framed piece and, at the last, the end of the body: one write.
io::Task<Result<void>> Call::write_out(std::string_view piece, bool last) {
  Upstream& up = *upstream_;
  std::array<std::string_view, 5> pieces;
  std::size_t count = 0;
  if (up.head_due) pieces[count++] = up.head_out;
  up.head_due = false;
  up.sent += piece.size();
  const bool chunked = up.framing == Framing::kChunked;
  CHECK(chunked || up.sent <= up.length);
  if (!piece.empty()) {
    if (chunked) pieces[count++] = write_chunk_size(up.size_line, piece.size());
    pieces[count++] = piece;
    if (chunked) pieces[count++] = last ? "\r\n0\r\n\r\n" : "\r\n";
  } else if (chunked && last) {
    pieces[count++] = "0\r\n\r\n";
  }
  if (count == 0) co_return Result<void>{};
  const std::span<const std::string_view> used(pieces.data(), count);
  Result<void> result = co_await up.stream.write(used);
  if (!result.has_value()) up.write_failed = true;
  co_return result;
}

io::Task<Result<void>> Call::read_head() {
  Upstream& up = *upstream_;
  CHECK(!up.head_read);
  int interim = 0;
  while (true) {
    const Result<std::string_view> text = up.reader.take_head();
    if (!text.has_value()) co_return std::unexpected(text.error());
    if (text->empty()) {
      const Result<std::size_t> count = co_await up.reader.fill(up.stream);
      if (!count.has_value()) co_return std::unexpected(count.error());
      if (*count == 0) co_return fail(Code::kClosed, "the server closed before it had replied");
      up.reply_begun = true;
      continue;
    }
    const std::optional<Refusal> refused = parse_response_head(*text, up.is_head, up.head);
    if (refused) {
      co_return fail(Code::kInvalid,
                     "the server's reply is malformed: " + std::string(refused->message));
    }
    if (up.head.status >= 200) break;
    if (up.head.status == 101 || ++interim > kMostInterim) {
      co_return fail(Code::kInvalid, "the server sent interim replies that nobody asked for");
    }
    up.reader.drop_head();
  }
  up.head_read = true;
  up.reader.begin_body(up.head.framing, up.head.length);
  co_return Result<void>{};
}

io::Task<Result<std::string_view>> Call::read_body() {
  CHECK(upstream_->head_read);
  Result<std::string_view> piece = co_await upstream_->reader.read_body(upstream_->stream);
  co_return piece;
}

}  // namespace corral::http
