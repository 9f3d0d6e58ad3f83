// `corral run MODEL [PROMPT]`: a question, or a chat, in the terminal. It asks the running service;
// where there is none it starts one of its own for as long as it runs.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>

#include "base/log.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/conversation.h"
#include "cli/line_reader.h"
#include "cli/progress.h"
#include "cli/service.h"
#include "io/race.h"
#include "io/signals.h"

namespace corral::cli {
namespace {

// Everything that stands on stdin.
Result<std::string> read_prompt() {
  constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;
  std::string text;
  char buffer[16 * 1024];
  while (std::cin.read(buffer, sizeof buffer) || std::cin.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(std::cin.gcount()));
    if (text.size() > kMaxBytes)
      return fail(Code::kLimit, "the prompt on stdin has more than 16 MiB, which no model takes");
  }
  if (trim(text).empty())
    return fail(Code::kInvalid,
                "the prompt is empty: nothing came on stdin; write a question behind the model, or "
                "run it in a terminal for a chat");
  return std::string(trim(text));
}

// The next line that says something; nothing when the person ends the chat.
io::Task<std::optional<std::string>> next_question(io::Loop& loop, LineReader& lines,
                                                   io::Interrupt& interrupt) {
  while (true) {
    std::fputs("> ", stdout);
    std::fflush(stdout);
    io::Task<Result<std::string>> reading = lines.next();
    const Result<std::string> line =
        co_await io::until(loop, interrupt.pressed(), std::move(reading));
    if (!line.has_value()) {
      std::fputs("\n", stdout);
      co_return std::nullopt;
    }
    const std::string_view text = trim(*line);
    if (!text.empty()) co_return std::string(text);
  }
}

io::Task<Result<void>> chat(io::Loop& loop, ServiceClient& service, const std::string& model) {
  Result<LineReader> lines = LineReader::make(loop);
  if (!lines.has_value()) co_return std::unexpected(lines.error());
  io::Interrupt interrupt(loop);
  std::printf("Chat with %s. Ctrl-C ends an answer, Ctrl-D the chat.\n", model.c_str());
  Conversation conversation(service, model);
  while (conversation.heard()) {
    std::optional<std::string> question = co_await next_question(loop, *lines, interrupt);
    if (!question) break;
    io::Task<Result<void>> asking = conversation.ask(std::move(*question));
    const Result<void> answered = co_await io::until(loop, interrupt.pressed(), std::move(asking));
    const bool ended = interrupt.pressed().is_set();
    interrupt.pressed().clear();
    if (!answered.has_value() && !ended) co_return answered;
  }
  co_return Result<void>{};
}

io::Task<Result<void>> talk(io::Loop& loop, ServiceClient& service, const Options& options) {
  Result<void> done = co_await load_with_progress(service, options.model);
  if (!done.has_value()) co_return done;
  if (!options.prompt) {
    done = co_await chat(loop, service, options.model);
    co_return done;
  }
  Conversation conversation(service, options.model);
  done = co_await conversation.ask(*options.prompt);
  co_return done;
}

// The service that was named or is there already; else one of our own, kept in `own`. The errors of
// a config but the last are told at once.
io::Task<Result<ServiceClient>> find_service(io::Loop& loop, const Options& options,
                                             std::unique_ptr<Service>& own) {
  if (!options.url.empty()) co_return ServiceClient::make(loop, options.url);
  if (options.config.empty()) {
    Result<ServiceClient> service = co_await ServiceClient::find(loop, options.url);
    if (!service.has_value()) co_return service;
    if (environment("CORRAL_URL").has_value()) co_return service;
    const bool present = co_await service->present();
    if (present) co_return service;
  }
  config::Reading reading = load_config(options.config);
  if (!reading.config.has_value()) {
    const Error last = std::move(reading.errors.back());
    reading.errors.pop_back();
    failed(reading);
    co_return std::unexpected(last);
  }
  reading.config->log_level = LogLevel::kError;
  const ListenAddress any{.host = "127.0.0.1", .port = 0};
  Result<std::unique_ptr<Service>> started = Service::start(loop, std::move(*reading.config), any);
  if (!started.has_value()) co_return std::unexpected(started.error());
  own = std::move(*started);
  co_return ServiceClient::make(loop, own->url());
}

io::Task<void> run_talk(io::Loop& loop, const Options& options, int& status) {
  std::unique_ptr<Service> own;
  Result<ServiceClient> service = co_await find_service(loop, options, own);
  Result<void> done;
  if (service.has_value()) {
    done = co_await talk(loop, *service, options);
  } else {
    done = std::unexpected(service.error());
  }
  if (!done.has_value()) status = failed(done.error());
  if (own) co_await own->stop_now();
}

}  // namespace

int run(const Options& options) {
  Options asked = options;
  if (!asked.prompt && ::isatty(STDIN_FILENO) != 1) {
    Result<std::string> prompt = read_prompt();
    if (!prompt.has_value()) {
      failed(prompt.error());
      return 2;
    }
    asked.prompt = std::move(*prompt);
  }
  int status = 0;
  io::Loop loop;
  loop.run(run_talk(loop, asked, status));
  return status;
}

}  // namespace corral::cli
