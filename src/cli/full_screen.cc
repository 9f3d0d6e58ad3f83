#include "cli/full_screen.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <string_view>

namespace corral::cli {
namespace {

// The other screen, no cursor, no wrapping at the last column.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[m";
constexpr std::string_view kLeave = "\x1b[m\x1b[?7h\x1b[?25h\x1b[?1049l";

constexpr std::array kCrashes = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// For the handler of a crash, which is given nothing: the one place of it in the process.
struct Rescue {
  int descriptor = -1;
  termios line_mode{};
  std::array<struct sigaction, kCrashes.size()> before{};
};
Rescue rescue;

void put_back_handlers() {
  for (std::size_t i = 0; i < kCrashes.size(); ++i)
    ::sigaction(kCrashes[i], &rescue.before[i], nullptr);
}

// Async-signal-safe. The signal then takes its usual way.
void on_crash(int number) {
  const ssize_t written = ::write(rescue.descriptor, kLeave.data(), kLeave.size());
  static_cast<void>(written);
  ::tcsetattr(rescue.descriptor, TCSANOW, &rescue.line_mode);
  put_back_handlers();
  ::raise(number);
}

}  // namespace

FullScreen::FullScreen(io::Terminal& terminal) : terminal_(terminal) {
  rescue.descriptor = terminal.descriptor();
  rescue.line_mode = terminal.line_mode();
  struct sigaction action{};
  action.sa_handler = on_crash;
  for (std::size_t i = 0; i < kCrashes.size(); ++i)
    ::sigaction(kCrashes[i], &action, &rescue.before[i]);
  enter();
}

FullScreen::~FullScreen() {
  leave();
  put_back_handlers();
}

void FullScreen::enter() {
  terminal_.take_single_keys();
  terminal_.write_now(kEnter);
}

void FullScreen::leave() {
  terminal_.write_now(kLeave);
  terminal_.take_lines();
}

void FullScreen::suspend() {
  leave();
  struct sigaction usual{};
  struct sigaction before{};
  usual.sa_handler = SIG_DFL;
  ::sigaction(SIGTSTP, &usual, &before);
  ::raise(SIGTSTP);
  ::sigaction(SIGTSTP, &before, nullptr);
  enter();
}

}  // namespace corral::cli
