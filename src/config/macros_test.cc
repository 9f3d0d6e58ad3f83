#include "config/macros.h"

#include <doctest/doctest.h>

#include "config/test_config.h"

using namespace corral;
using namespace corral::config;

namespace {

// The name of model 'm', after expansion. Both texts are flow mappings' insides.
std::string name_with(const std::string& global, const std::string& own, const std::string& name) {
  const std::string text = "macros: {" + global + "}\nmodels: {m: {macros: {" + own +
                           "}, gguf: x, name: \"" + name + "\"}}";
  return only_model(parsed(text)).name;
}

}  // namespace

TEST_CASE("a macro is inserted wherever its name stands") {
  CHECK(name_with("a: x", "", "${a}-${a}") == "x-x");
  CHECK(name_with("a: x", "", "$a {a} ${a ${} ${a.b} ${a}") == "$a {a} ${a ${} ${a.b} x");
  CHECK(name_with("a: ''", "", "<${a}>") == "<>");
}

TEST_CASE("a macro may use those before it") {
  CHECK(name_with("a: 1, b: '<${a}>', c: '[${b}]'", "", "${c}") == "[<1>]");
}

TEST_CASE("a model's macro replaces a global one where it stands, so others see it") {
  CHECK(name_with("a: 1, b: '<${a}>'", "a: 2", "${b}") == "<2>");
  CHECK(name_with("a: 1", "b: '<${a}>'", "${b}") == "<1>");
}

TEST_CASE("the id of the model is inserted last") {
  CHECK(name_with("a: '${MODEL_ID}!'", "", "${a}") == "m!");
  CHECK(name_with("", "", "${MODEL_ID}") == "m");
}

TEST_CASE("numbers and booleans are inserted as they are meant") {
  CHECK(name_with("a: 0x10, b: 1_000, c: TRUE, d: 1.50, e: '0x10', f: yes", "",
                  "${a} ${b} ${c} ${d} ${e} ${f} ") == "16 1000 true 1.50 0x10 yes");
}

TEST_CASE("a value that is only a macro takes over its type") {
  const auto text = [](const std::string& macro, const std::string& key) {
    return "macros: {t: " + macro + ", u: \"${t}\"}\nmodels: {m: {gguf: x, " + key + "}}";
  };
  CHECK(only_model(parsed(text("60", "ttl: \"${u}\""))).ttl == std::chrono::seconds(60));
  CHECK(only_model(parsed(text("true", "unlisted: \"${t}\""))).unlisted);
  CHECK(refusal(text("'60'", "ttl: \"${t}\"")) ==
        "conf/c.yaml:2:28: model 'm': ttl must be a number, and '60' is text; write it without "
        "quotes");
  CHECK(refusal(text("6", "ttl: \"${t}0\"")) ==
        "conf/c.yaml:2:28: model 'm': ttl must be a number, and '60' is text; write it without "
        "quotes");
}

TEST_CASE("a macro inside a comment line of a cmd adds no words") {
  const Config config = parsed(
      "macros: {more: \"x\\n--evil\"}\n"
      "models: {m: {cmd: \"s ${PORT}\\n# ${more}\\n--good\"}}");
  CHECK(only_model(config).argv == std::vector<std::string>{"s", "5800", "--good"});
}

TEST_CASE("macros reach lists and the macros of ports") {
  const Config config = parsed(
      "macros: {p: \"--port ${PORT}\", e: A=1}\n"
      "models: {m: {cmd: \"s ${p}\", env: [\"${e}\"]}}");
  CHECK(only_model(config).argv == std::vector<std::string>{"s", "--port", "5800"});
  CHECK(only_model(config).env == std::vector<std::string>{"A=1"});
}

TEST_CASE("a bad macro is refused at its place") {
  struct Row {
    std::string text;
    std::string message;
  };
  const std::string model = "models: {m: {gguf: x, name: \"${a}\"}}";
  const std::string at_name = "conf/c.yaml:2:29: model 'm': name: ";
  const Row rows[] = {
      {"macros: [a]", "conf/c.yaml:1:9: macros must be a mapping of names to values, not a list"},
      {"macros: {a b: 1}",
       "conf/c.yaml:1:10: the macro name 'a b' may only have letters, digits, '_' and '-'"},
      {"macros: {" + std::string(64, 'a') + ": 1}", "conf/c.yaml:1:10: the macro name '" +
                                                        std::string(64, 'a') +
                                                        "' is longer than 63 characters"},
      {"macros: {PORT: 1}", "conf/c.yaml:1:10: the macro name 'PORT' is reserved; choose another"},
      {"macros: {a: 'x${a}'}", "conf/c.yaml:1:10: the macro 'a' uses itself"},
      {"macros: {a: [1]}",
       "conf/c.yaml:1:10: the macro 'a' must be text, a number or a boolean, not a list"},
      {"macros: {a: }",
       "conf/c.yaml:1:10: the macro 'a' must be text, a number or a boolean, not nothing"},
      {"models: {m: {macros: {PID: 1}}}",
       "conf/c.yaml:1:23: model 'm': the macro name 'PID' is reserved; choose another"},
      {"macros: {ab: 1}\nmodels: {m: {gguf: x, name: \"${abc}\"}}",
       at_name + "no macro is called 'abc'; did you mean 'ab'?"},
      {"macros: {zzzzzz: 1}\n" + model, at_name + "no macro is called 'a'"},
      {"macros: {a: '${b}', b: 1}\n" + model,
       at_name + "the macro 'b' is used by a macro that stands before it; declare it first"},
      {"macros: {a: '${PORT}'}\n" + model,
       at_name + "${PORT} is only allotted to a model whose cmd uses it"},
      {"macros: {a: '${PID}'}\n" + model,
       at_name + "${PID} is not known here, since nothing has been started yet"},
      {"logLevel: ${MODEL_ID}",
       "conf/c.yaml:1:11: logLevel: ${MODEL_ID} is only known inside a model"},
      {"models: {m: {gguf: x, ttl: \"${t}\"}}",
       "conf/c.yaml:1:28: model 'm': ttl: no macro is called 't'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(refusal(row.text) == row.message);
  }
}

TEST_CASE("macros that multiply each other are refused, not suffered") {
  std::string text = "macros:\n  a0: xxxxxxxxxx\n";
  for (int i = 1; i < 20; ++i) {
    text += "  a" + std::to_string(i) + ": \"";
    for (int j = 0; j < 10; ++j) text += "${a" + std::to_string(i - 1) + "}";
    text += "\"\n";
  }
  text += "logLevel: ${a19}\n";
  CHECK(refusal(text).find("conf/c.yaml:22:11: this value grows beyond 1 MiB") == 0);
}
