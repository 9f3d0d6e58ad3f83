#include "service/notify.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <map>

#include "base/descriptor.h"
#include "base/test_folder.h"

using namespace corral;
using namespace corral::service;

namespace {

using Environment = std::map<std::string, std::string, std::less<>>;

Result<Notifier> notifier_of(const Environment& environment) {
  return Notifier::from([&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  });
}

// The manager's end: a datagram socket at that name.
class Manager {
 public:
  explicit Manager(std::string name) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    const std::size_t end = name.starts_with('\0') ? 0 : 1;
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + end)) ==
            0);
  }

  // The next message, within two seconds.
  std::string next() const {
    pollfd watched{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&watched, 1, 2000) == 1);
    std::array<char, 256> buffer;
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    REQUIRE(count >= 0);
    return {buffer.data(), static_cast<std::size_t>(count)};
  }

 private:
  Descriptor socket_;
};

}  // namespace

TEST_CASE("a manager hears of us at a path and at an abstract name") {
  const Folder folder;
  const std::string path = folder.path() + "/notify";
  std::vector<std::pair<std::string, std::string>> names = {{path, path}};
#ifdef __linux__
  const std::string name = "corral-test-" + std::to_string(::getpid());
  names.emplace_back("@" + name, std::string(1, '\0') + name);
#endif
  for (const auto& [given, bound] : names) {
    CAPTURE(given);
    const Manager manager(bound);
    const Result<Notifier> notifier = notifier_of({{"NOTIFY_SOCKET", given}});
    REQUIRE(notifier.has_value());
    CHECK(notifier->wanted());
    CHECK(notifier->send("STOPPING=1").has_value());
    CHECK(manager.next() == "STOPPING=1");
  }
}

TEST_CASE("where nobody wants to know nothing is sent") {
  for (const Environment& environment : {Environment{}, Environment{{"NOTIFY_SOCKET", ""}}}) {
    const Result<Notifier> notifier = notifier_of(environment);
    REQUIRE(notifier.has_value());
    CHECK_FALSE(notifier->wanted());
    CHECK(notifier->send("READY=1").has_value());
  }
}

TEST_CASE("a socket that cannot be is an error, one that is not there another") {
  for (const std::string& name : {std::string("vsock:1:2"), std::string("/"), std::string("@"),
                                  "/" + std::string(200, 'x')}) {
    CHECK(notifier_of({{"NOTIFY_SOCKET", name}}).error().code == Code::kInvalid);
  }
  const Result<Notifier> notifier = notifier_of({{"NOTIFY_SOCKET", "/nonexistent/socket"}});
  REQUIRE(notifier.has_value());
  CHECK(notifier->send("READY=1").error().code == Code::kIo);
}

TEST_CASE("the watchdog is for the process that it names") {
  const auto watchdog = [](Environment environment) {
    environment["NOTIFY_SOCKET"] = "/x";
    return notifier_of(environment).value_or(Notifier()).watchdog();
  };
  CHECK(watchdog({{"WATCHDOG_USEC", "2000000"}}) == seconds(2));
  CHECK(watchdog({{"WATCHDOG_USEC", "2000000"}, {"WATCHDOG_PID", std::to_string(::getpid())}}) ==
        seconds(2));
  CHECK(watchdog({{"WATCHDOG_USEC", "2000000"}, {"WATCHDOG_PID", "1"}}) == Duration{});
  CHECK(watchdog({}) == Duration{});
  for (const char* text : {"0", "x", "-1", "99999999999999999999"}) {
    CHECK_FALSE(notifier_of({{"NOTIFY_SOCKET", "/x"}, {"WATCHDOG_USEC", text}}).has_value());
  }
}

TEST_CASE("readiness is told once, and life again and again") {
  const Folder folder;
  const std::string path = folder.path() + "/notify";
  const Manager manager(path);
  const Result<Notifier> notifier =
      notifier_of({{"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "20000"}});
  REQUIRE(notifier.has_value());
  const auto body = [](io::Loop& loop, const Notifier& told) -> io::Task<void> {
    io::Task<void> keeping = keep_notified(loop, told, "serves");
    keeping.start();
    co_await io::sleep(loop, milliseconds(50));
  };
  io::Loop loop;
  loop.run(body(loop, *notifier));
  CHECK(manager.next() == "READY=1\nSTATUS=serves");
  CHECK(manager.next() == "WATCHDOG=1");
  CHECK(manager.next() == "WATCHDOG=1");
}

TEST_CASE("a manager that is there later hears of it later") {
  const Folder folder;
  const std::string path = folder.path() + "/notify";
  const Result<Notifier> notifier = notifier_of({{"NOTIFY_SOCKET", path}});
  REQUIRE(notifier.has_value());
  std::optional<Manager> manager;
  const auto body = [](io::Loop& loop, const Notifier& told, const std::string& at,
                       std::optional<Manager>& late) -> io::Task<void> {
    io::Task<void> keeping = keep_notified(loop, told, "serves");
    keeping.start();
    late.emplace(at);
    while (!keeping.done()) co_await io::sleep(loop, milliseconds(10));
  };
  io::Loop loop;
  loop.run(body(loop, *notifier, path, manager));
  CHECK(manager->next() == "READY=1\nSTATUS=serves");
}
