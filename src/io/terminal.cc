#include "io/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>

#include "io/uv_error.h"

namespace corral::io {
namespace {

// By its own name, or, where that is out of reach (another user's, another namespace's), as the one
// that controls this process.
Descriptor open_again() {
  constexpr int kFlags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  char name[256];
  if (::ttyname_r(STDOUT_FILENO, name, sizeof name) == 0) {
    Descriptor by_name(::open(name, kFlags));
    if (by_name.is_open()) return by_name;
  }
  return Descriptor(::open("/dev/tty", kFlags));
}

std::optional<TerminalSize> size_of(int descriptor) {
  winsize size{};
  const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  if (!known || size.ws_col == 0 || size.ws_row == 0) return std::nullopt;
  return TerminalSize{size.ws_col, size.ws_row};
}

}  // namespace

std::optional<TerminalSize> size_of_stdout() { return size_of(STDOUT_FILENO); }

Result<Terminal> Terminal::open(Loop& loop) {
  if (::isatty(STDOUT_FILENO) != 1) return fail(Code::kInvalid, "stdout is no terminal");
  Descriptor descriptor = open_again();
  termios line_mode{};
  if (!descriptor.is_open() || ::tcgetattr(descriptor.get(), &line_mode) != 0) {
    return fail(Code::kIo, "the terminal of stdout cannot be opened for reading and writing: " +
                               std::string(::uv_strerror(uv_translate_sys_error(errno))));
  }
  const int for_stream = ::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 0);
  Stream stream = Stream::make_pipe(loop);
  const int status = for_stream < 0
                         ? UV_EMFILE
                         : ::uv_pipe_open(reinterpret_cast<uv_pipe_t*>(stream.uv()), for_stream);
  if (status != 0) {
    if (for_stream >= 0) ::close(for_stream);
    return std::unexpected(uv_error("using the terminal", status));
  }
  stream.begin();
  return Terminal(std::move(stream), std::move(descriptor), line_mode);
}

Terminal::Terminal(Stream stream, Descriptor descriptor, const termios& line_mode)
    : stream_(std::move(stream)), descriptor_(std::move(descriptor)), line_mode_(line_mode) {}

void Terminal::take_single_keys() {
  termios mode = line_mode_;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ECHONL | IEXTEN);
  mode.c_lflag |= ISIG;
  mode.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | IGNCR);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  ::tcsetattr(descriptor_.get(), TCSANOW, &mode);
}

void Terminal::take_lines() { ::tcsetattr(descriptor_.get(), TCSANOW, &line_mode_); }

void Terminal::write_now(std::string_view bytes) {
  constexpr int kPatienceMs = 500;
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_.get(), bytes.data(), bytes.size());
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) return;
    pollfd ready = {descriptor_.get(), POLLOUT, 0};
    const int some = ::poll(&ready, 1, kPatienceMs);
    if (some == 0 || (some < 0 && errno != EINTR)) return;
  }
}

TerminalSize Terminal::size() const {
  return size_of(descriptor_.get()).value_or(TerminalSize{80, 24});
}

}  // namespace corral::io
