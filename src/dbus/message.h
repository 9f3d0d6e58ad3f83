// D-Bus messages as bytes: the D-Bus Specification, version 0.41, sections "Marshaling" and
// "Message Protocol". Enough for calls with plain arguments, their replies, and signals; arrays and
// structs of a body are not read. Both byte orders are read, since a bus passes messages on as
// their sender wrote them; ours are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace corral::dbus {

enum class MessageType : std::uint8_t { kCall = 1, kReturn = 2, kError = 3, kSignal = 4 };

// The fields that a message lacks are empty or 0.
struct Message {
  MessageType type = MessageType::kCall;
  std::uint32_t serial = 0;
  std::uint32_t reply_serial = 0;  // of a return or an error: the call's serial
  std::uint32_t descriptors = 0;   // how many file descriptors come with it
  std::string path{};
  std::string interface{};
  std::string member{};
  std::string error_name{};
  std::string destination{};
  std::string sender{};
  std::string signature{};  // of the body
  std::string body{};
  bool big_endian = false;  // the body; of a message that was read
};

// Most of one message's bytes; the specification allows 128 MiB, and nothing that we ask for comes
// near this.
inline constexpr std::size_t kMostBytes = 1024 * 1024;

std::string encode(const Message& message);

struct Decoded {
  Message message;
  std::size_t size;  // of `bytes`
};
// The first message of `bytes`; nothing while it has not come whole. kInvalid for bytes that are no
// message, kLimit for one that is too large.
Result<std::optional<Decoded>> decode(std::string_view bytes);

// The arguments of a call, one after another.
class BodyWriter {
 public:
  void add(std::string_view text);
  void add(std::uint32_t number);
  void add(bool value);
  void put_into(Message& message);

 private:
  std::string signature_;
  std::string body_;
};

// The arguments of a reply or a signal, one after another; nothing where the next one is of another
// type, or the body ends.
class BodyReader {
 public:
  explicit BodyReader(const Message& message)
      : signature_(message.signature), body_(message.body), big_endian_(message.big_endian) {}
  std::optional<std::string_view> text();  // a string or an object path
  std::optional<std::uint32_t> number();   // unsigned, or the place of a descriptor
  std::optional<bool> truth();

 private:
  std::optional<std::uint32_t> word(std::string_view types);

  std::string_view signature_;
  std::string_view body_;
  bool big_endian_;
  std::size_t at_ = 0;
};

}  // namespace corral::dbus
