#include "engine/worker_words.h"

#include <doctest/doctest.h>

using namespace corral::engine;

namespace {

const std::string kLoading =
    R"(cmd_child_to_router:state:{"state":"loading","payload":)"
    R"({"stages":["text_model","mmproj_model"],"current":"mmproj_model","value":0.5}})";

}  // namespace

TEST_CASE("a worker's progress counts over all of its stages") {
  const auto word = parse_worker_word(kLoading);
  REQUIRE(word.has_value());
  CHECK(word->kind == WorkerWord::Kind::kLoading);
  CHECK(word->stage == "mmproj_model");
  CHECK(word->progress == doctest::Approx(0.75));
}

TEST_CASE("a worker's line that says nothing known is not a word") {
  CHECK_FALSE(parse_worker_word("ready").has_value());
  CHECK_FALSE(parse_worker_word("cmd_child_to_router:state:").has_value());
  CHECK_FALSE(parse_worker_word("cmd_child_to_router:state:{\"state\":\"read").has_value());
  CHECK_FALSE(parse_worker_word("cmd_child_to_router:state:[1]").has_value());
  CHECK_FALSE(parse_worker_word(R"(cmd_child_to_router:state:{"state":7})").has_value());
  CHECK_FALSE(parse_worker_word(R"(cmd_child_to_router:state:{"state":"downloading"})"));
  const auto odd = parse_worker_word(
      R"(cmd_child_to_router:state:{"state":"loading","payload":{"stages":[1],"value":9e9}})");
  REQUIRE(odd.has_value());
  CHECK(odd->progress == doctest::Approx(1.0));
}

TEST_CASE("words and text of a worker are told apart at every split") {
  const std::string output = "hello\n\n" + kLoading +
                             "\nworld\n\ncmd_child_to_router:state:{\"state\":\"ready\","
                             "\"payload\":{}}\nrest";
  for (std::size_t split = 0; split <= output.size(); ++split) {
    WorkerOutput worker;
    WorkerOutput::Read first = worker.push(std::string_view(output).substr(0, split));
    const WorkerOutput::Read second = worker.push(std::string_view(output).substr(split));
    REQUIRE(first.text + second.text == "hello\nworld\n");
    REQUIRE(worker.finish() == "rest");
    first.words.insert(first.words.end(), second.words.begin(), second.words.end());
    REQUIRE(first.words.size() == 2);
    REQUIRE(first.words[1].kind == WorkerWord::Kind::kReady);
  }
}

TEST_CASE("an endless line of a worker goes to the log and takes no memory") {
  WorkerOutput worker;
  std::size_t logged = 0;
  const std::string piece(1000, 'x');
  for (int i = 0; i < 1000; ++i) logged += worker.push(piece).text.size();
  CHECK(logged + worker.finish().size() == 1'000'000);
  const WorkerOutput::Read end = worker.push("\n" + kLoading + "\n");
  CHECK(end.words.size() == 1);
}
