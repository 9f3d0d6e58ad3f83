// What `corral top` shows of the chosen model: all that has no column, and the last error. Pure.
#pragma once

#include <string>

#include "cli/dashboard.h"
#include "cli/screen.h"

namespace corral::cli {

// In at most `rows` rows from `row` on.
void draw_details(Screen& screen, int row, int rows, const ModelRow& model, Instant now);

// The last error, what to do about it, and what the engine said, likewise; nothing if there is
// none. Returns the row behind it.
int draw_last_error(Screen& screen, int row, int rows, const ModelRow& model, Instant now);

}  // namespace corral::cli
