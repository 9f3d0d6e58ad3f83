#include "client.h"

#include <array>
#include <charconv>

#include "clock.h"

namespace bench {
namespace {

constexpr std::string_view kStamp = R"("sent_ns":)";

}  // namespace

Client::Client(Poller& poller, int port)
    : poller_(poller), port_(port), reply_(true, [this](std::string_view piece) {
        if (stream_) take_body(piece);
      }) {}

void Client::begin(std::string_view request, bool stream, Tally& tally) {
  tally_ = &tally;
  stream_ = stream;
  busy_ = true;
  has_event_ = false;
  done_seen_ = false;
  line_.clear();
  reply_.reset();
  unsent_ = request;
  sent_ns_ = now_ns();
  if (!fd_.is_open()) {
    fd_ = connect_to(port_);
    awaits_write_ = false;
    poller_.add(fd_, EPOLLIN, this);
  }
  send_on();
}

void Client::on_events(std::uint32_t events) {
  if (!fd_.is_open()) return;
  if ((events & EPOLLOUT) != 0) send_on();
  if (fd_.is_open() && (events & ~std::uint32_t{EPOLLOUT}) != 0) receive();
}

void Client::send_on() {
  while (!unsent_.empty()) {
    const IoResult out = write_some(fd_, unsent_);
    if (out.state == Io::kEnd) return lose_connection();
    if (out.state == Io::kWait) break;
    unsent_.remove_prefix(out.bytes);
  }
  if (awaits_write_ == !unsent_.empty()) return;
  awaits_write_ = !unsent_.empty();
  poller_.change(fd_, awaits_write_ ? EPOLLIN | EPOLLOUT : EPOLLIN, this);
}

void Client::receive() {
  std::array<char, 64 * 1024> buffer;
  const IoResult in = read_some(fd_, buffer);
  if (in.state == Io::kWait) return;
  arrived_ns_ = now_ns();
  if (in.state == Io::kEnd) return lose_connection();
  if (!busy_) return drop();  // bytes that nobody asked for
  reply_.feed({buffer.data(), in.bytes});
  if (reply_.broken()) return lose_connection();
  if (reply_.done()) end_of_reply();
}

void Client::take_body(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t newline = piece.find('\n');
    if (newline == std::string_view::npos) {
      line_.append(piece);
      return;
    }
    if (line_.empty()) {
      take_line(piece.substr(0, newline));
    } else {
      line_.append(piece.substr(0, newline));
      take_line(line_);
      line_.clear();
    }
    piece.remove_prefix(newline + 1);
  }
}

void Client::take_line(std::string_view line) {
  if (!line.starts_with("data:")) return;
  has_event_ = true;
  if (line.ends_with("[DONE]")) done_seen_ = true;
  const std::size_t at = line.find(kStamp);
  if (at == std::string_view::npos) return;
  std::int64_t sent = 0;
  std::from_chars(line.data() + at + kStamp.size(), line.data() + line.size(), sent);
  ++tally_->events;
  tally_->delays_ns.push_back(arrived_ns_ - sent);
}

void Client::end_of_reply() {
  const bool good = reply_.status() == 200;
  const bool whole = !stream_ || done_seen_;
  if (!good) {
    ++tally_->refused;
    tally_->last_status = reply_.status();
  } else if (!whole) {
    ++tally_->cut;
  } else {
    ++tally_->answered;
    tally_->latencies_ns.push_back(now_ns() - sent_ns_);
  }
  const bool closes = reply_.header("Connection") == "close" || reply_.end() || !unsent_.empty();
  if (closes) drop();
  end(!good || !whole);
}

void Client::lose_connection() {
  drop();
  if (!busy_) return;
  if (reply_.end()) return end_of_reply();
  ++(reply_.has_head() ? tally_->cut : tally_->unanswered);
  end(true);
}

void Client::end(bool failed) {
  busy_ = false;
  failed_ = failed;
}

void Client::drop() {
  fd_.close();
  unsent_ = {};
}

}  // namespace bench
