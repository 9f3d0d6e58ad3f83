// A stand-in for an inference server that misbehaves on demand: slow to load, crashing, hanging,
// deaf to SIGTERM, noisy. It speaks just enough of llama-server's HTTP for tests.
//
// One thread a connection, blocking calls, no library but the standard one. options.h lists the
// flags, replies.h the shapes of the answers. Besides the engine's own routes there are
//   GET /stats      how many requests begun, finished, were left by their client, are under way
//   GET /echo-head  the head of the request, as it arrived here
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "connection.h"
#include "options.h"
#include "replies.h"

namespace fake {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::hours kForever{24};
constexpr std::string_view kJson = "application/json; charset=utf-8";

// Counts of POST requests. Every thread adds to them; /stats reads them.
struct Stats {
  std::atomic<int64_t> begun{0}, finished{0}, cancelled{0}, tokens{0};
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "fake_engine: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

class Engine {
 public:
  explicit Engine(const Options& options) : options_(options) {}

  // Serves one client until it leaves.
  void serve(int fd) {
    Connection client(fd);
    while (std::optional<Request> request = client.read_head()) {
      if (options_.hang) {
        client.wait(kForever);
        return;
      }
      bool ok = request->method == "POST" ? post(client, *request) : get(client, *request);
      if (!ok || !request->keep_alive) return;
    }
  }

 private:
  bool loading() const {
    if (options_.says_ready_only) return true;
    return Clock::now() - started_ < std::chrono::milliseconds(options_.load_ms);
  }

  bool error(Connection& client, int status, std::string_view type, std::string_view message) {
    client.reply(status, kJson, error_body(status, type, message), "Connection: close\r\n");
    return false;
  }

  // Counts one POST whatever becomes of it. False if the connection is of no more use.
  bool post(Connection& client, Request& request) {
    int64_t number = ++stats_.begun;
    bool whole = client.read_body(request);
    if (whole && number == options_.crash_on_request) crash();
    if (whole && number == options_.eat_memory_on && may_crash()) {
      note_crash();
      eat_memory();
      client.wait(kForever);
    }
    if (is_from(number, options_.stuck_after) || is_from(number, options_.freeze_after)) {
      client.wait(kForever);
      ++stats_.cancelled;
      return false;
    }
    bool ok = whole && answer(client, request);
    ++(ok ? stats_.finished : stats_.cancelled);
    return ok;
  }

  static bool is_from(int64_t number, int64_t first) { return first > 0 && number >= first; }

  void burn() const {
    const auto end = Clock::now() + std::chrono::milliseconds(options_.burn_ms);
    while (Clock::now() < end) continue;
  }

  // Dies of an exception if there is no more.
  void eat() const {
    if (options_.eat_mib == 0) return;
    const auto size = static_cast<std::size_t>(options_.eat_mib) << 20;
    char* const food = new char[size];
    std::memset(food, 1, size);
  }

  bool answer(Connection& client, const Request& request) {
    if (loading()) return error(client, 503, "unavailable_error", "Loading model");
    if (options_.no_tokens) return error(client, 501, "not_supported_error", "No tokens here");
    burn();
    eat();
    Dialect dialect{};
    if (!dialect_of(request.path, dialect)) {
      return error(client, 404, "not_found_error", "File Not Found");
    }
    std::string header = "X-Received-Bytes: " + std::to_string(request.body_bytes) + "\r\n";
    if (request.stream && can_stream(dialect)) {
      return stream(client, stream_reply(dialect, options_, request), header,
                    words_of(options_, request));
    }
    for (int64_t i = 0; i < words_of(options_, request).count(); ++i) {
      if (!pace(client)) return false;
    }
    std::string body = whole_reply(dialect, options_, request);
    if (options_.crash_after_chunks >= 0 && may_crash()) {
      client.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body.substr(0, body.size() / 2));
      crash();
      return false;
    }
    return client.reply(200, kJson, body, header);
  }

