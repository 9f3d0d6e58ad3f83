// Splice: makes the events of an engine that goes on with a broken stream those of one unbroken
// stream: what the client has already is left out (the beginning of the message, text that the
// engine says again), ids are those that it knows, and counts are of both parts.
//
// Events that it cannot read pass as they are. Here every event is parsed and written anew: this is
// for the rest of a stream whose engine died, and not for the common way.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "gateway/generated_text.h"

namespace corral::gateway {

class Splice {
 public:
  // `before`: what the client has.
  explicit Splice(const GeneratedText& before);

  // What the client gets for these whole events. Valid until the next call.
  std::string_view push(std::string_view events);

  // How many of the tokens that the engine takes for its prompt had been generated.
  std::uint64_t tokens() const { return tokens_; }

 private:
  void take(std::string_view event);
  bool rewrite(nlohmann::ordered_json& data);
  bool rewrite_chunk(nlohmann::ordered_json& data);
  bool rewrite_native(nlohmann::ordered_json& data);
  bool rewrite_message(nlohmann::ordered_json& data);
  bool begin_block(nlohmann::ordered_json& data);
  void take_echo(std::string& text);
  void put(std::string_view name, const nlohmann::ordered_json& data);

  const StreamShape shape_;
  const bool begun_;
  const std::uint64_t tokens_;
  const std::string text_;  // what has been generated, decoded
  std::string first_;       // see GeneratedText
  std::string echo_;        // what of the text the engine may still say again
  std::string held_;        // what it has said of that
  int open_block_;          // the client's, as long as the engine has not begun its own
  int shift_ = 0;           // from the engine's blocks to the client's
  std::string out_;
};

// The events that end a stream of which all tokens are there that were asked for. Usage is told
// where the shape tells it at the end in any case.
std::string end_at_limit(const GeneratedText& generated);

}  // namespace corral::gateway
