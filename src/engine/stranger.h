// Strangers: another program that has taken the port of an engine, between our look at it and the
// engine's own. Its answers are never taken for the engine's, where the system can tell
// (stranger_at() in port_owner.h has the rule).
//
// Only loopback addresses are looked at, and only those that have a check: whoever wants none
// vouches for what is there. On a helper thread.
#pragma once

#include <optional>
#include <string>

#include "engine/port_owner.h"
#include "engine/spec.h"
#include "engine/status.h"

namespace corral::engine {

// Who answers in the place of the engine whose first process is `leader`; nothing if nobody does.
io::Task<std::optional<PortOwner>> find_stranger(io::Loop& loop, const Spec& spec, int leader);

// Why such an engine is ended. `output`: its last lines. `at` is left for the caller.
Failure answered_by(const Spec& spec, const PortOwner& stranger, std::string output);

// Of an engine that ended because its port was taken: adds who has it, if that can be told.
io::Task<void> name_port_owner(io::Loop& loop, const Spec& spec, Failure& failure);

}  // namespace corral::engine
