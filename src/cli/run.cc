// `corral run MODEL [PROMPT]`: a question, or a chat, in the terminal. It asks the running service;
// where there is none it starts one of its own for as long as it runs.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/progress.h"
#include "cli/service.h"
#include "http/sse.h"
#include "io/helper.h"

namespace corral::cli {
namespace {

using Json = nlohmann::json;

// The reply of one turn: printed as it comes, kept for the next turn.
struct Reply {
  http::SseReader reader;
  std::string text;
  std::string error;

  bool take(std::string_view bytes) {
    const Result<void> read =
        reader.push(bytes, [this](std::string_view, std::string_view data) { event(data); });
    if (!read.has_value()) error = read.error().message;
    return error.empty();
  }

  void event(std::string_view data) {
    if (data == "[DONE]") return;
    const Json json = Json::parse(data, nullptr, false);
    if (!json.is_object()) return;
    if (json.contains("error")) {
      const Json& told = json["error"];
      error = told.is_object() ? told.value("message", "the model could not answer") : told.dump();
      return;
    }
    const Json::json_pointer content("/choices/0/delta/content");
    if (!json.contains(content) || !json[content].is_string()) return;
    const std::string piece = json[content].get<std::string>();
    std::fwrite(piece.data(), 1, piece.size(), stdout);
    std::fflush(stdout);
    text += piece;
  }
};

io::Task<Result<void>> ask(ServiceClient& service, const std::string& model, Json& messages) {
  const Json request = {{"model", model}, {"messages", messages}, {"stream", true}};
  std::string body = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  Reply reply;
  std::function<bool(std::string_view)> take = [&reply](std::string_view bytes) {
    return reply.take(bytes);
  };
  Result<void> done =
      co_await service.stream("POST", "/v1/chat/completions", std::move(body), std::move(take));
  if (!reply.text.empty()) std::fputs("\n", stdout);
  if (done.has_value() && !reply.error.empty()) done = fail(Code::kUnavailable, reply.error);
  messages.push_back({{"role", "assistant"}, {"content", reply.text}});
  co_return done;
}

// One line from the terminal or a file, read on a helper thread so that the loop goes on.
io::Task<std::optional<std::string>> read_line(io::Loop& loop) {
  struct Line {
    std::string text;
    bool there = false;
  };
  // Shared with the helper thread, which may outlast the wait.
  const auto line = std::make_shared<Line>();
  std::function<void()> work = [line] {
    line->there = static_cast<bool>(std::getline(std::cin, line->text));
  };
  co_await io::on_helper(loop, std::move(work));
  if (!line->there) co_return std::nullopt;
  co_return line->text;
}

io::Task<Result<void>> chat(io::Loop& loop, ServiceClient& service, const std::string& model) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  if (terminal) std::printf("Chat with %s. An empty line or Ctrl-D ends it.\n", model.c_str());
  Json messages = Json::array();
  while (true) {
    if (terminal) {
      std::fputs("> ", stdout);
      std::fflush(stdout);
    }
    const std::optional<std::string> line = co_await read_line(loop);
    if (!line || line->empty()) co_return Result<void>{};
    messages.push_back({{"role", "user"}, {"content", *line}});
    const Result<void> answered = co_await ask(service, model, messages);
    if (!answered.has_value()) co_return answered;
  }
}

io::Task<Result<void>> talk(io::Loop& loop, ServiceClient& service, const Options& options) {
  Result<void> done = co_await load_with_progress(service, options.model);
  if (!done.has_value()) co_return done;
  if (!options.prompt) {
    done = co_await chat(loop, service, options.model);
    co_return done;
  }
  Json messages = Json::array({{{"role", "user"}, {"content", *options.prompt}}});
  done = co_await ask(service, options.model, messages);
  co_return done;
}

// The service that was named or is there already; else one of our own, kept in `own`. The errors of
// a config but the last are told at once.
io::Task<Result<ServiceClient>> find_service(io::Loop& loop, const Options& options,
                                             std::unique_ptr<Service>& own) {
  Result<ServiceClient> service = ServiceClient::make(loop, options.url);
  if (!service.has_value()) co_return service;
  const bool named = !options.url.empty() || environment("CORRAL_URL").has_value();
  if (options.config.empty() || named) {
    const bool present = co_await service->present();
    if (present || named) co_return service;
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
  int status = 0;
  io::Loop loop;
  loop.run(run_talk(loop, options, status));
  return status;
}

}  // namespace corral::cli
