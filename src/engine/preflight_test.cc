#include "engine/preflight.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "base/test_folder.h"
#include "engine/test_listener.h"
#include "gguf/test_file.h"

using namespace corral;
using namespace corral::engine;

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

Spec worker(const std::string& gguf, std::vector<std::string> args = {}) {
  config::Model model;
  model.id = "m";
  model.gguf = gguf;
  model.args = std::move(args);
  return worker_spec(model, "/bin/corral", "/run/c", seconds(120), {});
}

Spec command(std::vector<std::string> argv, std::uint16_t port = 1) {
  config::Model model;
  model.id = "m";
  model.argv = std::move(argv);
  model.proxy_host = "127.0.0.1";
  model.proxy_port = port;
  return external_spec(model, "/bin/corral", seconds(120), {"PATH=/usr/bin:/bin"});
}

Circumstances with_memory(std::uint64_t total, std::uint64_t available) {
  return {.memory = MachineMemory{.total_bytes = total, .available_bytes = available}};
}

// The failure of what must fail.
Failure failure(const Spec& spec, const Circumstances& circumstances = {}) {
  const Findings findings = preflight(spec, circumstances);
  REQUIRE(findings.failure.has_value());
  CHECK(findings.failure->message.starts_with("the engine of 'm' was not started: "));
  return *findings.failure;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Trained for a million tokens, each of which takes 512 bytes of cache; no weights.
config::Model long_model(const Folder& folder) {
  gguf::TestFile file;
  file.key("general.architecture", "llama")
      .key("llama.block_count", 2)
      .key("llama.context_length", 1024 * 1024)
      .key("llama.embedding_length", 64)
      .key("llama.attention.head_count", 1);
  config::Model model;
  model.id = "m";
  model.gguf = folder.file(file.bytes(), "long.gguf");
  return model;
}

const std::string kTiny = CORRAL_TEST_DATA "/models/tiny-chat-1m-q8_0.gguf";

}  // namespace

TEST_CASE("a worker whose model is whole may start") {
  const Findings findings = preflight(worker(kTiny), {});
  CHECK_FALSE(findings.failure.has_value());
  CHECK(findings.warning.empty());
  CHECK(findings.memory_bytes > kMiB);
}

TEST_CASE("a worker's model file must be there, regular, and a whole GGUF") {
  const Folder folder;
  const std::string bytes = gguf::small_model().bytes();
  const Failure missing = failure(worker(folder.path() + "/none.gguf"));
  CHECK(missing.cause == Cause::kMissingFile);
  CHECK(has(missing.message, folder.path() + "/none.gguf does not exist"));
  CHECK_FALSE(missing.hint.empty());
  CHECK(failure(worker(folder.path())).cause == Cause::kBadFile);
  const std::string fifo = folder.path() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(failure(worker(fifo)).cause == Cause::kBadFile);
  const Failure cut = failure(worker(folder.file(bytes.substr(0, bytes.size() - 7), "cut.gguf")));
  CHECK(cut.cause == Cause::kBadFile);
  CHECK(has(cut.message, "the last 7 are missing"));
  CHECK(cut.hint == "download it again");
  CHECK(failure(worker(folder.file("<html>", "page.gguf"))).cause == Cause::kBadFile);
  gguf::TestFile newer = gguf::small_model();
  newer.version = 9;
  CHECK(failure(worker(folder.file(newer.bytes(), "new.gguf"))).cause == Cause::kUnsupportedModel);
  CHECK_FALSE(preflight(worker(folder.file(bytes, "good.gguf")), {}).failure.has_value());
}

TEST_CASE("an adapter is no model of its own") {
  const Folder folder;
  gguf::TestFile adapter;
  adapter.key("general.architecture", "llama").key("general.type", "adapter");
  const Failure found = failure(worker(folder.file(adapter.bytes(), "lora.gguf")));
  CHECK(found.cause == Cause::kUnsupportedModel);
  CHECK(has(found.hint, "--lora"));
}

