#include "engine/preflight.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <span>
#include <string_view>

#include "engine/arguments.h"
#include "engine/limits.h"
#include "engine/port_owner.h"
#include "engine/program_file.h"
#include "gguf/memory.h"
#include "gguf/model.h"
#include "gguf/saturate.h"
#include "io/event.h"
#include "io/helper.h"

namespace corral::engine {
namespace {

using gguf::Fault;

constexpr bool kHasGpu = std::string_view(CORRAL_GPU) != "none";
constexpr bool kOwnGpuMemory =
    std::string_view(CORRAL_GPU) == "cuda" || std::string_view(CORRAL_GPU) == "vulkan";

// With no context given, the engine makes it as small as this before it gives up.
constexpr std::uint64_t kLeastContext = 4096;

std::string start_of_message(const Spec& spec) {
  return "the engine of '" + spec.model + "' was not started: ";
}

Failure failure_of(const Spec& spec, Cause cause, const std::string& words,
                   const std::string& hint) {
  return {.cause = cause,
          .message = start_of_message(spec) + words,
          .hint = hint,
          .at = std::chrono::system_clock::now()};
}

Cause cause_of(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::kMissing: return Cause::kMissingFile;
    case Fault::Kind::kUnsupported: return Cause::kUnsupportedModel;
    default: return Cause::kBadFile;
  }
}

Failure failure_of(const Spec& spec, const std::string& file, const Fault& fault) {
  return failure_of(spec, cause_of(fault.kind), "the file " + file + " " + fault.words, fault.hint);
}

std::string size_words(std::uint64_t bytes) {
  char text[48];
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / kGiB);
  return text;
}

// The files beside the model that the arguments name, each with what it adds to memory.
std::vector<std::string> further_files(const Arguments& arguments) {
  std::vector<std::string> files = arguments.list({"--lora"});
  for (const std::string& scaled : arguments.list({"--lora-scaled"})) {
    files.push_back(scaled.substr(0, scaled.find(':')));
  }
  const auto add = [&](const std::optional<std::string_view>& file) {
    if (file) files.emplace_back(*file);
  };
  add(arguments.value({"--mmproj", "-mm"}, "LLAMA_ARG_MMPROJ"));
  add(arguments.value({"--model-draft", "-md", "--spec-draft-model"},
                      "LLAMA_ARG_SPEC_DRAFT_MODEL"));
  return files;
}

gguf::Shape shape_of(const Spec& spec, const Arguments& arguments) {
  const auto type = [&](std::initializer_list<std::string_view> flags, std::string_view variable) {
    const std::optional<std::string_view> name = arguments.value(flags, variable);
    return name ? gguf::find_tensor_type(*name) : nullptr;
  };
  gguf::Shape shape;
  shape.context = arguments.number({"--ctx-size", "-c"}, "LLAMA_ARG_CTX_SIZE").value_or(0);
  shape.slots = std::max<std::size_t>(spec.slots, 1);
  const auto unified =
      arguments.last({"--kv-unified", "-kvu", "--no-kv-unified", "-no-kvu"}).value_or("-no-kvu");
  shape.unified = !unified.starts_with("--no") && !unified.starts_with("-no");
  shape.key_type = type({"--cache-type-k", "-ctk"}, "LLAMA_ARG_CACHE_TYPE_K");
  shape.value_type = type({"--cache-type-v", "-ctv"}, "LLAMA_ARG_CACHE_TYPE_V");
  shape.micro_batch =
      arguments.number({"--ubatch-size", "-ub"}, "LLAMA_ARG_UBATCH").value_or(shape.micro_batch);
  shape.whole_window = arguments.last({"--swa-full"}).has_value();
  return shape;
}

// What it takes at least: with no context given, the engine shortens it to what fits.
std::uint64_t least_bytes(const gguf::Metadata& metadata, std::uint64_t weights,
                          const Arguments& arguments, gguf::Shape shape) {
  const bool fits = arguments.value({"--fit", "-fit"}, "LLAMA_ARG_FIT").value_or("on") != "off";
  const bool is_given = arguments.value({"--ctx-size", "-c"}, "LLAMA_ARG_CTX_SIZE").has_value();
  if (!is_given && fits) {
    shape.context = std::min(metadata.context_length.value_or(kLeastContext), kLeastContext);
  }
  const gguf::MemoryEstimate least = gguf::estimate_memory(metadata, weights, shape);
  const bool from_disk = arguments.value({"--load-mode", "-lm"}, "LLAMA_ARG_LOAD_MODE") == "mmap";
  return from_disk ? least.kv_least_bytes : least.least();
}

