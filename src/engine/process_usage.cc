#include "engine/process_usage.h"

#include <memory>
#include <unordered_set>

#include "io/helper.h"

namespace corral::engine {

std::vector<int> select_tree(const ProcessTree& tree, const std::vector<ProcessLink>& found) {
  std::unordered_set<int> members;
  for (const ProcessLink& link : found) {
    if (link.pid == tree.leader || link.session == tree.leader) members.insert(link.pid);
  }
  // Children come after their parents only until the numbers wrap, so go on until nothing is new.
  for (std::size_t before = 0; before != members.size();) {
    before = members.size();
    for (const ProcessLink& link : found) {
      if (members.contains(link.parent)) members.insert(link.pid);
    }
  }
  if (tree.guarded) members.erase(tree.leader);
  return {members.begin(), members.end()};
}

io::Task<ProcessUsage> measure_usage(io::Loop& loop, ProcessTree tree) {
  std::function<ProcessUsage()> question = [tree] { return usage_of(tree); };
  ProcessUsage usage = co_await io::ask_helper(loop, std::move(question));
  co_return usage;
}

}  // namespace corral::engine
