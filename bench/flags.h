// The command line of the benchmark's programs: --name value, or a bare --name for a switch.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace bench {

// Prints a sentence and exits 2 when a flag is not among `known`. A repeated flag's last value
// wins.
class Flags {
 public:
  Flags(int argc, char** argv, std::initializer_list<std::string_view> known) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view flag = argv[i];
      bool is_known = false;
      for (const std::string_view name : known) is_known = is_known || flag == name;
      if (!is_known) refuse(flag, "is no flag of this program");
      const bool has_value = i + 1 < argc && !std::string_view(argv[i + 1]).starts_with("--");
      values_[std::string(flag)] = has_value ? argv[++i] : "";
    }
  }

  bool has(std::string_view flag) const { return values_.contains(std::string(flag)); }

  std::string text(std::string_view flag, std::string_view otherwise) const {
    const auto found = values_.find(std::string(flag));
    return found == values_.end() ? std::string(otherwise) : found->second;
  }

  std::int64_t number(std::string_view flag, std::int64_t otherwise) const {
    const auto found = values_.find(std::string(flag));
    if (found == values_.end()) return otherwise;
    const std::string& text = found->second;
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size() || value < 0) {
      refuse(flag, "needs a whole number");
    }
    return value;
  }

 private:
  [[noreturn]] static void refuse(std::string_view flag, const char* why) {
    std::fprintf(stderr, "bench: %.*s %s\n", static_cast<int>(flag.size()), flag.data(), why);
    std::exit(2);
  }

  std::map<std::string, std::string> values_;
};

}  // namespace bench
