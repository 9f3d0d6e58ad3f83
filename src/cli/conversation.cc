#include "cli/conversation.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/json_fields.h"
#include "http/sse.h"

namespace corral::cli {

using Json = nlohmann::json;

// One question and its answer. It goes with the frame that waits for it, and so keeps what there is
// of the answer also when the wait is cancelled.
struct Conversation::Turn {
  explicit Turn(Conversation& whole) : conversation(whole) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (text.empty()) {
      conversation.messages_.pop_back();
      return;
    }
    print("\n");
    conversation.messages_.emplace_back("assistant", std::move(text));
  }

  void print(std::string_view piece) {
    const bool written = std::fwrite(piece.data(), 1, piece.size(), stdout) == piece.size();
    if (!written || std::fflush(stdout) != 0) conversation.heard_ = false;
  }

  // False when the rest is of no use.
  bool take(std::string_view bytes) {
    const Result<void> read =
        reader.push(bytes, [this](std::string_view, std::string_view data) { event(data); });
    if (!read.has_value()) error = read.error().message;
    return error.empty() && conversation.heard_;
  }

  void event(std::string_view data) {
    begun = true;
    if (data == "[DONE]") return;
    const Json json = Json::parse(data, nullptr, false);
    if (!json.is_object()) return;
    if (json.contains("error")) {
      error = error_text(json["error"], "the model could not answer");
      return;
    }
    const Json::json_pointer content("/choices/0/delta/content");
    if (!json.contains(content) || !json[content].is_string()) return;
    const std::string piece = json[content].get<std::string>();
    print(piece);
    text += piece;
  }

  Conversation& conversation;
  http::SseReader reader;
  std::string text;
  std::string error;
  bool begun = false;
};

Conversation::Conversation(ServiceClient& service, std::string model)
    : service_(service), model_(std::move(model)) {}

std::string Conversation::request() const {
  Json messages = Json::array();
  for (const auto& [role, text] : messages_)
    messages.push_back({{"role", role}, {"content", text}});
  const Json request = {{"model", model_}, {"messages", std::move(messages)}, {"stream", true}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

io::Task<Result<void>> Conversation::ask(std::string question) {
  messages_.emplace_back("user", std::move(question));
  Turn turn(*this);
  std::string method = "POST";
  std::string path = "/v1/chat/completions";
  std::string body = request();
  std::function<bool(std::string_view)> take = [&turn](std::string_view bytes) {
    return turn.take(bytes);
  };
  Result<void> done = co_await service_.stream(std::move(method), std::move(path), std::move(body),
                                               std::move(take));
  if (done.has_value() && !turn.error.empty()) done = fail(Code::kUnavailable, turn.error);
  if (done.has_value() && !turn.begun) done = std::unexpected(service_.foreign());
  co_return done;
}

}  // namespace corral::cli
