#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "base/strings.h"
#include "cli/unexpected.h"

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

namespace {

// One subcommand each; what they share is added by name.
class Parser {
 public:
  explicit Parser(Options& options) : options_(options) {
    app_.require_subcommand(0, 1);  // none gives the list of them
    app_.allow_extras();            // about_unexpected says more of them, and in their order
    app_.add_flag("--version,-v", version_, "show the versions of what is in here");
    serve();
    run();
    of_service();
    installed();
    others();
    // Last, since what is added later inherits it.
    app_.footer("Also: corral engine ARGS is llama.cpp's server with its own arguments.");
  }

  std::variant<Options, int> parse(std::vector<std::string> words) {
    if (!words.empty() && words[0] == "help") {
      words.erase(words.begin());
      words.emplace_back("--help");
    }
    if (!words.empty() && !words[0].starts_with('-') && !knows(words[0])) return unknown(words[0]);
    const auto dashes = std::ranges::find(words, "--");
    if (dashes != words.end()) literal_.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
    std::ranges::reverse(words);  // CLI11 wants it so
    try {
      app_.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? 0 : 2;
    }
    const std::optional<int> over = check();
    if (over) return *over;
    return options_;
  }

 private:
  // The exit status if the command line that was parsed makes no sense.
  std::optional<int> check() {
    std::vector<std::string> extras = app_.remaining(true);
    const CLI::App* chosen = this->chosen();
    if (chosen->get_name() == "run") extras = take_prompt(extras);
    if (chosen->get_name() == "set" || chosen->get_name() == "reset") extras = take_words(extras);
    std::ranges::copy(literal_, std::back_inserter(extras));
    if (!extras.empty()) return refuse(about_unexpected(chosen_name(), extras, options_of(chosen)));
    if (version_) {
      options_.command = Command::kVersion;
      return std::nullopt;
    }
    if (chosen == &app_ || chosen->get_name() == "config") {
      std::cerr << app_.help();
      return 2;
    }
    if (chosen->get_name() == "service") {
      std::cerr << chosen->help("corral");
      return 2;
    }
    if (!listen_.empty()) {
      const Result<ListenAddress> address = parse_listen(listen_);
      if (!address.has_value()) return refuse("--listen: " + address.error().message);
      options_.listen = *address;
      options_.listen_text = listen_;
    }
    return check_prompt();
  }

  // The words of a prompt that was not quoted belong together. The others are returned: those that
  // begin with a dash. (A positional that takes many words would be CLI11's way, but it splits
  // "[a,b]".)
  std::vector<std::string> take_prompt(const std::vector<std::string>& words) {
    std::vector<std::string> others;
    const auto add = [this](const std::string& word) {
      options_.prompt = options_.prompt ? *options_.prompt + " " + word : word;
    };
    for (const std::string& word : words) {
      const bool is_option = word.size() > 1 && word.starts_with('-');
      is_option ? others.push_back(word) : add(word);
    }
    std::ranges::for_each(std::exchange(literal_, {}), add);
    return others;
  }

  // The words of a command that takes many; the others are returned: those that begin with a dash.
  std::vector<std::string> take_words(const std::vector<std::string>& words) {
    std::vector<std::string> others;
    for (const std::string& word : words)
      (word.starts_with('-') ? others : options_.words).push_back(word);
    std::ranges::copy(std::exchange(literal_, {}), std::back_inserter(options_.words));
    return others;
  }

  std::optional<int> check_prompt() const {
    if (!options_.prompt || !trim(*options_.prompt).empty()) return std::nullopt;
    return refuse("the prompt is empty; write a question, or leave it out for a chat");
  }

  static int refuse(const std::string& sentence) {
    std::cerr << "corral: " << sentence << "\n";
    return 2;
  }

  // The innermost command that was named, the whole program if none was.
  const CLI::App* chosen() const {
    const CLI::App* at = &app_;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
    return at;
  }

