// The options of an engine: what each key takes, what it refuses, and what was set at run time.
#include "config/options.h"

#include "config/test_config.h"

using namespace corral;
using namespace corral::config;
using std::chrono::milliseconds;

namespace {

// The only model of a config whose one model has these further keys, in flow style.
Model with(const std::string& keys) {
  return only_model(parsed("models: {m: {gguf: m.gguf, " + keys + "}}\n"));
}

// What a model with a further key is refused for, without the place and the model's name.
std::string refused(const std::string& key) {
  const std::string message = refusal("models:\n  m:\n    gguf: m.gguf\n    " + key + "\n");
  const std::string begin = "conf/c.yaml:4:";
  const std::string owner = ": model 'm': ";
  CAPTURE(message);
  REQUIRE(message.starts_with(begin));
  const std::size_t found = message.find(owner);
  REQUIRE(found != std::string::npos);
  return message.substr(found + owner.size());
}

Reading with_overrides(std::string_view text, const Overrides& overrides) {
  return examine(text, "conf/c.yaml", test_variable, overrides);
}

std::string first_error(const Reading& reading) {
  return reading.errors.empty() ? "accepted" : reading.errors[0].message;
}

}  // namespace

TEST_CASE("what a worker is told") {
  const WorkerOptions all =
      with(
          "ctx: 4096, batch: 512, ubatch: 256, gpuLayers: 20, threads: 3, flashAttention: on, "
          "cacheTypeK: q8_0, cacheTypeV: F16, parallel: 2, warmup: false, chatTemplate: chatml, "
          "lora: [a.gguf, ~/b.gguf:0.5], draft: /d.gguf")
          .worker;
  CHECK(all.ctx == 4096);
  CHECK(all.batch == 512);
  CHECK(all.ubatch == 256);
  CHECK(all.gpu_layers == "20");
  CHECK(all.threads == 3);
  CHECK(all.flash_attention == "on");
  CHECK(all.cache_type_k == "q8_0");
  CHECK(all.cache_type_v == "f16");
  CHECK(all.parallel == 2);
  CHECK(all.warmup == false);
  CHECK(all.chat_template == "chatml");
  REQUIRE(all.lora.size() == 2);
  CHECK(all.lora[0].path == "conf/a.gguf");
  CHECK(all.lora[0].scale == "");
  CHECK(all.lora[1].path == "/home/ada/b.gguf");
  CHECK(all.lora[1].scale == "0.5");
  CHECK(all.draft == "/d.gguf");
  CHECK(with("ctx: 0").worker.ctx == 0);
  CHECK(with("gpuLayers: all").worker.gpu_layers == "all");
  CHECK(with("flashAttention: false").worker.flash_attention == "off");
  CHECK(with("flashAttention: auto").worker.flash_attention == "auto");
  CHECK(with("lora: one.gguf").worker.lora.size() == 1);
  CHECK(with("chatTemplate: t/x.jinja").worker.chat_template_file == "conf/t/x.jinja");
  CHECK_FALSE(with("ttl: 1").worker.ctx);
}

TEST_CASE("how an engine is watched, and what it gets for all models") {
  const Config config = parsed(R"(
unloadTimeout: 3
stuckAfter: 2m
limits: {memory: 8GiB, openFiles: 512}
canary: off
models:
  a: {gguf: a, degradedAbove: 500ms, limits: {nice: 5}, keep: yes, readyCheck: health}
  b: {cmd: "x ${PORT}", canary: on, canaryInterval: 2s, startupTimeout: 1.5, unloadTimeout: 0}
)");
  const Model& a = config.models[0];
  CHECK(a.unload_timeout == milliseconds(3000));
  CHECK(a.startup_timeout == milliseconds(120000));
  CHECK(a.care.stuck_after == milliseconds(120000));
  CHECK(a.care.degraded_above == milliseconds(500));
  CHECK(a.care.limits == Limits{.memory_bytes = 8ull << 30, .open_files = 512, .nice = 5});
  CHECK(a.keep);
  CHECK_FALSE(a.care.canary);
  CHECK(a.care.ready_check == ReadyCheck::kHealth);
  const Model& b = config.models[1];
  CHECK(b.care.canary);
  CHECK(b.care.canary_interval == milliseconds(2000));
  CHECK(b.startup_timeout == milliseconds(1500));
  CHECK(b.unload_timeout == milliseconds(3000));
  CHECK(b.care.limits.memory_bytes == 8ull << 30);
  CHECK_FALSE(b.care.ready_check);
  CHECK(with("onOutOfMemory: reduce").care.on_out_of_memory == OutOfMemory::kReduce);
}

