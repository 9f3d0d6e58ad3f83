#include "io/signals.h"

#include <uv.h>

#include <csignal>
#include <utility>

namespace corral::io {

struct SignalWatch::State {
  uv_signal_t handle{};
  std::function<void()> on_signal;
};

void SignalWatch::Close::operator()(State* state) const {
  uv_close(reinterpret_cast<uv_handle_t*>(&state->handle),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

SignalWatch::SignalWatch(Loop& loop, int number, std::function<void()> on_signal)
    : state_(new State) {
  state_->on_signal = std::move(on_signal);
  CHECK(uv_signal_init(loop.uv(), &state_->handle) == 0);
  state_->handle.data = state_.get();
  const auto call = [](uv_signal_t* handle, int) {
    static_cast<State*>(handle->data)->on_signal();
  };
  CHECK(uv_signal_start(&state_->handle, call, number) == 0);
}

StopSignals::StopSignals(Loop& loop)
    : first_(loop),
      second_(loop),
      interrupt_(loop, SIGINT, [this] { (first_.is_set() ? second_ : first_).set(); }),
      terminate_(loop, SIGTERM, [this] { (first_.is_set() ? second_ : first_).set(); }) {}

Interrupt::Interrupt(Loop& loop)
    : pressed_(loop), watch_(loop, SIGINT, [this] { pressed_.set(); }) {}

}  // namespace corral::io