  // "config check"
  std::string chosen_name() const {
    std::string name;
    for (const CLI::App* at = chosen(); at != &app_; at = at->get_parent())
      name.insert(0, at->get_name() + " ");
    return std::string(trim(name));
  }

  static std::vector<std::string> options_of(const CLI::App* command) {
    std::vector<std::string> names = commands_of(command);
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
    return names;
  }

  bool knows(std::string_view word) const {
    const std::vector<std::string> names = commands_of(&app_);
    return std::find(names.begin(), names.end(), word) != names.end();
  }

  static std::vector<std::string> commands_of(const CLI::App* command) {
    std::vector<std::string> names;
    for (const CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(sub->get_name());
    }
    return names;
  }

  int unknown(std::string_view word) const {
    const std::vector<std::string> close = nearest(word, commands_of(&app_), 1);
    return refuse(
        "there is no command '" + std::string(word) + "'; " +
        (close.empty() ? "corral --help lists them" : "did you mean 'corral " + close[0] + "'?"));
  }

  CLI::App* add(Command command, const char* name, const char* what) {
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->callback([this, command] { options_.command = command; });
    return sub;
  }

  void add_url(CLI::App* sub) {
    sub->add_option("--url", options_.url,
                    "address of the service (default: $CORRAL_URL, else the one that runs here)");
  }

  void serve() {
    CLI::App* sub = add(Command::kServe, "serve", "run the service in the foreground");
    sub->add_option("--config,-c", options_.config,
                    "config file (default: ~/.config/corral/config.yaml, else a built-in one)");
    sub->add_option("--listen,-l", listen_, "address to listen on (default: 127.0.0.1:45786)");
    sub->add_flag("--without-keys", options_.without_keys,
                  "let whoever reaches the address use the models, without apiKeys in the config");
  }

  void run() {
    CLI::App* sub = add(Command::kRun, "run", "talk to a model in the terminal");
    sub->add_option("model", options_.model, "the model's id")->required();
    sub->add_option("prompt", options_.prompt,
                    "one question, with or without quotes; without it, a chat, or what stdin has");
    sub->add_option("--config,-c", options_.config,
                    "serve this config for as long as the command runs, beside any service");
    add_url(sub);
    sub->footer(
        "Where no service runs, run starts its own until it ends, with the config that serve "
        "would\n"
        "use. Of --url and --config, --url wins; both win over $CORRAL_URL.");
  }

  void of_service() {
    add_url(add(Command::kPs, "ps", "list what is running"));
    CLI::App* status = add(Command::kStatus, "status", "show all that is known of a model, or all");
    status->add_option("model", options_.model, "the model's id; without it, all models");
    status->add_flag("--json", options_.json, "as JSON, for programs");
    add_url(status);
    CLI::App* top = add(Command::kTop, "top", "watch models and requests, and act on them");
    top->add_flag("--once", options_.once, "print one picture as text, and end");
    add_url(top);
    top->footer(
        "Keys: arrows (or j, k) choose, Tab goes between models and requests, l loads the chosen\n"
        "model, u unloads it, c cancels the chosen request, q quits. NO_COLOR=1 is without "
        "colours.");
    CLI::App* load = add(Command::kLoad, "load", "load a model and wait until it is ready");
    load->add_option("model", options_.model, "the model's id")->required();
    add_url(load);
    CLI::App* unload = add(Command::kUnload, "unload", "unload a model, or all");
    unload->add_option("model", options_.model, "the model's id; without it, all models");
    add_url(unload);
    add_url(add(Command::kSuspend, "suspend",
                "stop all engines and let requests wait, as before the machine sleeps"));
    add_url(add(Command::kResume, "resume", "bring back what ran before suspend"));
    CLI::App* logs = add(Command::kLogs, "logs", "show Corral's log, or an engine's");
    logs->add_option("model", options_.model,
                     "the model whose engine's log to show; or 'proxy', Corral's own (the "
                     "default), or 'upstream', those of all engines");
    logs->add_flag("-f,--follow", options_.follow, "go on showing what comes");
    add_url(logs);
    change_options();
  }

