#include "http/chunk_decoder.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "http/head_writer.h"

using namespace corral;
using namespace corral::http;

namespace {

struct Outcome {
  std::string payload;
  bool ok = true;
  bool done = false;
  std::string rest;  // what follows the body
  bool operator==(const Outcome&) const = default;
};

Outcome decode(const std::vector<std::string_view>& parts) {
  ChunkDecoder decoder;
  Outcome outcome;
  for (const std::string_view part : parts) {
    std::string bytes(part);
    const Result<ChunkDecoder::Step> step = decoder.decode(bytes);
    if (!step.has_value()) return Outcome{.payload = {}, .ok = false, .done = false, .rest = {}};
    outcome.payload += step->piece;
    outcome.rest += bytes.substr(step->consumed);
  }
  outcome.done = decoder.done();
  return outcome;
}

// The outcome, which is the same at every split position and byte by byte.
Outcome decode_every_way(std::string_view raw) {
  const Outcome whole = decode({raw});
  for (std::size_t split = 1; split < raw.size(); ++split) {
    CAPTURE(split);
    CHECK(decode({raw.substr(0, split), raw.substr(split)}) == whole);
  }
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < raw.size(); ++i) single.push_back(raw.substr(i, 1));
  CHECK(decode(single) == whole);
  return whole;
}

}  // namespace

TEST_CASE("chunks are joined, and extensions, trailers and what follows are told apart") {
  const Outcome plain = decode_every_way("5\r\nhello\r\n1\r\n,\r\n006\r\n world\r\n0\r\n\r\nGET /");
  CHECK(plain.payload == "hello, world");
  CHECK(plain.done);
  CHECK(plain.rest == "GET /");
  const Outcome dressed =
      decode_every_way("A;x=\"y z\"\r\n0123456789\r\n1 \r\n!\r\n0\r\nX: y\r\nZ: \t\r\n\r\n");
  CHECK(dressed.payload == "0123456789!");
  CHECK(dressed.done);
  CHECK(decode_every_way("0\r\n\r\n").done);
  CHECK_FALSE(decode_every_way("5\r\nhell").done);
}

TEST_CASE("spaces may stand between a chunk's size and its extension or end, and nothing else") {
  for (const std::string_view good : {"5 \r\n", "5  ;x=1\r\n", "5;x\r\n", "5; x y\r\n"}) {
    CAPTURE(good);
    CHECK(decode_every_way(std::string(good) + "hello\r\n0\r\n\r\n").payload == "hello");
  }
  for (const std::string_view bad : {"5 5\r\n", "5 x\r\n", "5\t\r\n", "5 \t;x\r\n", "5,\r\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_every_way(std::string(bad) + "hello\r\n0\r\n\r\n").ok);
  }
}

TEST_CASE("a trailer that is no header is refused") {
  for (const std::string_view bad : {"GET / HTTP/1.1", "X", "X : y", "X Y: z", "(: y", "X: \x01"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_every_way("0\r\n" + std::string(bad) + "\r\n\r\n").ok);
  }
}

TEST_CASE("all payload of one read is one piece in place") {
  std::string bytes = "3\r\nabc\r\n2\r\nde\r\n4\r\nfghi\r\n0\r\n\r\n";
  ChunkDecoder decoder;
  const Result<ChunkDecoder::Step> step = decoder.decode(bytes);
  REQUIRE(step.has_value());
  CHECK(step->piece == "abcdefghi");
  CHECK(step->piece.data() == bytes.data() + 3);
}

TEST_CASE("malformed chunks are refused at every split") {
  const std::string long_extension = "1;" + std::string(1000, 'x') + "\r\na\r\n0\r\n\r\n";
  const std::string long_trailer = "0\r\nX: " + std::string(9000, 'x') + "\r\n\r\n";
  const std::string_view bad[] = {
      "x\r\n",
      "\r\n",
      "-1\r\n",
      "+1\r\na\r\n",
      "0x1\r\na\r\n",
      " 1\r\na\r\n",
      "1\na\r\n",
      "1\r\nab\r\n",
      "1\r\na\n0\r\n\r\n",
      "1\r\na\rx",
      "1\r\na0\r\n\r\n",
      "1\rx",
      "1;a\nb\r\na\r\n",
      "FFFFFFFFFFFFFFFFF\r\n",
      "10000000000000000\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\n folded\r\n\r\n",
      "0\r\n: y\r\n\r\n",
      "0\r\n\rx",
  };
  for (const std::string_view raw : bad) {
    CAPTURE(raw);
    CHECK_FALSE(decode_every_way(raw).ok);
  }
  CHECK_FALSE(decode({long_extension}).ok);
  CHECK_FALSE(decode({long_trailer}).ok);
  CHECK_FALSE(decode({std::string(300, '0') + "1\r\na\r\n"}).ok);
}

TEST_CASE("a chunk size is written as it is read") {
  std::array<char, 20> line;
  CHECK(write_chunk_size(line, 0x1F) == "1f\r\n");
  CHECK(write_chunk_size(line, ~std::size_t{0}) == "ffffffffffffffff\r\n");
}
