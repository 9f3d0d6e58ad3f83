#include "gateway/logs.h"

#include <algorithm>

#include "base/log.h"
#include "gateway/conductor.h"

namespace corral::gateway {

namespace {

// How late a line may be in the file that the log goes to.
constexpr Duration kLatest = milliseconds(100);

}  // namespace

Logs::Logs(io::Loop& loop)
    : loop_(loop), gateway_(loop), engines_(loop), unwritten_(loop), writing_(write_soon()) {
  set_log_sink([this](std::string_view line) {
    gateway_.append(line);
    if (!unwritten_.is_set()) unwritten_.set();
  });
  gather_log(true);
  writing_.start();
}

Logs::~Logs() {
  set_log_sink(nullptr);
  gather_log(false);
}

io::Task<void> Logs::write_soon() {
  while (true) {
    co_await unwritten_.wait();
    co_await io::sleep(loop_, kLatest);
    unwritten_.clear();
    flush_log();
  }
}

void Logs::gather(Conductor& conductor) {
  for (ModelIndex model = 0; model < conductor.size(); ++model) {
    engine::Engine& engine = conductor.engine(model);
    gathering_.push_back(copy_lines(engine.log(), engines_, "[" + engine.spec().model + "] "));
    gathering_.back().start();
  }
}

io::Task<void> Logs::copy_lines(io::LogRing& from, io::LogRing& to, std::string prefix) {
  constexpr std::size_t kLongestLine = 16 * 1024;
  std::uint64_t offset = from.end();
  std::string line;
  while (true) {
    co_await from.past(offset);
    const std::string text = from.from(offset);
    offset = from.end();
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t room = kLongestLine - line.size();
      const std::size_t count = std::min({rest.find('\n'), rest.size(), room});
      line.append(rest.substr(0, count));
      rest.remove_prefix(count);
      if (rest.empty()) break;  // the line may go on
      if (rest.front() == '\n') rest.remove_prefix(1);
      to.append(prefix + line + "\n");
      line.clear();
    }
  }
}

}  // namespace corral::gateway
