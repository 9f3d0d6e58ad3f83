// What a worker does before it becomes llama-server: `corral engine` when Corral started it.
#pragma once

namespace corral::engine {

// Whether our environment says that Corral started us as a worker.
bool is_worker();

// Ties this process's life to Corral's, and makes what it creates (its socket above all) its
// person's alone; sets its limits (limits.h). False if Corral has gone already.
bool begin_worker();

}  // namespace corral::engine
