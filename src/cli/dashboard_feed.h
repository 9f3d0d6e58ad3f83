// DashboardFeed: keeps a Dashboard true to its service. It follows GET /api/events, asks every two
// seconds for what has no events, and where the service is gone looks for it until it is back.
#pragma once

#include "cli/dashboard.h"
#include "cli/service_client.h"
#include "http/sse.h"
#include "io/event.h"

namespace corral::cli {

// The two clocks now.
Moment moment(const io::Loop& loop);

class DashboardFeed {
 public:
  // `url` as ServiceClient::find takes it. `changed` is set whenever the dashboard may have
  // changed. All outlive it.
  DashboardFeed(io::Loop& loop, const std::string& url, Dashboard& dashboard, io::Event& changed);

  // Never ends by itself.
  io::Task<void> follow();

 private:
  io::Task<Result<void>> follow_once(ServiceClient& service);
  io::Task<void> ask_again_and_again(ServiceClient& service, io::Event& gone);
  io::Task<Result<void>> ask(ServiceClient& service);
  bool take(std::string_view bytes);
  void lost(const Error& error);

  io::Loop& loop_;
  const std::string& url_;
  Dashboard& dashboard_;
  io::Event& changed_;
  http::SseReader reader_;
  std::string service_url_;  // of the connection under way
  bool foreign_ = false;     // it is no Corral
  Error refusal_;            // why asking again has ended
};

}  // namespace corral::cli
