// Timing: where the time of one request went. The log tells it at level debug, and a browser's
// developer tools by Server-Timing (W3C).
#pragma once

#include <string>

#include "base/time.h"

namespace corral::gateway {

struct Timing {
  Instant received;     // its head
  Instant known;        // its model's name, and with it as much of the body as that took
  Instant admitted;     // the engine is ready and has room
  Instant first_byte;   // of the engine's reply
  bool loaded = false;  // the engine was not ready when it was asked for

  // "body;dur=0.1, load;dur=1200.5, engine;dur=30.2": milliseconds from one point to the next.
  // `load` is `queue` where the engine was ready. Requires: all points are set.
  std::string server_timing() const;
};

// Milliseconds with one decimal, "0.1".
std::string milliseconds_text(Duration duration);

}  // namespace corral::gateway
