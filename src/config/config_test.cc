#include "config/config.h"

#include <doctest/doctest.h>

#include "config/test_config.h"

using namespace corral;
using namespace corral::config;
using Words = std::vector<std::string>;

namespace {

std::string lines(const Words& warnings) {
  std::string result;
  for (const std::string& warning : warnings) result += warning + "\n";
  return result;
}

}  // namespace

TEST_CASE("an empty config has no models and the defaults") {
  for (const char* text : {"", "# nothing\n", "models:\n", "models: {}\n", "logLevel: ~\n"}) {
    CAPTURE(text);
    const Config config = parsed(text);
    CHECK(config.file == "conf/c.yaml");
    CHECK(config.models.empty());
    CHECK(config.warnings.empty());
    CHECK(config.health_check_timeout == std::chrono::seconds(120));
    CHECK(config.start_port == 5800);
    CHECK(config.log_level == LogLevel::kInfo);
  }
}

TEST_CASE("global values are read by type and held to their limits") {
  CHECK(parsed("healthCheckTimeout: 300").health_check_timeout == std::chrono::seconds(300));
  CHECK(parsed("healthCheckTimeout: 3").health_check_timeout == std::chrono::seconds(15));
  CHECK(parsed("healthCheckTimeout: -5").health_check_timeout == std::chrono::seconds(15));
  CHECK(parsed("startPort: 0x1000").start_port == 4096);
  CHECK(parsed("macros: {p: 9000}\nstartPort: ${p}").start_port == 9000);
  CHECK(parsed("logLevel: ' WARN '").log_level == LogLevel::kWarn);
  CHECK(parsed("logLevel: debug").log_level == LogLevel::kDebug);
}

TEST_CASE("a model with a cmd gets its words, its port and llama-swap's defaults") {
  const Config config = parsed(
      "models:\n  m:\n    cmd: |\n      server --port ${PORT} \\\n      # a note\n        -m 'a "
      "b'\n");
  const Model model = only_model(config);
  CHECK(model.id == "m");
  CHECK(model.mark.line == 2);
  CHECK(model.mark.column == 3);
  CHECK(model.argv == Words{"server", "--port", "5800", "-m", "a b"});
  CHECK(model.cmd == "server --port 5800 \\\n  -m 'a b'");
  CHECK(model.proxy_host == "localhost");
  CHECK(model.proxy_port == 5800);
  CHECK(model.proxy_path.empty());
  CHECK(model.check_endpoint == "/health");
  CHECK(model.gguf.empty());
  CHECK(model.ttl == std::chrono::seconds(0));
  CHECK_FALSE(model.unlisted);
}

TEST_CASE("every key of a model is read") {
  const Config config = parsed(R"(
globalTTL: 60
models:
  m:
    cmd: server
    proxy: HTTP://[::1]:81/v2/
    checkEndpoint: none
    aliases: [gpt-4, 7]
    env: ["A=1", B=]
    ttl: 5
    name: " The model "
    description: 12
    unlisted: yes
)");
  const Model model = only_model(config);
  CHECK(model.proxy_host == "::1");
  CHECK(model.proxy_port == 81);
  CHECK(model.proxy_path == "/v2");
  CHECK(model.check_endpoint.empty());
  CHECK(model.aliases == Words{"gpt-4", "7"});
  CHECK(model.env == Words{"A=1", "B="});
  CHECK(model.ttl == std::chrono::seconds(5));
  CHECK(model.name == "The model");
  CHECK(model.description == "12");
  CHECK(model.unlisted);
  CHECK(config.warnings.empty());
}

TEST_CASE("the ttl of a model is its own, the global one, or never") {
  const auto ttl = [](const std::string& global, const std::string& own) {
    return only_model(parsed(global + "models: {m: {gguf: /a, " + own + "}}")).ttl.count();
  };
  CHECK(ttl("globalTTL: 60\n", "ttl: -1") == 60);
  CHECK(ttl("globalTTL: 60\n", "ttl: ") == 60);
  CHECK(ttl("globalTTL: 60\n", "ttl: 0") == 0);
  CHECK(ttl("", "ttl: 9223372036854775807") == 1000000000);
}

