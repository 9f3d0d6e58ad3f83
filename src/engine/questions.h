// What an engine is asked to learn how it does: whether it answers, whether its task queue does,
// and for one token. Each question is one small request over the client's pool.
//
// Of llama-server: `/health` is answered by a thread of its HTTP side and says nothing about the
// rest. `/slots` and `/metrics` go through the queue that all requests go through, are answered
// while it computes, and take no slot. `/slots` wakes an engine that sleeps and keeps it from
// falling asleep; `/metrics` does neither, but resets the averages that it shows, so it is asked
// only where sleep is possible. Any other server has only its check path.
#pragma once

#include <string>

#include "base/time.h"
#include "engine/spec.h"
#include "http/client.h"
#include "io/task.h"

namespace corral::engine {

struct Answer {
  int status = 0;      // 0: there was none
  std::string words;   // "GET /health: it answered with status 503", for people
  std::string body{};  // may be cut off
  bool nobody_listens = false;
  bool came() const { return status != 0; }
};

// GET of a path of the engine, without the prefix that it has.
io::Task<Answer> ask(http::Client& client, const Spec& spec, std::string path, Duration limit);

// POST for one token: llama-server's own route for our worker, OpenAI's completions for others.
io::Task<Answer> ask_token(http::Client& client, const Spec& spec, Duration limit);

// Whether the answer to ask_token() shows an engine that works: a token, or the engine's word that
// it is none that makes tokens (an embedding model).
bool shows_token(const Answer& answer);

// What the answer to a question through llama-server's queue tells.
struct QueueState {
  bool told = false;       // it is such an answer
  bool busy = false;       // a request is in work, or waits for a slot
  std::size_t counts = 0;  // differs when any of its counters has moved
};
QueueState read_queue_state(const Answer& answer);

}  // namespace corral::engine
