#include "engine/spec.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/runtime_dir.h"
#include "engine/worker_flags.h"

using namespace corral;
using namespace corral::engine;

namespace {

config::Model gguf_model(std::vector<std::string> args) {
  config::Model model;
  model.id = "tiny";
  model.gguf = "/models/tiny.gguf";
  model.args = std::move(args);
  return model;
}

config::Model cmd_model(std::vector<std::string> argv) {
  config::Model model;
  model.id = "other";
  model.argv = std::move(argv);
  model.proxy_host = "127.0.0.1";
  model.proxy_port = 5801;
  model.proxy_path = "/v2";
  return model;
}

std::ptrdiff_t count(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::count(all, one);
}

}  // namespace

TEST_CASE("a worker is our own binary, and the person's arguments replace ours") {
  const Spec spec =
      worker_spec(gguf_model({"--parallel", "2"}), "/bin/corral", "/run/c", seconds(120), {});
  CHECK(spec.worker);
  CHECK(spec.address.unix_path == worker_socket("/run/c", "tiny"));
  const std::vector<std::string>& argv = spec.command.argv;
  CHECK(spec.gguf == "/models/tiny.gguf");
  CHECK(spec.slots == 2);
  CHECK(argv[0] == "/bin/corral");
  CHECK(argv[1] == "engine");
  CHECK(count(argv, "/models/tiny.gguf") == 1);
  CHECK(count(argv, spec.address.unix_path) == 1);
  CHECK(argv[argv.size() - 2] == "--parallel");
  CHECK(argv.back() == "2");
  CHECK(count(argv, "--parallel") == 1);
  CHECK(count(argv, "--cache-ram") == 1);
}

TEST_CASE("a worker's slots share the whole context unless the model's args say how it is") {
  const auto flags = [](std::vector<std::string> args) {
    const Spec spec =
        worker_spec(gguf_model(std::move(args)), "/bin/corral", "/run/c", seconds(120), {});
    std::vector<std::string> found;
    for (const std::string& word : spec.command.argv) {
      if (word.find("kv") != std::string::npos) found.push_back(word);
    }
    return found;
  };
  using Words = std::vector<std::string>;
  CHECK(flags({"--ctx-size", "16384"}) == Words{"--kv-unified"});
  for (const char* flag : {"--kv-unified", "-kvu", "--no-kv-unified", "-no-kvu"}) {
    CHECK(flags({flag}) == Words{flag});
  }
}

TEST_CASE("a worker sees no settings and secrets of our environment but its model's own") {
  config::Model model = gguf_model({});
  model.env = {"LLAMA_ARG_THREADS=3", "PATH=/opt"};
  const Spec spec =
      worker_spec(model, "/bin/corral", "/run/c", seconds(120),
                  {"PATH=/bin", "HF_TOKEN=secret", "LLAMA_API_KEY=secret", "LLAMA_ARG_PORT=1",
                   "AIP_MODE=x", "CUDA_VISIBLE_DEVICES=1", "XDG_CONFIG_HOME=/home/x/.config"});
  const std::vector<std::string>& env = spec.command.env;
  CHECK(count(env, "CUDA_VISIBLE_DEVICES=1") == 1);
  CHECK(count(env, "LLAMA_ARG_THREADS=3") == 1);
  CHECK(count(env, "PATH=/opt") == 1);
  CHECK(count(env, "PATH=/bin") == 0);
  CHECK(count(env, "GGML_NO_BACKTRACE=1") == 1);
  for (const std::string& entry : env) {
    CHECK(entry.find("secret") == std::string::npos);
    CHECK_FALSE(entry.starts_with("LLAMA_ARG_PORT"));
    CHECK_FALSE(entry.starts_with("AIP_"));
    CHECK(entry.find("/home/x") == std::string::npos);
  }
}

TEST_CASE("an external command runs under the guard with our environment and its own") {
  config::Model model = cmd_model({"vllm", "serve"});
  model.env = {"A=2", "B=1", "B=3"};
  const Spec spec = external_spec(model, "/bin/corral", seconds(30), {"A=1", "HF_TOKEN=t"});
  CHECK(spec.command.argv ==
        std::vector<std::string>{"/bin/corral", "guard", "--", "vllm", "serve"});
  CHECK(spec.command.env == std::vector<std::string>{"HF_TOKEN=t", "A=2", "B=3"});
  CHECK_FALSE(spec.worker);
  CHECK(spec.address == http::Address{.unix_path = "", .host = "127.0.0.1", .port = 5801});
  CHECK(spec.path_prefix == "/v2");
  CHECK(spec.check_path == "/health");
}

TEST_CASE("requests in flight follow the engine's parallel slots") {
  CHECK(max_in_flight(gguf_model({})) == 7);
  CHECK(max_in_flight(gguf_model({"-np", "1"})) == 4);
  CHECK(max_in_flight(gguf_model({"-np", "1", "--parallel", "8"})) == 11);
  CHECK(max_in_flight(gguf_model({"--parallel"})) == 7);
  CHECK(max_in_flight(gguf_model({"--parallel", "-1"})) == 7);
  CHECK(max_in_flight(cmd_model({"llama-server", "-np", "2"})) == 5);
  CHECK(max_in_flight(cmd_model({"server", "--parallel=2"})) == 5);
  CHECK(max_in_flight(cmd_model({"vllm", "serve"})) == 64);
}

