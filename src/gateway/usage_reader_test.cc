#include "gateway/usage_reader.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::gateway;

namespace {

telemetry::Usage read(UsageReader::Kind kind, const std::string& text, std::size_t cut) {
  UsageReader reader(kind);
  reader.push(std::string_view(text).substr(0, cut));
  reader.push(std::string_view(text).substr(cut));
  return reader.usage();
}

}  // namespace

TEST_CASE("token counts are read from every dialect, at every split") {
  struct Row {
    UsageReader::Kind kind;
    std::string text;
    std::uint64_t prompt, cached, generated;
  };
  constexpr auto kStream = UsageReader::Kind::kStream;
  constexpr auto kDocument = UsageReader::Kind::kDocument;
  const Row rows[] = {
      {kDocument,
       R"({"choices":[{"usage":{"prompt_tokens":99}}],"usage":{"prompt_tokens":7,)"
       R"("completion_tokens":5,"prompt_tokens_details":{"cached_tokens":2}}})",
       7, 2, 5},
      {kDocument, R"({"content":"x","timings":{"prompt_n":4,"cache_n":3,"predicted_n":8}})", 7, 3,
       8},
      {kDocument, R"({"usage":{"input_tokens":3,"output_tokens":4}})", 3, 0, 4},
      {kStream,
       "data: {\"choices\":[{}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,"
       "\"completion_tokens\":5}}\n\ndata: [DONE]\n\n",
       7, 0, 5},
      {kStream,
       "event: message_start\r\ndata: {\"message\":{\"usage\":{\"input_tokens\":11,"
       "\"output_tokens\":1}}}\r\n\r\nevent: message_delta\r\ndata: "
       "{\"usage\":{\"output_tokens\":9}}\r\n\r\n",
       11, 0, 9},
      {kStream,
       "data: {\"response\":{\"usage\":{\"input_tokens\":6,\"output_tokens\":2,"
       "\"input_tokens_details\":{\"cached_tokens\":1}}}}\n\n",
       6, 1, 2},
  };
  for (const Row& row : rows) {
    for (std::size_t cut = 0; cut <= row.text.size(); ++cut) {
      CAPTURE(row.text);
      CAPTURE(cut);
      const telemetry::Usage usage = read(row.kind, row.text, cut);
      CHECK(usage.known);
      CHECK(usage.prompt_tokens == row.prompt);
      CHECK(usage.cached_tokens == row.cached);
      CHECK(usage.generated_tokens == row.generated);
    }
  }
}

TEST_CASE("what is not usage is passed over") {
  for (const std::string text :
       {"data: \"usage\" {broken\n\n", "data: {\"usage\":[1]}\n\n", "data: {\"usage\":-1}\n\n",
        "data: {\"usage\":{\"prompt_tokens\":-4}}\n\n", ": \"usage\"\n\n"}) {
    CAPTURE(text);
    CHECK(read(UsageReader::Kind::kStream, text, 3).prompt_tokens == 0);
  }
  CHECK_FALSE(read(UsageReader::Kind::kDocument, "{\"usage\":", 4).known);
  CHECK_FALSE(read(UsageReader::Kind::kDocument, "<html>", 4).known);
  CHECK_FALSE(read(UsageReader::Kind::kNone, "{\"usage\":{\"prompt_tokens\":1}}", 4).known);
}

TEST_CASE("what stands in a text is not taken for a key") {
  const std::string text =
      R"({"content":"say \"usage\":{\"prompt_tokens\":9} or \"usage","x":{"prompt_tokens":8}})";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CHECK_FALSE(read(UsageReader::Kind::kDocument, text, cut).known);
  }
}

TEST_CASE("a text or a key that ends like a key does not hide the real one") {
  for (const std::string first : {"\"text\":\"memory usage\"", "\"total_usage\":5",
                                  "\"my timings\":{\"prompt_n\":9}", "\"a\":\"\\\"usage\""}) {
    const std::string text = "{" + first + ",\"usage\":{\"prompt_tokens\":7}}";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      CAPTURE(text);
      CAPTURE(cut);
      CHECK(read(UsageReader::Kind::kDocument, text, cut).prompt_tokens == 7);
    }
  }
}

TEST_CASE("an object too long to be usage is passed over, and the next is read") {
  const std::string text = "{\"usage\":{\"a\":\"" + std::string(20'000, '}') +
                           "\",\"prompt_tokens\":1},\"timings\" : { \"prompt_n\" : 2 }}";
  for (const std::size_t cut : {std::size_t{0}, std::size_t{9'000}, text.size() - 10}) {
    CHECK(read(UsageReader::Kind::kDocument, text, cut).prompt_tokens == 2);
  }
}

TEST_CASE("speeds are read as they are written") {
  const telemetry::Usage usage =
      read(UsageReader::Kind::kDocument,
           R"({"timings":{"prompt_per_second":1234.5,"predicted_per_second":1.25e2}})", 30);
  CHECK(usage.prompt_per_second == 1234.5);
  CHECK(usage.generated_per_second == 125.0);
}

TEST_CASE("a line without end does not grow memory, and the stream is read after it") {
  UsageReader reader(UsageReader::Kind::kStream);
  const std::string piece(16 * 1024, 'x');
  reader.push("data: ");
  for (int i = 0; i < 100; ++i) reader.push(piece);
  reader.push("\ndata: {\"usage\":{\"prompt_tokens\":3}}\n\n");
  CHECK(reader.usage().prompt_tokens == 3);
}
