#include "service/tool.h"

#include <algorithm>
#include <array>
#include <csignal>

#include "base/strings.h"
#include "io/process.h"

namespace corral::service {
namespace {

// For the last bytes of a tool that has ended; what it left running may hold its pipes open.
constexpr Duration kLastBytes = seconds(1);
constexpr std::size_t kMostWords = 300;

// All that comes until the end of the stream. What it refers to outlives the task.
io::Task<void> gather(io::Stream& stream, std::string& text, io::Event& ended) {
  std::array<char, 4096> buffer;
  while (true) {
    const Result<std::size_t> count = co_await stream.read(buffer);
    if (!count.has_value() || *count == 0) break;
    text.append(buffer.data(), std::min(*count, ToolResult::kMostOutput - text.size()));
  }
  ended.set();
}

// The last line that is not empty, without control characters.
std::string last_words(std::string_view text) {
  text = trim(text);
  text = text.substr(text.rfind('\n') + 1);  // npos + 1 is the start
  std::string words;
  while (!text.empty() && words.size() < kMostWords) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0 || first < 0x20 || first == 0x7f) {
      words += ' ';
    } else {
      words += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return std::string(trim(words));
}

}  // namespace

io::Task<Result<ToolResult>> run_tool(io::Loop& loop, std::vector<std::string> argv,
                                      std::vector<std::string> environment, Duration limit) {
  const io::Command command{.argv = std::move(argv), .env = std::move(environment)};
  Result<io::Process> process = io::Process::spawn(loop, command);
  if (!process.has_value()) co_return std::unexpected(process.error());
  process->in() = io::Stream();
  ToolResult result;
  io::Event out_ended(loop);
  io::Event err_ended(loop);
  io::Task<void> out = gather(process->out(), result.out, out_ended);
  io::Task<void> err = gather(process->err(), result.err, err_ended);
  out.start();
  err.start();
  const bool in_time = co_await process->exited().wait_for(limit);
  if (!in_time) {
    process->signal_group(SIGKILL);
    co_await process->exited().wait_for(kLastBytes);
    const auto waited = std::chrono::duration_cast<seconds>(limit).count();
    co_return fail(Code::kTimeout, command.argv[0] + " did not end within " +
                                       std::to_string(waited) +
                                       " s and was killed; see what it waits for by running it "
                                       "yourself, and try again");
  }
  co_await out_ended.wait_for(kLastBytes);
  co_await err_ended.wait_for(kLastBytes);
  const io::Exit exit = process->exit();
  result.status = exit.signal != 0 ? 128 + exit.signal : exit.code;
  co_return result;
}

Error tool_failure(std::string_view what, std::string_view tool, const ToolResult& result,
                   std::string_view advice) {
  std::string words = last_words(result.err);
  if (words.empty()) words = last_words(result.out);
  return {Code::kUnavailable, std::string(what) + " failed: " + std::string(tool) +
                                  (words.empty() ? " said nothing" : " said '" + words + "'") +
                                  " (status " + std::to_string(result.status) + "); " +
                                  std::string(advice)};
}

std::string value_of(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return std::string(entry.substr(name.size() + 1));
    }
  }
  return {};
}

}  // namespace corral::service
