#include "engine/spec.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "base/strings.h"
#include "engine/arguments.h"
#include "engine/runtime_dir.h"
#include "engine/worker_flags.h"

extern "C" char** environ;  // POSIX; no header declares it everywhere

namespace corral::engine {
namespace {

using config::ReadyCheck;

constexpr std::size_t kParallel = 4;
constexpr std::size_t kSpareConnections = 3;
constexpr std::size_t kExternalInFlight = 64;

// What a worker is told unless its model's args name the same: a flag that comes twice is
// deprecated in llama-server.
struct Default {
  std::string_view name;
  std::array<std::string_view, 3> other_names;  // its other spellings and its opposite
  std::string_view value;                       // empty: a switch
};
constexpr std::array kDefaults = {
    Default{"--metrics", {}, ""},
    Default{"--no-ui", {"--no-webui"}, ""},
    // A client that left a stream, or a stop, is noticed at the next ping.
    Default{"--sse-ping-interval", {}, "5"},
    Default{"--parallel", {"-np"}, "4"},  // kParallel
    // One cache for all slots, so that one request may use the whole --ctx-size and not a fourth.
    Default{"--kv-unified", {"-kvu", "--no-kv-unified", "-no-kvu"}, ""},
    // The engine's own default is 8 GiB of prompts in host memory for each worker; with several
    // models on one machine that is more than the models take.
    Default{"--cache-ram", {"-cram"}, "1024"},
};
// The token that shows that a worker is ready warms it up; an empty run before would be one more.
constexpr Default kNoWarmup = {"--no-warmup", {"--warmup"}, ""};
// What that token does not warm up: the parts that see and hear.
constexpr std::array<std::string_view, 4> kMoreThanText = {"--mmproj", "-mm", "--mmproj-url",
                                                           "-mmu"};
// These make a server that is for something else than tokens.
constexpr std::array<std::string_view, 5> kNoTokens = {"--embedding", "--embeddings", "--rerank",
                                                       "--reranking", "--pooling"};
// With these /slots is no question to ask, see questions.h.
constexpr std::array<std::string_view, 2> kNoSlotsQuestion = {"--sleep-idle-seconds", "--no-slots"};

constexpr Default kAlias = {"--alias", {"-a"}, ""};
constexpr Default kThreads = {"--threads", {"-t"}, ""};
// A draft model alone is loaded and not used.
constexpr Default kDrafting = {"--spec-type", {}, "draft-simple"};

// What a worker may see of our environment: what every program needs, and what chooses devices.
constexpr std::array<std::string_view, 11> kNames = {
    "PATH",         "HOME", "USER",   "LOGNAME",         "SHELL",
    "LANG",         "TZ",   "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS",
    "UBSAN_OPTIONS"};
constexpr std::array<std::string_view, 14> kPrefixes = {
    "LC_",  "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "ROCM_", "HSA_",
    "AMD_", "GPU_",  "GGML_",   "MTL_", "VK_",   "SYCL_", "ONEAPI_"};

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

bool is_for_workers(std::string_view name) {
  return std::ranges::find(kNames, name) != kNames.end() ||
         std::ranges::any_of(kPrefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

void set(std::vector<std::string>& environment, const std::string& entry) {
  const std::string_view name = name_of(entry);
  std::erase_if(environment, [&](const std::string& old) { return name_of(old) == name; });
  environment.push_back(entry);
}

bool is_named(const Default& option, const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments, [&](const std::string& argument) {
    return argument == option.name ||
           std::ranges::find(option.other_names, argument) != option.other_names.end();
  });
}

bool names_any(std::span<const std::string_view> flags, const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments, [&](const std::string& argument) {
    return std::ranges::find(flags, argument) != flags.end();
  });
}

// The value of the last of these flags, if it is a number of slots that makes sense.
std::optional<std::size_t> parallel_of(const std::vector<std::string>& arguments) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view flag = arguments[i];
    std::string_view value;
    if (i + 1 < arguments.size()) value = arguments[i + 1];
    if (const std::size_t equals = flag.find('='); equals != std::string_view::npos) {
      value = flag.substr(equals + 1);
      flag = flag.substr(0, equals);
    }
    if (flag != "-np" && flag != "--parallel") continue;
    const std::optional<std::uint64_t> number = parse_u64(value);
    if (number && *number >= 1 && *number <= 4096) found = static_cast<std::size_t>(*number);
  }
  return found;
}

// Of a model that our own worker serves.
std::size_t slots_of(const config::Model& model) {
  if (model.worker.parallel) return static_cast<std::size_t>(*model.worker.parallel);
  return parallel_of(model.args).value_or(kParallel);
}

void set_watch(const config::Care& care, Spec& spec) {
  spec.watched = care.canary;
  spec.canary_interval = care.canary_interval;
  spec.canary_limit = care.degraded_above;
  spec.stuck_after = care.stuck_after;
}

