#include "engine/lifecycle.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace corral::engine;

namespace {

// All states that can come after these, however much later.
std::set<State> after(std::set<State> states) {
  for (std::size_t before = 0; before != states.size();) {
    before = states.size();
    for (const Transition& row : transitions()) {
      if (states.contains(row.from)) states.insert(row.to);
    }
  }
  return states;
}

}  // namespace

TEST_CASE("every state is reached from a stopped engine, and leads back to a start") {
  const std::set<State> all = after({State::kStopped});
  CHECK(all.size() == 7);
  for (const State state : all) CHECK(after({state}).contains(State::kStarting));
}

TEST_CASE("each pair of states stands once in the table, with a reason") {
  std::set<std::pair<State, State>> pairs;
  for (const Transition& row : transitions()) {
    CHECK(pairs.emplace(row.from, row.to).second);
    CHECK_FALSE(row.when.empty());
  }
}

TEST_CASE("an engine serves only behind a start, and leaves only by an end that is told") {
  for (const Transition& row : transitions()) {
    if (row.to == State::kStarting) {
      const bool ended = row.from == State::kStopped || row.from == State::kFailed;
      CHECK(ended);
    }
    if (row.to == State::kStopped) CHECK(row.from == State::kStopping);
  }
  CHECK_FALSE(may_follow(State::kStopped, State::kReady));
  CHECK_FALSE(may_follow(State::kFailed, State::kReady));
}