TEST_CASE("the files beside the model that the arguments name must be whole too") {
  const Folder folder;
  const std::string none = folder.path() + "/none.gguf";
  for (const char* flag : {"--lora", "--mmproj", "-mm", "--model-draft", "-md"}) {
    CAPTURE(flag);
    CHECK(failure(worker(kTiny, {flag, none})).cause == Cause::kMissingFile);
    CHECK_FALSE(preflight(worker(kTiny, {flag, kTiny}), {}).failure.has_value());
  }
  CHECK(
      has(failure(worker(kTiny, {"--lora-scaled", kTiny + ":0.5," + none + ":1"})).message, none));
}

TEST_CASE("the file of a chat template must be there") {
  const Folder folder;
  const std::string none = folder.path() + "/none.jinja";
  const Failure found = failure(worker(kTiny, {"--chat-template-file", none}));
  CHECK(found.cause == Cause::kMissingFile);
  CHECK(has(found.message, none));
  CHECK(has(found.hint, "chatTemplate"));
  const std::string there = folder.file("{{ messages }}", "a.jinja");
  CHECK_FALSE(preflight(worker(kTiny, {"--chat-template-file", there}), {}).failure.has_value());
}

TEST_CASE("only a model that cannot fit is refused for want of memory") {
  const Spec spec = worker(kTiny, {"--ctx-size", "8192"});  // 1 MiB of weights, 16 of cache
  const Failure found = failure(spec, with_memory(16 * kMiB, 16 * kMiB));
  CHECK(found.cause == Cause::kOutOfMemory);
  CHECK(has(found.message, "8192 tokens"));
  CHECK(has(found.message, "at least 0.0 GiB"));
  CHECK(has(found.hint, "`ctx` (--ctx-size)"));
  CHECK(has(found.hint, "`onOutOfMemory: reduce`"));
  CHECK_FALSE(has(failure(spec, with_memory(kMiB / 2, 0)).hint, "ctx"));  // its weights alone
  const Findings tight = preflight(spec, with_memory(20 * kMiB, kMiB));
  CHECK_FALSE(tight.failure.has_value());
  CHECK(has(tight.warning, "'m' will take about"));
  Circumstances reclaims = with_memory(64 * kMiB, kMiB);
  reclaims.reclaimable_bytes = 40 * kMiB;
  CHECK(preflight(spec, reclaims).warning.empty());
  CHECK_FALSE(preflight(spec, with_memory(0, 0)).failure.has_value());  // nothing is known
}

TEST_CASE("what cannot fit is told with less that fits, if the config allows it") {
  const Folder folder;
  config::Model model = long_model(folder);
  model.worker.ctx = 65536;  // 32 MiB of cache
  const auto spec = [&] { return worker_spec(model, "/bin/corral", "/run/c", seconds(120), {}); };
  const Circumstances small = with_memory(16 * kMiB, 12 * kMiB);
  CHECK_FALSE(preflight(spec(), small).reduced.has_value());
  model.care.on_out_of_memory = config::OutOfMemory::kReduce;
  const Findings findings = preflight(spec(), small);
  CHECK(findings.failure.has_value());
  REQUIRE(findings.reduced.has_value());
  CHECK(findings.reduced->reduction.context == 4096);
  CHECK(preflight(findings.reduced->spec, small).warning.empty());
  // Nothing that is allowed is little enough.
  CHECK_FALSE(preflight(spec(), with_memory(kMiB / 2, kMiB / 2)).reduced.has_value());
}

TEST_CASE("what ran out of memory although it seemed to fit gets less") {
  const Folder folder;
  config::Model model = long_model(folder);
  model.worker.ctx = 8192;
  model.care.on_out_of_memory = config::OutOfMemory::kReduce;
  const Spec spec = worker_spec(model, "/bin/corral", "/run/c", seconds(120), {});
  Circumstances roomy = with_memory(400 * kMiB, 400 * kMiB);
  CHECK_FALSE(preflight(spec, roomy).reduced.has_value());
  roomy.lacked = Cause::kOutOfMemory;
  const Findings findings = preflight(spec, roomy);
  CHECK_FALSE(findings.failure.has_value());
  REQUIRE(findings.reduced.has_value());
  CHECK(findings.reduced->reduction.context == 4096);
}

