// EventQueue: what one listener of /api/events has not been sent yet, in bounded memory.
//
// Messages wait in their order up to kMost bytes. A listener that falls further behind loses what
// came in between, and then gets the newest of everything: the list of models, the status of each
// model that changed, and the requests in flight. Pure: it does not know how the newest is made.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "scheduler/policy.h"

namespace corral::gateway {

using scheduler::ModelIndex;

// llama-swap's frame: "event:message\ndata:{"type":TYPE,"data":"JSON"}\n\n".
std::string event_frame(std::string_view type, std::string_view json);

class EventQueue {
 public:
  static constexpr std::size_t kMost = 256 * 1024;

  void push_models(std::string_view frame) { behind_.models |= !push(frame); }
  void push_status(ModelIndex model, std::string_view frame) {
    if (!push(frame)) behind_.statuses.insert(model);
  }
  void push_requests(std::string_view frame) { behind_.requests |= !push(frame); }

  // What was lost, whose newest is to be sent after frames().
  struct Behind {
    bool models = false;
    bool requests = false;
    std::set<ModelIndex> statuses{};
    bool any() const { return models || requests || !statuses.empty(); }
  };

  // The frames that wait, and what was lost behind them; both are forgotten.
  std::string take(Behind& behind);
  bool empty() const { return frames_.empty() && !behind_.any(); }

 private:
  // False if it has no room. After the first that was lost all are, so that nothing old follows
  // something new.
  bool push(std::string_view frame);

  std::string frames_;
  Behind behind_;
};

}  // namespace corral::gateway
