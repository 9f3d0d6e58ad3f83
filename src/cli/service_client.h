// ServiceClient: what the commands need of a running service's API.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/client.h"

namespace corral::cli {

// "HOST:PORT" as a URL, and the address that OpenAI's clients are given without its /v1.
std::string full_url(std::string_view text);

class ServiceClient {
 public:
  // `url` is empty or what full_url takes; empty means CORRAL_URL, else the default address. The
  // key, if the service asks for one, is that of CORRAL_API_KEY: secrets are never in argv.
  // kInvalid with a sentence otherwise.
  static Result<ServiceClient> make(io::Loop& loop, const std::string& url);

  // The same, and where neither says anything: the newest service of this user that answers, by
  // the files that services write; else the default address. `url` outlives the call.
  static io::Task<Result<ServiceClient>> find(io::Loop& loop, const std::string& url);

  // A whole reply. Failures and error replies are one sentence; when nobody listens it says how to
  // start a service.
  io::Task<Result<std::string>> fetch(std::string method, std::string path);

  // A reply as it comes. `on_bytes` returns false to end it.
  io::Task<Result<void>> stream(std::string method, std::string path, std::string body,
                                std::function<bool(std::string_view)> on_bytes);

  // What to say of a reply that no Corral would give.
  Error foreign() const;

  // A service answers there.
  io::Task<bool> present();

  const std::string& url() const { return url_; }

 private:
  ServiceClient(io::Loop* loop, std::string url, http::Address address, std::string prefix);
  Error absent(const Error& error) const;
  Error refusal(int status, std::string_view body) const;

  io::Loop* loop_;
  std::string url_;
  http::Address address_;
  std::string prefix_;
  std::string authorization_;  // empty: no key
  std::unique_ptr<http::Client> client_;
};

}  // namespace corral::cli
