// For tests: tells when a process and all that it started are gone. Each of them inherits the
// writing end of a pipe, so the reading end ends when the last of them has died. Unlike a look at
// process numbers this is not fooled by zombies and reused numbers.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

namespace corral::engine {

class LifePipe {
 public:
  LifePipe() {
    REQUIRE(::pipe(ends_.data()) == 0);
    ::fcntl(ends_[0], F_SETFD, FD_CLOEXEC);
  }
  LifePipe(const LifePipe&) = delete;
  LifePipe& operator=(const LifePipe&) = delete;
  ~LifePipe() {
    let_go();
    ::close(ends_[0]);
  }

  // Called when the processes have been started: our own hold on it does not count any more.
  void let_go() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

  // Whether all are gone, or are so within ten seconds. Blocks.
  bool all_gone() {
    let_go();
    pollfd end{.fd = ends_[0], .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 10'000) == 1;
  }
  bool gone_now() {
    let_go();
    pollfd end{.fd = ends_[0], .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 0) == 1;
  }
  bool some_live() { return !gone_now(); }

 private:
  std::array<int, 2> ends_{-1, -1};
};

}  // namespace corral::engine