// The machine's memory at the time of the check.
struct Room {
  std::uint64_t total_bytes = 0;  // swap included; 0: not known
  std::uint64_t free_bytes = 0;   // for this model
  bool limited = false;           // by more than the machine
};

Room room_of(const Circumstances& circumstances) {
  const MachineMemory memory = circumstances.memory ? *circumstances.memory : machine_memory();
  return {.total_bytes = memory.total_bytes,
          .free_bytes = memory.available_bytes + circumstances.reclaimable_bytes,
          .limited = memory.limited};
}

// By its own limits, under which its weights, which are mapped, do not count, and stacks and heaps
// of its threads do.
std::uint64_t allowed_bytes(const Spec& spec, std::uint64_t weights) {
  constexpr std::uint64_t kForThreads = 128 * 1024 * 1024;
  const std::uint64_t limit = spec.limits.memory_bytes;
  return limit == 0 ? ~0ULL : gguf::plus(limit - std::min(limit, kForThreads), weights);
}

// What to change where there is less memory than it needs, or than its weights alone do.
std::string hint_for_lack(const Spec& spec, bool of_weights) {
  const std::string smaller = "a smaller model or quantization";
  std::string hint = of_weights ? "use " + smaller
                                : "give it a smaller `ctx` (--ctx-size), `cacheTypeK` and "
                                  "`cacheTypeV` of q8_0, or " +
                                      smaller;
  if (!of_weights && !spec.may_be_reduced) {
    hint += "; with `onOutOfMemory: reduce` a `ctx` is shortened to what fits";
  } else if (!of_weights && !spec.may_shorten_context) {
    hint +=
        "; a context that is the key `ctx`, and not in `args` or `env`, is shortened to what fits";
  }
  return hint +
         "; with `--load-mode mmap` among its `args` it is started all the same and reads "
         "its weights from the disk, slowly";
}

void judge_memory(const Spec& spec, const gguf::Metadata& metadata, std::uint64_t weights,
                  const Arguments& arguments, const Room& memory, Findings& findings) {
  const gguf::Shape shape = shape_of(spec, arguments);
  const gguf::MemoryEstimate estimate = gguf::estimate_memory(metadata, weights, shape);
  findings.memory_bytes = estimate.likely();
  if (memory.total_bytes == 0 || kOwnGpuMemory) return;

  const std::string parts = size_words(estimate.weights_bytes) + " of weights and " +
                            size_words(estimate.kv_bytes) + " of cache for " +
                            std::to_string(estimate.context) + " tokens";
  const std::uint64_t least = least_bytes(metadata, weights, arguments, shape);
  if (least > memory.total_bytes) {
    const std::string whose = memory.limited ? "the limit that corral runs under allows "
                                             : "this machine has, swap included, ";
    const std::string words = "it would need at least " + size_words(least) + " of memory (" +
                              parts + "), and " + whose + size_words(memory.total_bytes);
    const std::string hint = hint_for_lack(spec, estimate.weights_bytes > memory.total_bytes);
    findings.failure = failure_of(spec, Cause::kOutOfMemory, words, hint);
    return;
  }
  if (estimate.likely() <= memory.free_bytes) return;
  findings.warning = "the engine of '" + spec.model + "' will take about " +
                     size_words(estimate.likely()) + " of memory (" + parts + "), and about " +
                     size_words(memory.free_bytes) + " are free for it: it may be slow or fail";
}

