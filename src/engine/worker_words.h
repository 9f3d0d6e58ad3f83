// What a worker tells its supervisor: llama-server's child protocol. With LLAMA_SERVER_ROUTER_PORT
// in its environment it prints lines
//   cmd_child_to_router:state:{"state":"loading","payload":{"stages":["a"],"current":"a","value":0.5}}
// among its output, with the states loading, ready and sleeping; others are ignored. It leaves
// when its stdin ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corral::engine {

struct WorkerWord {
  enum class Kind { kLoading, kReady, kSleeping };
  Kind kind = Kind::kLoading;
  double progress = 0;  // of kLoading: over all stages, 0 to 1
  std::string stage;    // of kLoading
};

// The word of one line without its newline. Nothing if it is not a line of the protocol, or says
// nothing that we know.
std::optional<WorkerWord> parse_worker_word(std::string_view line);

// Takes a worker's stdout in any pieces and tells its words from its text. A line longer than
// kMaxLine is text: no memory grows with it.
class WorkerOutput {
 public:
  static constexpr std::size_t kMaxLine = 64 * 1024;

  struct Read {
    std::vector<WorkerWord> words;
    std::string text;  // what is for the log, in order; empty lines are left out
  };
  Read push(std::string_view bytes);
  // The end of the output: what is left of an unfinished line.
  std::string finish();

 private:
  void take_line(Read& read);

  std::string line_;      // not ended yet
  bool passing_ = false;  // in the rest of a line that was too long
};

}  // namespace corral::engine
