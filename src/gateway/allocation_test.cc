// Counts what the gateway allocates, all of it: the server, the proxy session, the pooled client,
// the usage reader and the log. The client and the engine are raw connections of this test that
// allocate nothing themselves. The promise is none for an event, and for a request the number
// below: whoever adds one takes the time of every request, and says here what it is worth.
//
// Every malloc of the process is counted, which needs glibc. Not under a sanitizer, where each
// coroutine frame is allocated on purpose. The fewest of several rounds is what the work itself
// takes, without what comes with time (the log leaves every 100 ms) or while a buffer grows to its
// size. So a round of requests is short: a slow machine shall have one without such a moment.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CORRAL_NO_COUNT
#endif
#endif
#include <stdlib.h>  // says whether this is glibc

#if defined(__GLIBC__) && !defined(CORRAL_NO_COUNT)

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>

#include "gateway/gateway.h"
#include "http/server.h"
#include "io/listener.h"

// After the above, whose CHECK is another.
#include <doctest/doctest.h>

using namespace corral;
using namespace corral::gateway;
using corral::io::Loop;
using corral::io::Task;

namespace {

// What a plain request takes on warm connections. The release build, which callgrind has looked at,
// calls malloc as often: its optimiser saves none of these.
constexpr std::size_t kOfRequest = 13;

constexpr std::size_t kRequestRounds = 100;
constexpr std::size_t kRequestsOfRound = 10;
constexpr std::size_t kEventRounds = 10;
constexpr std::size_t kEventsOfRound = 100;

std::size_t allocations = 0;

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);

// operator new comes here too.
void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
}