TEST_CASE("a gguf path begins at the config's folder or at home") {
  const auto path = [](const std::string& gguf) {
    return only_model(parsed("models: {m: {gguf: " + gguf + "}}")).gguf;
  };
  CHECK(path("/models/a.gguf") == "/models/a.gguf");
  CHECK(path("a b.gguf") == "conf/a b.gguf");
  CHECK(path("../a.gguf") == "a.gguf");
  CHECK(path("~/a.gguf") == "/home/ada/a.gguf");
  CHECK(path("'~ada/a.gguf'") == "conf/~ada/a.gguf");
}

TEST_CASE("args are a list or one text that is split like a cmd") {
  const auto args = [](const std::string& text) {
    return only_model(parsed("models:\n  m:\n    gguf: a\n    args: " + text)).args;
  };
  CHECK(args("[--ctx-size, 4096, 'a b']") == Words{"--ctx-size", "4096", "a b"});
  CHECK(args("--ctx-size 4096 'a b'") == Words{"--ctx-size", "4096", "a b"});
  CHECK(args("|\n      --a \\\n      # --b\n      --c\n") == Words{"--a", "--c"});
}

TEST_CASE("ports are allotted in the order of ids, only to models whose cmd asks for one") {
  const Config config = parsed(R"(
startPort: 100
models:
  c: {cmd: "s ${PORT}"}
  b: {cmd: s, proxy: "http://10.0.0.1:1"}
  a: {cmd: "s ${PORT} ${PORT}", checkEndpoint: "/p/${PORT}", aliases: ["a-${PORT}"]}
  d: {gguf: x}
)");
  REQUIRE(config.models.size() == 4);
  CHECK(config.models[0].argv == Words{"s", "100", "100"});
  CHECK(config.models[0].check_endpoint == "/p/100");
  CHECK(config.models[0].aliases == Words{"a-100"});
  CHECK(config.models[1].proxy_port == 1);
  CHECK(config.models[2].argv == Words{"s", "101"});
  CHECK(config.models[2].proxy_port == 101);
  CHECK(config.models[3].proxy_port == 0);
  CHECK(config.models[3].proxy_host.empty());
}

TEST_CASE("a model is found by its id first and then by an alias") {
  const Config config = parsed("models: {a: {gguf: x, aliases: [b, c]}, b: {gguf: y}}");
  CHECK(config.find("a")->id == "a");
  CHECK(config.find("b")->id == "b");
  CHECK(config.find("c")->id == "a");
  CHECK(config.find("d") == nullptr);
  CHECK(config.find("") == nullptr);
  CHECK(lines(config.warnings) ==
        lines({"conf/c.yaml:1:33: the alias 'b' of the model 'a' has no effect, because a model "
               "has this id"}));
}

TEST_CASE("anchors and merged mappings make models") {
  const Config config =
      parsed("base: &b {gguf: x, ttl: 5}\nmodels:\n  m: {<<: *b, ttl: 6}\n  n: *b\n");
  REQUIRE(config.models.size() == 2);
  CHECK(config.models[0].ttl == std::chrono::seconds(6));
  CHECK(config.models[1].gguf == "conf/x");
}

