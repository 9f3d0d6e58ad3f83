#include "io/stream.h"

#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "io/socket_address.h"
#include "io/uv_error.h"

namespace corral::io {

namespace {

// Where libuv puts bytes that nobody waits for. It asks for the place, reads and calls back at
// once, so one place serves all streams of a thread, and an idle stream holds none.
std::span<char> scratch() {
  static thread_local std::array<char, Stream::kReadAhead> place;
  return place;
}

// The room that one stream's read-ahead gave back, for the next stream's.
std::string& spare() {
  static thread_local std::string room;
  return room;
}

Error stream_error(const std::string& what, int status) {
  if (status != UV_ETIMEDOUT) return uv_error(what, status);
  return Error{Code::kTimeout, what + ": the other side took too long"};
}

}  // namespace

// Shared by the Stream and libuv's callbacks. The Stream owns it until close; then libuv does.
struct Stream::State {
  explicit State(Loop& on) : loop(on), ended(on) {}

  Loop& loop;
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };

  std::string ahead;           // read, and not yet asked for
  std::size_t ahead_used = 0;  // of which the reader has had so many
  bool reading = false;
  int end_status = 0;  // UV_EOF or an error, once it has come
  Event ended;

  std::span<char> wanted;  // the waiting reader's buffer, empty if there is none
  std::size_t delivered = 0;
  int full_in_a_row = 0;  // reads that filled the reader's buffer
  bool watched = false;   // somebody waits in readable()
  Waiter reader;          // of one of the two

  uv_write_t write_request;
  std::string unsent;  // what the kernel did not take at once
  int write_status = 0;
  bool writing = false;      // libuv has not called back about `unsent` yet
  bool write_ended = false;  // a wait for `unsent` was given up: nothing more can be written
  bool writer_waits = false;
  Waiter writer;

  std::size_t ahead_size() const { return ahead.size() - ahead_used; }

  void resume_reading() {
    if (reading || end_status != 0 || ahead_size() >= kReadAhead) return;
    reading = true;
    const int status = uv_read_start(&stream, &State::on_alloc, &State::on_read);
    if (status != 0) end(status);
  }

  void end(int status) {
    end_status = status;
    if (reading) uv_read_stop(&stream);
    reading = false;
    ended.set();
    if (!wanted.empty() || watched) loop.wake(reader);
  }

  static State& of(uv_handle_t* handle) { return *static_cast<State*>(handle->data); }

  static void on_alloc(uv_handle_t* handle, std::size_t, uv_buf_t* out) {
    State& self = of(handle);
    const bool direct = !self.wanted.empty() && self.delivered == 0;
    *out = direct ? uv_buf_init(self.wanted.data(), static_cast<unsigned>(self.wanted.size()))
                  : uv_buf_init(scratch().data(), static_cast<unsigned>(scratch().size()));
  }

  // What the bytes are waited for by may close the stream, whose state libuv frees later.
  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
    State& self = of(reinterpret_cast<uv_handle_t*>(stream));
    // libuv reads on after a buffer that became full. A reader that has given its next one by then
    // spares us a copy; now and then it is somebody else's turn.
    constexpr int kInARow = 8;
    const bool full =
        count == static_cast<ssize_t>(buffer->len) && buffer->base != scratch().data();
    self.full_in_a_row = full ? self.full_in_a_row + 1 : 0;
    self.take(count, buffer);
    self.loop.after_callback(full && self.full_in_a_row % kInARow != 0);
  }

  void take(ssize_t count, const uv_buf_t* buffer) {
    if (count == 0) return;
    if (count < 0) return end(static_cast<int>(count));
    const auto size = static_cast<std::size_t>(count);
    if (buffer->base != scratch().data()) {
      delivered = size;
      loop.wake(reader);
      return;
    }
    if (ahead.empty()) ahead.swap(spare());
    ahead.append(buffer->base, size);
    if (watched) loop.wake(reader);
    if (ahead_size() >= kReadAhead) {
      uv_read_stop(&stream);
      reading = false;
    }
  }

  static void on_write(uv_write_t* request, int status) {
    State& self = *static_cast<State*>(request->data);
    self.writing = false;
    if (self.writer_waits) self.end_write(status);
  }

  void end_write(int status) {
    write_status = status;
    if (status != 0) write_ended = true;
    writer_waits = false;
    loop.wake(writer);
  }

  std::size_t take_ahead(std::span<char> buffer) {
    const std::size_t count = std::min(buffer.size(), ahead_size());
    std::memcpy(buffer.data(), ahead.data() + ahead_used, count);
    ahead_used += count;
    if (ahead_size() == 0) {
      ahead_used = 0;
      ahead.clear();
      ahead.swap(spare());
      std::string().swap(ahead);  // an idle connection holds no buffer
    }
    return count;
  }
};