TEST_CASE("a worker is told the model's options by llama-server's names") {
  config::Model model = gguf_model({"--mlock"});
  model.worker = {.ctx = 4096,
                  .batch = 512,
                  .ubatch = 256,
                  .gpu_layers = "all",
                  .threads = 3,
                  .flash_attention = "on",
                  .cache_type_k = "q8_0",
                  .cache_type_v = "q4_0",
                  .parallel = 2,
                  .warmup = false,
                  .chat_template = "chatml",
                  .lora = {{"/a", ""}, {"/b", "0.5"}},
                  .draft = "/d"};
  const Spec spec = worker_spec(model, "/bin/corral", "/run/c", seconds(120), {});
  const std::vector<std::string> wanted = {"--ctx-size",
                                           "4096",
                                           "--batch-size",
                                           "512",
                                           "--ubatch-size",
                                           "256",
                                           "--gpu-layers",
                                           "all",
                                           "--threads",
                                           "3",
                                           "--flash-attn",
                                           "on",
                                           "--cache-type-k",
                                           "q8_0",
                                           "--cache-type-v",
                                           "q4_0",
                                           "--parallel",
                                           "2",
                                           "--no-warmup",
                                           "--chat-template",
                                           "chatml",
                                           "--lora-scaled",
                                           "/a:1,/b:0.5",
                                           "--spec-draft-model",
                                           "/d",
                                           "--mlock"};
  const std::vector<std::string>& argv = spec.command.argv;
  REQUIRE(argv.size() > wanted.size());
  CHECK(std::equal(wanted.rbegin(), wanted.rend(), argv.rbegin()));
  CHECK(count(argv, "--parallel") == 1);
  CHECK(count(argv, "--threads") == 1);
  CHECK(count(argv, "draft-simple") == 1);
  model.args = {"--spec-type", "draft-mtp"};
  CHECK(count(worker_spec(model, "/bin/corral", "/run/c", seconds(120), {}).command.argv,
              "draft-simple") == 0);
  CHECK(max_in_flight(model) == 5);
}

TEST_CASE("a worker leaves a core to others unless the model says how many threads it has") {
  const auto threads = [](std::vector<std::string> args) {
    const Spec spec =
        worker_spec(gguf_model(std::move(args)), "/bin/corral", "/run/c", seconds(120), {});
    const auto flag = std::ranges::find(spec.command.argv, "--threads");
    return flag == spec.command.argv.end() ? std::string("none") : *(flag + 1);
  };
  CHECK(default_threads() >= 1);
  CHECK(threads({}) == std::to_string(default_threads()));
  CHECK(threads({"-t", "7"}) == "none");
}

TEST_CASE("a worker's adapters without a scale have none, and a template may be a file") {
  const config::WorkerOptions options{
      .warmup = true, .chat_template_file = "/t.jinja", .lora = {{"/a", ""}, {"/b", ""}}};
  CHECK(worker_flags(options) == std::vector<std::string>{"--warmup", "--chat-template-file",
                                                          "/t.jinja", "--lora", "/a,/b"});
  CHECK(worker_flags({}).empty());
}

TEST_CASE("a command has the model's time to end by itself") {
  config::Model model = cmd_model({"server"});
  model.unload_timeout = milliseconds(1500);
  CHECK(external_spec(model, "/bin/corral", seconds(120), {}).stop_grace == milliseconds(1500));
}

TEST_CASE("a worker has to make a token, which warms it up, unless it is for something else") {
  const auto spec_with = [](std::vector<std::string> args) {
    return worker_spec(gguf_model(std::move(args)), "/bin/corral", "/run/c", seconds(120), {});
  };
  const Spec plain = spec_with({});
  CHECK(plain.ready_token);
  CHECK(count(plain.command.argv, "--no-warmup") == 1);
  const Spec warmed = spec_with({"--warmup"});
  CHECK(warmed.ready_token);
  CHECK(count(warmed.command.argv, "--no-warmup") == 0);
  const Spec seeing = spec_with({"--mmproj", "/models/eyes.gguf"});
  CHECK(seeing.ready_token);
  CHECK(count(seeing.command.argv, "--no-warmup") == 0);
  const Spec embedding = spec_with({"--embeddings"});
  CHECK_FALSE(embedding.ready_token);
  CHECK(count(embedding.command.argv, "--no-warmup") == 0);
}

TEST_CASE("a worker is asked for its slots, and for its metrics where that would keep it awake") {
  const auto question = [](std::vector<std::string> args) {
    return worker_spec(gguf_model(std::move(args)), "/bin/corral", "/run/c", seconds(120), {})
        .question;
  };
  CHECK(question({}) == "/slots");
  CHECK(question({"--sleep-idle-seconds", "60"}) == "/metrics");
  CHECK(question({"--no-slots"}) == "/metrics");
}

TEST_CASE("the config says how an engine is watched and what makes it ready") {
  config::Model worker = gguf_model({});
  worker.care.canary = false;
  worker.care.canary_interval = milliseconds(2000);
  worker.care.degraded_above = milliseconds(300);
  worker.care.stuck_after = milliseconds(7000);
  worker.care.ready_check = config::ReadyCheck::kHealth;
  const Spec one = worker_spec(worker, "/bin/corral", "/run/c", seconds(120), {});
  CHECK_FALSE(one.watched);
  CHECK_FALSE(one.ready_token);
  CHECK(one.canary_interval == seconds(2));
  CHECK(one.canary_limit == milliseconds(300));
  CHECK(one.stuck_after == seconds(7));
  CHECK(count(one.command.argv, "--no-warmup") == 0);

  config::Model command = cmd_model({"server"});
  const Spec two = external_spec(command, "/bin/corral", seconds(120), {});
  CHECK(two.watched);
  CHECK_FALSE(two.ready_token);
  CHECK_FALSE(two.canary);
  command.care.ready_check = config::ReadyCheck::kToken;
  const Spec three = external_spec(command, "/bin/corral", seconds(120), {});
  CHECK(three.ready_token);
  CHECK(three.canary);
}
