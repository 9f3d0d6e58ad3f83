// Access: who may ask, decided by a request's head alone.
//
// With keys in the config, whoever has one. Without keys, the programs of this machine, and of the
// network if the service listens there; but no web page of somebody else's, since any page that a
// person visits can send requests to this machine: its browser tells by Origin where the page comes
// from, by Sec-Fetch-Site how far away it is where there is no Origin, and by Host which name it
// thinks it speaks to (a foreign name that was made to mean this machine is DNS rebinding).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace corral::gateway {

struct AccessRules {
  std::vector<std::string> keys;     // empty: none is asked for
  std::vector<std::string> origins;  // "https://chat.example.com", "*" for any
  std::vector<std::string> hosts;    // names by which this machine is known, besides its own
};

class Access {
 public:
  // `host_name` is the machine's own.
  Access(AccessRules rules, std::string host_name);

  struct Denial {
    int status;  // 401 or 403
    std::string message;
  };
  // Nothing if the request may pass. `path` is that of its target.
  std::optional<Denial> check(const http::RequestHead& head, std::string_view path) const;

  // Whether the browser may show replies to a page of this origin.
  bool trusts(std::string_view origin) const { return has_keys() || trusts_page(origin); }

  // Credentials in a request are meant for us, and no business of an engine's.
  bool has_keys() const { return !rules_.keys.empty(); }

 private:
  bool is_ours(std::string_view host) const;
  enum class Key {
    kNone,        // none that we know
    kGiven,       // by whoever made the request
    kRemembered,  // maybe by a browser, which sends Basic credentials whatever page makes it ask
  };
  Key key_of(const http::RequestHead& head) const;
  bool trusts_page(std::string_view origin) const;
  std::optional<Denial> check_page(const http::RequestHead& head) const;

  const AccessRules rules_;
  const std::string host_name_;
};

}  // namespace corral::gateway