TEST_CASE("an option that makes no sense is refused at its place") {
  CHECK(refused("ctx: -1") == "ctx must be from 0 to 2147483647, not -1");
  CHECK(refused("ctx: many") == "ctx must be a whole number, not 'many'");
  CHECK(refused("batch: 0") == "batch must be from 1 to 2147483647, not 0");
  CHECK(refused("threads: 0") == "threads must be from 1 to 1024, not 0");
  CHECK(refused("parallel: 5000") == "parallel must be from 1 to 4096, not 5000");
  CHECK(refused("gpuLayers: some") == "gpuLayers must be a whole number, all or auto, not 'some'");
  CHECK(refused("gpuLayers: [1]") == "gpuLayers must be a whole number, all or auto, not a list");
  CHECK(refused("flashAttention: 1") == "flashAttention must be on, off or auto, not '1'");
  CHECK(refused("cacheTypeK: q8") ==
        "cacheTypeK must be f32, f16, bf16, q8_0, q4_0, q4_1, iq4_nl, q5_0 or q5_1, not 'q8'; did "
        "you mean 'q8_0'?");
  CHECK(refused("warmup: 2") == "warmup must be true or false, not '2'");
  CHECK(refused("chatTemplate: chatmml") ==
        "chatTemplate 'chatmml' is neither a template that the engine has nor the path of a .jinja "
        "file; did you mean 'chatml'?");
  CHECK(refused("lora: ''") == "lora has an empty path; give it a file");
  CHECK(refused("lora: [a:b.gguf]").starts_with("lora: the path 'a:b.gguf' has a comma or colon"));
  CHECK(refused("draft: ' '") == "draft is empty; give it a path");
  CHECK(refused("startupTimeout: soon") ==
        "startupTimeout must be a number of seconds, or a time such as 500ms or 5m, not 'soon'");
  CHECK(refused("startupTimeout: 0") == "startupTimeout must be at least 1ms, not '0'");
  CHECK(refused("unloadTimeout: -1").starts_with("unloadTimeout must be a number of seconds"));
  CHECK(refused("keep: maybe") == "keep must be true or false, not 'maybe'");
  CHECK(refused("limits: 8GiB") == "limits must be a mapping of keys to values, not '8GiB'");
  CHECK(refused("limits: {memory: lots}") == "memory must be a size such as 8GiB, not 'lots'");
  CHECK(refused("limits: {memory: 8}").starts_with("memory must be at least 1MiB"));
  CHECK(refused("limits: {openFiles: 3}").starts_with("openFiles must be at least 32"));
  CHECK(refused("limits: {nice: 20}") == "nice must be from -20 to 19, not 20");
  CHECK(refused("onOutOfMemory: retry") == "onOutOfMemory must be fail or reduce, not 'retry'");
  CHECK(refused("canary: 7") == "canary must be on or off, not '7'");
  CHECK(refused("readyCheck: none") == "readyCheck must be token or health, not 'none'");
  CHECK(refusal("stuckAfter: x\n").starts_with("conf/c.yaml:1:13: stuckAfter must be a number"));
}

TEST_CASE("an option and a flag in args that say the same are refused, whatever the flag's name") {
  for (const char* flag : {"-c", "--ctx-size", "--ctx_size", "--ctx-size=2"}) {
    const std::string text =
        "models:\n  m: {gguf: g, ctx: 1, args: [--mlock, " + std::string(flag) + "]}\n";
    CAPTURE(text);
    CHECK(refusal(text).starts_with("conf/c.yaml:2:16: model 'm': ctx and '-"));
    CHECK(refusal(text).ends_with("in args say the same thing; keep one of them"));
  }
  CHECK(with("ctx: 1, args: [-b, 2]").args.size() == 2);
}

