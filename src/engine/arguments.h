// What llama-server's command line says about the values that we must know before it runs. Of a
// flag that comes twice the last counts, as there; a flag of the command line wins over the
// environment.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace corral::engine {

class Arguments {
 public:
  // Views on both, which must stay. `environment` as "NAME=value".
  Arguments(std::span<const std::string> words, std::span<const std::string> environment)
      : words_(words), environment_(environment) {}

  // The value of the last of these flags ("--flag value" or "--flag=value"), else of the variable.
  std::optional<std::string_view> value(std::initializer_list<std::string_view> flags,
                                        std::string_view variable = {}) const;
  std::optional<std::uint64_t> number(std::initializer_list<std::string_view> flags,
                                      std::string_view variable = {}) const;
  // Which of the switches comes last; nothing if none does.
  std::optional<std::string_view> last(std::initializer_list<std::string_view> switches) const;
  // All values of these flags, each split at commas.
  std::vector<std::string> list(std::initializer_list<std::string_view> flags) const;

 private:
  std::span<const std::string> words_;
  std::span<const std::string> environment_;
};

}  // namespace corral::engine