TEST_CASE("keys that are ignored give a warning each") {
  const Config config = parsed(R"(modles: {}
groups: {g: {}}
apiKeys: [a]
x-shared: {a: 1}
logLevel: wran
models:
  z: {gguf: a, cmd_stop: x, filters: {}}
  a: {gguf: a, proxy: "http://10.0.0.1", tll: 1}
)");
  CHECK(lines(config.warnings) ==
        lines({
            "conf/c.yaml:1:1: unknown key 'modles' is ignored; did you mean 'models'?",
            "conf/c.yaml:2:1: llama-swap's key 'groups' is not supported yet and is ignored",
            "conf/c.yaml:4:1: unknown key 'x-shared' is ignored",
            "conf/c.yaml:5:11: logLevel has no level 'wran', info is used; did you mean 'warn'?",
            "conf/c.yaml:7:16: model 'z': unknown key 'cmd_stop' is ignored; did you mean "
            "'cmdStop'?",
            "conf/c.yaml:7:29: model 'z': llama-swap's key 'filters' is not supported yet and is "
            "ignored",
            "conf/c.yaml:8:16: model 'a': proxy is ignored, because Corral itself picks the "
            "address of a model with gguf",
            "conf/c.yaml:8:42: model 'a': unknown key 'tll' is ignored; did you mean 'ttl'?",
        }));
  CHECK(config.log_level == LogLevel::kInfo);
  CHECK(config.api_keys == std::vector<std::string>{"a"});
}

TEST_CASE("keys, origins and hosts are lists of what can stand in a header") {
  const Config config = parsed(
      "apiKeys: [sk-1, 22]\nallowedOrigins: ['https://chat.example.com', '*']\nallowedHosts: "
      "[tower]\n");
  CHECK(config.api_keys == std::vector<std::string>{"sk-1", "22"});
  CHECK(config.allowed_origins.size() == 2);
  CHECK(config.allowed_hosts == std::vector<std::string>{"tower"});
  CHECK(refusal("apiKeys: [a, '']\n") == "conf/c.yaml:1:14: apiKeys holds an empty key");
  CHECK(refusal("apiKeys: ['se cret']\n").find("conf/c.yaml:1:11: apiKeys holds a key") == 0);
  CHECK(refusal("apiKeys: ['se cret']\n").find("cret") == std::string::npos);
  CHECK(refusal("allowedOrigins: [chat.example.com]\n").find("is not an origin") !=
        std::string::npos);
  CHECK(refusal("allowedOrigins: ['https://a/b']\n").find("is not an origin") != std::string::npos);
}

TEST_CASE("a flood of warnings is cut and repeated ones come once") {
  std::string text = "models:\n  m: &m {gguf: x, k: 1}\n  n: *m\n";
  CHECK(parsed(text).warnings.size() == 2);  // one for each model's name
  for (int i = 0; i < 500; ++i) text += "key" + std::to_string(i) + ": 1\n";
  CHECK(parsed(text).warnings.size() == 101);
}

