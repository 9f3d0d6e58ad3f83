#include "gateway/inflight.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "base/timestamp.h"
#include "http/uri.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::ordered_json;

bool is_secret(std::string_view name) {
  constexpr std::array<std::string_view, 4> kSecrets = {"Authorization", "Proxy-Authorization",
                                                        "Cookie", "X-Api-Key"};
  return std::ranges::any_of(
      kSecrets, [&](std::string_view secret) { return equals_ignore_case(secret, name); });
}

Json headers_of(const http::RequestHead& head) {
  Json headers = Json::object();
  std::size_t room = Inflight::kHeaderBytes;
  for (const http::Header& header : head.headers) {
    const std::size_t size = header.name.size() + header.value.size();
    if (is_secret(header.name) || size > room) continue;
    room -= size;
    headers[std::string(header.name)] = header.value;
  }
  return headers;
}

}  // namespace

Inflight::Entry::Entry(Inflight& list, const http::Exchange& exchange, std::string_view model,
                       Instant received, const std::uint64_t& tokens, io::Event& over)
    : list_(list),
      exchange_(exchange),
      model_(model),
      received_(received),
      tokens_(tokens),
      over_(over),
      id_(list.next_id_++) {
  insert_before(list.entries_);
  if (list_.watcher_) list_.watcher_(*this, false);
}

Inflight::Entry::~Entry() {
  if (list_.watcher_) list_.watcher_(*this, true);
}

bool Inflight::cancel(Id id) {
  for (io::Link* link = entries_.next(); link != &entries_; link = link->next()) {
    auto& entry = static_cast<Entry&>(*link);
    if (entry.id_ != id) continue;
    entry.cancelled_ = true;
    entry.over_.set();
    return true;
  }
  return false;
}

Json Inflight::object(const Entry& entry) const {
  const http::RequestHead& head = entry.exchange_.request();
  const Duration age = loop_.now() - entry.received_;
  const auto age_ms = std::chrono::duration_cast<milliseconds>(age);
  constexpr std::size_t kLongestPath = 512;
  return {{"id", entry.id_},
          {"timestamp", rfc3339(std::chrono::system_clock::now() - age_ms)},
          {"model", entry.model_},
          {"req_path", http::split_target(head.target).path.substr(0, kLongestPath)},
          {"method", head.method},
          {"req_headers", headers_of(head)},
          {"remote_ip", entry.exchange_.client_address()},
          {"resp_bytes", entry.bytes()},
          {"resp_tokens", entry.tokens_},
          {"elapsed_ms", age_ms.count()}};
}

Json Inflight::list() const {
  Json list = Json::array();
  for (io::Link* link = entries_.next(); link != &entries_; link = link->next()) {
    list.push_back(object(static_cast<const Entry&>(*link)));
  }
  return list;
}

void Inflight::for_each(const std::function<void(Entry&)>& visit) {
  for (io::Link* link = entries_.next(); link != &entries_; link = link->next()) {
    visit(static_cast<Entry&>(*link));
  }
}

}  // namespace corral::gateway
