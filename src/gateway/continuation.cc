#include "gateway/continuation.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "json/edit.h"
#include "json/scanner.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::json;

// What the continuation of a request depends on.
class Request {
 public:
  explicit Request(const std::string& body)
      : body_(body),
        scanner_({"n", "logprobs", "top_logprobs", "n_probs", "grammar", "json_schema",
                  "response_format", "continue_final_message", "add_generation_prompt", "echo",
                  "max_tokens", "max_completion_tokens", "n_predict"},
                 json::Scanner::Keep::kPlaces) {
    valid_ = scanner_.push(body).has_value() && scanner_.finish().has_value();
  }

  bool valid() const { return valid_; }
  // The value, null if there is none.
  Json value(std::string_view name) const {
    const json::Field& field = *scanner_.field(name);
    if (!field.found) return Json();
    return Json::parse(body_.substr(field.begin, field.end - field.begin), nullptr, false);
  }
  // The field is there and asks for something.
  bool asks(std::string_view name) const {
    const Json wanted = value(name);
    const auto* text = wanted.get_ptr<const std::string*>();
    const bool no_text = text != nullptr && text->empty();
    return !wanted.is_null() && wanted != false && wanted != 0 && !no_text;
  }

 private:
  const std::string& body_;
  json::Scanner scanner_;
  bool valid_ = false;
};

// Empty if there is none.
std::string_view obstacle_in(const Request& request) {
  if (!request.valid()) return "its request cannot be edited";
  for (const std::string_view name : {"grammar", "json_schema"}) {
    if (request.asks(name)) return "it had begun what a grammar asks for";
  }
  const Json format = request.value("response_format");
  const bool free = format.is_object() && format.value("type", Json()) == "text";
  if (!format.is_null() && !free) return "it had begun what a grammar asks for";
  for (const std::string_view name : {"logprobs", "top_logprobs", "n_probs"}) {
    if (request.asks(name)) return "it has probabilities of tokens";
  }
  if (request.asks("n") && request.value("n") != 1) return "it has several choices";
  for (const std::string_view name : {"continue_final_message", "add_generation_prompt", "echo"}) {
    if (request.asks(name)) return "its request says itself how to go on";
  }
  return {};
}

// A request that ends in a message of the assistant has its answer begin with that; what was
// generated goes on with it, and two such messages would be refused.
Result<void> append_message(std::string& body, const std::string& text) {
  const Result<std::string_view> last = json::last_element(body, "messages");
  if (!last.has_value()) return std::unexpected(last.error());
  const Json message = Json::parse(*last, nullptr, false);
  if (!message.is_object() || message.value("role", Json()) != "assistant") {
    const std::string added = R"({"role":"assistant","content":")" + text + "\"}";
    return json::append_element(body, "messages", added);
  }
  std::string longer(*last);
  const std::string part = R"({"type":"text","text":")" + text + "\"}";
  const bool parts = message.contains("content") && message["content"].is_array();
  const Result<void> added = parts ? json::append_element(longer, "content", part)
                                   : json::append_text(longer, "content", text);
  if (!added.has_value()) return added;
  return json::set_last_element(body, "messages", longer);
}

Result<void> add_text(std::string& body, StreamShape shape, const std::string& text) {
  if (shape == StreamShape::kText || shape == StreamShape::kNative) {
    return json::append_text(body, "prompt", text);
  }
  Result<void> done = append_message(body, text);
  if (shape != StreamShape::kChat || !done.has_value()) return done;
  done = json::set_field(body, "add_generation_prompt", "false");
  if (!done.has_value()) return done;
  return json::set_field(body, "continue_final_message", "true");
}

}  // namespace

Result<Continuation> continue_request(std::string body, const GeneratedText& generated) {
  if (!generated.obstacle().empty()) {
    return fail(Code::kInvalid, std::string(generated.obstacle()));
  }
  Continuation result{.body = std::move(body), .at_limit = false};
  const Request request(result.body);
  if (generated.tokens() == 0) {
    // Nothing is half done, whatever was asked for; it begins anew.
    if (request.asks("n") && request.value("n") != 1) {
      return fail(Code::kInvalid, "it has several choices");
    }
    return result;
  }
  const std::string_view obstacle = obstacle_in(request);
  if (!obstacle.empty()) return fail(Code::kInvalid, std::string(obstacle));
  std::string edited = result.body;
  for (const std::string_view name : {"max_tokens", "max_completion_tokens", "n_predict"}) {
    const Json limit = request.value(name);
    if (!limit.is_number_unsigned()) continue;  // -1 is no limit
    const auto most = limit.get<std::uint64_t>();
    result.at_limit = result.at_limit || most <= generated.tokens();
    if (result.at_limit) return result;
    const std::string left = std::to_string(most - generated.tokens());
    const Result<void> done = json::set_field(edited, name, left);
    if (!done.has_value()) return fail(Code::kInvalid, "its request cannot be edited");
  }
  const Result<void> done = add_text(edited, generated.shape(), generated.text());
  if (!done.has_value()) return fail(Code::kInvalid, "its request has no text to go on with");
  result.body = std::move(edited);
  return result;
}

}  // namespace corral::gateway
