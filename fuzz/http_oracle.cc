#include "http_oracle.h"

#include <http_parser.h>

#include <limits>

namespace corral::fuzz {
namespace {

struct State {
  Reading reading;
  bool in_value = false;  // the last callback was about a value
};

State& state_of(http_parser* parser) { return *static_cast<State*>(parser->data); }

int on_field(http_parser* parser, const char* at, size_t size) {
  State& state = state_of(parser);
  auto& headers = state.reading.headers;
  if (headers.empty() || state.in_value) headers.emplace_back();
  state.in_value = false;
  headers.back().first.append(at, size);
  return 0;
}

int on_value(http_parser* parser, const char* at, size_t size) {
  State& state = state_of(parser);
  state.in_value = true;
  state.reading.headers.back().second.append(at, size);
  return 0;
}

int on_head_done(http_parser* parser) {
  Reading& reading = state_of(parser).reading;
  reading.head_done = true;
  reading.status = static_cast<int>(parser->status_code);
  reading.http_minor = parser->http_minor;
  reading.chunked = (parser->flags & F_CHUNKED) != 0;
  if (parser->content_length != std::numeric_limits<std::uint64_t>::max()) {
    reading.length = parser->content_length;
  }
  reading.keep_alive = http_should_keep_alive(parser) != 0;
  for (auto& [name, value] : reading.headers) {
    const std::size_t last = value.find_last_not_of(" \t");
    value.resize(last == std::string::npos ? 0 : last + 1);
  }
  return 0;
}

int on_done(http_parser* parser) {
  state_of(parser).reading.message_done = true;
  http_parser_pause(parser, 1);
  return 0;
}

Reading read(http_parser_type type, std::string_view bytes) {
  State state;
  http_parser parser;
  http_parser_init(&parser, type);
  parser.data = &state;
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = [](http_parser* p, const char* at, size_t size) {
    state_of(p).reading.target.append(at, size);
    return 0;
  };
  settings.on_status = [](http_parser* p, const char* at, size_t size) {
    state_of(p).reading.reason.append(at, size);
    return 0;
  };
  settings.on_body = [](http_parser* p, const char* at, size_t size) {
    state_of(p).reading.body.append(at, size);
    return 0;
  };
  settings.on_header_field = on_field;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_head_done;
  settings.on_message_complete = on_done;
  state.reading.consumed = http_parser_execute(&parser, &settings, bytes.data(), bytes.size());
  const http_errno error = HTTP_PARSER_ERRNO(&parser);
  if (error != HPE_OK && error != HPE_PAUSED) state.reading.error = http_errno_name(error);
  if (type == HTTP_REQUEST && state.reading.head_done) {
    state.reading.method = http_method_str(static_cast<http_method>(parser.method));
  }
  return state.reading;
}

}  // namespace

Reading read_request(std::string_view bytes) { return read(HTTP_REQUEST, bytes); }
Reading read_response(std::string_view bytes) { return read(HTTP_RESPONSE, bytes); }

}  // namespace corral::fuzz
