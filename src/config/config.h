// The config file as the rest of Corral sees it: macros expanded, commands split, ports allotted,
// every rule checked. It has llama-swap's shape, so a config.yaml of llama-swap is read as it is;
// `gguf` and the options of an engine (options.h) are ours. A Config is a plain value: it is built
// once and never changes.
//
// Every error begins with file:line:col, says which text is wrong and, for a name, which one may
// have been meant. What can be ignored safely (an unknown key, a key of llama-swap that we do not
// have yet) is a warning instead. probe.h looks for what only this machine can tell.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/mark.h"
#include "config/options.h"

namespace corral::config {

// Values set at run time over those of the file: model id, then key, then the value as JSON.
using Overrides = std::map<std::string, std::map<std::string, std::string>>;

// Models whose ${PORT} is another than the one that it is their turn to have, by id.
using Ports = std::map<std::string, std::uint16_t>;

// One entry of `models`. Exactly one of gguf and cmd is set.
struct Model {
  std::string id;
  // Of the id, and of the value of gguf or cmd, for messages that are found later.
  Mark mark;
  Mark source_mark;

  std::string gguf;               // path of a model file that our own worker serves
  std::vector<std::string> args;  // more arguments for that worker

  std::string cmd;                // an external server's command, macros expanded, for display
  std::vector<std::string> argv;  // the same, split into words; never empty when cmd is set

  // Where the external server listens. All empty for a gguf model, whose address Corral picks.
  std::string proxy_host;  // "localhost" or an IP address, IPv6 without brackets
  std::uint16_t proxy_port = 0;
  std::string proxy_path;  // a prefix for every request, "/v2" without a last slash, or empty

  std::optional<std::uint16_t> port{};  // that ${PORT} stands for, if the cmd uses it

  std::string check_endpoint = "/health";  // begins with '/'; empty: ready as soon as it runs

  std::vector<std::string> aliases;
  std::vector<std::string> env;  // "NAME=value", added to our own environment; later ones win
  std::chrono::seconds ttl{0};   // unloaded after so long without a request; 0: never
  std::string name;              // for people, may be empty
  std::string description;
  bool unlisted = false;  // not in /v1/models, but usable

  WorkerOptions worker;  // of a gguf model; its paths are whole
  Care care;
  std::chrono::milliseconds startup_timeout{120000};  // from start to ready
  std::chrono::milliseconds unload_timeout{10000};    // for a command to end by itself
  bool keep = false;                                  // restarted after a crash at once
  std::vector<Given> given;  // its options that are not the defaults, in the file's order
};

// What becomes of running engines when the machine sleeps.
enum class OnSleep {
  kCheck,    // they sleep too; when it wakes, those that do not work any more are replaced
  kStop,     // they are stopped before, and what ran comes back after
  kNothing,  // nothing
};

// What becomes of engines that nobody uses when the machine is short of memory.
enum class OnMemoryPressure { kUnload, kIgnore };

struct Config {
  std::string file;
  std::string text;  // what the file held, for examining it with other overrides
  std::chrono::seconds health_check_timeout{120};  // from start to ready, at least 15 s
  std::uint16_t start_port = 5800;                 // ${PORT} counts up from here
  LogLevel log_level = LogLevel::kInfo;
  std::vector<std::string> api_keys;         // without spaces; empty: none is asked for
  std::vector<std::string> allowed_origins;  // of web pages: "https://chat.example.com", or "*"
  std::vector<std::string> allowed_hosts;    // further names of this machine
  std::vector<std::string> preload;          // ids of models to load at start, in this order
  bool continue_streams = true;              // on a new engine, where their own died
  OnSleep on_sleep = OnSleep::kCheck;
  OnMemoryPressure memory_pressure = OnMemoryPressure::kUnload;
  bool restore_last = false;          // load the model that was used last, too
  std::vector<Model> models;          // sorted by id
  std::vector<Given> given;           // options at the top level, for all models
  std::vector<std::string> warnings;  // "file:line:col: sentence", each once, in the file's order

  // The model with this id, else the one with this alias, else nullptr. Compares with every alias:
  // meant for tens of models.
  const Model* find(std::string_view id_or_alias) const;
};

// Looks an environment variable up. Passed in, so that tests need no real environment.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

// All that can be said of a config's text at once: each key that is wrong is an error of its own.
// What is not YAML, or has macros that are wrong, is not looked at any further.
struct Reading {
  std::optional<Config> config;       // nothing if there are errors
  std::vector<Error> errors;          // kInvalid or kLimit, in the file's order
  std::vector<std::string> warnings;  // as Config's, which has them too
};

// Reads the text of a config that is to be served, so that one without any model is an error.
// `file` stands in messages, and a relative gguf path begins at its folder. Nothing is opened or
// probed: neither model files nor ports. `overrides` stand in the place of the file's values and
// are judged as those are, in messages that begin with "corral set: "; those of models that the
// file does not have are ignored. `ports` take the place of allotted ones.
Reading examine(std::string_view text, const std::string& file, const Environment& environment,
                const Overrides& overrides = {}, const Ports& ports = {});

// Examines a config file. Besides examine's errors: kNotFound if it does not exist, kIo if it
// cannot be read, kInvalid if it is a folder, kLimit above 16 MiB.
Reading load(const std::string& path, const Environment& environment);

// The config, which may have no model, or the first of its errors.
Result<Config> parse(std::string_view text, const std::string& file,
                     const Environment& environment);

}  // namespace corral::config