  bool stream(Connection& client, const Stream& stream, const std::string& header,
              const Words& words) {
    if (!client.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                      "Transfer-Encoding: chunked\r\nX-Accel-Buffering: no\r\n" +
                      header + "\r\n")) {
      return false;
    }
    for (const std::string& event : stream.first) {
      if (!client.write_chunk(event)) return false;
    }
    for (int64_t i = words.first; i < words.end; ++i) {
      if (i - words.first == options_.crash_after_chunks) crash();
      if (!pace(client) || !client.write_chunk(stream.text(i))) return false;
    }
    if (words.limited && options_.crash_after_limit) crash();
    for (const std::string& event : stream.last) {
      if (!client.write_chunk(event)) return false;
    }
    return client.write_chunk("");
  }

  // Waits for the turn of the next event. False if the client left meanwhile.
  bool pace(Connection& client) {
    ++stats_.tokens;
    if (options_.rate <= 0) return true;
    return client.wait(std::chrono::nanoseconds(static_cast<int64_t>(1e9 / options_.rate)));
  }

  bool get(Connection& client, Request& request) {
    if (!client.read_body(request)) return false;
    if (request.path == "/stats") return client.reply(200, kJson, stats_json());
    if (request.path == "/echo-head") return client.reply(200, "text/plain", request.head);
    if (loading()) return error(client, 503, "unavailable_error", "Loading model");
    if (options_.slow_get_ms > 0) client.wait(std::chrono::milliseconds(options_.slow_get_ms));
    if (request.path == "/health") return client.reply(200, kJson, R"({"status":"ok"})");
    if (is_from(stats_.begun, options_.stuck_after)) {
      client.wait(kForever);
      return false;
    }
    if (request.path == "/slots") {
      bool busy = stats_.begun > stats_.finished + stats_.cancelled;
      return client.reply(200, kJson,
                          std::string(R"([{"id":0,"n_ctx":512,"is_processing":)") +
                              (busy ? "true" : "false") + R"(,"next_token":[{"n_decoded":)" +
                              std::to_string(stats_.tokens) + "}]}]");
    }
    if (request.path == "/v1/models") {
      return client.reply(
          200, kJson,
          R"({"object":"list","data":[{"object":"model","id":)" + quoted(options_.name) + "}]}");
    }
    return error(client, 404, "not_found_error", "File Not Found: " + request.path);
  }

  std::string stats_json() const {
    int64_t begun = stats_.begun, finished = stats_.finished, cancelled = stats_.cancelled;
    int64_t starts = 0;
    struct stat info{};
    if (!options_.state.empty() && ::stat(options_.state.c_str(), &info) == 0) {
      starts = info.st_size;
    }
    return R"({"begun":)" + std::to_string(begun) + R"(,"finished":)" + std::to_string(finished) +
           R"(,"cancelled":)" + std::to_string(cancelled) + R"(,"active":)" +
           std::to_string(begun - finished - cancelled) + R"(,"starts":)" + std::to_string(starts) +
           R"(,"pid":)" + std::to_string(::getpid()) + "}";
  }

  // Unless --crash-once says that it already did.
  bool may_crash() const {
    return options_.crash_once.empty() || ::access(options_.crash_once.c_str(), F_OK) != 0;
  }

  void note_crash() const {
    if (options_.crash_once.empty()) return;
    if (std::FILE* file = std::fopen(options_.crash_once.c_str(), "w")) std::fclose(file);
  }

  // Every page is written to, so that it is really there; none is given back.
  static void eat_memory() {
    constexpr std::size_t kPart = 1024 * 1024;
    for (int part = 0; part < 1024; ++part) {
      void* memory =
          ::mmap(nullptr, kPart, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (memory == MAP_FAILED) fail("mmap");
      std::memset(memory, 1, kPart);
    }
  }

  // Ends the process by SIGABRT, if it may.
  void crash() {
    if (!may_crash()) return;
    note_crash();
    std::fprintf(stderr, "fake_engine: crashing as told\n");
    std::abort();
  }

  const Options& options_;
  const Clock::time_point started_ = Clock::now();
  Stats stats_;
};

void flood_stderr(int64_t bytes) {
  const std::string line(99, 'x');
  for (int64_t written = 0; written < bytes; written += 100) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

void write_endless_line(int64_t bytes) {
  const std::string part(64 * 1024, 'x');
  for (int64_t written = 0; written < bytes; written += static_cast<int64_t>(part.size())) {
    std::fwrite(part.data(), 1, part.size(), stderr);
  }
}

void add_start(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "a");
  if (!file) fail("open --state file");
  std::fputc('s', file);
  std::fclose(file);
}

// A child that sleeps for ever, deaf to SIGTERM, with our pipes and in our process group.
void spawn_child() {
  pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child > 0) return;
  ::signal(SIGTERM, SIG_IGN);
  while (true) ::pause();
}

