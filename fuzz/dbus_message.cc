// Claims of a D-Bus message: it takes no more bytes than there are; the same message comes from any
// bytes that begin with it, and nothing from a part of it; one that is written again and read back
// is the same, but for fields that are not kept.
#include <cstdint>
#include <cstdlib>

#include "dbus/message.h"

namespace {

using corral::dbus::BodyReader;
using corral::dbus::Message;

void require(bool claim) {
  if (!claim) std::abort();
}

bool same(const Message& a, const Message& b) {
  return a.type == b.type && a.serial == b.serial && a.reply_serial == b.reply_serial &&
         a.path == b.path && a.interface == b.interface && a.member == b.member &&
         a.error_name == b.error_name && a.destination == b.destination &&
         a.signature == b.signature && a.body == b.body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto decoded = corral::dbus::decode(bytes);
  if (!decoded.has_value() || !decoded->has_value()) return 0;
  const Message& message = (*decoded)->message;
  const std::size_t used = (*decoded)->size;
  require(used <= bytes.size());
  const auto alone = corral::dbus::decode(bytes.substr(0, used));
  require(alone.has_value() && alone->has_value() && same((*alone)->message, message));
  const auto part = corral::dbus::decode(bytes.substr(0, used - 1));
  require(part.has_value() && !part->has_value());
  BodyReader body(message);
  while (body.truth() || body.text() || body.number()) continue;
  if (message.signature.size() > 255) return 0;
  const auto again = corral::dbus::decode(corral::dbus::encode(message));
  require(again.has_value() && again->has_value() && same((*again)->message, message));
  return 0;
}
