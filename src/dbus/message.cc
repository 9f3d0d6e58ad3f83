#include "dbus/message.h"

#include <bit>
#include <cstring>

namespace corral::dbus {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kFixedHeader = 16;  // up to and with the length of the fields' array
constexpr std::uint32_t kReplyIsExpected = 0;

enum Field : std::uint8_t {
  kPath = 1,
  kInterface = 2,
  kMember = 3,
  kErrorName = 4,
  kReplySerial = 5,
  kDestination = 6,
  kSender = 7,
  kSignature = 8,
  kDescriptors = 9,
};

std::size_t aligned(std::size_t at, std::size_t to) { return (at + to - 1) / to * to; }

void align(std::string& out, std::size_t to) { out.resize(aligned(out.size(), to)); }

void put_u32(std::string& out, std::uint32_t value) {
  align(out, 4);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void put_text(std::string& out, std::string_view text) {
  put_u32(out, static_cast<std::uint32_t>(text.size()));
  out.append(text).push_back('\0');
}

void put_signature(std::string& out, std::string_view text) {
  out.push_back(static_cast<char>(text.size()));
  out.append(text).push_back('\0');
}

void put_field(std::string& out, Field field, char type, std::string_view text) {
  if (text.empty()) return;
  align(out, 8);
  out.push_back(static_cast<char>(field));
  put_signature(out, std::string_view(&type, 1));
  if (type == 'g') {
    put_signature(out, text);
  } else {
    put_text(out, text);
  }
}

// Reads the header's parts; `ok` turns false for good at the first that is not there.
class Cursor {
 public:
  Cursor(std::string_view bytes, std::size_t at, bool big_endian)
      : bytes_(bytes), at_(at), big_endian_(big_endian) {}

  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }
  void align(std::size_t to) { at_ = aligned(at_, to); }

  std::uint8_t byte() {
    const std::string_view one = take(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
  }
  std::uint32_t u32() {
    align(4);
    std::uint32_t value = 0;
    const std::string_view four = take(4);
    if (!four.empty()) std::memcpy(&value, four.data(), 4);
    return big_endian_ ? std::byteswap(value) : value;
  }
  std::string_view text() { return ended(u32()); }
  std::string_view signature() { return ended(byte()); }

 private:
  std::string_view take(std::size_t count) {
    if (at_ > bytes_.size() || count > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  // Behind every text stands a zero that does not count.
  std::string_view ended(std::size_t size) {
    const std::string_view all = take(size + 1);
    if (all.empty()) return {};
    if (all.back() != '\0') ok_ = false;
    return all.substr(0, size);
  }

  std::string_view bytes_;
  std::size_t at_;
  bool big_endian_;
  bool ok_ = true;
};

bool read_field(Cursor& cursor, Message& message) {
  cursor.align(8);
  const std::uint8_t field = cursor.byte();
  const std::string_view type = cursor.signature();
  if (type == "u") {
    const std::uint32_t value = cursor.u32();
    if (field == kReplySerial) message.reply_serial = value;
    if (field == kDescriptors) message.descriptors = value;
    return cursor.ok();
  }
  if (type != "s" && type != "o" && type != "g") return false;
  const std::string_view text = type == "g" ? cursor.signature() : cursor.text();
  switch (field) {
    case kPath: message.path = text; break;
    case kInterface: message.interface = text; break;
    case kMember: message.member = text; break;
    case kErrorName: message.error_name = text; break;
    case kDestination: message.destination = text; break;
    case kSender: message.sender = text; break;
    case kSignature: message.signature = text; break;
    default: break;  // of a later version
  }
  return cursor.ok();
}

}  // namespace

std::string encode(const Message& message) {
  std::string fields;
  put_field(fields, kPath, 'o', message.path);
  put_field(fields, kInterface, 's', message.interface);
  put_field(fields, kMember, 's', message.member);
  put_field(fields, kErrorName, 's', message.error_name);
  put_field(fields, kDestination, 's', message.destination);
  put_field(fields, kSignature, 'g', message.signature);
  if (message.reply_serial != 0) {
    align(fields, 8);
    fields.push_back(static_cast<char>(kReplySerial));
    put_signature(fields, "u");
    put_u32(fields, message.reply_serial);
  }
  std::string out;
  out.push_back('l');
  out.push_back(static_cast<char>(message.type));
  out.push_back(static_cast<char>(kReplyIsExpected));
  out.push_back(1);  // the protocol's version
  put_u32(out, static_cast<std::uint32_t>(message.body.size()));
  put_u32(out, message.serial);
  put_u32(out, static_cast<std::uint32_t>(fields.size()));
  out += fields;  // the array begins at 16, so that what is aligned in it stays so
  align(out, 8);
  return out + message.body;
}

Result<std::optional<Decoded>> decode(std::string_view bytes) {
  if (bytes.size() < kFixedHeader) return std::nullopt;
  const bool big_endian = bytes[0] == 'B';
  if ((bytes[0] != 'l' && !big_endian) || bytes[3] != 1) {
    return fail(Code::kInvalid, "what came is no D-Bus message");
  }
  Cursor cursor(bytes, 4, big_endian);
  const std::size_t body_size = cursor.u32();
  Decoded decoded{.message = {}, .size = 0};
  Message& message = decoded.message;
  message.big_endian = big_endian;
  message.type = static_cast<MessageType>(bytes[1]);
  message.serial = cursor.u32();
  const std::size_t fields_size = cursor.u32();
  if (fields_size > kMostBytes || body_size > kMostBytes) {
    return fail(Code::kLimit, "a D-Bus message is larger than 1 MiB");
  }
  const std::size_t fields_end = kFixedHeader + fields_size;
  const std::size_t body_begin = aligned(fields_end, 8);
  decoded.size = body_begin + body_size;
  if (bytes.size() < decoded.size) return std::nullopt;
  Cursor fields(bytes.substr(0, fields_end), kFixedHeader, big_endian);
  while (fields.at() < fields_end) {
    if (!read_field(fields, message)) {
      return fail(Code::kInvalid, "the header of a D-Bus message is malformed");
    }
  }
  message.body = bytes.substr(body_begin, body_size);
  return decoded;
}

void BodyWriter::add(std::string_view text) {
  signature_.push_back('s');
  put_text(body_, text);
}

void BodyWriter::add(std::uint32_t number) {
  signature_.push_back('u');
  put_u32(body_, number);
}

void BodyWriter::add(bool value) {
  signature_.push_back('b');
  put_u32(body_, value ? 1 : 0);
}

void BodyWriter::put_into(Message& message) {
  message.signature = std::move(signature_);
  message.body = std::move(body_);
}

// A value of four bytes whose type is one of `types`.
std::optional<std::uint32_t> BodyReader::word(std::string_view types) {
  if (signature_.empty() || types.find(signature_[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  Cursor cursor(body_, at_, big_endian_);
  const std::uint32_t value = cursor.u32();
  if (!cursor.ok()) return std::nullopt;
  at_ = cursor.at();
  signature_.remove_prefix(1);
  return value;
}

std::optional<std::string_view> BodyReader::text() {
  if (!signature_.starts_with('s') && !signature_.starts_with('o')) return std::nullopt;
  Cursor cursor(body_, at_, big_endian_);
  const std::string_view text = cursor.text();
  if (!cursor.ok()) return std::nullopt;
  at_ = cursor.at();
  signature_.remove_prefix(1);
  return text;
}

std::optional<std::uint32_t> BodyReader::number() { return word("uh"); }

std::optional<bool> BodyReader::truth() {
  const std::optional<std::uint32_t> value = word("b");
  if (!value) return std::nullopt;
  return *value != 0;
}

}  // namespace corral::dbus
