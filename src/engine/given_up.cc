#include "engine/given_up.h"

namespace corral::engine {
namespace {

std::string in_seconds(Duration time) {
  return std::to_string(std::chrono::duration_cast<seconds>(time).count()) + " s";
}

}  // namespace

Failure too_late(const Spec& spec, const StartClock& clock, Instant now, const Readiness& readiness,
                 std::string output) {
  const Duration spent = now - clock.begin();
  const bool worked = spent >= 2 * clock.limit();
  std::string sentence = "the engine of '" + spec.model + "' was not ready within " +
                         in_seconds(worked ? spent : clock.limit());
  if (worked) sentence += ", for some of which it worked";
  if (!readiness.last_answer().empty()) sentence += " (" + readiness.last_answer() + ")";
  const std::string slow = "raise the model's startupTimeout if it needs longer";
  const bool deaf = !spec.worker && readiness.nobody_listens();
  return Failure{.cause = Cause::kStartTimeout,
                 .message = std::move(sentence),
                 .hint = deaf
                             ? "nothing listens at its address: see that the command listens where "
                               "`proxy` says (${PORT}); or " +
                                   slow
                             : slow,
                 .output = std::move(output)};
}

Failure stuck(const Spec& spec, const std::string& why, std::string output) {
  return Failure{
      .cause = Cause::kStuck,
      .message = "the engine of '" + spec.model + "' was stuck and was killed: it " + why,
      .hint =
          "if it was only slow, raise stuckAfter; if it happens again, look at its "
          "log and at its graphics card's",
      .output = std::move(output)};
}

}  // namespace corral::engine