void Stream::Close::operator()(State* state) const {
  state->wanted = {};
  state->writer_waits = false;
  uv_close(&state->handle, [](uv_handle_t* handle) { delete &State::of(handle); });
}

Stream Stream::make_tcp(Loop& loop) {
  auto* state = new State(loop);
  CHECK(uv_tcp_init(loop.uv(), &state->tcp) == 0);
  state->handle.data = state;
  return Stream(state);
}

Stream Stream::make_pipe(Loop& loop) {
  auto* state = new State(loop);
  CHECK(uv_pipe_init(loop.uv(), &state->pipe, 0) == 0);
  state->handle.data = state;
  return Stream(state);
}

uv_stream_s* Stream::uv() const { return &state_->stream; }

Event& Stream::closed() const { return state_->ended; }

std::string Stream::peer() const {
  if (state_->handle.type != UV_TCP) return "";
  sockaddr_storage address{};
  int size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  char text[64] = "";
  if (uv_tcp_getpeername(&state_->tcp, generic, &size) != 0) return "";
  if (address.ss_family == AF_INET) {
    uv_ip4_name(reinterpret_cast<sockaddr_in*>(&address), text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    uv_ip6_name(reinterpret_cast<sockaddr_in6*>(&address), text, sizeof text);
  }
  return text;
}

bool Stream::quiet() const { return state_->end_status == 0 && state_->ahead_size() == 0; }

void Stream::expire_read() {
  if (state_->end_status == 0) state_->end(UV_ETIMEDOUT);
}

void Stream::expire_write() {
  if (state_->writer_waits) state_->end_write(UV_ETIMEDOUT);
}

void Stream::finish_writing() {
  uv_os_fd_t fd = -1;
  // A connection that has failed already needs no farewell, so there is nothing to do on an error.
  if (uv_fileno(&state_->handle, &fd) == 0) ::shutdown(fd, SHUT_WR);
}

void Stream::begin() {
  if (state_->handle.type == UV_TCP) uv_tcp_nodelay(&state_->tcp, 1);
  state_->resume_reading();
}

Task<Result<std::size_t>> Stream::read(std::span<char> buffer) {
  CHECK(!buffer.empty());
  State& state = *state_;
  if (state.ahead_size() == 0 && state.end_status == 0) {
    // The reader's buffer is libuv's only while this wait lives.
    struct Awaiter {
      State& self;
      ~Awaiter() {
        // Bytes that came for a reader which was cancelled before it ran are kept for the next.
        // What libuv has read since is younger.
        self.ahead.insert(self.ahead_used, self.wanted.data(), self.delivered);
        self.delivered = 0;
        self.wanted = {};
        self.reader.unlink();
      }
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> handle) const { self.reader.handle = handle; }
      std::size_t await_resume() const noexcept { return std::exchange(self.delivered, 0); }
    };
    state.wanted = buffer;
    state.delivered = 0;
    state.resume_reading();
    Awaiter awaiter{state};
    const std::size_t count = co_await awaiter;
    if (count > 0) co_return count;
  }
  if (state.ahead_size() > 0) {
    const std::size_t count = state.take_ahead(buffer);
    state.resume_reading();
    co_return count;
  }
  if (state.end_status == UV_EOF) co_return std::size_t{0};
  co_return std::unexpected(stream_error("reading from the connection", state.end_status));
}

