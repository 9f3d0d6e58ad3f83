// Connection: one accepted connection of a Server, request after request. Private to the server.
// The Server owns it and frees it when its task has told that it is over.
#pragma once

#include <string>

#include "http/message_reader.h"
#include "http/server.h"

namespace corral::http {

class Connection {
 public:
  Connection(Server& server, io::Stream stream);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() { task_.start(); }

  // Ends the waits that are overdue.
  void sweep(Instant now);
  // Ends the wait for another request, if that is what goes on.
  void close_if_idle();

 private:
  friend class Exchange;
  friend class Server;
  static constexpr Instant kNever = Instant::max();

  io::Task<void> serve();
  io::Task<bool> serve_one();
  io::Task<bool> wait_for_request();
  io::Task<bool> read_head();
  io::Task<void> refuse(int status, std::string_view message);
  io::Task<bool> finish(Exchange& exchange);
  io::Task<bool> drop_body();
  io::Task<void> linger();
  io::Task<Result<void>> write(std::span<const std::string_view> pieces);
  io::Task<Result<std::string_view>> read_body();

  Server& server_;
  io::Stream stream_;
  MessageReader reader_;
  RequestHead request_;
  std::string head_out_;  // the reply's head; its memory is reused
  Instant read_deadline_ = kNever;
  Instant write_deadline_ = kNever;
  bool idle_ = false;    // no byte of a request has come
  bool served_ = false;  // at least one request
  std::list<std::unique_ptr<Connection>>::iterator place_;
  io::Task<void> task_;  // the last member: it goes first
};

}  // namespace corral::http
