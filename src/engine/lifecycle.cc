#include "engine/lifecycle.h"

#include <algorithm>

namespace corral::engine {
namespace {

using enum State;

constexpr Transition kTransitions[] = {
    {kStopped, kStarting, "a start is asked for"},
    {kStopped, kFailed, "the check before a start found that it cannot work"},
    {kStarting, kLoading, "it says that it loads its model"},
    {kStarting, kReady, "it answers, and a token has come where one is wanted"},
    {kStarting, kStopping, "a stop is asked for, or it makes no progress for too long"},
    {kStarting, kFailed, "it could not be executed, or ended by itself"},
    {kLoading, kLoading, "its load has come further"},
    {kLoading, kReady, "it answers, and a token has come where one is wanted"},
    {kLoading, kStopping, "a stop is asked for, or it makes no progress for too long"},
    {kLoading, kFailed, "it ended by itself"},
    {kReady, kReady, "its health has changed"},
    {kReady, kSleeping, "it says that it has put its model away"},
    {kReady, kStopping, "a stop is asked for, or it is stuck"},
    {kReady, kFailed, "it ended by itself"},
    {kSleeping, kSleeping, "it says so again"},
    {kSleeping, kReady, "it says that its model is back"},
    {kSleeping, kStopping, "a stop is asked for, or it is stuck"},
    {kSleeping, kFailed, "it ended by itself"},
    {kStopping, kStopped, "its process is gone, as was asked"},
    {kStopping, kFailed, "its process is gone: it was stuck, or started for too long"},
    {kFailed, kStarting, "a start is asked for"},
    {kFailed, kFailed, "the check before a start found that it cannot work"},
};

}  // namespace

std::span<const Transition> transitions() { return kTransitions; }

bool may_follow(State from, State to) {
  return std::ranges::any_of(
      kTransitions, [&](const Transition& row) { return row.from == from && row.to == to; });
}

}  // namespace corral::engine
