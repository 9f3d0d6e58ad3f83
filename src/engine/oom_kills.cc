#include "engine/oom_kills.h"

#include "base/strings.h"

namespace corral::engine {
namespace {

constexpr seconds kRecent{10};

}  // namespace

std::uint64_t parse_oom_kills(std::string_view vmstat) {
  constexpr std::string_view kKey = "oom_kill ";
  for (const std::string_view line : split(vmstat, '\n')) {
    if (line.starts_with(kKey)) return parse_u64(line.substr(kKey.size())).value_or(0);
  }
  return 0;
}

void RecentOomKills::see(std::uint64_t count, Instant now) {
  if (count > count_) grew_ = now;
  count_ = count;
}

bool RecentOomKills::any(Instant now) const { return grew_ && now - *grew_ <= kRecent; }

}  // namespace corral::engine
