// UsageReader reads the same numbers at every split. Of a text that nlohmann/json accepts, and that
// holds no escape (a key in other letters is another key to a reader of raw bytes), it reads what a
// walk over the document finds.
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/check.h"
#include "fuzz/splits.h"
#include "gateway/usage_reader.h"

using namespace corral;
using Counts = std::array<std::uint64_t, 3>;  // prompt, cached, generated

namespace {

Counts read(const fuzz::Pieces& pieces) {
  gateway::UsageReader reader(gateway::UsageReader::Kind::kDocument);
  for (const std::string_view piece : pieces) reader.push(piece);
  const telemetry::Usage& usage = reader.usage();
  CHECK(usage.known ||
        Counts{} == (Counts{usage.prompt_tokens, usage.cached_tokens, usage.generated_tokens}));
  return {usage.prompt_tokens, usage.cached_tokens, usage.generated_tokens};
}

// The same numbers out of the parser's events.
class Walk : public nlohmann::json_sax<nlohmann::json> {
 public:
  Counts counts{};

  bool key(std::string& name) override {
    name_ = name;
    return true;
  }
  bool start_object(std::size_t) override {
    if (depth_ > 0 || name_ == "usage" || name_ == "timings") ++depth_;
    if (depth_ == 1) processed_.reset();
    return other();
  }
  bool end_object() override {
    if (depth_ > 0 && --depth_ == 0 && processed_) counts[0] = *processed_ + counts[1];
    return other();
  }
  bool number_unsigned(std::uint64_t value) override {
    if (depth_ == 0) return other();
    if (name_ == "prompt_tokens" || name_ == "input_tokens") counts[0] = value;
    if (name_ == "prompt_n") counts[0] = *(processed_ = value);
    if (name_ == "cached_tokens" || name_ == "cache_read_input_tokens" || name_ == "cache_n")
      counts[1] = value;
    if (name_ == "completion_tokens" || name_ == "output_tokens" || name_ == "predicted_n")
      counts[2] = value;
    return other();
  }
  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(std::int64_t) override { return other(); }
  bool number_float(double, const std::string&) override { return other(); }
  bool string(std::string&) override { return other(); }
  bool binary(nlohmann::json::binary_t&) override { return other(); }
  bool start_array(std::size_t) override { return other(); }
  bool end_array() override { return other(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  // A key is that of the value right behind it alone.
  bool other() {
    name_.clear();
    return true;
  }

  std::string name_;
  std::size_t depth_ = 0;  // of objects, from the one that tells usage on
  std::optional<std::uint64_t> processed_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Counts whole = read({input});
  fuzz::for_every_split(input, [&](const fuzz::Pieces& pieces) { CHECK(read(pieces) == whole); });
  Walk walk;
  // To nlohmann/json a NUL is the text's end.
  const bool plain = input.find_first_of(std::string_view("\\\0", 2)) == std::string_view::npos;
  if (plain && nlohmann::json::sax_parse(input, &walk)) CHECK(walk.counts == whole);
  return 0;
}
