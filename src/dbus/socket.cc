#include "dbus/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace corral::dbus {
namespace {

constexpr std::size_t kMostDescriptors = 8;  // of one read; the kernel closes what finds no room

std::unexpected<Error> failed(const std::string& what, Code code = Code::kIo) {
  return fail(code, what + ": " + std::strerror(errno));
}

}  // namespace

struct Socket::State {
  explicit State(io::Loop& on) : loop(on) {}
  io::Loop& loop;
  uv_poll_t poll{};
  Descriptor socket;
  io::Waiter reader;
};

void Socket::Close::operator()(State* state) const {
  uv_close(reinterpret_cast<uv_handle_t*>(&state->poll),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

Result<Socket> Socket::connect(io::Loop& loop, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(Code::kInvalid, "the path of the message bus is too long: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const std::size_t size =
      offsetof(sockaddr_un, sun_path) + path.size() + (path.starts_with('\0') ? 0 : 1);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (socket.get() < 0) return failed("making a socket");
  if (::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0 ||
      ::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) {
    return failed("preparing a socket");
  }
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                static_cast<socklen_t>(size)) != 0) {
    return failed("connecting to the message bus", Code::kUnavailable);
  }
  auto* state = new State(loop);
  state->socket = std::move(socket);
  CHECK(uv_poll_init(loop.uv(), &state->poll, state->socket.get()) == 0);
  state->poll.data = state;
  return Socket(state);
}

Result<void> Socket::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(state_->socket.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("writing to the message bus");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// Nothing has come where the count is 0.
Result<std::size_t> Socket::receive(std::string& bytes,
                                    std::vector<Descriptor>& descriptors) const {
  std::array<char, 4096> buffer;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control;
  iovec place{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr header{};
  header.msg_iov = &place;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(state_->socket.get(), &header, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::size_t{0};
  if (count < 0) return failed("reading from the message bus");
  if (count == 0) return fail(Code::kClosed, "the message bus has closed the connection");
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t held = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < held; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
      descriptors.emplace_back(fd);
    }
  }
  bytes.append(buffer.data(), static_cast<std::size_t>(count));
  return static_cast<std::size_t>(count);
}

io::Task<Result<void>> Socket::read(std::string& bytes, std::vector<Descriptor>& descriptors) {
  State& state = *state_;
  struct Awaiter {
    State& self;
    ~Awaiter() {
      uv_poll_stop(&self.poll);
      self.reader.unlink();
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const {
      self.reader.handle = handle;
      // Wakes once; who waits again begins anew.
      const auto wake = [](uv_poll_t* poll, int, int) {
        auto* woken = static_cast<State*>(poll->data);
        uv_poll_stop(poll);
        woken->loop.wake(woken->reader);
      };
      CHECK(uv_poll_start(&self.poll, UV_READABLE, wake) == 0);
    }
    void await_resume() const noexcept {}
  };
  while (true) {
    const Result<std::size_t> count = receive(bytes, descriptors);
    if (!count.has_value()) co_return std::unexpected(count.error());
    if (*count > 0) co_return Result<void>{};
    Awaiter awaiter{state};
    co_await awaiter;
  }
}

}  // namespace corral::dbus
