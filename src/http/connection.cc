#include "http/connection.h"

#include <array>

#include "http/head_parser.h"
#include "http/head_writer.h"

namespace corral::http {

Connection::Connection(Server& server, io::Stream stream)
    : server_(server),
      stream_(std::move(stream)),
      reader_(server.limits_.head_bytes),
      task_(serve()) {}

void Connection::sweep(Instant now) {
  // A deadline that is never must not be moved.
  const bool gives_way = idle_ && served_ && server_.full();
  const ServerLimits& limits = server_.limits_;
  const Duration earlier = gives_way ? limits.idle_time - limits.idle_time_full : Duration(0);
  if (now > read_deadline_ - earlier) stream_.expire_read();
  if (now > write_deadline_) stream_.expire_write();
}

void Connection::close_if_idle() {
  if (idle_) stream_.expire_read();
}

io::Task<void> Connection::serve() {
  bool again = true;
  while (again) {
    const bool come = co_await wait_for_request();
    if (!come) break;
    again = co_await serve_one();
  }
  server_.finished(*this);
}

// One request. False when the connection shall end after it. Its frame is kept apart (noinline),
// since an idle connection needs nothing of it; so are those below that a streaming one is past.
[[gnu::noinline]] io::Task<bool> Connection::serve_one() {
  const bool readable = co_await read_head();
  if (!readable) co_return false;
  reader_.begin_body(request_.framing, request_.length);
  Exchange exchange(*this);
  co_await server_.handler_(exchange);
  served_ = true;
  const bool again = co_await finish(exchange);
  if (again) reader_.next_message();
  co_return again;
}

// False when the connection ends instead, or the server drains.
io::Task<bool> Connection::wait_for_request() {
  if (!reader_.empty()) co_return true;
  idle_ = true;
  read_deadline_ = server_.deadline(server_.limits_.idle_time);
  if (server_.draining_) stream_.expire_read();
  co_await stream_.readable();
  const Result<std::size_t> count = co_await reader_.fill(stream_);
  idle_ = false;
  co_return count.has_value() && *count > 0;
}

// Reads and parses the head. False when there is none; the client has been told why then.
[[gnu::noinline]] io::Task<bool> Connection::read_head() {
  read_deadline_ = server_.deadline(server_.limits_.head_time);
  while (true) {
    const Result<std::string_view> text = reader_.take_head();
    if (!text.has_value()) {
      co_await refuse(text.error().code == Code::kLimit ? 431 : 400, text.error().message);
      co_return false;
    }
    if (!text->empty()) {
      read_deadline_ = kNever;
      const std::optional<Refusal> refused = parse_request_head(*text, request_);
      if (refused) co_await refuse(refused->status, refused->message);
      co_return !refused;
    }
    const Result<std::size_t> count = co_await reader_.fill(stream_);
    if (!count.has_value() && count.error().code == Code::kTimeout) {
      co_await refuse(408, "the request's head did not come in time");
    }
    if (!count.has_value() || *count == 0) co_return false;
  }
}

[[gnu::noinline]] io::Task<void> Connection::refuse(int status, std::string_view message) {
  const std::string body = server_.error_body_(status, message);
  const std::array<Header, 1> headers = {Header{"Content-Type", "application/json"}};
  const Delivery delivery{
      .framing = Framing::kLength, .length = body.size(), .keep_alive = false, .http11 = true};
  const Result<void> head = write_response_head(head_out_, status, headers, delivery);
  if (!head.has_value()) co_return;
  const std::array<std::string_view, 2> pieces = {head_out_, body};
  const Result<void> written = co_await write(pieces);
  if (written.has_value()) co_await linger();
}

// After the handler: whether the connection serves another request.
io::Task<bool> Connection::finish(Exchange& exchange) {
  if (exchange.broken_ || !exchange.ended_) co_return false;
  if (exchange.keep_alive_) {
    const bool dropped = co_await drop_body();
    if (dropped) co_return true;
  }
  // Bytes that the client still sends would make the kernel reset the connection, and the reply
  // could be lost on its way.
  if (!reader_.body_done() || reader_.has_leftover()) co_await linger();
  co_return false;
}

// Reads what the handler left of the request's body. False if it is too much, or malformed.
[[gnu::noinline]] io::Task<bool> Connection::drop_body() {
  std::uint64_t dropped = 0;
  while (!reader_.body_done()) {
    const Result<std::string_view> piece = co_await read_body();
    if (!piece.has_value()) co_return false;
    dropped += piece->size();
    if (dropped > server_.limits_.dropped_body) co_return false;
  }
  co_return true;
}

[[gnu::noinline]] io::Task<void> Connection::linger() {
  stream_.finish_writing();
  read_deadline_ = server_.deadline(server_.limits_.linger_time);
  std::size_t dropped = 0;
  while (dropped < server_.limits_.dropped_body) {
    const Result<std::size_t> count = co_await reader_.skip(stream_);
    if (!count.has_value() || *count == 0) break;
    dropped += *count;
  }
}

io::Task<Result<void>> Connection::write(std::span<const std::string_view> pieces) {
  write_deadline_ = server_.deadline(server_.limits_.write_stall);
  Result<void> result = co_await stream_.write(pieces);
  write_deadline_ = kNever;
  co_return result;
}

io::Task<Result<std::string_view>> Connection::read_body() {
  read_deadline_ = server_.deadline(server_.limits_.body_idle);
  Result<std::string_view> piece = co_await reader_.read_body(stream_);
  read_deadline_ = kNever;
  co_return piece;
}

}  // namespace corral::http
