// Numbers in few columns, for tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace corral::cli {

// "42s", "7m", "3h12m", "23h", "2d4h", "123d": as coarse as an uptime may be, so that it seldom
// changes; at most five columns.
std::string coarse_age(Duration age);
// "42s", "7m05s", "3h12m", ...: to the second below an hour.
std::string fine_age(Duration age);

// "812M", "12.3G": bytes in powers of 1000, at most five columns; "-" for nothing.
std::string short_size(std::optional<std::uint64_t> bytes);

// "0.5", "34.2", "1234", "12k": at most five columns; "-" for nothing and for 0.
std::string short_rate(std::optional<double> per_second);

// "1 model", "2 models".
std::string counted(std::uint64_t count, const std::string& noun);

}  // namespace corral::cli
