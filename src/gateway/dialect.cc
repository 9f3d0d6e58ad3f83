#include "gateway/dialect.h"

#include "base/strings.h"

namespace corral::gateway {
namespace {

struct Kind {
  int status;
  std::string_view openai;
  std::string_view anthropic;
};

constexpr Kind kKinds[] = {
    {400, "invalid_request_error", "invalid_request_error"},
    {401, "authentication_error", "authentication_error"},
    {403, "permission_error", "permission_error"},
    {404, "not_found_error", "not_found_error"},
    {405, "invalid_request_error", "invalid_request_error"},
    {413, "invalid_request_error", "request_too_large"},
    {429, "rate_limit_error", "rate_limit_error"},
    {500, "server_error", "api_error"},
    {502, "server_error", "api_error"},
    {503, "unavailable_error", "overloaded_error"},
    {504, "timeout_error", "timeout_error"},
};

const Kind& kind_of(int status) {
  for (const Kind& kind : kKinds) {
    if (kind.status == status) return kind;
  }
  return status < 500 ? kKinds[0] : kKinds[7];
}

}  // namespace

int status_of(Code code) {
  switch (code) {
    case Code::kInvalid: return 400;
    case Code::kNotFound: return 404;
    case Code::kUnavailable: return 503;
    case Code::kTimeout: return 504;
    case Code::kCancelled: return 503;
    case Code::kClosed: return 502;
    case Code::kLimit: return 429;
    case Code::kIo: return 502;
    case Code::kInternal: return 500;
  }
  return 500;
}

int status_of_request(Code code) {
  switch (code) {
    case Code::kTimeout: return 408;
    case Code::kLimit: return 413;
    case Code::kUnavailable: return 503;
    case Code::kIo: return 507;
    case Code::kInternal: return 500;
    default: return 400;
  }
}

std::string error_body(Dialect dialect, int status, std::string_view message) {
  const Kind& kind = kind_of(status);
  const std::string text = json_quote(message);
  if (dialect == Dialect::kAnthropic) {
    return R"({"type":"error","error":{"type":")" + std::string(kind.anthropic) +
           R"(","message":)" + text + "}}";
  }
  return R"({"error":{"message":)" + text + R"(,"type":")" + std::string(kind.openai) +
         R"(","param":null,"code":)" + std::to_string(status) + "}}";
}

std::string error_event(Dialect dialect, int status, std::string_view message) {
  const std::string_view name = dialect == Dialect::kAnthropic ? "event: error\n" : "";
  return std::string(name) + "data: " + error_body(dialect, status, message) + "\n\n";
}

}  // namespace corral::gateway
