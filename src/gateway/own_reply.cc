#include "gateway/own_reply.h"

#include <array>
#include <nlohmann/json.hpp>

#include "gateway/dialect.h"

namespace corral::gateway {

std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

io::Task<void> reply_text(http::Exchange& exchange, std::string_view type, std::string text) {
  const std::array<http::Header, 2> headers = {
      {{"Content-Type", type}, {"Cache-Control", "no-store"}}};
  co_await exchange.reply(200, headers, text);
}

io::Task<void> reply_json(http::Exchange& exchange, const nlohmann::ordered_json& json) {
  return reply_text(exchange, "application/json", json_text(json));
}

io::Task<void> refuse_method(http::Exchange& exchange, std::string_view path, std::string allowed) {
  const std::array<http::Header, 2> headers = {
      {{"Content-Type", "application/json"}, {"Allow", allowed}}};
  const std::string body = error_body(
      Dialect::kOpenAi, 405,
      std::string(path) + " takes " + allowed + ", not " + std::string(exchange.request().method));
  co_await exchange.reply(405, headers, body);
}

}  // namespace corral::gateway
