// Spec: all that an Engine needs to know to run one model: the command with its environment, where
// the engine will listen, how to see that it is ready and how long to wait. A plain value, made
// from a model of the config; nothing is opened or started here.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "http/client.h"
#include "io/process.h"

namespace corral::engine {

struct Spec {
  std::string model;  // the model's id, for messages
  io::Command command;
  http::Address address;         // where requests for the model go
  std::string path_prefix;       // in front of every request's path, may be empty
  std::string check_path;        // answers 200 when it is ready; empty: ready when it runs
  bool guarded = false;          // the command runs under `corral guard`, see guard.h
  bool worker = false;           // speaks the child protocol, see worker_words.h
  std::string gguf{};            // of a worker: its model's file, or the first of them
  std::size_t slots = 0;         // of a worker: requests that it serves at once
  config::Limits limits{};       // see limits.h
  bool may_change_port = false;  // of a command: its port is one that Corral chose
  // What may be changed where memory is short, see reduced_spec.h.
  bool may_be_reduced = false;  // the config allows it
  bool may_shorten_context = false;
  bool may_leave_gpu = false;
  Duration start_timeout{};  // without progress, see start_clock.h
  Duration stop_grace{};     // of a command: from the first request to stop to the second

  // Ready only when one token has come out, see readiness.h. A worker is then told not to warm up.
  bool ready_token = false;

  // The watch over it while it is ready, see health_watch.h.
  bool watched = true;   // off: only its memory is measured, and its death noticed
  bool canary = false;   // of a command that is idle: ask for a token too
  std::string question;  // a path that goes through its task queue; empty: check_path
  Duration canary_interval = seconds(15);
  Duration canary_limit = seconds(1);     // degraded when an answer takes longer
  Duration canary_timeout = seconds(10);  // an answer that takes longer is none
  Duration stuck_after = seconds(60);     // without evidence of work; zero: never

  bool operator==(const Spec&) const = default;
};

// Our own environment as "NAME=value", for the two functions below.
std::vector<std::string> own_environment();

// Our own binary as an engine (`self_exe engine ...`) for a model with a `gguf`. It listens on
// worker_socket(socket_dir, id). What the model's options and `args` name is left to them. Unless
// they make it a server of embeddings or of ranks, or `readyCheck` says otherwise, it has to make a
// token to be ready.
//
// It sees only what it needs of `environment`: llama-server takes settings and secrets from
// LLAMA_ARG_*, LLAMA_API_KEY, HF_TOKEN, AIP_* and from files under XDG_CONFIG_HOME, which would
// change a model behind the config's back. `env` of the model is added last and may name any.
Spec worker_spec(const config::Model& model, const std::string& self_exe,
                 const std::string& socket_dir, Duration start_timeout,
                 const std::vector<std::string>& environment);

// The command of a model with a `cmd`, under our guard (guard.h), with the whole of `environment`
// and the model's `env` on top of it. With `readyCheck: token` it has to make a token to be ready,
// and is asked for one now and then while it is idle.
Spec external_spec(const config::Model& model, const std::string& self_exe, Duration start_timeout,
                   const std::vector<std::string>& environment);

// How many requests the engine shall have at once; more wait in front of it. llama-server serves
// its parallel slots plus four connections without starving any: one of these is left for probes.
std::size_t max_in_flight(const config::Model& model);

}  // namespace corral::engine