Task<void> Stream::readable() {
  State& state = *state_;
  state.resume_reading();
  if (state.ahead_size() > 0 || state.end_status != 0) co_return;
  struct Awaiter {
    State& self;
    ~Awaiter() {
      self.watched = false;
      self.reader.unlink();
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const {
      self.reader.handle = handle;
      self.watched = true;
    }
    void await_resume() const noexcept {}
  };
  Awaiter awaiter{state};
  co_await awaiter;
}

Task<Result<void>> Stream::write(std::string_view bytes) {
  const std::array<std::string_view, 1> pieces = {bytes};
  Result<void> result = co_await write(std::span<const std::string_view>(pieces));
  co_return result;
}

Task<Result<void>> Stream::write(std::span<const std::string_view> pieces) {
  constexpr std::size_t kMost = 8;
  CHECK(pieces.size() <= kMost);
  State& state = *state_;
  std::array<uv_buf_t, kMost> buffers;
  std::size_t total = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    buffers[i] =
        uv_buf_init(const_cast<char*>(pieces[i].data()), static_cast<unsigned>(pieces[i].size()));
    total += pieces[i].size();
  }
  if (total == 0) co_return Result<void>{};
  if (state.write_ended) {
    co_return fail(Code::kClosed, "writing to the connection: an earlier write was given up");
  }
  const int taken =
      uv_try_write(&state.stream, buffers.data(), static_cast<unsigned>(pieces.size()));
  if (taken < 0 && taken != UV_EAGAIN) {
    co_return std::unexpected(uv_error("writing to the connection", taken));
  }
  std::size_t skip = taken > 0 ? static_cast<std::size_t>(taken) : 0;
  if (skip == total) co_return Result<void>{};

  state.unsent.clear();
  for (std::string_view piece : pieces) {
    const std::size_t gone = std::min(skip, piece.size());
    skip -= gone;
    state.unsent.append(piece.substr(gone));
  }
  // A wait that is given up leaves half of the bytes with libuv until the stream is closed.
  struct Awaiter {
    State& self;
    ~Awaiter() {
      if (self.writer_waits) self.write_ended = true;
      self.writer_waits = false;
      self.writer.unlink();
    }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) const {
      self.writer.handle = handle;
      const uv_buf_t rest =
          uv_buf_init(self.unsent.data(), static_cast<unsigned>(self.unsent.size()));
      self.write_request.data = &self;
      self.write_status = uv_write(&self.write_request, &self.stream, &rest, 1, &State::on_write);
      self.writing = self.writer_waits = self.write_status == 0;
      return self.writing;
    }
    int await_resume() const noexcept { return self.write_status; }
  };
  Awaiter awaiter{state};
  const int status = co_await awaiter;
  if (!state.writing) std::string().swap(state.unsent);
  if (status != 0) co_return std::unexpected(stream_error("writing to the connection", status));
  co_return Result<void>{};
}

namespace {

// One connect under way. The request outlives a cancelled wait, since libuv still holds it.
struct Connect {
  uv_connect_t request;
  Loop& loop;
  Waiter* waiter;
  int status = 0;
  bool over = false;

  static void on_connect(uv_connect_t* request, int status) {
    auto* self = static_cast<Connect*>(request->data);
    self->status = status;
    self->over = true;
    if (self->waiter == nullptr) {
      delete self;
    } else {
      self->loop.wake(*self->waiter);
    }
  }
};

struct ConnectAwaiter {
  Connect* connect;
  Waiter waiter;

  explicit ConnectAwaiter(Connect* c) : connect(c) { connect->waiter = &waiter; }
  ConnectAwaiter(const ConnectAwaiter&) = delete;
  ConnectAwaiter& operator=(const ConnectAwaiter&) = delete;
  ~ConnectAwaiter() {
    if (connect->over) {
      delete connect;
    } else {
      connect->waiter = nullptr;
    }
  }
  bool await_ready() const noexcept { return connect->over; }
  void await_suspend(std::coroutine_handle<> handle) { waiter.handle = handle; }
  int await_resume() const noexcept { return connect->status; }
};

Connect* new_connect(Loop& loop) {
  auto* connect = new Connect{.request = {}, .loop = loop, .waiter = nullptr};
  connect->request.data = connect;
  return connect;
}

}  // namespace

Task<Result<Stream>> connect_tcp(Loop& loop, std::string host, std::uint16_t port) {
  const std::string what = "connecting to " + host + " port " + std::to_string(port);
  if (host == "localhost") host = "127.0.0.1";
  const std::optional<sockaddr_storage> address = socket_address(host, port);
  if (!address) co_return fail(Code::kInvalid, what + ": this is not an IP address; write one");
  Stream stream = Stream::make_tcp(loop);
  ConnectAwaiter awaiter(new_connect(loop));
  Connect* connect = awaiter.connect;
  int status = uv_tcp_connect(&connect->request, reinterpret_cast<uv_tcp_t*>(stream.uv()),
                              reinterpret_cast<const sockaddr*>(&*address), &Connect::on_connect);
  if (status != 0) connect->over = true;
  const int result = co_await awaiter;
  if (status == 0) status = result;
  if (status != 0) co_return std::unexpected(uv_error(what, status));
  stream.begin();
  co_return std::move(stream);
}

Task<Result<Stream>> connect_unix(Loop& loop, std::string path) {
  Stream stream = Stream::make_pipe(loop);
  ConnectAwaiter awaiter(new_connect(loop));
  uv_pipe_connect(&awaiter.connect->request, reinterpret_cast<uv_pipe_t*>(stream.uv()),
                  path.c_str(), &Connect::on_connect);
  const int status = co_await awaiter;
  if (status != 0) co_return std::unexpected(uv_error("connecting to " + path, status));
  stream.begin();
  co_return std::move(stream);
}

}  // namespace corral::io
