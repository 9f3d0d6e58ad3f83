#include "dbus/bus.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/strings.h"
#include "io/race.h"

namespace corral::dbus {
namespace {

constexpr Duration kReplyTime = seconds(5);
constexpr std::size_t kMostSignals = 64;  // that nobody has heard yet; the oldest go first
constexpr std::size_t kLongestLine = 4096;

std::string hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

// The socket's path of "unix:path=/run/x,guid=1", empty for other transports.
std::string path_of(std::string_view address) {
  if (!address.starts_with("unix:")) return "";
  for (const std::string_view part : split(address.substr(5), ',')) {
    if (part.starts_with("path=")) return std::string(part.substr(5));
    if (part.starts_with("abstract=")) return std::string(1, '\0') + std::string(part.substr(9));
  }
  return "";
}

// A call of the bus itself, with one text as its argument if there is any.
Message call_of_bus(std::string member, std::string_view argument = {}) {
  Message call{.path = "/org/freedesktop/DBus",
               .interface = "org.freedesktop.DBus",
               .member = std::move(member),
               .destination = "org.freedesktop.DBus"};
  if (argument.empty()) return call;
  BodyWriter arguments;
  arguments.add(argument);
  arguments.put_into(call);
  return call;
}

}  // namespace

std::string system_bus_address() {
  const char* given = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  return given != nullptr && *given != 0 ? given : "unix:path=/run/dbus/system_bus_socket";
}

io::Task<Result<std::unique_ptr<Bus>>> Bus::connect(io::Loop& loop, std::string address) {
  Result<Socket> socket = fail(Code::kInvalid, "no message bus at " + address);
  for (const std::string_view one : split(address, ';')) {
    const std::string path = path_of(one);
    if (!path.empty()) socket = Socket::connect(loop, path);
    if (socket.has_value()) break;
  }
  if (!socket.has_value()) co_return std::unexpected(socket.error());
  std::unique_ptr<Bus> bus(new Bus(loop, std::move(*socket)));
  io::Task<Result<void>> greeting = bus->authenticate();
  const Result<void> known = co_await io::with_timeout(loop, kReplyTime, std::move(greeting),
                                                       "the message bus did not answer");
  if (!known.has_value()) co_return std::unexpected(known.error());
  Message hello = call_of_bus("Hello");
  const Result<Reply> named = co_await bus->call(std::move(hello));
  if (!named.has_value()) co_return std::unexpected(named.error());
  co_return bus;
}

// The EXTERNAL mechanism: the bus asks the kernel who we are.
io::Task<Result<void>> Bus::authenticate() {
  const std::string user = hex(std::to_string(::getuid()));
  Result<void> sent = socket_.write(std::string(1, '\0') + "AUTH EXTERNAL " + user + "\r\n");
  if (!sent.has_value()) co_return sent;
  Result<std::string> line = co_await read_line();
  if (!line.has_value()) co_return std::unexpected(line.error());
  if (!line->starts_with("OK ")) {
    co_return fail(Code::kUnavailable, "the message bus does not let us in: " + *line);
  }
  sent = socket_.write("NEGOTIATE_UNIX_FD\r\n");
  if (!sent.has_value()) co_return sent;
  // A bus that passes no descriptors says so, and is of use all the same.
  line = co_await read_line();
  if (!line.has_value()) co_return std::unexpected(line.error());
  co_return socket_.write("BEGIN\r\n");
}

io::Task<Result<std::string>> Bus::read_line() {
  while (true) {
    const std::size_t end = read_.find("\r\n");
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 2);
      co_return line;
    }
    if (read_.size() > kLongestLine) {
      co_return fail(Code::kInvalid, "what listens there is no message bus");
    }
    const Result<void> more = co_await socket_.read(read_, descriptors_);
    if (!more.has_value()) co_return std::unexpected(more.error());
  }
}

// The next message, whichever it is, with its descriptors.
io::Task<Result<Reply>> Bus::receive() {
  while (true) {
    Result<std::optional<Decoded>> decoded = decode(read_);
    if (!decoded.has_value()) co_return std::unexpected(decoded.error());
    if (decoded->has_value()) {
      read_.erase(0, (*decoded)->size);
      Reply reply{.message = std::move((*decoded)->message), .descriptors = {}};
      const std::size_t count =
          std::min<std::size_t>(reply.message.descriptors, descriptors_.size());
      const auto end = descriptors_.begin() + static_cast<std::ptrdiff_t>(count);
      std::move(descriptors_.begin(), end, std::back_inserter(reply.descriptors));
      descriptors_.erase(descriptors_.begin(), end);
      co_return reply;
    }
    const Result<void> more = co_await socket_.read(read_, descriptors_);
    if (!more.has_value()) co_return std::unexpected(more.error());
  }
}

io::Task<Result<Reply>> Bus::reply_to(std::uint32_t serial) {
  while (true) {
    Result<Reply> next = co_await receive();
    if (!next.has_value()) co_return next;
    if (next->message.type == MessageType::kSignal) {
      if (signals_.size() == kMostSignals) signals_.pop_front();
      signals_.push_back(std::move(next->message));
    } else if (next->message.reply_serial == serial) {
      co_return next;
    }
  }
}

io::Task<Result<Reply>> Bus::call(Message message) {
  message.serial = next_serial_++;
  const std::string what = message.interface + "." + message.member;
  const Result<void> sent = socket_.write(encode(message));
  if (!sent.has_value()) co_return std::unexpected(sent.error());
  io::Task<Result<Reply>> waiting = reply_to(message.serial);
  Result<Reply> reply =
      co_await io::with_timeout(loop_, kReplyTime, std::move(waiting), what + " gave no answer");
  if (reply.has_value() && reply->message.type == MessageType::kError) {
    const std::string words(BodyReader(reply->message).text().value_or(reply->message.error_name));
    co_return fail(Code::kUnavailable, what + ": " + words);
  }
  co_return reply;
}

io::Task<Result<void>> Bus::listen(std::string rule) {
  Message match = call_of_bus("AddMatch", rule);
  const Result<Reply> reply = co_await call(std::move(match));
  if (!reply.has_value()) co_return std::unexpected(reply.error());
  co_return Result<void>{};
}

io::Task<Result<std::string>> Bus::owner_of(std::string name) {
  Message question = call_of_bus("GetNameOwner", name);
  const Result<Reply> reply = co_await call(std::move(question));
  if (!reply.has_value()) co_return std::unexpected(reply.error());
  co_return std::string(BodyReader(reply->message).text().value_or(""));
}

io::Task<Result<Message>> Bus::next_signal() {
  if (!signals_.empty()) {
    Message signal = std::move(signals_.front());
    signals_.pop_front();
    co_return signal;
  }
  while (true) {
    Result<Reply> next = co_await receive();
    if (!next.has_value()) co_return std::unexpected(next.error());
    if (next->message.type == MessageType::kSignal) co_return std::move(next->message);
  }
}

}  // namespace corral::dbus
