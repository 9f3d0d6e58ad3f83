// The private folder of the workers' sockets and of what tells where services run: whoever can open
// a socket can talk to the model, so nobody else may enter it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace corral::engine {

// Makes (or finds) $XDG_RUNTIME_DIR/corral, else ${TMPDIR:-/tmp}/corral-UID, with mode 0700, and
// removes what is left in it of a Corral that is dead: sockets and "service-PID" files. Returns its
// path. kInvalid if it is a link, belongs to somebody else, or is so long that no socket in it
// could be bound; kIo if it cannot be made.
Result<std::string> make_runtime_dir(
    const std::function<std::optional<std::string>(std::string_view)>& environment);

// The same folder if it is there and private, nothing otherwise; changes nothing. For commands that
// look for a service.
std::optional<std::string> find_runtime_dir(
    const std::function<std::optional<std::string>(std::string_view)>& environment);

// Makes that folder again if it has gone, as the system's cleaning of temporary files may do. Fails
// as make_runtime_dir does.
Result<void> restore_runtime_dir(const std::string& runtime_dir);

// The path of the socket of a model's worker: "FOLDER/PID-HASH.sock", the same for the same model
// as long as this process lives.
std::string worker_socket(const std::string& runtime_dir, std::string_view model_id);

// Before a worker binds it: removes a socket of that path, which an earlier life has left and which
// would make the bind fail, and restores its folder. Fails as that does.
Result<void> prepare_socket(const std::string& socket);

}  // namespace corral::engine
