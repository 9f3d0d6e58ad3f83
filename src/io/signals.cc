#include "io/signals.h"

#include <uv.h>

#include <csignal>

namespace corral::io {

struct StopSignals::State {
  explicit State(Loop& loop) : first(loop), second(loop) {}
  uv_signal_t interrupt{};
  uv_signal_t terminate{};
  Event first;
  Event second;
  int open = 2;

  static void on_signal(uv_signal_t* handle, int) {
    State& self = *static_cast<State*>(handle->data);
    (self.first.is_set() ? self.second : self.first).set();
  }
  static void on_close(uv_handle_t* handle) {
    auto* self = static_cast<State*>(handle->data);
    if (--self->open == 0) delete self;
  }
};

void StopSignals::Close::operator()(State* state) const {
  uv_close(reinterpret_cast<uv_handle_t*>(&state->interrupt), &State::on_close);
  uv_close(reinterpret_cast<uv_handle_t*>(&state->terminate), &State::on_close);
}

StopSignals::StopSignals(Loop& loop) : state_(new State(loop)) {
  const auto watch = [&](uv_signal_t& handle, int number) {
    CHECK(uv_signal_init(loop.uv(), &handle) == 0);
    handle.data = state_.get();
    CHECK(uv_signal_start(&handle, &State::on_signal, number) == 0);
  };
  watch(state_->interrupt, SIGINT);
  watch(state_->terminate, SIGTERM);
}

Event& StopSignals::first() const { return state_->first; }

Event& StopSignals::second() const { return state_->second; }

}  // namespace corral::io
