// Readers of what a worker is told, a function for each key of the config.
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "config/reader.h"

namespace corral::config {

Result<void> read_ctx(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_batch(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_ubatch(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_threads(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_parallel(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_gpu_layers(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_flash_attention(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_cache_type_k(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_cache_type_v(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_warmup(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_chat_template(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_lora(Reader& reader, const Node::Entry& entry, Model& out);
Result<void> read_draft(Reader& reader, const Node::Entry& entry, Model& out);

}  // namespace corral::config