TEST_CASE("what ran out of memory under its own limit gets as little as that allows") {
  const Folder folder;
  config::Model model = long_model(folder);
  model.worker.ctx = 65536;  // 32 MiB of cache
  model.care.on_out_of_memory = config::OutOfMemory::kReduce;
  Circumstances roomy = with_memory(400 * kMiB, 400 * kMiB);
  roomy.lacked = Cause::kOutOfMemory;
  const auto context = [&] {
    const Spec spec = worker_spec(model, "/bin/corral", "/run/c", seconds(120), {});
    return preflight(spec, roomy).reduced->reduction.context;
  };
  CHECK(context() == 32768);
  model.care.limits.memory_bytes = (128 + 12) * kMiB;  // of which its threads take a part
  CHECK(context() == 4096);
}

TEST_CASE("a context that may not be shortened is told where it would be") {
  config::Model model;
  model.id = "m";
  model.gguf = kTiny;
  model.args = {"--ctx-size", "8192"};
  model.care.on_out_of_memory = config::OutOfMemory::kReduce;
  const Spec spec = worker_spec(model, "/bin/corral", "/run/c", seconds(120), {});
  const std::string hint = failure(spec, with_memory(16 * kMiB, 16 * kMiB)).hint;
  CHECK(has(hint, "that is the key `ctx`"));
  CHECK_FALSE(has(hint, "onOutOfMemory"));
}

TEST_CASE("what the person says about memory is taken into account") {
  const Circumstances small = with_memory(16 * kMiB, 16 * kMiB);
  const std::vector<std::string> large = {"--ctx-size", "8192"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), large.begin(), large.end());
    return preflight(worker(kTiny, more), small).failure.has_value();
  };
  CHECK(with({}));
  CHECK_FALSE(with({"--cache-type-k", "q8_0", "-ctv", "q8_0"}));
  CHECK_FALSE(with({"--ctx-size", "4096"}));
  // The cache alone has 16 MiB, so that it fits only without the weights.
  CHECK_FALSE(with({"--load-mode", "mmap"}));
}

TEST_CASE("a context that nobody asked for is shortened by the engine before it is too much") {
  const Folder folder;
  const std::string path = long_model(folder).gguf;
  const Circumstances small = with_memory(16 * kMiB, 16 * kMiB);
  const Findings unasked = preflight(worker(path), small);
  CHECK_FALSE(unasked.failure.has_value());
  CHECK(has(unasked.warning, "1048576 tokens"));
  CHECK(failure(worker(path, {"--ctx-size", "0"}), small).cause == Cause::kOutOfMemory);
  CHECK(failure(worker(path, {"--fit", "off"}), small).cause == Cause::kOutOfMemory);
}

TEST_CASE("a command's program must be there and run on this machine") {
  const Folder folder;
  CHECK_FALSE(preflight(command({"sh", "-c", "true"}), {}).failure.has_value());
  const Failure nowhere = failure(command({"no-such-server", "-m", "x"}));
  CHECK(nowhere.cause == Cause::kNotExecutable);
  CHECK(has(nowhere.message, "no-such-server is in no folder of PATH"));
  const std::string path = folder.file("#!/opt/none/python\n", "server");
  CHECK(has(failure(command({path})).message, "may not be executed"));
  REQUIRE(::chmod(path.c_str(), 0700) == 0);
  CHECK(has(failure(command({path})).message, "/opt/none/python"));
}

