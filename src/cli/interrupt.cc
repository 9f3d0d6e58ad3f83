#include "cli/interrupt.h"

#include <uv.h>

#include <csignal>

namespace corral::cli {

struct Interrupt::State {
  explicit State(io::Loop& loop) : pressed(loop) {}
  uv_signal_t handle{};
  io::Event pressed;
};

void Interrupt::Close::operator()(State* state) const {
  uv_close(reinterpret_cast<uv_handle_t*>(&state->handle),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

Interrupt::Interrupt(io::Loop& loop) : state_(new State(loop)) {
  CHECK(uv_signal_init(loop.uv(), &state_->handle) == 0);
  state_->handle.data = state_.get();
  const auto on_signal = [](uv_signal_t* handle, int) {
    static_cast<State*>(handle->data)->pressed.set();
  };
  CHECK(uv_signal_start(&state_->handle, on_signal, SIGINT) == 0);
}

io::Event& Interrupt::pressed() const { return state_->pressed; }

}  // namespace corral::cli
