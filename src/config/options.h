// The options of a model's engine that have a key of their own: what our worker is told, and how
// any engine is watched, limited and ended. docs/config.md lists them for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/mark.h"

namespace corral::config {

struct Lora {
  std::string path;
  std::string scale;  // a decimal number as it was written; empty: 1
};

// What a worker is told. Nothing or empty: the default of engine/worker_flags.h.
struct WorkerOptions {
  std::optional<std::int64_t> ctx{};  // tokens; 0: as trained
  std::optional<std::int64_t> batch{};
  std::optional<std::int64_t> ubatch{};
  std::string gpu_layers{};  // a number, "all" or "auto"
  std::optional<std::int64_t> threads{};
  std::string flash_attention{};  // "on", "off" or "auto"
  std::string cache_type_k{};
  std::string cache_type_v{};
  std::optional<std::int64_t> parallel{};  // 1 to 4096
  std::optional<bool> warmup{};
  std::string chat_template{};       // the name of one that is built in
  std::string chat_template_file{};  // a path; at most one of these two is set
  std::vector<Lora> lora{};          // in the config's order
  std::string draft{};               // a path
};

// Of each process of an engine; engine/limits.h tells how they are set.
struct Limits {
  std::uint64_t memory_bytes = 0;  // 0: no limit
  std::uint64_t open_files = 0;    // 0: as Corral's own
  int nice = 0;                    // added to Corral's own, -20 to 19
  bool operator==(const Limits&) const = default;
};

enum class OutOfMemory { kFail, kReduce };  // what follows a start that fails for lack of memory
enum class ReadyCheck { kToken, kHealth };  // what makes an engine ready: one token, or an answer

// How an engine is watched and limited. The config's top level has the same keys, for all models.
struct Care {
  Limits limits{};
  OutOfMemory on_out_of_memory = OutOfMemory::kFail;
  bool canary = true;                                // it is asked for a sign of life
  std::chrono::milliseconds canary_interval{15000};  // so often
  std::chrono::milliseconds degraded_above{1000};    // an answer that takes longer is a bad sign
  std::chrono::milliseconds stuck_after{60000};      // without any sign of work
  std::optional<ReadyCheck> ready_check{};  // nothing: a token of a worker, an answer of a command
};

// An option that the config names, at the top level or for the model, or that was set at run time.
struct Given {
  std::string key;
  Mark mark;          // kRunTime where it was set at run time
  std::string value;  // as JSON
};

// One row for each option, in the order of the documentation.
struct OptionInfo {
  std::string_view key;
  std::string_view by_default;  // in words
  bool worker_only;             // makes sense with gguf alone
};

// Those that can be changed while Corral runs.
const std::vector<OptionInfo>& all_options();

}  // namespace corral::config
