// RouteTable: the paths that one object of the gateway answers itself, each with its method.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "gateway/own_reply.h"

namespace corral::gateway {

template <class Owner>
struct OwnRoute {
  std::string_view method;
  std::string_view path;
  bool has_rest;  // more path may follow
  bool acts;      // it changes something, so that HEAD is not its harmless twin
  // `rest` is what follows the path, decoded, without its slash.
  io::Task<void> (Owner::*answer)(http::Exchange&, std::string rest, std::string query);
};

// Answers the request if it is for one of the routes, also with an error; false otherwise, without
// having touched the exchange. All outlive it.
template <class Owner>
io::Task<bool> answer_by(std::span<const OwnRoute<Owner>> routes, Owner& owner,
                         http::Exchange& exchange, std::string_view path, std::string_view query) {
  const std::string_view method = exchange.request().method;
  std::string allowed;
  for (const OwnRoute<Owner>& route : routes) {
    const bool exact = path == route.path;
    const bool below = route.has_rest && path.starts_with(route.path) &&
                       path.substr(route.path.size()).starts_with('/');
    if (!exact && !below) continue;
    const bool head = method == "HEAD" && route.method == "GET" && !route.acts;
    if (method != route.method && !head) {
      allowed = route.method;
      continue;
    }
    std::optional<std::string> rest =
        percent_decode(below ? path.substr(route.path.size() + 1) : std::string_view());
    if (!rest) break;
    io::Task<void> answer = (owner.*route.answer)(exchange, std::move(*rest), std::string(query));
    co_await std::move(answer);
    co_return true;
  }
  if (allowed.empty()) co_return false;
  co_await refuse_method(exchange, path, std::move(allowed));
  co_return true;
}

}  // namespace corral::gateway
