// What the sessions of all requests work with.
#pragma once

#include "gateway/access.h"
#include "gateway/conductor.h"

namespace corral::gateway {

// All outlive the sessions.
struct ProxyContext {
  io::Loop& loop;
  http::Client& client;
  Conductor& conductor;
  telemetry::Counters& counters;
  const Access& access;
  const bool continue_streams;  // on a new engine, where their own died
};

}  // namespace corral::gateway
