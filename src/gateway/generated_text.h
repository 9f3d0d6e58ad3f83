// GeneratedText: remembers the text of an event stream as it passes to the client, so that another
// engine can go on with it, and notes what would make that impossible.
//
// What is kept is the text alone, as the events spell it inside their JSON, up to kMost bytes. The
// events of a stream differ in little more than their text: an event that is, around its text, like
// the one before is recognised by comparing bytes, and only others are walked through. An event
// allocates nothing, but for the store's growth.
//
// Shapes: the streaming references of OpenAI and Anthropic, and llama-server's README.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/routes.h"
#include "gateway/text_store.h"

namespace corral::json {
class Cursor;
}

namespace corral::gateway {

class GeneratedText {
 public:
  static constexpr std::size_t kMost = 256 * 1024;

  explicit GeneratedText(StreamShape shape) : shape_(shape) {}

  // Takes whole events, as the client gets them.
  void push(std::string_view events);
  // The client has got something that is not whole events, or not to be read.
  void give_up(std::string_view obstacle);

  StreamShape shape() const { return shape_; }
  // Why no other engine can go on, as the end of a sentence ("it had begun a tool call"); empty if
  // one can.
  std::string_view obstacle() const;
  // The stream's last event has passed: nothing is missing.
  bool done() const { return done_; }

  // An event with data has passed.
  bool begun() const { return begun_; }
  // How many events with text there were, which is about how many tokens.
  std::uint64_t tokens() const { return tokens_; }
  // What stands between the quotes of a JSON string.
  std::string text() const { return store_.text(); }
  // The data of the first event of OpenAI's shapes: it has the id that all events share. Empty if
  // that is too large to be kept.
  const std::string& first() const { return first_; }
  // Anthropic's content block that has begun and not ended, or -1.
  int open_block() const { return open_block_; }

 private:
  // The bytes around the text of the last event that had one.
  struct Frame {
    std::array<char, 256> before;
    std::array<char, 96> after;
    std::size_t before_size = 0;  // 0: none is known
    std::size_t after_size = 0;
  };
  void take(std::string_view data);
  bool take_like_before(std::string_view data);
  void walk(std::string_view data);
  void walk_chunk(json::Cursor& cursor, std::string_view& text);
  void walk_native(json::Cursor& cursor, std::string_view& text);
  void walk_message(json::Cursor& cursor, std::string_view& text);
  bool choice_field(json::Cursor& cursor, std::string_view name, std::string_view& text);
  bool delta_field(json::Cursor& cursor, std::string_view name, std::string_view& text);
  void begin_block(std::string_view type, std::string_view index);
  void add(std::string_view text);
  void learn(std::string_view data, std::string_view text, std::size_t end);

  const StreamShape shape_;
  Frame frame_;
  TextStore store_;
  std::string first_;
  std::string_view obstacle_;
  std::uint64_t tokens_ = 0;
  int open_block_ = -1;
  bool begun_ = false;
  bool ended_ = false;  // the text has: what follows is its reason, and counts
  bool done_ = false;
};

}  // namespace corral::gateway
