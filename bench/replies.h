// The replies of the stand-in engine, of the shape and about the size that llama-server gives them.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

// A JSON reply with its head.
std::string plain_reply();
std::string health_reply();

// A streamed reply: a head, events each as one chunk, and the end. An event carries the time of its
// writing as "sent_ns", from which the load generator tells how long it was on its way.
std::string stream_head();
std::string event_chunk(std::int64_t sent_ns);
// The last word, the usage that `stream_options` asked for, [DONE] and the last chunk.
std::string stream_end(std::int64_t events);

}  // namespace bench
