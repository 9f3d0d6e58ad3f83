#include "io/listener.h"

#include <uv.h>

#include "io/socket_address.h"
#include "io/uv_error.h"

namespace corral::io {

struct Listener::State {
  explicit State(Loop& on) : loop(on), pending(on) {}
  Loop& loop;
  uv_tcp_t tcp;
  Event pending;  // set while a connection waits to be accepted
  int status = 0;

  static void on_connection(uv_stream_t* stream, int status) {
    State& self = *static_cast<State*>(stream->data);
    self.status = status;
    self.pending.set();
  }
};

void Listener::Close::operator()(State* state) const {
  uv_close(reinterpret_cast<uv_handle_t*>(&state->tcp),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

Result<Listener> Listener::bind(Loop& loop, const std::string& host, std::uint16_t port) {
  const std::string what = "listening on " + host + " port " + std::to_string(port);
  const std::optional<sockaddr_storage> address = socket_address(host, port);
  if (!address) return fail(Code::kInvalid, what + ": this is not an IP address; write 127.0.0.1");

  auto* state = new State(loop);
  CHECK(uv_tcp_init(loop.uv(), &state->tcp) == 0);
  state->tcp.data = state;
  Listener listener(state);
  int status = uv_tcp_bind(&state->tcp, reinterpret_cast<const sockaddr*>(&*address), 0);
  if (status == 0) {
    status = uv_listen(reinterpret_cast<uv_stream_t*>(&state->tcp), 512, &State::on_connection);
  }
  if (status == UV_EADDRINUSE) {
    return fail(Code::kUnavailable,
                what + ": another program has this port; stop it or choose another port");
  }
  if (status != 0) return std::unexpected(uv_error(what, status));
  return listener;
}

std::uint16_t Listener::port() const {
  sockaddr_storage address{};
  int size = sizeof address;
  if (uv_tcp_getsockname(&state_->tcp, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  const std::uint16_t port = address.ss_family == AF_INET6
                                 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                 : reinterpret_cast<sockaddr_in*>(&address)->sin_port;
  return ntohs(port);
}

// libuv holds one accepted connection back until uv_accept takes it, then accepts the next.
Task<Result<Stream>> Listener::accept() {
  State& state = *state_;
  while (true) {
    co_await state.pending.wait();
    state.pending.clear();
    if (state.status != 0) {
      co_return std::unexpected(uv_error("accepting a connection", state.status));
    }
    Stream stream = Stream::make_tcp(state.loop);
    const int status = uv_accept(reinterpret_cast<uv_stream_t*>(&state.tcp), stream.uv());
    if (status == UV_EAGAIN) continue;
    if (status != 0) co_return std::unexpected(uv_error("accepting a connection", status));
    stream.begin();
    co_return std::move(stream);
  }
}

}  // namespace corral::io
