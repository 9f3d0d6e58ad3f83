#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "base/strings.h"

namespace corral::cli {

Result<ListenAddress> parse_listen(std::string_view text) {
  ListenAddress address;
  std::string_view host = text;
  std::string_view port;
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  const std::size_t close = text.find(']');
  if (bracketed) {
    if (close == std::string_view::npos) {
      return fail(Code::kInvalid, "'" + std::string(text) + "' lacks a ']'");
    }
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (port.starts_with(':')) port.remove_prefix(1);
  } else if (colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  } else if (parse_u64(text)) {
    host = {};
    port = text;
  }
  if (!host.empty()) address.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  if (port.empty()) return address;
  const std::optional<std::uint64_t> number = parse_u64(port);
  if (!number || *number > 65535) {
    return fail(Code::kInvalid, "'" + std::string(port) + "' is not a port; use 0 to 65535");
  }
  address.port = static_cast<std::uint16_t>(*number);
  return address;
}

bool is_loopback(const ListenAddress& address) {
  return address.host == "::1" || address.host.starts_with("127.");
}

namespace {

// One subcommand each; what they share is added by name.
class Parser {
 public:
  explicit Parser(Options& options) : options_(options) {
    app_.require_subcommand(1);
    app_.footer("Also: corral engine ARGS is llama.cpp's server with its own arguments.");
    serve();
    run();
    of_service();
    others();
  }

  std::variant<Options, int> parse(int argc, char** argv) {
    const std::string_view word = argc > 1 ? argv[1] : "";
    if (!word.empty() && !word.starts_with('-') && !knows(word)) return unknown(word);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? 0 : 2;
    }
    if (!listen_.empty()) {
      const Result<ListenAddress> address = parse_listen(listen_);
      if (!address.has_value()) {
        std::cerr << "corral: --listen: " << address.error().message << "\n";
        return 2;
      }
      options_.listen = *address;
    }
    return options_;
  }

 private:
  bool knows(std::string_view word) const {
    const std::vector<std::string> names = commands();
    return std::find(names.begin(), names.end(), word) != names.end();
  }

  std::vector<std::string> commands() const {
    std::vector<std::string> names;
    for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(sub->get_name());
    }
    return names;
  }

  int unknown(std::string_view word) const {
    const std::vector<std::string> close = nearest(word, commands(), 1);
    std::cerr << "corral: there is no command '" << word << "'; "
              << (close.empty() ? "corral --help lists them"
                                : "did you mean 'corral " + close[0] + "'?")
              << "\n";
    return 2;
  }

  CLI::App* add(Command command, const char* name, const char* what) {
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->callback([this, command] { options_.command = command; });
    return sub;
  }

  void add_config(CLI::App* sub) {
    sub->add_option("--config,-c", options_.config,
                    "config file (default: ~/.config/corral/config.yaml, else a built-in one)");
  }

  void add_url(CLI::App* sub) {
    sub->add_option("--url", options_.url,
                    "address of the service (default: $CORRAL_URL, else http://127.0.0.1:45786)");
  }

  void serve() {
    CLI::App* sub = add(Command::kServe, "serve", "run the service in the foreground");
    add_config(sub);
    sub->add_option("--listen,-l", listen_, "address to listen on (default: 127.0.0.1:45786)");
    sub->add_flag("--without-keys", options_.without_keys,
                  "let whoever reaches the address use the models, without apiKeys in the config");
  }

  void run() {
    CLI::App* sub = add(Command::kRun, "run", "talk to a model in the terminal");
    sub->add_option("model", options_.model, "the model's id")->required();
    sub->add_option("prompt", options_.prompt, "one question; without it, a chat");
    add_config(sub);
    add_url(sub);
  }

  void of_service() {
    add_url(add(Command::kPs, "ps", "list what is running"));
    CLI::App* load = add(Command::kLoad, "load", "load a model and wait until it is ready");
    load->add_option("model", options_.model, "the model's id")->required();
    add_url(load);
    CLI::App* unload = add(Command::kUnload, "unload", "unload a model, or all");
    unload->add_option("model", options_.model, "the model's id; without it, all models");
    add_url(unload);
    CLI::App* logs = add(Command::kLogs, "logs", "show Corral's log, or an engine's");
    logs->add_option("model", options_.model, "the model whose engine's log to show");
    logs->add_flag("-f,--follow", options_.follow, "go on showing what comes");
    add_url(logs);
  }

  void others() {
    CLI::App* version = add(Command::kVersion, "version", "show the versions of what is in here");
    version->add_flag("--licenses", options_.licenses,
                      "show the licences of all that is linked in");
    CLI::App* config = app_.add_subcommand("config", "work on config files");
    config->require_subcommand(1);
    CLI::App* check = config->add_subcommand("check", "say what is wrong with a config file");
    check->callback([this] { options_.command = Command::kConfigCheck; });
    check->add_option("file", options_.config, "the file (default: the one that serve would use)");
  }

  Options& options_;
  std::string listen_;
  CLI::App app_{"Corral runs many local AI models behind one OpenAI-compatible address.", "corral"};
};

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  return Parser(options).parse(argc, argv);
}

}  // namespace corral::cli
