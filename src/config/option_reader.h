// Reads the options of options.h by one table: a row names the key, its reader, its default in
// words and the flags of llama-server that say the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/reader.h"

namespace corral::config {

// Reads one option of a model into it; `entry.key` is a key of all_options() other than args.
// What was given is noted in `model.given`.
Result<void> read_option(Reader& reader, const Node::Entry& entry, Model& model);

// The same for a key that the top level has too, with a default for all models.
Result<void> read_default(Reader& reader, const Node::Entry& entry, Care& care,
                          std::vector<Given>& given);

// Notes an option that was read elsewhere.
void note_given(const Node::Entry& entry, std::vector<Given>& given);

// What is wrong with the options as a whole, given that of a command none is for workers alone,
// and that of a worker none says the same as one of `args`. Makes the worker's paths whole.
Result<void> finish_options(Model& model, const Environment& environment, const Reader& reader);

// `text` as a path: "~/" is the home folder, a relative one begins at the config's folder. `key`
// and `mark` are for the error where there is no home.
Result<std::string> whole_path(std::string_view key, Mark mark, const std::string& text,
                               const Environment& environment, const Reader& reader);

}  // namespace corral::config