// A daemon as it should be: in a session of its own, its parent gone, nothing of ours held open.
void spawn_daemon() {
  pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child > 0) {
    ::waitpid(child, nullptr, 0);
    return;
  }
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  ::signal(SIGTERM, SIG_IGN);
  for (int fd = 0; fd < 64; ++fd) ::close(fd);
  while (true) ::pause();
}

void say_state(const char* state, const char* payload) {
  std::printf("\ncmd_child_to_router:state:{\"state\":\"%s\",\"payload\":%s}\n", state, payload);
  std::fflush(stdout);
}

// The child protocol: tells how the load goes, and leaves when stdin ends.
void be_worker(const Options& options) {
  const auto part = std::chrono::milliseconds(options.load_ms / 2);
  say_state("loading", R"({"stages":["text_model"],"current":"text_model","value":0.0})");
  std::this_thread::sleep_for(part);
  say_state("loading", R"({"stages":["text_model"],"current":"text_model","value":0.5})");
  std::this_thread::sleep_for(part);
  say_state("ready", "{}");
  char line[256];
  while (std::fgets(line, sizeof line, stdin) != nullptr) continue;
  ::_exit(1);
}

int listen_on(const Options& options) {
  bool local = !options.unix_path.empty();
  int fd = ::socket(local ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  sockaddr_un un{};
  sockaddr_in in{};
  if (local) {
    if (options.unix_path.size() >= sizeof un.sun_path) fail("--unix path is too long");
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, options.unix_path.c_str(), options.unix_path.size() + 1);
  } else {
    int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    in.sin_family = AF_INET;
    in.sin_port = htons(static_cast<uint16_t>(options.port));
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  const auto* address = local ? reinterpret_cast<sockaddr*>(&un) : reinterpret_cast<sockaddr*>(&in);
  socklen_t size = local ? sizeof un : sizeof in;
  if (::bind(fd, address, size) != 0) fail("bind");
  if (::listen(fd, 512) != 0) fail("listen");
  return fd;
}

int run(const Options& options) {
  rlimit no_core{};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(SIGPIPE, SIG_IGN);
  if (options.ignore_sigterm) ::signal(SIGTERM, SIG_IGN);
  if (!options.state.empty()) add_start(options.state);
  flood_stderr(options.stderr_flood);
  write_endless_line(options.endless_line);
  if (!options.fail_start.empty()) {
    std::fprintf(stderr, "%s\n", options.fail_start.c_str());
    return 1;
  }
  if (options.spawn_child) spawn_child();
  if (options.spawn_daemon) spawn_daemon();

  int listener = listen_on(options);
  std::fprintf(stderr, "fake_engine: listening\n");
  if (options.exit_after_ms >= 0) {
    std::thread([&options] {
      std::this_thread::sleep_for(std::chrono::milliseconds(options.exit_after_ms));
      std::fprintf(stderr, "fake_engine: leaving as told\n");
      ::_exit(3);
    }).detach();
  }
  Engine engine(options);
  if (options.worker) std::thread([&options] { be_worker(options); }).detach();
  while (true) {
    int fd = ::accept(listener, nullptr, nullptr);
    if (fd < 0 && errno == EINTR) continue;
    if (fd < 0) fail("accept");
    std::thread([&engine, fd] { engine.serve(fd); }).detach();
  }
}

}  // namespace
}  // namespace fake

int main(int argc, char** argv) {
  const fake::Options options = fake::parse_options(argc, argv);
  return fake::run(options);
}
