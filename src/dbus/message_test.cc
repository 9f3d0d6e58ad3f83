#include "dbus/message.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::dbus;

namespace {

Message example() {
  Message message;
  message.type = MessageType::kSignal;
  message.serial = 7;
  message.path = "/org/freedesktop/login1";
  message.interface = "org.freedesktop.login1.Manager";
  message.member = "PrepareForSleep";
  BodyWriter body;
  body.add(true);
  body.add(std::string_view("words"));
  body.add(std::uint32_t{42});
  body.put_into(message);
  return message;
}

}  // namespace

TEST_CASE("a message that was written is read back") {
  const std::string bytes = encode(example()) + "what follows";
  const Result<std::optional<Decoded>> decoded = decode(bytes);
  REQUIRE(decoded.has_value());
  REQUIRE(decoded->has_value());
  CHECK((*decoded)->size == bytes.size() - 12);
  const Message& message = (*decoded)->message;
  CHECK(message.type == MessageType::kSignal);
  CHECK(message.serial == 7);
  CHECK(message.path == "/org/freedesktop/login1");
  CHECK(message.member == "PrepareForSleep");
  BodyReader body(message);
  CHECK(body.truth() == true);
  CHECK(body.text() == "words");
  CHECK(body.number() == 42);
  CHECK_FALSE(body.number().has_value());
}

TEST_CASE("a call is laid out as the specification shows") {
  Message message;
  message.serial = 1;
  message.path = "/a";
  message.member = "B";
  const char expected[] =
      "l\1\0\1\0\0\0\0\1\0\0\0\x1a\0\0\0"
      "\1\1o\0\2\0\0\0/a\0\0\0\0\0\0"
      "\3\1s\0\1\0\0\0B\0\0\0\0\0\0";
  CHECK(encode(message) == std::string(expected, sizeof expected));
}

TEST_CASE("a message of the other byte order is read as well") {
  const char bytes[] =
      "B\4\0\1\0\0\0\x10\0\0\0\7\0\0\0\x2b"
      "\1\1o\0\0\0\0\2/a\0\0\0\0\0\0"
      "\x8\1g\0\3bsu\0\0\0\0\0\0\0\0"
      "\3\1s\0\0\0\0\2Go\0\0\0\0\0\0"
      "\0\0\0\1\0\0\0\1x\0\0\0\0\0\1\2";
  const std::string whole(bytes, sizeof bytes - 1);
  REQUIRE(whole.size() == 80);
  const Result<std::optional<Decoded>> decoded = decode(whole);
  REQUIRE(decoded.has_value());
  REQUIRE(decoded->has_value());
  const Message& message = (*decoded)->message;
  CHECK(message.serial == 7);
  CHECK(message.path == "/a");
  CHECK(message.member == "Go");
  BodyReader body(message);
  CHECK(body.truth() == true);
  CHECK(body.text() == "x");
  CHECK(body.number() == 258);
}

TEST_CASE("a message that has not come whole is waited for, wherever it was cut") {
  const std::string bytes = encode(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Result<std::optional<Decoded>> decoded = decode(std::string_view(bytes).substr(0, size));
    REQUIRE(decoded.has_value());
    CHECK_FALSE(decoded->has_value());
  }
}

TEST_CASE("bytes that are no message are refused, and sizes that are too large at once") {
  std::string bytes = encode(example());
  bytes[0] = 'b';  // neither byte order
  CHECK(decode(bytes).error().code == Code::kInvalid);
  bytes = encode(example());
  bytes[3] = 2;  // of a protocol that there is not
  CHECK(decode(bytes).error().code == Code::kInvalid);
  for (const std::size_t at :
       {std::size_t{4}, std::size_t{12}}) {  // the body's size, the fields' size
    bytes = encode(example());
    bytes[at + 3] = '\x7f';
    CHECK(decode(bytes).error().code == Code::kLimit);
  }
}

TEST_CASE("a byte that is another breaks nothing, whichever it is") {
  const std::string whole = encode(example());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(value);
      const Result<std::optional<Decoded>> decoded = decode(bytes);
      if (!decoded.has_value() || !decoded->has_value()) continue;
      CHECK((*decoded)->size <= bytes.size());
      BodyReader body((*decoded)->message);
      while (body.truth() || body.text() || body.number()) continue;
    }
  }
}
