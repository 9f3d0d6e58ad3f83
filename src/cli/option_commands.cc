// `corral set` and `corral reset`: the options of a model, while the service runs.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/json_fields.h"
#include "cli/service_work.h"

namespace corral::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxReply = 4 * 1024 * 1024;

// What a word of the command line means: JSON where it is some, else text. "on" and "off" and the
// like are text that the service understands.
Result<Json> value_of(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_discarded()) return json;
  if (text.starts_with('{') || text.starts_with('['))
    return fail(
        Code::kInvalid,
        "the value " + text +
            " is no JSON, as a list or a mapping has to be; write names and texts in double "
            "quotes, as in 'limits={\"memory\": \"8GiB\"}'");
  return Json(text);
}

Result<std::string> body_of_set(const std::vector<std::string>& words) {
  Json body = Json::object();
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(Code::kInvalid,
                  "'" + word + "' is no option with a value; write it like ctx=8192");
    Result<Json> value = value_of(word.substr(equals + 1));
    if (!value.has_value()) return std::unexpected(value.error());
    body[word.substr(0, equals)] = std::move(*value);
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of_value(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void print_options(const Json& reply) {
  std::vector<std::vector<std::string>> rows = {{"OPTION", "VALUE", "FROM"}};
  for (const Json& option : reply["options"]) {
    if (!option.is_object()) continue;
    const std::string from = text_of(option, "from", "?");
    rows.push_back({text_of(option, "key", "?"), text_of_value(option.value("value", Json())),
                    text_of(option, "place", from == "set" ? "corral set" : from)});
  }
  print_table(rows);
  if (reply.value("outdated", Json()) == true)
    std::printf("The engine still runs with other options, until it starts the next time.\n");
}

// The reply to a request, which is an object with a list of options.
io::Task<Result<Json>> ask(ServiceClient& service, std::string method, std::string path,
                           std::string body) {
  std::string text;
  std::function<bool(std::string_view)> gather = [&text](std::string_view bytes) {
    text += bytes;
    return text.size() <= kMaxReply;
  };
  const Result<void> done = co_await service.stream(std::move(method), std::move(path),
                                                    std::move(body), std::move(gather));
  if (!done.has_value()) co_return std::unexpected(done.error());
  const Json json = Json::parse(text, nullptr, false);
  const bool good = json.is_object() && json.contains("options") && json["options"].is_array();
  if (!good) co_return std::unexpected(service.foreign());
  co_return json;
}

std::string path_of(const char* verb, const Options& options) {
  return "/api/models/" + std::string(verb) + "/" + percent_encode(options.model) +
         (options.restart ? "?restart" : "");
}

io::Task<Result<void>> list(ServiceClient& service, const Options& options) {
  std::string method = "GET";
  std::string path = path_of("options", options);
  std::string body;
  const Result<Json> reply =
      co_await ask(service, std::move(method), std::move(path), std::move(body));
  if (!reply.has_value()) co_return std::unexpected(reply.error());
  print_options(*reply);
  co_return Result<void>{};
}

io::Task<Result<void>> change(ServiceClient& service, std::string path, std::string body) {
  std::string method = "POST";
  const Result<Json> reply =
      co_await ask(service, std::move(method), std::move(path), std::move(body));
  if (!reply.has_value()) co_return std::unexpected(reply.error());
  std::printf("%s\n", text_of(*reply, "message", "done").c_str());
  co_return Result<void>{};
}

io::Task<Result<void>> set_options(ServiceClient& service, const Options& options) {
  Result<std::string> body = body_of_set(options.words);
  if (!body.has_value()) co_return std::unexpected(body.error());
  std::string path = path_of("set", options);
  const Result<void> done = co_await change(service, std::move(path), std::move(*body));
  co_return done;
}

io::Task<Result<void>> reset_options(ServiceClient& service, const Options& options) {
  std::string body;
  if (!options.words.empty())
    body = Json(options.words).dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string path = path_of("reset", options);
  const Result<void> done = co_await change(service, std::move(path), std::move(body));
  co_return done;
}

}  // namespace

int set(const Options& options) {
  return run_work(options, options.words.empty() ? list : set_options);
}

int reset(const Options& options) { return run_work(options, reset_options); }

}  // namespace corral::cli
