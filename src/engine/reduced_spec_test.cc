#include "engine/reduced_spec.h"

#include <doctest/doctest.h>

#include "engine/arguments.h"

using namespace corral;
using namespace corral::engine;

namespace {

Spec spec_with(const std::vector<std::string>& args, std::optional<std::int64_t> ctx = {},
               std::vector<std::string> env = {}) {
  config::Model model;
  model.id = "m";
  model.gguf = "m.gguf";
  model.args = args;
  model.env = std::move(env);
  model.worker.ctx = ctx;
  model.care.on_out_of_memory = config::OutOfMemory::kReduce;
  return worker_spec(model, "/bin/corral", "/run/c", seconds(120), {});
}

// A model that takes a byte for each token of its context, and 1000 more.
ReductionFacts facts(std::uint64_t context, std::uint64_t room) {
  return {.context = context, .room_bytes = room, .takes = [](std::uint64_t tokens) {
            return tokens + 1000;
          }};
}

ReductionFacts of_gpu(std::uint64_t context, std::uint64_t room) {
  ReductionFacts made = facts(context, room);
  made.lacked = Cause::kGpuOutOfMemory;
  made.has_gpu = true;
  return made;
}

std::string value(const ReducedSpec& reduced, const char* flag) {
  const Arguments arguments(reduced.spec.command.argv, {});
  return std::string(arguments.value({flag}).value_or(""));
}

}  // namespace

TEST_CASE("a context is halved until all fits, and at least once") {
  const auto reduced = reduced_spec(spec_with({}), facts(32768, 10000));
  REQUIRE(reduced.has_value());
  CHECK(reduced->reduction == Reduction{.context = 8192});
  CHECK(value(*reduced, "--ctx-size") == "8192");
  CHECK(reduced_spec(spec_with({}), facts(32768, 1'000'000))->reduction.context == 16384);
}

TEST_CASE("no context gets shorter than one that is of use, in steps that llama.cpp has too") {
  CHECK(reduced_spec(spec_with({}), facts(32768, 0))->reduction.context == 2048);
  CHECK(reduced_spec(spec_with({}), facts(3000, 0))->reduction.context == 2048);
  CHECK(reduced_spec(spec_with({}), facts(10001, 1'000'000))->reduction.context == 4864);
  CHECK_FALSE(reduced_spec(spec_with({}), facts(2048, 0)).has_value());
}

TEST_CASE("a context that no request can use is shortened to what they can") {
  ReductionFacts absurd = facts(1ULL << 31, 1ULL << 40);
  absurd.of_use = 8192;
  CHECK(reduced_spec(spec_with({}), absurd)->reduction.context == 8192);
  absurd.of_use = 10;
  CHECK(reduced_spec(spec_with({}), absurd)->reduction.context == 2048);
}

TEST_CASE("what the config's key says is replaced, and everything else stays") {
  const Spec spec = spec_with({"--swa-full"}, 32768);
  const auto reduced = reduced_spec(spec, facts(32768, 0));
  REQUIRE(reduced.has_value());
  Spec expected = spec;
  for (std::string& word : expected.command.argv) {
    if (word == "32768") word = "2048";
  }
  CHECK(reduced->spec == expected);
}

TEST_CASE("what a person wrote as a flag or a variable is not changed") {
  for (const char* flag : {"-c", "--ctx-size"}) {
    CAPTURE(flag);
    CHECK_FALSE(reduced_spec(spec_with({flag, "32768"}), facts(32768, 0)).has_value());
  }
  CHECK_FALSE(reduced_spec(spec_with({"--ctx-size=32768"}), facts(32768, 0)).has_value());
  CHECK_FALSE(
      reduced_spec(spec_with({}, {}, {"LLAMA_ARG_CTX_SIZE=32768"}), facts(32768, 0)).has_value());
  const auto only_context = reduced_spec(spec_with({"-ngl", "20"}), of_gpu(32768, 1'000'000));
  REQUIRE(only_context.has_value());
  CHECK(only_context->reduction == Reduction{.context = 16384});
}

TEST_CASE("without `reduce` nothing is reduced") {
  Spec spec = spec_with({});
  spec.may_shorten_context = spec.may_leave_gpu = false;
  CHECK_FALSE(reduced_spec(spec, of_gpu(32768, 0)).has_value());
}

TEST_CASE("where a GPU has too little memory its layers leave it, and the context where it must") {
  const auto roomy = reduced_spec(spec_with({}), of_gpu(32768, 1'000'000));
  REQUIRE(roomy.has_value());
  CHECK(roomy->reduction == Reduction{.gpu_layers = 0});
  CHECK(value(*roomy, "--gpu-layers") == "0");
  CHECK(value(*roomy, "--ctx-size").empty());
  const auto tight = reduced_spec(spec_with({}), of_gpu(32768, 20000));
  CHECK(tight->reduction == Reduction{.context = 16384, .gpu_layers = 0});
  CHECK(words_of(tight->reduction) == "a context of 16384 tokens and 0 layers on the GPU");
  const auto all_on_cpu = reduced_spec(roomy->spec, of_gpu(32768, 1'000'000));
  CHECK(all_on_cpu->reduction == Reduction{.context = 16384});
}