// Where memory lacks: how it may work with less.
void reduce(const Spec& spec, const gguf::Metadata& metadata, std::uint64_t weights,
            const Arguments& arguments, const Room& memory, Cause lacked, Findings& findings) {
  gguf::Shape shape = shape_of(spec, arguments);
  const std::uint64_t slots = shape.slots;  // each request uses as much as was trained, at most
  const ReductionFacts facts = {
      .lacked = lacked,
      .has_gpu = kHasGpu,
      .context = gguf::estimate_memory(metadata, weights, shape).context,
      .of_use = gguf::times(slots, metadata.context_length.value_or(~0ULL)),
      .room_bytes = std::min({memory.free_bytes, memory.total_bytes, allowed_bytes(spec, weights)}),
      .takes = [&](std::uint64_t context) {
        shape.context = context;
        return gguf::estimate_memory(metadata, weights, shape).likely();
      }};
  std::optional<ReducedSpec> reduced = reduced_spec(spec, facts);
  if (!reduced) return;
  Findings again;
  const Arguments fewer(reduced->spec.command.argv, reduced->spec.command.env);
  judge_memory(reduced->spec, metadata, weights, fewer, memory, again);
  if (!again.failure) findings.reduced = std::move(reduced);
}

std::optional<Failure> fault_of_template(const Spec& spec, const Arguments& arguments) {
  const auto named = arguments.value({"--chat-template-file"}, "LLAMA_ARG_CHAT_TEMPLATE_FILE");
  if (!named || ::access(std::string(*named).c_str(), R_OK) == 0) return std::nullopt;
  const std::string file = "the file of its chat template, " + std::string(*named) + ",";
  return errno == ENOENT ? failure_of(spec, Cause::kMissingFile, file + " does not exist",
                                      "correct its path (chatTemplate), or put it there")
                         : failure_of(spec, Cause::kBadFile, file + " cannot be read",
                                      "let the user who runs corral read it");
}

Findings of_worker(const Spec& spec, const Circumstances& circumstances) {
  Findings findings;
  const auto model = gguf::read_model(spec.gguf);
  if (!model.has_value()) {
    findings.failure = failure_of(spec, model.error().file, model.error().fault);
    return findings;
  }
  const gguf::Metadata& metadata = model->metadata;
  if (metadata.type == "adapter" || metadata.architecture == "clip") {
    findings.failure =
        failure_of(spec, Cause::kUnsupportedModel,
                   "the file " + spec.gguf + " is no model but an addition to one",
                   metadata.type == "adapter" ? "name it after --lora" : "name it after --mmproj");
    return findings;
  }
  const Arguments arguments(spec.command.argv, spec.command.env);
  std::uint64_t weights = model->tensor_bytes;
  for (const std::string& file : further_files(arguments)) {
    const auto further = gguf::read_model(file);
    if (!further.has_value()) {
      findings.failure = failure_of(spec, further.error().file, further.error().fault);
      return findings;
    }
    weights += further->tensor_bytes;
  }
  findings.failure = fault_of_template(spec, arguments);
  if (findings.failure) return findings;
  const Room memory = room_of(circumstances);
  judge_memory(spec, metadata, weights, arguments, memory, findings);
  if (findings.failure || circumstances.lacked) {
    const Cause lacked = findings.failure ? findings.failure->cause : *circumstances.lacked;
    reduce(spec, metadata, weights, arguments, memory, lacked, findings);
  }
  return findings;
}

// The command behind the guard's own words.
std::span<const std::string> command_of(const Spec& spec) {
  const std::vector<std::string>& argv = spec.command.argv;
  const auto dashes = std::ranges::find(argv, "--");
  if (dashes == argv.end()) return argv;
  return std::span(argv).subspan(static_cast<std::size_t>(dashes - argv.begin()) + 1);
}

std::optional<Failure> fault_of_command(const Spec& spec) {
  const std::span<const std::string> words = command_of(spec);
  if (words.empty()) return std::nullopt;
  const std::string path = find_program(words[0], spec.command.env);
  if (path.empty()) {
    return failure_of(spec, Cause::kNotExecutable,
                      "the program " + words[0] + " is in no folder of PATH",
                      "install it, or write its whole path");
  }
  if (const std::optional<ProgramFault> fault = fault_of_program(path)) {
    return failure_of(spec, fault->cause, "the program " + path + " " + fault->words, fault->hint);
  }
  // What a script does with its words, only it knows.
  if (runs_elsewhere(path) || !is_binary(path)) return std::nullopt;
  const Arguments arguments(words.subspan(1), {});
  const std::optional<std::string_view> file = arguments.value({"--model", "-m"});
  if (!file || !file->ends_with(".gguf")) return std::nullopt;
  const auto model = gguf::read_model(std::string(*file));
  if (model.has_value()) return std::nullopt;
  return failure_of(spec, model.error().file, model.error().fault);
}

