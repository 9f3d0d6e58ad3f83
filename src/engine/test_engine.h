// For tests: an Engine over the fake engine or a shell script, in a folder of its own, with the
// states that it told.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "engine/engine.h"

namespace corral::engine {

// One engine under test, with the states that it told.
struct Watched {
  Watched(io::Loop& loop, Spec spec)
      : changed(loop), client(loop), engine(loop, client, std::move(spec), [this](Engine& e) {
          states.push_back(e.status().state);
          progress = std::max(progress, e.status().progress);
          if (e.status().state == stop_at) e.stop(StopReason::kAsked);
          changed.set();
        }) {}

  // Whether the engine has come to that state since `states` was cleared, or does so within 20
  // seconds.
  io::Task<bool> reaches(State state) {
    while (!saw(state)) {
      changed.clear();
      const bool more = co_await changed.wait_for(seconds(20));
      if (!more) co_return false;
    }
    co_return true;
  }
  bool saw(State state) const { return std::ranges::find(states, state) != states.end(); }
  std::string error() const {
    return engine.status().last_error ? to_error(*engine.status().last_error).message
                                      : std::string();
  }

  std::vector<State> states;
  double progress = 0;
  std::optional<State> stop_at;
  io::Event changed;
  http::Client client;
  Engine engine;
};

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

inline Spec spec_of(std::vector<std::string> argv) {
  Spec spec;
  spec.model = "m";
  spec.command.argv = std::move(argv);
  spec.command.env = {"PATH=/usr/bin:/bin"};
  spec.check_path = "/health";
  spec.start_timeout = seconds(15);
  spec.stop_grace = seconds(5);
  return spec;
}

// The fake engine as an external command, on a socket in the folder.
inline Spec external(const Folder& folder, std::vector<std::string> flags) {
  const std::string socket = folder.path() + "/e.sock";
  std::vector<std::string> argv = {CORRAL_GUARD, "--", CORRAL_FAKE_ENGINE, "--unix", socket};
  argv.insert(argv.end(), flags.begin(), flags.end());
  Spec spec = spec_of(std::move(argv));
  spec.address.unix_path = socket;
  spec.guarded = true;
  return spec;
}

inline Spec worker(const Folder& folder, std::vector<std::string> flags) {
  const std::string socket = folder.path() + "/w.sock";
  std::vector<std::string> argv = {CORRAL_FAKE_ENGINE, "--unix", socket, "--worker"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  Spec spec = spec_of(std::move(argv));
  spec.address.unix_path = socket;
  spec.worker = true;
  return spec;
}

inline Spec shell(std::string script) {
  Spec spec = spec_of({CORRAL_GUARD, "--", "/bin/sh", "-c", std::move(script)});
  spec.guarded = true;
  spec.check_path.clear();
  return spec;
}

// A program that does nothing itself and whose name says that others' processes do the work.
inline Spec docker_in(const Folder& folder) {
  const std::string path = folder.path() + "/docker";
  std::filesystem::copy_file("/bin/sleep", path, std::filesystem::copy_options::skip_existing);
  return spec_of({path, "600"});
}

using Body = io::Task<void> (*)(io::Loop&, const Folder&);
inline void run(Body body) {
  const Folder folder;
  io::Loop loop;
  loop.run(body(loop, folder));
}

}  // namespace corral::engine