TEST_CASE("a model file that a command names is looked at where the command sees it") {
  const Folder folder;
  const std::string none = folder.path() + "/none.gguf";
  CHECK(failure(command({"sleep", "-m", none})).cause == Cause::kMissingFile);
  CHECK(failure(command({"sleep", "--model=" + none})).cause == Cause::kMissingFile);
  CHECK_FALSE(preflight(command({"sleep", "-m", kTiny}), {}).failure.has_value());
  CHECK_FALSE(preflight(command({"sleep", "-m", "module.name"}), {}).failure.has_value());
  // A container and a script have files and folders of their own.
  std::filesystem::copy_file("/bin/sleep", folder.path() + "/docker");
  CHECK_FALSE(
      preflight(command({folder.path() + "/docker", "run", "-m", none}), {}).failure.has_value());
  const std::string script = folder.file("#!/bin/sh\n", "start");
  REQUIRE(::chmod(script.c_str(), 0700) == 0);
  CHECK_FALSE(preflight(command({script, "-m", none}), {}).failure.has_value());
}

TEST_CASE("a command whose port is taken is told by whom, unless it is to be stopped for it") {
  Listener listener;
  const Spec spec = command({"sleep", "9"}, listener.port());
  const Failure found = failure(spec);
  CHECK(found.cause == Cause::kPortTaken);
  CHECK(has(found.message, "port " + std::to_string(listener.port()) + " of 127.0.0.1"));
  CHECK(has(found.message, "corral itself"));
  CHECK_FALSE(preflight(spec, {.own_ports = {listener.port()}}).failure.has_value());
  Spec vouched = spec;
  vouched.check_path.clear();  // checkEndpoint: none
  CHECK_FALSE(preflight(vouched, {}).failure.has_value());
  listener.close();
  CHECK_FALSE(preflight(spec, {}).failure.has_value());
}

TEST_CASE("another program on the port is named, a descendant of ours is no stranger") {
  Listener listener;
  const Spec spec = command({"sleep", "9"}, listener.port());
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const int parent = ::fork();
  REQUIRE(parent >= 0);
  if (parent == 0) {  // its child listens on when it is gone, and descends from nobody here
    const int holder = ::fork();
    if (holder == 0) {
      ::alarm(60);
      for (;;) ::pause();
    }
    if (::write(pipe[1], &holder, sizeof holder) != sizeof holder) ::_exit(1);
    for (;;) ::pause();
  }
  int holder = 0;
  REQUIRE(::read(pipe[0], &holder, sizeof holder) == sizeof holder);
  ::close(pipe[0]);
  ::close(pipe[1]);
  listener.close();
  CHECK_FALSE(preflight(spec, {}).failure.has_value());
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  const Findings findings = preflight(spec, {});
  ::kill(holder, SIGKILL);
  REQUIRE(findings.failure.has_value());
  CHECK(findings.failure->cause == Cause::kPortTaken);
  CHECK(has(findings.failure->message, "engine_test (pid " + std::to_string(holder) + ")"));
}

TEST_CASE("the check runs on a helper while the loop goes on") {
  io::Loop loop;
  Findings findings;
  const auto check = [](io::Loop& on, Spec spec, Findings& into) -> io::Task<void> {
    Circumstances none;
    const Findings found = co_await preflight(on, spec, none);
    into = found;
  };
  loop.run(check(loop, worker("/none/x.gguf"), findings));
  REQUIRE(findings.failure.has_value());
  CHECK(findings.failure->cause == Cause::kMissingFile);
}

namespace {

io::Task<void> look_in_no_time(io::Loop& loop, Spec spec, Findings& findings) {
  Circumstances nothing_special;
  Findings found =
      co_await preflight(loop, std::move(spec), std::move(nothing_special), Duration(0));
  findings = std::move(found);
}

}  // namespace

TEST_CASE("files that cannot be looked at in time are a failure") {
  Findings findings;
  {
    io::Loop loop;
    loop.run(look_in_no_time(loop, worker("/none.gguf"), findings));
  }
  REQUIRE(findings.failure.has_value());
  CHECK(findings.failure->cause == Cause::kStartTimeout);
  CHECK(has(findings.failure->message, "within 0 s"));
}
