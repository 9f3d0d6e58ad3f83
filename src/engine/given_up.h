// Why we ended an engine ourselves: it took too long to start, or it was stuck. What an engine says
// when it ends by itself, diagnosis.h puts into words.
#pragma once

#include <string>

#include "engine/readiness.h"
#include "engine/spec.h"
#include "engine/start_clock.h"
#include "engine/status.h"

namespace corral::engine {

// `output`: the engine's last lines. `at` is left for the caller in both.
Failure too_late(const Spec& spec, const StartClock& clock, Instant now, const Readiness& readiness,
                 std::string output);
// `why`: HealthWatch::Report::stuck.
Failure stuck(const Spec& spec, const std::string& why, std::string output);

}  // namespace corral::engine
