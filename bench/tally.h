// What the load generator counts, and how it tells it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

struct Tally {
  std::int64_t answered = 0;               // whole replies with status 200
  std::int64_t refused = 0;                // whole replies with another status
  std::int64_t unanswered = 0;             // connections that ended before a reply's first byte
  std::int64_t cut = 0;                    // replies that broke off, or streams without [DONE]
  std::int64_t events = 0;                 // stamped events of streams
  int last_status = 200;                   // of a refused reply
  std::vector<std::int64_t> latencies_ns;  // of answered ones: from the send to the last byte
  std::vector<std::int64_t> delays_ns;     // of events: from the upstream's stamp to their arrival
};

// The value below which `share` of the samples lie; 0 of none. Sorts them.
inline std::int64_t quantile(std::vector<std::int64_t>& samples, double share) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return samples[static_cast<std::size_t>(share * last + 0.5)];
}

}  // namespace bench