namespace {

constexpr std::string_view kRequest =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
    "Content-Type: application/json\r\nUser-Agent: OpenAI/Python 1.0.0\r\n"
    "Authorization: Bearer none\r\nContent-Length: 74\r\n\r\n"
    R"({"model":"m","messages":[{"role":"user","content":"Hello, who are you?"}]})";
constexpr std::string_view kStreamRequest =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Content-Type: application/json\r\nContent-Length: 29\r\n\r\n"
    R"({"model":"m", "stream": true})";
constexpr std::string_view kReply =
    "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nContent-Type: application/json; charset=utf-8\r\n"
    "Content-Length: 140\r\n\r\n"
    R"({"choices":[{"message":{"role":"assistant","content":"I am a model."}}],)"
    R"("usage":{"completion_tokens":5,"prompt_tokens":9,"total_tokens":14}})";
constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
// With usage in each, as an engine sends it that is asked for it.
constexpr std::string_view kEvent =
    "65\r\ndata: {\"choices\":[{\"delta\":{\"content\":\" word\"}}],"
    "\"usage\":{\"completion_tokens\":5,\"prompt_tokens\":9}}\n\n\r\n";

// Reads a message that ends with `end`.
Task<bool> read_to(io::Stream& stream, std::string_view end) {
  std::array<char, 4096> buffer;
  std::size_t size = 0;
  while (!std::string_view(buffer.data(), size).ends_with(end)) {
    const Result<std::size_t> count = co_await stream.read(std::span(buffer).subspan(size));
    if (!count.has_value() || *count == 0) co_return false;
    size += *count;
  }
  co_return true;
}

// What the model's engine would do, in a child process: the gateway wants no port that others, or
// we ourselves, listen on. Its program does nothing.
class Engine {
 public:
  Engine() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    std::array<int, 2> ask{};
    const bool made = ::bind(listener, any, size) == 0 && ::listen(listener, 8) == 0 &&
                      ::getsockname(listener, any, &size) == 0 && ::pipe(ask.data()) == 0;
    REQUIRE(made);
    port_ = ntohs(address.sin_port);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ask[1]);
      // Who only looks whether somebody listens says nothing.
      for (int client = 0; (client = ::accept(listener, nullptr, nullptr)) >= 0; ::close(client)) {
        serve(client, ask[0]);
      }
      ::_exit(0);
    }
    ::close(listener);
    ::close(ask[0]);
    ask_ = ask[1];
  }
  ~Engine() {
    ::close(ask_);
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  std::uint16_t port() const { return port_; }
  void ask_for_event() const { CHECK(::write(ask_, "x", 1) == 1); }

 private:
  static bool read_request(int client) {
    std::array<char, 4096> buffer;
    std::size_t size = 0;
    while (!std::string_view(buffer.data(), size).ends_with("}")) {
      const ssize_t count = ::read(client, buffer.data() + size, buffer.size() - size);
      if (count <= 0) return false;
      size += static_cast<std::size_t>(count);
    }
    return true;
  }
  static bool say(int client, std::string_view text) {
    return ::write(client, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  static void serve(int client, int ask) {
    for (std::size_t i = 0; i < kRequestRounds * kRequestsOfRound; ++i) {
      if (!read_request(client) || !say(client, kReply)) return;
    }
    if (!read_request(client) || !say(client, kStreamHead)) return;
    char asked = 0;
    do {
      if (!say(client, kEvent)) return;
    } while (::read(ask, &asked, 1) == 1);
  }

  std::uint16_t port_ = 0;
  pid_t child_ = -1;
  int ask_ = -1;
};

// A program that runs until its stdin ends.
class Program {
 public:
  Program() {
    char name[] = "/tmp/corral-allocation-XXXXXX";
    folder_ = ::mkdtemp(name);
    std::ofstream(path()) << "#!/bin/sh\nexec cat\n";
    ::chmod(path().c_str(), 0700);
  }
  ~Program() { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/engine"; }

 private:
  std::string folder_;
};

// What the gateway logs costs what it always costs, and is of no interest here.
class Unseen {
 public:
  Unseen() : stderr_(::dup(STDERR_FILENO)) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDERR_FILENO);
    ::close(nowhere);
  }
  ~Unseen() {
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
  }

 private:
  int stderr_;
};

config::Config config_of(std::uint16_t port, const std::string& program) {
  config::Model model;
  model.id = "m";
  model.argv = {program};
  model.proxy_host = "127.0.0.1";
  model.proxy_port = port;
  model.check_endpoint.clear();
  config::Config config;
  config.models.push_back(model);
  return config;
}

Task<std::size_t> requests(io::Stream& client) {
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (std::size_t round = 0; round < kRequestRounds; ++round) {
    const std::size_t before = allocations;
    for (std::size_t i = 0; i < kRequestsOfRound; ++i) {
      co_await client.write(kRequest);
      const bool come = co_await read_to(client, "}}");
      REQUIRE(come);
    }
    fewest = std::min(fewest, allocations - before);
  }
  co_return fewest;
}

Task<std::size_t> events(io::Stream& client, const Engine& engine) {
  co_await client.write(kStreamRequest);
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (std::size_t round = 0; round < kEventRounds; ++round) {
    const std::size_t before = allocations;
    for (std::size_t i = 0; i < kEventsOfRound; ++i) {
      const bool come = co_await read_to(client, "\n\n\r\n");
      REQUIRE(come);
      engine.ask_for_event();
    }
    fewest = std::min(fewest, allocations - before);
  }
  co_return fewest;
}

Task<void> count(Loop& loop, const Program& program, const Engine& engine) {
  Gateway gateway(loop, {.config = config_of(engine.port(), program.path()),
                         .self_exe = program.path(),
                         .runtime_dir = {},
                         .environment = {"PATH=/usr/bin:/bin"},
                         .host_name = "here"});
  http::Server server(
      loop, *io::Listener::bind(loop, "127.0.0.1", 0), {},
      [&gateway](http::Exchange& exchange) { return gateway.handle(exchange); },
      [](int, std::string_view message) { return std::string(message); });
  Task<void> serving = server.run();
  serving.start();
  Result<io::Stream> client = co_await io::connect_tcp(loop, "127.0.0.1", server.port());
  REQUIRE(client.has_value());
  const std::size_t of_requests = co_await requests(*client);
  const std::size_t of_events = co_await events(*client, engine);
  CHECK(of_requests == kOfRequest * kRequestsOfRound);
  CHECK(of_events == 0);
}

}  // namespace

TEST_CASE("a request through the gateway allocates what is promised, and an event nothing") {
  const Program program;
  const Engine engine;
  const Unseen log;
  Loop loop;
  loop.run(count(loop, program, engine));
}

#endif
