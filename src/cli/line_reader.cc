#include "cli/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "io/helper.h"

namespace corral::cli {

// Used by one thread at a time: by the helper while it reads, else by the loop's.
struct LineReader::Input {
  explicit Input(int released_fd) : released(released_fd) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() { ::close(released); }

  // Reads once, unless the reader is gone before there is anything.
  void read_more() {
    pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {released, POLLIN, 0}};
    int ready = 0;
    do {
      ready = ::poll(watched, 2, -1);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0 || watched[1].revents != 0) {
      over = true;
      return;
    }
    char buffer[4096];
    ssize_t count = 0;
    do {
      count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    } while (count < 0 && errno == EINTR);
    over = count <= 0;
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  }

  const int released;
  std::string text;  // read and not yet given out
  bool over = false;
};

Result<LineReader> LineReader::make(io::Loop& loop) {
  int ends[2];
  if (::pipe(ends) != 0)
    return fail(Code::kIo, "making a pipe failed, because this system has no room for one");
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  return LineReader(loop, std::make_shared<Input>(ends[0]), ends[1]);
}

LineReader::LineReader(io::Loop& loop, std::shared_ptr<Input> input, int release)
    : loop_(&loop), input_(std::move(input)), release_(release) {}

LineReader::LineReader(LineReader&& other) noexcept
    : loop_(other.loop_),
      input_(std::move(other.input_)),
      release_(std::exchange(other.release_, -1)) {}

LineReader::~LineReader() {
  if (release_ >= 0) ::close(release_);
}

io::Task<Result<std::string>> LineReader::next() {
  while (true) {
    const std::size_t end = input_->text.find('\n');
    if (end != std::string::npos) {
      std::string line = input_->text.substr(0, end);
      input_->text.erase(0, end + 1);
      co_return line;
    }
    if (input_->over) {
      if (input_->text.empty()) co_return fail(Code::kClosed, "stdin has ended");
      co_return std::exchange(input_->text, {});
    }
    std::function<void()> work = [input = input_] { input->read_more(); };
    co_await io::on_helper(*loop_, std::move(work));
  }
}

}  // namespace corral::cli
