// Which control group this process is in: cgroup v2 of Linux, see cgroups(7).
#pragma once

#include <string>

namespace corral::engine {

// Below the tree's top, "/a/b"; "/" is the top itself. Empty if there is no group of version 2.
// From the files below `root`, which is "/" but in tests.
std::string own_control_group(const std::string& root = "/");

}  // namespace corral::engine
