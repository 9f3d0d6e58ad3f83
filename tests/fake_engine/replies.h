// What the fake engine says: small replies in llama-server's shapes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connection.h"
#include "options.h"

namespace fake {

enum class Dialect { kChat, kCompletion, kNative, kMessages, kResponses, kEmbeddings, kRerank };

// The dialect that POST `path` speaks. False when there is no such route.
bool dialect_of(std::string_view path, Dialect& dialect);

// The dialects that have no stream answer in one piece whatever the request says.
bool can_stream(Dialect dialect);

// The words that a reply has: those from `first` on, up to `end`. The text is a function of the
// place alone, so that a reply to a request that ends in words goes on behind them.
struct Words {
  int64_t first;
  int64_t end;
  bool limited;  // by the request's max_tokens
  int64_t count() const { return end - first; }
};
Words words_of(const Options& options, const Request& request);

// A whole JSON reply.
std::string whole_reply(Dialect dialect, const Options& options, const Request& request);

// A stream, as the SSE text of each event: `first` ones before the text events, `text(i)` for
// each of them, `last` ones behind them.
struct Stream {
  std::vector<std::string> first;
  std::vector<std::string> last;
  Dialect dialect;
  std::string name;
  std::string text(int64_t index) const;
};
Stream stream_reply(Dialect dialect, const Options& options, const Request& request);

// An error body in the shape of llama-server.
std::string error_body(int status, std::string_view type, std::string_view message);

// `text` as a JSON string, quotes included.
std::string quoted(std::string_view text);

}  // namespace fake
