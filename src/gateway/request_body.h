// RequestBody: a request's body between the client and an engine.
//
// gather() reads the beginning: until the model's name is known, and on to the end of the body if
// that is near. What it reads is kept, in memory up to kMemory and in a nameless file beyond.
// send() passes on what is kept and then the rest, piece by piece as it comes, so that memory stays
// constant for a body of any size.
//
// A body that was gathered whole can be sent again to another engine; one of which the rest has
// passed by cannot.
#pragma once

#include <string>

#include "gateway/spill_file.h"
#include "http/client.h"
#include "http/server.h"
#include "json/scanner.h"

namespace corral::gateway {

class RequestBody {
 public:
  static constexpr std::size_t kMemory = 1024 * 1024;
  static constexpr std::uint64_t kSpill = std::uint64_t{4} << 30;
  static constexpr std::uint64_t kMostCopied = std::uint64_t{16} << 20;

  enum class Reading {
    kJson,   // must be a JSON object; its fields are looked for
    kBlind,  // any bytes
  };
  RequestBody(http::Exchange& exchange, SpillBudget& budget, Reading reading);

  // kInvalid if the body is not JSON, kClosed if it is cut short, kTimeout if it stops coming,
  // kLimit if more than kSpill would have to be kept, kUnavailable if all bodies together take too
  // much room, kIo if it cannot be kept.
  io::Task<Result<void>> gather();
  // Gathers what is left, for a request that has to wait: so its client's departure is noticed, and
  // it can be sent again.
  io::Task<Result<void>> gather_all();
  // All of the body is kept; send() may be called more than once.
  bool whole() const { return exchange_.body_done() && !passed_; }

  // All of it, to be edited. kLimit if it is not whole, or has more than kMostCopied bytes; kIo if
  // it cannot be read again. The message is the end of a sentence.
  Result<std::string> copy();

  const json::Field& model() const { return *scanner_.field("model"); }
  bool wants_stream() const;

  // How the body goes to the engine. A whole body has a known length, whatever it came with.
  http::Framing framing() const;
  std::uint64_t length() const;

  // Sends the body and its end. Fails with the engine's connection, or because the body does not
  // come, or cannot be read again: then error() tells why.
  io::Task<Result<void>> send(http::Call& call);
  const std::optional<Error>& error() const { return error_; }

 private:
  io::Task<Result<std::string_view>> next();
  io::Task<Result<bool>> gather_piece();
  Result<void> keep(std::string_view piece);
  io::Task<Result<void>> send_spilled(http::Call& call);
  io::Task<Result<void>> send_rest(http::Call& call);

  http::Exchange& exchange_;
  const Reading reading_;
  json::Scanner scanner_;
  std::string memory_;
  SpillFile spill_;
  bool passed_ = false;  // some of it went to an engine and was not kept
  std::optional<Error> error_;
};

}  // namespace corral::gateway
