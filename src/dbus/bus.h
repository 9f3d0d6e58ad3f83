// Bus: one connection to a message bus, as a client that calls methods and hears signals. One task
// uses it at a time; signals that come while a call waits are kept for next_signal().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dbus/message.h"
#include "dbus/socket.h"

namespace corral::dbus {

struct Reply {
  Message message;
  std::vector<Descriptor> descriptors;
};

// The system's bus: DBUS_SYSTEM_BUS_ADDRESS if set, else the usual path.
std::string system_bus_address();

class Bus {
 public:
  // `address` as the specification writes it; of its transports only unix:path= and unix:abstract=
  // are known, and the first that answers is taken. Authenticates as this process's user and says
  // Hello. kUnavailable if there is no bus.
  static io::Task<Result<std::unique_ptr<Bus>>> connect(io::Loop& loop, std::string address);

  // Sends a call and waits up to 5 s for its reply. An error reply is kUnavailable with its words.
  io::Task<Result<Reply>> call(Message message);

  // Asks for the signals that fit `rule` ("type='signal',interface='...'").
  io::Task<Result<void>> listen(std::string rule);

  // Who has the well-known `name` now, as in Message::sender. kUnavailable if nobody has.
  io::Task<Result<std::string>> owner_of(std::string name);

  // The next signal, also one that a stranger has sent to us alone: a bus holds no such to the
  // rules of listen(). Who obeys it looks at its sender. kClosed when the bus is gone.
  io::Task<Result<Message>> next_signal();

 private:
  explicit Bus(io::Loop& loop, Socket socket) : loop_(loop), socket_(std::move(socket)) {}
  io::Task<Result<void>> authenticate();
  io::Task<Result<std::string>> read_line();
  io::Task<Result<Reply>> receive();
  io::Task<Result<Reply>> reply_to(std::uint32_t serial);

  io::Loop& loop_;
  Socket socket_;
  std::string read_;  // not decoded yet
  std::vector<Descriptor> descriptors_;
  std::deque<Message> signals_;
  std::uint32_t next_serial_ = 1;
};

}  // namespace corral::dbus
