// Service: the gateway behind a listening server, in this process. `serve` is little more than one
// of these; `run` makes one for itself where no service runs.
#pragma once

#include <memory>
#include <string>

#include "cli/options.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "http/server.h"
#include "io/strays.h"

namespace corral::cli {

class Service {
 public:
  // Listens, and begins to answer. Fails as Listener::bind does, or when the folder of the workers'
  // sockets cannot be made.
  static Result<std::unique_ptr<Service>> start(io::Loop& loop, config::Config config,
                                                const ListenAddress& listen);

  // "http://127.0.0.1:45786"
  const std::string& url() const { return url_; }
  // The user's private folder, which the workers' sockets are in.
  const std::string& runtime_dir() const { return runtime_dir_; }

  // No new connections and requests; returns when the running ones are over and all engines have
  // stopped.
  io::Task<Result<void>> drain();
  // Ends what still runs. Returns when all engines have stopped, or after some seconds.
  io::Task<void> stop_now();

 private:
  Service(io::Loop& loop, const gateway::Settings& settings, io::Listener listener,
          std::string url);

  io::Loop& loop_;
  const std::string url_;
  const std::string runtime_dir_;
  io::Strays strays_;  // ends after the engines
  gateway::Gateway gateway_;
  http::Server server_;
  io::Task<void> serving_;
};

}  // namespace corral::cli
