// Readers of how an engine is started, watched, limited and ended, a function for each key of the
// config.
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "config/reader.h"

namespace corral::config {

Result<void> read_startup_timeout(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_unload_timeout(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_keep(Reader& reader, const Node::Entry& entry, Model& out);

// Those that the config's top level has too, as the defaults of all models.
Result<void> read_limits(Reader& reader, const Node::Entry& entry, Care& out);
Result<void> read_on_out_of_memory(Reader& reader, const Node::Entry& entry, Care& out);
Result<void> read_canary(Reader& reader, const Node::Entry& entry, Care& out);
Result<void> read_canary_interval(Reader& reader, const Node::Entry& entry, Care& out);
Result<void> read_degraded_above(Reader& reader, const Node::Entry& entry, Care& out);
Result<void> read_stuck_after(Reader& reader, const Node::Entry& entry, Care& out);
Result<void> read_ready_check(Reader& reader, const Node::Entry& entry, Care& out);

}  // namespace corral::config