TEST_CASE("what is wrong is refused at its place with what to do") {
  struct Row {
    const char* text;
    const char* message;  // behind "conf/c.yaml:"
  };
  const Row rows[] = {
      {"[a]", "1:1: a config must be a mapping of keys to values, not a list"},
      {"startPort: 0", "1:12: startPort must be from 1 to 65535, not 0"},
      {"startPort: 70000", "1:12: startPort must be from 1 to 65535, not 70000"},
      {"startPort: '80'",
       "1:12: startPort must be a number, and '80' is text; write it without quotes"},
      {"healthCheckTimeout: [1]", "1:21: healthCheckTimeout must be a whole number, not a list"},
      {"healthCheckTimeout: 1.5", "1:21: healthCheckTimeout must be a whole number, not '1.5'"},
      {"globalTTL: -1", "1:12: globalTTL must be 0 (never) or more, not -1"},
      {"a: 1\na: 2", "2:1: the key 'a' stands twice in this mapping"},
      {"models: [m]", "1:9: models must be a mapping of ids to models, not a list"},
      {"models: {m: x}", "1:13: model 'm': a model must be a mapping with cmd or gguf, not 'x'"},
      {"models: {m: }", "1:10: model 'm': it has neither cmd nor gguf; give it one of them"},
      {"models: {m: {ttl: 1}}",
       "1:10: model 'm': it has neither cmd nor gguf; give it one of them"},
      {"models: {m: {gguf: a, cmd: b}}",
       "1:23: model 'm': it has both cmd and gguf; keep one of them"},
      {"models: {'': {gguf: a}}", "1:10: model '': a model needs an id without control characters"},
      {"models: {\"a\\nb\": {gguf: a}}",
       "1:10: model 'a?b': a model needs an id without control characters"},
      {"models: {m: {gguf: a, ttl: soon}}",
       "1:28: model 'm': ttl must be a whole number, not 'soon'"},
      {"models: {m: {gguf: a, ttl: -2}}",
       "1:28: model 'm': ttl must be -1 (the global one), 0 (never) or more, not -2"},
      {"models: {m: {gguf: a, unlisted: 1}}",
       "1:33: model 'm': unlisted must be true or false, not '1'"},
      {"models: {m: {gguf: a, unlisted: 'true'}}",
       "1:33: model 'm': unlisted must be true or false, not 'true'"},
      {"models: {m: {gguf: a, name: [x]}}", "1:29: model 'm': name must be text, not a list"},
      {"models: {m: {gguf: a, args: --ctx-size 1 --port 80}}",
       "1:29: model 'm': args has '--port', which Corral itself sets: it picks where the engine "
       "listens; remove it"},
      {"models: {m: {gguf: a, args: [-c, 1, --host=0.0.0.0]}}",
       "1:37: model 'm': args has '--host', which Corral itself sets: it picks where the engine "
       "listens; remove it"},
      {"models: {m: {gguf: a, args: --model=b.gguf}}",
       "1:29: model 'm': args has '--model', which Corral itself sets: the model's file is its "
       "gguf; remove it"},
      {"models: {m: {gguf: a, args: [-m, b.gguf]}}",
       "1:30: model 'm': args has '-m', which Corral itself sets: the model's file is its gguf; "
       "remove it"},
      {"models: {m: {ttl: 1, ggfu: a}}",
       "1:22: model 'm': it has neither cmd nor gguf, but 'ggfu'; did you mean 'gguf'?"},
      {"models: {m: {gguf: a, aliases: x}}", "1:32: model 'm': aliases must be a list, not 'x'"},
      {"models: {m: {gguf: a, aliases: [~]}}",
       "1:33: model 'm': aliases must be a list of text, not nothing"},
      {"models: {m: {gguf: a, aliases: ['']}}",
       "1:33: model 'm': the alias '' must be a name without control characters"},
      {"models: {m: {gguf: a, env: [A]}}",
       "1:29: model 'm': env must be a list of NAME=value, and 'A' has no '='"},
      {"models: {m: {gguf: a, env: [=A]}}",
       "1:29: model 'm': env must be a list of NAME=value, and a name is missing here"},
      {"models: {m: {gguf: \"a\\0\"}}",
       "1:20: model 'm': gguf has a NUL character, which cannot be used"},
      {"models: {m: {gguf: ' '}}",
       "1:20: model 'm': gguf is empty; give it the path of a model file"},
      {"models: {m: {gguf: a, args: 'a \"'}}",
       "1:29: model 'm': args: the command has a quote (\") that is not closed; close it or "
       "escape it"},
      {"models: {m: {gguf: a, checkEndpoint: 'http://h/'}}",
       "1:38: model 'm': checkEndpoint must be a path such as /health, or none, not 'http://h/'"},
      {"models: {m: {cmd: [a]}}", "1:19: model 'm': cmd must be text, not a list"},
      {"models: {m: {cmd: ' '}}", "1:19: model 'm': cmd is empty; give it the program to start"},
      {"models: {m: {cmd: '# x'}}", "1:19: model 'm': cmd is empty; give it the program to start"},
      {"models: {m: {cmd: '${PORT}', args: a}}",
       "1:30: model 'm': args belongs to a model with gguf; put these words into cmd"},
      {"models: {m: {cmd: s 'a}}",
       "1:19: model 'm': cmd: the command has a quote (') that is not closed; close it or escape "
       "it"},
      {"models: {m: {cmd: s}}",
       "1:19: model 'm': its address is not known; put ${PORT} into cmd, or give the address as "
       "proxy"},
      {"models: {m: {cmd: s, proxy: 'http://h:${PORT}'}}",
       "1:29: model 'm': proxy: ${PORT} is only allotted to a model whose cmd uses it"},
      {"models: {m: {cmd: s, proxy: 'https://h'}}",
       "1:29: model 'm': proxy: the URL 'https://h' has https, which Corral does not speak to "
       "engines yet; use http"},
      {"models: {m: {cmd: s, proxy: 'http://myhost:8080'}}",
       "1:29: model 'm': proxy: the URL 'http://myhost:8080' has a host that is neither localhost "
       "nor an IP address; names are not looked up, so write the address"},
      {"startPort: 65535\nmodels:\n  a: {cmd: '${PORT}'}\n  b: {cmd: '${PORT}'}",
       "4:12: model 'b': no port is left for ${PORT}; choose a lower startPort"},
      {"models:\n  b: {gguf: x, aliases: [o, g]}\n  a: {gguf: x, aliases: [g]}",
       "2:29: the alias 'g' of the model 'b' is also an alias of the model 'a'; remove one of "
       "them"},
      {"models: {a: {gguf: x, aliases: [g, g]}}",
       "1:36: the alias 'g' stands twice in the model 'a'; remove one of them"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.text));
    CHECK(refusal(row.text) == "conf/c.yaml:" + std::string(row.message));
  }
}