// The first behind `port` that nobody occupies and no other model is meant to have.
std::optional<std::uint16_t> next_port(std::uint16_t port,
                                       const std::vector<std::uint16_t>& others) {
  std::optional<std::uint16_t> next = port;
  do {
    next = *next < 65535 ? free_port(static_cast<std::uint16_t>(*next + 1)) : std::nullopt;
  } while (next && std::ranges::find(others, *next) != others.end());
  return next;
}

}  // namespace

std::optional<Failure> preflight_port(const Spec& spec,
                                      const std::vector<std::uint16_t>& own_ports) {
  const http::Address& address = spec.address;
  if (!address.unix_path.empty() || !is_port_taken(address.host, address.port)) {
    return std::nullopt;
  }
  if (std::ranges::find(own_ports, address.port) != own_ports.end()) return std::nullopt;
  const std::string where = "port " + std::to_string(address.port) + " of " + address.host;
  const std::string hint = "stop that program, or give the model another port";
  const std::optional<PortOwner> owner = port_owner(address.port);
  if (!owner) {
    return failure_of(spec, Cause::kPortTaken, where + " is taken by another program", hint);
  }
  const int self = static_cast<int>(::getpid());
  if (owner->pid == self) {
    return failure_of(spec, Cause::kPortTaken, where + " is where corral itself listens",
                      "give the model another port");
  }
  if (descends_from(owner->pid, self)) return std::nullopt;
  return failure_of(spec, Cause::kPortTaken, where + " is taken by " + words_of(*owner), hint);
}

std::string fault_words(const Spec& spec, const Failure& failure) {
  const std::string start = start_of_message(spec);
  std::string words = failure.message;
  if (words.starts_with(start)) words.erase(0, start.size());
  return failure.hint.empty() ? words : words + "; " + failure.hint;
}

Findings preflight(const Spec& spec, const Circumstances& circumstances) {
  Findings findings = spec.worker ? of_worker(spec, circumstances) : Findings{};
  if (const std::string refused = limit_warning(spec.model, spec.limits); !refused.empty()) {
    findings.warning += (findings.warning.empty() ? "" : "; ") + refused;
  }
  if (spec.worker) return findings;
  findings.failure = fault_of_command(spec);
  // Who wants no check of the address vouches for what is there.
  const bool vouched = spec.check_path.empty();
  if (!findings.failure && !vouched) {
    findings.failure = preflight_port(spec, circumstances.own_ports);
    if (findings.failure && spec.may_change_port) {
      findings.free_port = next_port(spec.address.port, circumstances.other_ports);
    }
  }
  return findings;
}

namespace {

// Shared, because a helper goes on when nobody waits for it any more.
struct Job {
  Spec spec;
  Circumstances circumstances;
  Findings findings{};
};

io::Task<void> look(io::Loop& loop, std::shared_ptr<Job> job, io::Event& over) {
  std::function<void()> work = [job] { job->findings = preflight(job->spec, job->circumstances); };
  co_await io::on_helper(loop, std::move(work));
  over.set();
}

}  // namespace

io::Task<Findings> preflight(io::Loop& loop, Spec spec, Circumstances circumstances,
                             Duration limit) {
  const auto job = std::make_shared<Job>(Job{std::move(spec), std::move(circumstances)});
  io::Event over(loop);
  io::Task<void> looking = look(loop, job, over);
  looking.start();
  const bool in_time = co_await over.wait_for(limit);
  if (in_time) co_return std::move(job->findings);
  const auto spent = std::chrono::duration_cast<seconds>(limit).count();
  co_return Findings{.failure = failure_of(
                         job->spec, Cause::kStartTimeout,
                         "its files could not be looked at within " + std::to_string(spent) + " s",
                         "see whether the disk or the network that they are on answers")};
}

}  // namespace corral::engine
