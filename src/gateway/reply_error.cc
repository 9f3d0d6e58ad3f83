#include "gateway/reply_error.h"

#include <array>
#include <nlohmann/json.hpp>

namespace corral::gateway {

io::Task<void> reply_error(http::Exchange& exchange, Dialect dialect, int status,
                           std::string message) {
  constexpr std::array<http::Header, 2> kHeaders = {
      {{"Content-Type", "application/json"}, {"Retry-After", "1"}}};
  const bool later = status == 429 || status == 503;
  const std::string body = error_body(dialect, status, message);
  co_await exchange.reply(status, std::span(kHeaders).first(later ? 2 : 1), body);
}

std::string message_of_error_reply(int status, std::string_view body) {
  using Json = nlohmann::json;
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_object()) {
    for (const char* path : {"/error/message", "/message", "/detail", "/error"}) {
      const Json::json_pointer pointer{path};
      if (!json.contains(pointer)) continue;
      const Json& text = json.at(pointer);
      if (text.is_string()) return text.get<std::string>();
    }
  }
  return "the engine answered with status " + std::to_string(status) +
         " where an event stream was asked for";
}

}  // namespace corral::gateway