TEST_CASE("a home that is not set is only missed where it is needed") {
  const Environment empty = [](std::string_view) { return std::optional<std::string>(); };
  CHECK(parse("models: {m: {gguf: /a}}", "c", empty).has_value());
  const Result<Config> result = parse("models: {m: {gguf: ~/a}}", "c", empty);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message.find("HOME is not set") != std::string::npos);
}

TEST_CASE("everything that is wrong is told at once, in the file's order, with the warnings") {
  const Reading reading = examine(R"(
startPort: 0
models:
  z: {ggfu: a}
  b: {gguf: a, ttl: soon, unlisted: 3}
  ok: {gguf: a, aliases: [x]}
  a: {gguf: a, aliases: [x, x]}
  c: 7
logLevel: wran
)",
                                  "c", test_variable);
  CHECK_FALSE(reading.config.has_value());
  std::string errors;
  for (const Error& error : reading.errors) errors += error.message + "\n";
  CHECK(errors ==
        lines({
            "c:2:12: startPort must be from 1 to 65535, not 0",
            "c:4:7: model 'z': it has neither cmd nor gguf, but 'ggfu'; did you mean 'gguf'?",
            "c:5:21: model 'b': ttl must be a whole number, not 'soon'",
            "c:5:37: model 'b': unlisted must be true or false, not '3'",
            "c:6:27: the alias 'x' of the model 'ok' is also an alias of the model 'a'; remove one "
            "of them",
            "c:7:29: the alias 'x' stands twice in the model 'a'; remove one of them",
            "c:8:6: model 'c': a model must be a mapping with cmd or gguf, not '7'",
        }));
  CHECK(lines(reading.warnings) ==
        lines({"c:4:7: model 'z': unknown key 'ggfu' is ignored; did you mean 'gguf'?",
               "c:9:11: logLevel has no level 'wran', info is used; did you mean 'warn'?"}));
}

TEST_CASE("a flood of errors is cut") {
  std::string text = "models:\n";
  for (int i = 0; i < 500; ++i) text += "  m" + std::to_string(i) + ": 1\n";
  CHECK(examine(text, "c", test_variable).errors.size() == 101);
}

TEST_CASE("a config that is to be served needs a model, and a misspelt key is named") {
  const auto error = [](std::string_view text) {
    const Reading reading = examine(text, "c", test_variable);
    REQUIRE(reading.errors.size() == 1);
    return reading.errors[0].message;
  };
  CHECK(error("") == "c:1:1: the config has no models; give it a key 'models' with at least one");
  CHECK(error("logLevel: info") ==
        "c:1:1: the config has no models; give it a key 'models' with at least one");
  CHECK(error("logLevel: info\nmodel: {m: {gguf: a}}") ==
        "c:2:1: the config has no models, but 'model'; did you mean 'models'?");
  CHECK(error("models:\n") == "c:1:1: models is empty; give it at least one model");
}
