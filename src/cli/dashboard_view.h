// The picture of `corral top`, from what is known and what the person has chosen. Pure.
//
// From top to bottom: the service and its sums; the models; all of the chosen model that has no
// column; the requests in flight; a question or a note; the keys. Where there is less room than
// that, the lower parts get shorter and then go; each list scrolls to what is chosen.
#pragma once

#include <string>

#include "cli/dashboard.h"
#include "cli/dashboard_controls.h"
#include "cli/screen.h"

namespace corral::cli {

Screen draw_dashboard(const Dashboard& dashboard, const DashboardControls& controls, Size size,
                      Instant now);

// The same facts as plain lines, as long as need be: nothing is chosen, and below the tables stand
// the last errors of all models.
std::string dashboard_text(const Dashboard& dashboard, int columns, Instant now);

}  // namespace corral::cli
