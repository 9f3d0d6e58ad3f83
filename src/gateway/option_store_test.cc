#include "gateway/option_store.h"

#include <doctest/doctest.h>

#include "base/test_folder.h"

using namespace corral;
using namespace corral::gateway;

namespace {

std::optional<std::string> nothing(std::string_view) { return std::nullopt; }

config::Config config_of(const std::string& text) {
  Result<config::Config> config = config::parse(text, "/conf/c.yaml", nothing);
  REQUIRE(config.has_value());
  return std::move(*config);
}

constexpr const char* kText = "models:\n  a: {gguf: a, ctx: 1}\n  b: {gguf: b}\n";

// What is refused, or "accepted".
std::string said(const Result<void>& result) {
  return result.has_value() ? "accepted" : result.error().message;
}

}  // namespace

TEST_CASE("a change is in force at once, all of it or nothing") {
  io::Loop loop;
  OptionStore store(loop, config_of(kText), nothing, StateFile("", "o.json"));
  CHECK(said(store.change("a", {{"ctx", "4096"}, {"batch", "64"}})) == "accepted");
  CHECK(store.config().models[0].worker.ctx == 4096);
  CHECK(store.set_keys("a") == std::vector<std::string>{"batch", "ctx"});
  CHECK(said(store.change("a", {{"ctx", "8"}, {"batch", "0"}})) ==
        "corral set: model 'a': batch must be from 1 to 2147483647, not 0");
  CHECK(store.config().models[0].worker.ctx == 4096);
  CHECK(said(store.change("a", {{"ctx", std::nullopt}})) == "accepted");
  CHECK(store.config().models[0].worker.ctx == 1);
  CHECK(store.config().models[0].worker.batch == 64);
  CHECK(said(store.change("a", {{"ctxx", std::nullopt}})).find("did you mean 'ctx'?") !=
        std::string::npos);
  CHECK(store.set_keys("b").empty());
}

TEST_CASE("what was kept is used again, as far as the config still takes it") {
  const Folder folder;
  const StateFile file(folder.path(), "o.json");
  const auto keep = [](OptionStore& store) -> io::Task<void> {
    const Result<void> kept = co_await store.keep();
    CHECK(kept.has_value());
  };
  {
    io::Loop loop;
    OptionStore store(loop, config_of(kText), nothing, file);
    CHECK(said(store.change("a", {{"batch", "64"}, {"parallel", "2"}})) == "accepted");
    CHECK(said(store.change("b", {{"threads", "2"}})) == "accepted");
    loop.run(keep(store));
  }
  io::Loop loop;
  const OptionStore same(loop, config_of(kText), nothing, file);
  CHECK(same.config().models[0].worker.batch == 64);
  CHECK(same.config().models[0].worker.parallel == 2);
  const OptionStore changed(
      loop, config_of("models:\n  a: {gguf: a, args: [-b, 2]}\n  b: {gguf: b}\n"), nothing, file);
  CHECK_FALSE(changed.config().models[0].worker.batch);
  CHECK(changed.config().models[0].worker.parallel == 2);
  CHECK(changed.config().models[1].worker.threads == 2);
  const OptionStore without_a(loop, config_of("models:\n  b: {gguf: b}\n"), nothing, file);
  CHECK(without_a.config().models[0].worker.threads == 2);
  CHECK(without_a.set_keys("a").size() == 2);
}
