#include "engine/guard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/strings.h"
#include "base/time.h"
#include "engine/limits.h"
#include "io/children.h"

namespace corral::engine {
namespace {

constexpr Duration kGraceOfOrphans = seconds(3);
constexpr std::string_view kReport = "pid ";
constexpr std::array kPassedOn = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

// Signal handlers write the signal's number here; poll() waits on the other end. The only global:
// a handler has no other way to reach anything.
int g_signals_out = -1;

void on_signal(int number, siginfo_t* info, void*) {
  // What we pass on to the group comes back to ourselves.
  if (number != SIGCHLD && info->si_pid == ::getpid()) return;
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(number);
  if (::write(g_signals_out, &byte, 1) < 0) {
    // The pipe is full of signals that are not passed on yet: nothing is lost that matters.
  }
  errno = saved;
}

int complain(const char* what) {
  std::fprintf(stderr, "corral guard: %s: %s\n", what, std::strerror(errno));
  return 1;
}

bool make_signal_pipe(int& out) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return false;
  for (const int end : ends) {
    if (::fcntl(end, F_SETFD, FD_CLOEXEC) != 0) return false;
    if (::fcntl(end, F_SETFL, O_NONBLOCK) != 0) return false;
  }
  out = ends[0];
  g_signals_out = ends[1];
  return true;
}

void catch_signals() {
  struct sigaction action{};
  action.sa_sigaction = &on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  ::sigaction(SIGCHLD, &action, nullptr);
  ::sigaction(kEndNow, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  for (const int number : kPassedOn) ::sigaction(number, &action, nullptr);
}

// Moves our stdin out of the command's way. Returns the socket from Corral, or -1.
int take_stdin() {
  const int corral = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  if (corral < 0) return -1;
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0) return -1;
  if (nothing != STDIN_FILENO) ::close(nothing);
  return corral;
}

// A stdin that is no socket belongs to a person or a test, and nothing is told.
void report(int corral, pid_t command) {
  std::array<char, 32> line{};
  const int size = std::snprintf(line.data(), line.size(), "%s%d\n", kReport.data(), command);
  if (::send(corral, line.data(), static_cast<std::size_t>(size), 0) < 0) {
    // Corral is gone, which the next look at it shows.
  }
}

[[noreturn]] void become_command(char** command, pid_t guard, const ProcessLimits& limits,
                                 const sigset_t& mask) {
  if (!die_with_parent(guard)) ::_exit(1);
  for (const int number : kPassedOn) ::signal(number, SIG_DFL);
  for (const int number : {SIGCHLD, SIGPIPE, kEndNow}) ::signal(number, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  apply_limits(limits);
  ::execvp(command[0], command);
  std::fprintf(stderr, "corral guard: cannot run '%s': %s; check the command's name and path\n",
               command[0], std::strerror(errno));
  ::_exit(kCannotExecute);
}

// Dies as the command did, but without a core dump of its own.
int repeat_exit(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  const int number = WTERMSIG(status);
  const rlimit no_core{};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(number, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(number);
  return 128 + number;
}

// One command under guard, from fork to exit.
class Watch {
 public:
  Watch(pid_t command, int corral, int signals)
      : command_(command), corral_(corral), signals_(signals) {}

  int run() {
    while (true) {
      if (Clock::now() >= deadline_) end_all();
      reap();
      if (exited_) break;
      wait();
    }
    look_at_corral(0);
    end_all();
    // Where the system lets orphans go elsewhere, some may be left in the group.
    if (orphaned_) ::kill(0, SIGKILL);
    return repeat_exit(status_);
  }

 private:
  // Takes the ends of children, also of adopted ones. False if there are no more children.
  bool reap() {
    while (true) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid < 0 && errno == EINTR) continue;
      if (pid <= 0) return pid == 0;
      if (pid == command_) {
        exited_ = true;
        status_ = status;
      }
    }
  }

  // Kills all children until there are none. A child's own children become ours when it ends, and
  // a list may lack some while others end: it is asked for again until nobody is left. No id is
  // used that may have become somebody else's.
  void end_all() {
    constexpr int kLongestPause = 64;  // milliseconds
    for (int pause = 1; reap(); pause = std::min(2 * pause, kLongestPause)) {
      for (const int pid : io::children()) ::kill(pid, SIGKILL);
      ::poll(nullptr, 0, pause);
    }
  }

  // To the group, this process included. Those that left it are only asked to end.
  static void pass_on(int number) {
    ::kill(0, number);
    if (number != SIGTERM) return;
    for (const int pid : io::children()) {
      if (::getpgid(pid) != ::getpgrp()) ::kill(pid, number);
    }
  }

  void wait() {
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now()).count();
    look_at_corral(orphaned_ ? static_cast<int>(left) : -1);
  }

