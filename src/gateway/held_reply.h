// A plain reply is held until it is whole, if it is not too large, so that another engine can give
// it when its own dies in the middle.
#pragma once

#include <string>
#include <string_view>

#include "engine/load.h"
#include "http/client.h"

namespace corral::gateway {

inline constexpr std::size_t kMostHeld = 256 * 1024;

// Reads on behind `first` to the body's end, or until kMostHeld bytes are there. Fails as
// Call::read_body does. Tells `load` of the wait.
io::Task<Result<std::string>> hold_reply(http::Call& call, engine::Load& load,
                                         std::string_view first);

}  // namespace corral::gateway
