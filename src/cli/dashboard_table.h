// The two tables of `corral top`: which columns fit, what stands in them, and how it looks. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/dashboard.h"
#include "cli/screen.h"

namespace corral::cli {

// A column as it stands in a picture.
struct PlacedColumn {
  std::size_t what;  // which of the table's
  int at;            // its first column on the screen
  int width;
};

// Columns go by their importance until the rest fits into `width`; what room is left is given to
// what may be long: names, states, paths, the last errors. Where a column stands depends on nothing
// that changes often. The first two columns of the screen are free for the marker of a chosen row.
std::vector<PlacedColumn> place_model_columns(const std::vector<ModelRow>& models, int width);
std::vector<PlacedColumn> place_request_columns(const std::vector<ModelRow>& models, int width);

// A row on the screen; `row` is the screen's.
void draw_model_heading(Screen& screen, int row, const std::vector<PlacedColumn>& columns);
void draw_request_heading(Screen& screen, int row, const std::vector<PlacedColumn>& columns);
void draw_model(Screen& screen, int row, const std::vector<PlacedColumn>& columns,
                const ModelRow& model, Instant now);
void draw_request(Screen& screen, int row, const std::vector<PlacedColumn>& columns,
                  const RequestRow& request, Instant now);

Style state_style(const ModelRow& model);
Style health_style(const ModelRow& model);

// "failed, retry 12s" and its like, without a bar.
std::string state_words(const ModelRow& model, Instant now);

// Draws how far the loading is, in `width` columns.
void draw_bar(Screen& screen, int row, int column, int width, double progress, Style style);

}  // namespace corral::cli
