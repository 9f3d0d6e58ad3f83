// UsageReader: reads token counts and speeds from a reply while its bytes pass. It holds no copy of
// the reply: of a stream at most one line that came in pieces, of a JSON document the two small
// objects that it looks for. What it cannot read it passes over; it never fails a reply.
//
// Shapes: OpenAI's and Anthropic's `usage` (top level, in `response` or in `message`) and
// llama-server's `timings`.
#pragma once

#include <string>
#include <string_view>

#include "json/scanner.h"
#include "telemetry/usage.h"

namespace corral::gateway {

class UsageReader {
 public:
  enum class Kind { kNone, kStream, kDocument };

  // By the reply's Content-Type; nothing is read from other kinds.
  static Kind kind_of(std::string_view content_type);
  explicit UsageReader(Kind kind);

  void push(std::string_view bytes);
  // What is known so far. The numbers of a stream come with its last events.
  telemetry::Usage usage();

 private:
  void push_stream(std::string_view bytes);
  void line(std::string_view text);

  Kind kind_;
  std::string partial_;     // the beginning of a line
  bool skipping_ = false;   // the line under way is longer than any that tells usage
  json::Scanner document_;  // spent once the bytes are not JSON
  bool document_ok_ = true;
  telemetry::Usage usage_;
};

}  // namespace corral::gateway
