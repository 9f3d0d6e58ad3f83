// What a parser sees of a text that comes in pieces: it must not matter where the cuts are.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace corral::fuzz {

using Pieces = std::vector<std::string_view>;

// Calls read(const Pieces&) with the text cut in two at every place, and cut after every byte.
template <class Read>
void for_every_split(std::string_view text, Read read) {
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    read(Pieces{text.substr(0, cut), text.substr(cut)});
  }
  Pieces bytes;
  for (std::size_t i = 0; i < text.size(); ++i) bytes.push_back(text.substr(i, 1));
  read(bytes);
}

}  // namespace corral::fuzz