  void change_options() {
    CLI::App* set = add(Command::kSet, "set", "change options of a model, or list them");
    set->add_option("model", options_.model, "the model's id")->required();
    set->add_flag("--restart", options_.restart,
                  "unload an engine that runs with the old options as soon as it is idle");
    add_url(set);
    set->footer(
        "corral set MODEL lists what is in force, and where it comes from.\n"
        "corral set MODEL KEY=VALUE ... changes it from the engine's next start on, as the config\n"
        "file would: corral set MODEL ctx=8192 flashAttention=on.");
    CLI::App* reset =
        add(Command::kReset, "reset", "take back what set changed, or some of it: reset MODEL KEY");
    reset->add_option("model", options_.model, "the model's id")->required();
    reset->add_flag("--restart", options_.restart,
                    "unload an engine that runs with the old options as soon as it is idle");
    add_url(reset);
  }

  // Corral under the machine's service manager.
  void installed() {
    CLI::App* service =
        app_.add_subcommand("service", "have this machine start Corral and keep it running");
    service->require_subcommand(0, 1);
    const auto add = [&](Command command, const char* name, const char* what) {
      CLI::App* sub = service->add_subcommand(name, what);
      sub->callback([this, command] { options_.command = command; });
      sub->add_option("--manager", options_.manager,
                      "launchd or systemd (default: the one of this machine)")
          ->check(CLI::IsMember({"launchd", "systemd"}));
      return sub;
    };
    CLI::App* install = add(Command::kServiceInstall, "install",
                            "start Corral now and at each login, and again when it fails");
    install->add_option("--config,-c", options_.config,
                        "config file (default: ~/.config/corral/config.yaml, else that of "
                        "llama-swap in ~/.llamaswap, else a new one)");
    install->add_option("--listen,-l", listen_, "address to listen on (default: 127.0.0.1:45786)");
    install->add_flag("--print", options_.print, "show the manager's file, and change nothing");
    add(Command::kServiceUninstall, "uninstall", "stop it and forget it; config and models stay");
    add(Command::kServiceStart, "start", "start it");
    add(Command::kServiceStop, "stop", "stop it until the next login or start");
    add(Command::kServiceRestart, "restart", "stop it when its requests are over, and start it");
    CLI::App* status = add(Command::kServiceStatus, "status", "show what of it works");
    status->add_flag("--json", options_.json, "as JSON, for programs");
    status->footer(
        "Ends with 0: it answers; 1: the manager cannot be asked; 3: not installed; 4: stopped;\n"
        "5: it fails; 6: it runs and does not answer.");
    CLI::App* logs = add(Command::kServiceLogs, "logs", "show the end of its log");
    logs->add_flag("-f,--follow", options_.follow, "go on showing what comes");
  }

  void others() {
    CLI::App* version = add(Command::kVersion, "version", "show the versions of what is in here");
    version->add_flag("--licenses", options_.licenses,
                      "show the licences of all that is linked in");
    CLI::App* config = app_.add_subcommand("config", "work on config files");
    config->require_subcommand(0, 1);
    CLI::App* check = config->add_subcommand("check", "say what is wrong with a config file");
    check->callback([this] { options_.command = Command::kConfigCheck; });
    check->add_option("file", options_.config, "the file (default: the one that serve would use)");
    app_.add_subcommand("help", "show this, or what a command takes: help COMMAND");
  }

  Options& options_;
  bool version_ = false;
  std::vector<std::string> literal_;  // what stands behind "--"
  std::string listen_;
  CLI::App app_{"Corral runs many local AI models behind one OpenAI-compatible address.", "corral"};
};

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  return Parser(options).parse(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}

}  // namespace corral::cli
