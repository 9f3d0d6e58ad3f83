// Sockets and epoll for the benchmark's programs, each call checked once. A failure that is not the
// peer's doing ends the program with a sentence: a benchmark that limps measures nothing.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

// Prints "NAME: what: errno's text" and exits 1. `what` is what was tried.
[[noreturn]] void die(std::string_view what);

// An owned file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// Listens on 127.0.0.1:port, non-blocking.
Fd listen_on(int port);

// Begins to connect to 127.0.0.1:port, non-blocking; the first write or read tells how it went.
Fd connect_to(int port);

// The next connection of a listener, non-blocking and without delay; not open when there is none.
Fd accept_from(const Fd& listener);

// What one read or write did.
enum class Io { kOk, kWait, kEnd };
struct IoResult {
  Io state = Io::kEnd;
  std::size_t bytes = 0;
};

// kWait: not now. kEnd: the peer closed, or reset, or refused.
IoResult read_some(const Fd& fd, std::span<char> space);
IoResult write_some(const Fd& fd, std::string_view bytes);

// Says which events are wanted, and hands them out with the pointer that belongs to each.
class Poller {
 public:
  Poller();
  void add(const Fd& fd, std::uint32_t events, void* owner);
  void change(const Fd& fd, std::uint32_t events, void* owner);
  // Waits for events until `deadline_ns` (of now_ns()), for ever if that is negative.
  std::span<const epoll_event> wait(std::int64_t deadline_ns);

 private:
  Fd fd_;
  epoll_event ready_[256];
};

}  // namespace bench
