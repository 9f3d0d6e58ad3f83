#include "engine/stranger.h"

#include <functional>

#include "base/ip_address.h"
#include "io/helper.h"

namespace corral::engine {
namespace {

bool can_be_taken(const Spec& spec) {
  return spec.address.unix_path.empty() && is_loopback(spec.address.host);
}

using Look = std::function<std::optional<PortOwner>()>;

}  // namespace

io::Task<std::optional<PortOwner>> find_stranger(io::Loop& loop, const Spec& spec, int leader) {
  if (!can_be_taken(spec) || spec.check_path.empty()) co_return std::nullopt;
  Look look = [port = spec.address.port, leader] { return stranger_at(port, leader); };
  std::optional<PortOwner> found = co_await io::ask_helper(loop, std::move(look));
  co_return found;
}

Failure answered_by(const Spec& spec, const PortOwner& stranger, std::string output) {
  return Failure{.cause = Cause::kForeignListener,
                 .message = "the engine of '" + spec.model + "' was ended: at its port " +
                            std::to_string(spec.address.port) + " answers " + words_of(stranger) +
                            ", which is not part of it",
                 .hint =
                     "end that program, or let the command use ${PORT}; with `checkEndpoint: "
                     "none` whoever listens there is taken for the engine",
                 .output = std::move(output)};
}

io::Task<void> name_port_owner(io::Loop& loop, const Spec& spec, Failure& failure) {
  if (failure.cause != Cause::kPortTaken || !can_be_taken(spec)) co_return;
  Look look = [port = spec.address.port] { return port_owner(port); };
  const std::optional<PortOwner> owner = co_await io::ask_helper(loop, std::move(look));
  if (!owner) co_return;
  failure.message +=
      "; port " + std::to_string(spec.address.port) + " belongs to " + words_of(*owner);
}

}  // namespace corral::engine
