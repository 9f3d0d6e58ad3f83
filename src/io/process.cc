#include "io/process.h"

#include <uv.h>

#include <array>
#include <csignal>

#include "io/uv_error.h"

namespace corral::io {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

}  // namespace

struct Process::State {
  explicit State(Loop& on) : exited(on) {}
  uv_process_t process{};
  Event exited;
  Exit exit;

  static void on_exit(uv_process_t* process, std::int64_t code, int signal) {
    State& self = *static_cast<State*>(process->data);
    self.exit = Exit{static_cast<int>(code), signal};
    self.exited.set();
  }
};

void Process::Close::operator()(State* state) const {
  uv_close(reinterpret_cast<uv_handle_t*>(&state->process),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

Process::Process(State* state, Stream in, Stream out, Stream err)
    : state_(state), in_(std::move(in)), out_(std::move(out)), err_(std::move(err)) {}

Result<Process> Process::spawn(Loop& loop, const Command& command) {
  CHECK(!command.argv.empty());
  auto* state = new State(loop);
  state->process.data = state;
  Process child(state, Stream::make_pipe(loop), Stream::make_pipe(loop), Stream::make_pipe(loop));

  // The flags are the child's view of each pipe.
  std::array<uv_stdio_container_t, 3> stdio{};
  const auto pipe = [](Stream& stream, int direction) {
    uv_stdio_container_t container{};
    container.flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | direction);
    container.data.stream = stream.uv();
    return container;
  };
  stdio[0] = pipe(child.in_, UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  stdio[1] = pipe(child.out_, UV_WRITABLE_PIPE);
  stdio[2] = pipe(child.err_, UV_WRITABLE_PIPE);

  std::vector<char*> argv = pointers(command.argv);
  std::vector<char*> env = pointers(command.env);
  uv_process_options_t options{};
  options.file = command.file.empty() ? argv[0] : command.file.c_str();
  options.args = argv.data();
  options.env = env.data();
  options.stdio = stdio.data();
  options.stdio_count = static_cast<int>(stdio.size());
  options.flags = UV_PROCESS_DETACHED;
  options.exit_cb = &State::on_exit;
  const int status = uv_spawn(loop.uv(), &state->process, &options);
  if (status == UV_ENOENT) {
    return fail(Code::kNotFound,
                "starting " + command.argv[0] + ": there is no such program; check its path");
  }
  if (status != 0) return std::unexpected(uv_error("starting " + command.argv[0], status));
  child.out_.begin();
  child.err_.begin();
  return child;
}

int Process::pid() const { return state_->process.pid; }

Event& Process::exited() const { return state_->exited; }

Exit Process::exit() const { return state_->exit; }

// Before the exit is known the number is not free for others, since libuv has not reaped it.
void Process::signal(int signal) const {
  if (!state_->exited.is_set()) ::kill(state_->process.pid, signal);
}

// A detached child leads its group, so the group has the child's number. Once the leader is reaped
// the number stays reserved only while the group has members; without any, kill finds nobody.
void Process::signal_group(int signal) const { ::kill(-state_->process.pid, signal); }

}  // namespace corral::io