TEST_CASE("what a worker is told has no place in a model with a command") {
  const auto command = [](const std::string& key) {
    return refusal("models:\n  m: {cmd: 'x ${PORT}', " + key + "}\n");
  };
  CHECK(command("ctx: 1") ==
        "conf/c.yaml:2:25: model 'm': ctx belongs to a model with gguf; put a flag for it, such as "
        "llama-server's --ctx-size, into cmd");
  CHECK(command("onOutOfMemory: fail").ends_with("belongs to a model with gguf; remove it"));
  CHECK(command("keep: true") == "accepted");
  CHECK(refusal("onOutOfMemory: reduce\nmodels: {m: {cmd: 'x ${PORT}'}}\n") == "accepted");
}

TEST_CASE("models to load at start are named by id or alias, each once") {
  const Config config = parsed(R"(
hooks: {on_startup: {preload: [b, " first ", a, nobody]}}
restoreLast: true
continueStreams: false
onSleep: stop
memoryPressure: ignore
models:
  a: {gguf: a, aliases: [first]}
  b: {gguf: b}
)");
  CHECK(config.preload == std::vector<std::string>{"b", "a"});
  CHECK(config.restore_last);
  CHECK_FALSE(config.continue_streams);
  CHECK(config.on_sleep == OnSleep::kStop);
  CHECK(config.memory_pressure == OnMemoryPressure::kIgnore);
  CHECK(config.warnings ==
        std::vector<std::string>{"conf/c.yaml:2:49: preload names no model with 'nobody'"});
  CHECK(refusal("hooks: [a]\n") ==
        "conf/c.yaml:1:8: hooks must be a mapping of keys to values, not a list");
  CHECK(refusal("hooks: {on_startup: {preload: a}}\n") ==
        "conf/c.yaml:1:31: preload must be a list, not 'a'");
}

TEST_CASE("what was set at run time stands in the place of what the file says") {
  const std::string text = "models:\n  m: {gguf: g, ctx: 1, ttl: 9, keep: true}\n";
  const Reading reading =
      with_overrides(text, {{"m", {{"ctx", "4096"}, {"lora", R"(["a.gguf"])"}}}, {"gone", {}}});
  REQUIRE(first_error(reading) == "accepted");
  const Model model = only_model(*reading.config);
  CHECK(model.worker.ctx == 4096);
  CHECK(model.worker.lora[0].path == "conf/a.gguf");
  CHECK(model.ttl == std::chrono::seconds(9));
  REQUIRE(model.given.size() == 3);
  CHECK(model.given[0].key == "keep");
  CHECK(model.given[0].mark.line == 2);
  CHECK(model.given[0].value == "true");
  CHECK(model.given[1].mark.line == 0);
  CHECK(model.given[1].value == "4096");
  CHECK(model.given[2].value == R"(["a.gguf"])");
  CHECK(reading.config->text == text);
}

TEST_CASE("what was set at run time is refused in the words of the file") {
  const std::string text = "models:\n  m: {gguf: g, args: [-np, 2]}\n";
  const auto error = [&](const std::string& key, const std::string& json) {
    return first_error(with_overrides(text, {{"m", {{key, json}}}}));
  };
  CHECK(error("ctx", "-1") == "corral set: model 'm': ctx must be from 0 to 2147483647, not -1");
  CHECK(error("ctx", R"("many")") ==
        "corral set: model 'm': ctx must be a whole number, not 'many'");
  CHECK(error("parallel", "3") ==
        "corral set: model 'm': parallel and '-np' in args say the same thing; keep one of them");
  CHECK(error("ctxx", "1") ==
        "corral set: model 'm': no option that can be set is called 'ctxx'; did you mean 'ctx'?");
  CHECK(
      error("ttl", "1").starts_with("corral set: model 'm': no option that can be set is called"));
  CHECK(error("ctx", "[").starts_with("corral set: model 'm': ctx has a value that is not JSON"));
}
