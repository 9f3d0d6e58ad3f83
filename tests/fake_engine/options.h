// What the fake engine was told to do: every way of misbehaving is a flag.
#pragma once

#include <cstdint>
#include <string>

namespace fake {

// Constant after parse_options; read by every thread.
struct Options {
  int port = 0;               // --port N: listen on 127.0.0.1
  std::string unix_path;      // --unix PATH: listen on a Unix socket instead
  std::string name = "fake";  // --name TEXT: the "model" in every reply

  int64_t load_ms = 0;          // --load-ms N: answer 503 to everything until then
  int64_t exit_after_ms = -1;   // --exit-after-ms N: exit with status 3 after N ms
  std::string fail_start;       // --fail-start TEXT: print TEXT to stderr and exit 1
  int64_t stderr_flood = 0;     // --stderr-flood BYTES: write that much to stderr first
  int64_t endless_line = 0;     // --endless-line BYTES: write so much to stderr without a newline
  bool hang = false;            // --hang: accept, and never answer anything
  int64_t stuck_after = 0;      // --stuck-after N: from the Nth POST on answer /health alone
  int64_t freeze_after = 0;     // --freeze-after N: from the Nth POST on they hang, GETs do not
  int64_t slow_get_ms = 0;      // --slow-get MS: every GET takes so long
  int64_t burn_ms = 0;          // --burn MS: compute for so long before answering a POST
  int64_t eat_mib = 0;          // --eat-mib N: at each POST take so much memory, and keep it
  bool no_tokens = false;       // --no-tokens: 501 to every POST
  bool ignore_sigterm = false;  // --ignore-sigterm
  bool spawn_child = false;     // --spawn-child: a child that sleeps in our process group
  bool spawn_daemon = false;    // --spawn-daemon: a grandchild, deaf to SIGTERM, that left them all

  int64_t crash_on_request = 0;     // --crash-on-request N: abort at the Nth POST, unanswered
  int64_t crash_after_chunks = -1;  // --crash-after-chunks N: abort after N events of a reply
  // --eat-memory-on N: at the Nth POST take memory, up to 1 GiB, and then wait to be killed
  int64_t eat_memory_on = 0;
  // --crash-after-limit: abort when max_tokens have been sent, before the reply's end
  bool crash_after_limit = false;
  std::string crash_once;  // --crash-once FILE: crash only while FILE does not exist; make it

  double rate = 0;  // --rate N: events a second; 0 is as fast as they can be written
  // --events N: text events in a reply (a plain reply takes as long), of which the request may have
  // some already: a reply goes on behind the last word in it.
  int64_t events = 5;

  // --worker: print llama-server's state lines on stdout while loading and when ready, and leave
  // when stdin ends.
  bool worker = false;
  bool says_ready_only = false;  // --says-ready-only: a worker that is ready, yet answers 503

  std::string state;  // --state FILE: one byte is appended at each start; /stats counts them
};

// Reads argv. On a bad flag prints a sentence to stderr and exits 2.
Options parse_options(int argc, char** argv);

}  // namespace fake
