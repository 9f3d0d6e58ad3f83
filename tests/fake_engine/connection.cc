#include "connection.h"

#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <thread>

namespace fake {
namespace {

constexpr size_t kMaxHead = 64 * 1024;

// The value of header `name` (case does not matter), or "".
std::string header(const std::string& head, std::string_view name) {
  size_t line = head.find("\r\n");
  while (line != std::string::npos && line + 2 < head.size()) {
    size_t begin = line + 2;
    size_t end = head.find("\r\n", begin);
    size_t colon = head.find(':', begin);
    if (end == std::string::npos || colon == std::string::npos) return "";
    if (colon - begin == name.size() &&
        strncasecmp(head.data() + begin, name.data(), name.size()) == 0) {
      size_t value = head.find_first_not_of(" \t", colon + 1);
      return value < end ? head.substr(value, end - value) : "";
    }
    line = end;
  }
  return "";
}

const char* reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 404: return "Not Found";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    default: return "Error";
  }
}

}  // namespace

void Needle::feed(char c) {
  if (found_ || c == ' ' || c == '\n' || c == '\r' || c == '\t') return;
  if (c != pattern_[at_]) at_ = 0;
  if (c == pattern_[at_]) ++at_;
  found_ = at_ == pattern_.size();
  if (found_) at_ = 0;
}

void NumberBehind::feed(char c) {
  if (reading_ && c >= '0' && c <= '9') {
    number_ = std::max<int64_t>(number_, 0) * 10 + (c - '0');
    last_ = number_;
    return;
  }
  if (reading_ && number_ < 0 && c == ' ') return;
  reading_ = false;
  needle_.feed(c);
  if (!needle_.found()) return;
  needle_ = Needle(pattern_);
  reading_ = true;
  number_ = -1;
}

Connection::~Connection() { ::close(fd_); }

bool Connection::fill() {
  char bytes[64 * 1024];
  ssize_t n = 0;
  do n = ::recv(fd_, bytes, sizeof bytes, 0);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(n));
  return true;
}

std::optional<Request> Connection::read_head() {
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (buffer_.size() > kMaxHead || !fill()) return std::nullopt;
  }
  Request request;
  request.head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  size_t space = request.head.find(' ');
  size_t second = request.head.find(' ', space + 1);
  if (space == std::string::npos || second == std::string::npos) return std::nullopt;
  request.method = request.head.substr(0, space);
  request.path = request.head.substr(space + 1, second - space - 1);
  request.path = request.path.substr(0, request.path.find('?'));
  request.keep_alive = strcasecmp(header(request.head, "Connection").c_str(), "close") != 0;
  return request;
}

bool Connection::read_body(Request& request) {
  stream_ = Needle{R"("stream":true)"};
  include_usage_ = Needle{R"("include_usage":true)"};
  max_tokens_ = NumberBehind{R"("max_tokens":)"};
  word_ = NumberBehind{"word"};
  user_ = Needle(R"("role":"user")");
  if (!header(request.head, "Expect").empty() && !write("HTTP/1.1 100 Continue\r\n\r\n")) {
    return false;
  }
  bool whole = true;
  if (!header(request.head, "Transfer-Encoding").empty()) {
    whole = swallow_chunks(request);
  } else if (std::string text = header(request.head, "Content-Length"); !text.empty()) {
    uint64_t length = 0;
    std::from_chars(text.data(), text.data() + text.size(), length);
    whole = swallow(length, request);
  }
  request.stream = stream_.found();
  request.include_usage = include_usage_.found();
  request.max_tokens = max_tokens_.last();
  request.next_word = word_.last() + 1;
  return whole;
}

bool Connection::swallow(uint64_t bytes, Request& request) {
  while (bytes > 0) {
    if (buffer_.empty() && !fill()) return false;
    size_t n = static_cast<size_t>(std::min<uint64_t>(bytes, buffer_.size()));
    look_at(std::string_view(buffer_).substr(0, n));
    buffer_.erase(0, n);
    bytes -= n;
    request.body_bytes += n;
  }
  return true;
}

void Connection::look_at(std::string_view bytes) {
  for (char c : bytes) {
    stream_.feed(c);
    include_usage_.feed(c);
    max_tokens_.feed(c);
    word_.feed(c);
    user_.feed(c);
    if (!user_.found()) continue;
    // What was said before this turn is answered already.
    user_ = Needle(R"("role":"user")");
    word_ = NumberBehind("word");
  }
}

std::optional<std::string> Connection::read_line() {
  size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (buffer_.size() > kMaxHead || !fill()) return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool Connection::swallow_chunks(Request& request) {
  while (true) {
    std::optional<std::string> line = read_line();
    if (!line) return false;
    uint64_t size = 0;
    auto [stop, error] = std::from_chars(line->data(), line->data() + line->size(), size, 16);
    if (error != std::errc{} || stop == line->data()) return false;
    if (size == 0) break;
    if (!swallow(size, request)) return false;
    if (!read_line()) return false;  // the CRLF behind the chunk
  }
  std::optional<std::string> trailer;
  do trailer = read_line();
  while (trailer && !trailer->empty());
  return trailer.has_value();
}

bool Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::send(fd_, bytes.data(), bytes.size(), 0);  // SIGPIPE is ignored by main
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool Connection::reply(int status, std::string_view type, std::string_view body,
                       std::string_view extra) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " " + reason(status) +
                    "\r\nServer: fake_engine\r\nContent-Type: ";
  out.append(type).append("\r\nContent-Length: ").append(std::to_string(body.size()));
  out.append("\r\n").append(extra).append("\r\n").append(body);
  return write(out);
}

bool Connection::write_chunk(std::string_view bytes) {
  char size[32];
  int n = std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  std::string out(size, static_cast<size_t>(n));
  out.append(bytes).append("\r\n");
  return write(out);
}

bool Connection::wait(std::chrono::nanoseconds time) {
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + time;
  short events = POLLIN;
#ifdef POLLRDHUP
  events |= POLLRDHUP;
#endif
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd entry{.fd = fd_, .events = events, .revents = 0};
    int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<int64_t>(left, 0, 60'000)));
    if (ready > 0) {
      char byte = 0;
      ssize_t n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return false;
      // The next request is already here: poll would return at once, so look again by time.
      std::this_thread::sleep_for(std::chrono::milliseconds(std::clamp<int64_t>(left, 0, 5)));
    }
    if (Clock::now() >= end) return true;
  }
}

}  // namespace fake