void set_reductions(const config::Model& model, Spec& spec) {
  if (model.care.on_out_of_memory != config::OutOfMemory::kReduce) return;
  spec.may_be_reduced = true;
  const Arguments by_hand(model.args, model.env);
  spec.may_shorten_context = !by_hand.value({"--ctx-size", "-c"}, "LLAMA_ARG_CTX_SIZE");
  spec.may_leave_gpu =
      !by_hand.value({"--gpu-layers", "--n-gpu-layers", "-ngl"}, "LLAMA_ARG_N_GPU_LAYERS");
}

}  // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

Spec worker_spec(const config::Model& model, const std::string& self_exe,
                 const std::string& socket_dir, Duration start_timeout,
                 const std::vector<std::string>& environment) {
  Spec spec;
  spec.model = model.id;
  spec.worker = true;
  spec.gguf = model.gguf;
  spec.slots = slots_of(model);
  spec.address.unix_path = worker_socket(socket_dir, model.id);
  spec.check_path = "/health";
  spec.start_timeout = start_timeout;
  const bool can_make_tokens = !names_any(kNoTokens, model.args);
  spec.ready_token =
      model.care.ready_check.value_or(can_make_tokens ? ReadyCheck::kToken : ReadyCheck::kHealth) ==
      ReadyCheck::kToken;
  set_watch(model.care, spec);
  set_reductions(model, spec);
  spec.question = names_any(kNoSlotsQuestion, model.args) ? "/metrics" : "/slots";

  std::vector<std::string> asked = worker_flags(model.worker);
  asked.insert(asked.end(), model.args.begin(), model.args.end());
  spec.command.argv = {self_exe, "engine", "-m", model.gguf, "--host", spec.address.unix_path};
  for (const Default& option : kDefaults) {
    if (is_named(option, asked)) continue;
    spec.command.argv.emplace_back(option.name);
    if (!option.value.empty()) spec.command.argv.emplace_back(option.value);
  }
  if (spec.ready_token && !names_any(kMoreThanText, asked) && !is_named(kNoWarmup, asked)) {
    spec.command.argv.emplace_back(kNoWarmup.name);
  }
  const std::array<std::pair<Default, std::string>, 2> computed = {
      {{kAlias, model.id}, {kThreads, std::to_string(default_threads())}}};
  for (const auto& [option, value] : computed) {
    if (is_named(option, asked)) continue;
    spec.command.argv.emplace_back(option.name);
    spec.command.argv.push_back(value);
  }
  if (!model.worker.draft.empty() && !is_named(kDrafting, asked)) {
    spec.command.argv.emplace_back(kDrafting.name);
    spec.command.argv.emplace_back(kDrafting.value);
  }
  spec.command.argv.insert(spec.command.argv.end(), asked.begin(), asked.end());

  std::vector<std::string>& env = spec.command.env;
  for (const std::string& entry : environment) {
    if (is_for_workers(name_of(entry))) env.push_back(entry);
  }
  // No such folder exists, since the folder of sockets is ours and we never make one: no settings.
  set(env, "XDG_CONFIG_HOME=" + socket_dir + "/no-settings");
  set(env, "GGML_NO_BACKTRACE=1");         // a crash must not wait for a debugger
  set(env, "LLAMA_SERVER_ROUTER_PORT=1");  // any value: speak the child protocol
  for (const std::string& entry : model.env) set(env, entry);
  spec.limits = model.care.limits;
  return spec;
}

Spec external_spec(const config::Model& model, const std::string& self_exe, Duration start_timeout,
                   const std::vector<std::string>& environment) {
  Spec spec;
  spec.model = model.id;
  spec.address.host = model.proxy_host;
  spec.address.port = model.proxy_port;
  spec.may_change_port = model.port == model.proxy_port;
  spec.path_prefix = model.proxy_path;
  spec.check_path = model.check_endpoint;
  spec.start_timeout = start_timeout;
  spec.ready_token = model.care.ready_check == ReadyCheck::kToken;
  spec.canary = spec.ready_token;
  set_watch(model.care, spec);
  spec.stop_grace = model.unload_timeout;
  spec.guarded = true;
  spec.command.argv = {self_exe, "guard", "--"};
  spec.command.argv.insert(spec.command.argv.end(), model.argv.begin(), model.argv.end());
  spec.command.env = environment;
  for (const std::string& entry : model.env) set(spec.command.env, entry);
  spec.limits = model.care.limits;
  return spec;
}

std::size_t max_in_flight(const config::Model& model) {
  if (!model.gguf.empty()) return slots_of(model) + kSpareConnections;
  const std::optional<std::size_t> parallel = parallel_of(model.argv);
  return parallel ? *parallel + kSpareConnections : kExternalInFlight;
}

}  // namespace corral::engine