  // Waits up to `timeout` ms for a signal or the end of Corral and acts on them.
  void look_at_corral(int timeout) {
    std::array<pollfd, 2> watched = {pollfd{.fd = signals_, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = corral_, .events = POLLIN, .revents = 0}};
    if (::poll(watched.data(), watched.size(), timeout) <= 0) return;
    std::array<unsigned char, 64> bytes{};
    if (watched[0].revents != 0) {
      const ssize_t count = ::read(signals_, bytes.data(), bytes.size());
      for (ssize_t i = 0; i < count; ++i) {
        const int number = bytes[static_cast<std::size_t>(i)];
        if (number == kEndNow) end_all();
        if (number != SIGCHLD && number != kEndNow) pass_on(number);
      }
    }
    if (watched[1].revents != 0) {
      const ssize_t count = ::read(corral_, bytes.data(), bytes.size());
      if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) become_orphan();
    }
  }

  void become_orphan() {
    orphaned_ = true;
    corral_ = -1;  // poll() passes over it
    deadline_ = Clock::now() + kGraceOfOrphans;
    pass_on(SIGTERM);
    ::kill(0, SIGCONT);
  }

  const pid_t command_;
  int corral_;
  const int signals_;
  bool exited_ = false;
  int status_ = 0;
  bool orphaned_ = false;
  Instant deadline_ = Instant::max();
};

}  // namespace

bool stdin_is_abandoned() {
  pollfd in{.fd = STDIN_FILENO, .events = 0, .revents = 0};
  return ::poll(&in, 1, 0) == 1 && (in.revents & POLLHUP) != 0;
}

std::optional<int> parse_guard_report(std::string_view line) {
  if (!line.starts_with(kReport) || !line.ends_with('\n')) return std::nullopt;
  const std::optional<std::uint64_t> pid =
      parse_u64(line.substr(kReport.size(), line.size() - kReport.size() - 1));
  if (!pid || *pid == 0 || *pid > INT32_MAX) return std::nullopt;
  return static_cast<int>(*pid);
}

int guard_main(int argc, char** argv) {
  if (argc < 3 || std::string_view(argv[1]) != "--") {
    std::fprintf(stderr, "corral guard: write a command behind --: corral guard -- COMMAND...\n");
    return 2;
  }
  // Corral makes us the leader of a session; started by hand, at least of a group.
  if (::getpgrp() != ::getpid() && ::setpgid(0, 0) != 0) return complain("making a process group");
  int signals = -1;
  if (!make_signal_pipe(signals)) return complain("making a pipe");
  io::adopt_orphans();
  const int corral = take_stdin();
  if (corral < 0) return complain("replacing stdin by /dev/null");

  const ProcessLimits limits = take_limits();  // of the command, not of ourselves

  // Signals wait until the child exists and this process is fit to pass them on.
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  const pid_t self = ::getpid();
  const pid_t command = ::fork();
  if (command < 0) return complain("starting a process");
  sigset_t none;
  sigemptyset(&none);
  if (command == 0) become_command(argv + 2, self, limits, none);
  catch_signals();
  report(corral, command);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  return Watch(command, corral, signals).run();
}

}  // namespace corral::engine
