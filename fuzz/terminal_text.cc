// What strangers say, on its way to a terminal. Its glyphs are UTF-8 without control characters,
// each one or two columns wide; made to fit it is as narrow as it shall be, and as it was where it
// fitted; in a picture no glyph stands beyond the last column. And what a terminal sends gives the
// same keys at every split.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "cli/keys.h"
#include "cli/screen.h"
#include "fuzz/splits.h"

using namespace corral;

namespace {

std::string glyphs_of(std::string_view text) {
  std::string out;
  while (const std::optional<cli::Glyph> glyph = cli::take_glyph(text)) {
    CHECK(glyph->width == 1 || glyph->width == 2);
    CHECK(!glyph->text.empty() && glyph->text.size() <= cli::Glyph::kMostBytes);
    for (const char c : glyph->text) CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    out += glyph->text;
  }
  return out;
}

void check_text(std::string_view input) {
  const std::string plain = glyphs_of(input);
  CHECK(glyphs_of(plain) == plain);
  const int whole = cli::display_width(input);
  CHECK(whole == cli::display_width(plain));
  for (int width = 0; width <= whole + 1; width += 1 + width / 8) {
    const std::string fitted = cli::fitted(input, width);
    CHECK(cli::display_width(fitted) <= width);
    if (width >= whole) CHECK(fitted == plain);
    for (const std::string& line : cli::wrapped(input, width, 3))
      CHECK(cli::display_width(line) <= width);
  }
  cli::Screen screen({.columns = 7, .rows = 1});
  for (int column = 0; column < 7; ++column) {
    screen.put(0, column, input);
    int used = 0;
    for (int at = 0; at < 7; ++at) used += screen.at(0, at).width;
    CHECK(used == 7);  // no half of a wide glyph is left, and none reaches beyond
  }
}

std::vector<cli::Key> keys_of(const fuzz::Pieces& pieces) {
  cli::KeyReader reader;
  std::vector<cli::Key> keys;
  for (const std::string_view piece : pieces) {
    for (const cli::Key key : reader.push(piece)) keys.push_back(key);
  }
  for (const cli::Key key : reader.settle()) keys.push_back(key);
  CHECK(!reader.unsure());
  return keys;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_text(input);
  const std::vector<cli::Key> whole = keys_of({input});
  fuzz::for_every_split(input,
                        [&](const fuzz::Pieces& pieces) { CHECK(keys_of(pieces) == whole); });
  return 0;
}
