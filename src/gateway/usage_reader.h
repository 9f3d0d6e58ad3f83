// UsageReader: reads token counts and speeds from a reply while its bytes pass. It looks for the
// keys "usage" and "timings" and keeps the small object behind each, nothing else; a quote inside a
// JSON string is escaped, so the reply's text cannot be taken for such a key. What it cannot read
// it passes over; it never fails a reply.
//
// Shapes: OpenAI's and Anthropic's `usage` (wherever it stands: top level, in `response` or in
// `message`) and llama-server's `timings`. A later number replaces an earlier one of its name.
#pragma once

#include <string>
#include <string_view>

#include "telemetry/usage.h"

namespace corral::gateway {

class UsageReader {
 public:
  enum class Kind { kNone, kStream, kDocument };

  // By the reply's Content-Type; nothing is read from other kinds.
  static Kind kind_of(std::string_view content_type);
  explicit UsageReader(Kind kind) : kind_(kind) {}

  void push(std::string_view bytes);
  // What is known so far. The numbers of a stream come with its last events.
  const telemetry::Usage& usage() const { return usage_; }

 private:
  enum class State {
    kSeeking,   // a key
    kColon,     // after a key
    kBrace,     // after its colon
    kInObject,  // keeping the object behind it
    kInString,  // in a string of that object
    kEscape,    // after a backslash in it
  };
  std::size_t seek(std::string_view bytes);
  std::size_t go_on_matching(std::string_view bytes);
  std::size_t go_on(std::string_view bytes);
  void keep(std::string_view bytes);
  void step(char c);

  Kind kind_;
  State state_ = State::kSeeking;
  std::string_view begun_;  // the beginning of a key, with which the last piece ended
  int depth_ = 0;
  std::string object_;  // kept for the next one: no allocation an event
  telemetry::Usage usage_;
};

}  // namespace corral::gateway
