#include "engine/questions.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace corral::engine {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kBodyLimit = 4 * 1024 * 1024;  // /slots: about 1 KiB a slot

struct Request {
  std::string method;
  std::string path;
  std::string body;
};

io::Task<Answer> send(http::Client& client, const Spec& spec, Request request, Duration limit) {
  const std::string target = spec.path_prefix + request.path;
  Headers headers;
  if (!request.body.empty()) headers.emplace_back("Content-Type", "application/json");
  Result<http::Client::Reply> reply = co_await client.fetch(
      spec.address, request.method, target, headers, std::move(request.body), limit, kBodyLimit);
  Answer answer{.words = request.method + " " + target + ": "};
  if (reply.has_value()) {
    answer.status = reply->status;
    answer.words += "it answered with status " + std::to_string(reply->status);
    answer.body = std::move(reply->body);
  } else if (reply.error().code == Code::kLimit) {
    answer.status = 200;
    answer.words += "its answer was too long";
  } else {
    answer.nobody_listens = reply.error().code == Code::kUnavailable;
    answer.words += reply.error().code == Code::kTimeout ? "no answer" : reply.error().message;
  }
  co_return answer;
}

// The value of "NAME VALUE" on a line of Prometheus text.
std::string_view metric(std::string_view text, std::string_view name) {
  const std::string line_begin = "\n" + std::string(name) + " ";
  const std::size_t at = text.find(line_begin);
  if (at == std::string_view::npos) return "";
  text.remove_prefix(at + line_begin.size());
  return text.substr(0, text.find('\n'));
}

}  // namespace

io::Task<Answer> ask(http::Client& client, const Spec& spec, std::string path, Duration limit) {
  Request request{.method = "GET", .path = std::move(path), .body = {}};
  Answer answer = co_await send(client, spec, std::move(request), limit);
  co_return answer;
}

io::Task<Answer> ask_token(http::Client& client, const Spec& spec, Duration limit) {
  Request request{.method = "POST", .path = "/completion", .body = {}};
  if (spec.worker) {
    request.body = R"({"prompt":"a","n_predict":1,"cache_prompt":false})";
  } else {
    request.path = "/v1/completions";
    const nlohmann::json body = {{"model", spec.model}, {"prompt", "a"}, {"max_tokens", 1}};
    request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  Answer answer = co_await send(client, spec, std::move(request), limit);
  co_return answer;
}

bool shows_token(const Answer& answer) {
  constexpr int kNotSupported = 501;
  // llama-server's words for a model without the parts that make tokens, with status 500.
  constexpr std::string_view kNoLogits = "does not logits";
  if (answer.status < 200) return false;
  return answer.status < 500 || answer.status == kNotSupported ||
         answer.body.find(kNoLogits) != std::string::npos;
}

QueueState read_queue_state(const Answer& answer) {
  constexpr std::string_view kSlot = R"("is_processing":)";
  constexpr std::string_view kBusySlot = R"("is_processing":true)";
  constexpr std::string_view kBusy = "llamacpp:requests_processing";
  constexpr std::string_view kWaiting = "llamacpp:requests_deferred";
  if (answer.status != 200) return {};
  const std::string_view body = answer.body;
  const bool slots = body.find(kSlot) != std::string_view::npos;
  const std::string_view in_work = metric(body, kBusy);
  if (!slots && in_work.empty()) return {};
  const bool queued = !slots && metric(body, kWaiting) != "0";
  return {.told = true,
          .busy = slots ? body.find(kBusySlot) != std::string_view::npos : in_work != "0" || queued,
          .counts = std::hash<std::string_view>()(body)};
}

}  // namespace corral::engine
