#include "service/tool.h"

#include <doctest/doctest.h>

#include "base/test_folder.h"

using namespace corral;
using namespace corral::service;

namespace {

io::Task<void> run_into(io::Loop& loop, std::vector<std::string> argv, Duration limit,
                        std::optional<Result<ToolResult>>& out) {
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin"};
  Result<ToolResult> result =
      co_await run_tool(loop, std::move(argv), std::move(environment), limit);
  out.emplace(std::move(result));
}

Result<ToolResult> run(std::vector<std::string> argv, Duration limit = seconds(20)) {
  std::optional<Result<ToolResult>> out;
  io::Loop loop;
  loop.run(run_into(loop, std::move(argv), limit, out));
  return std::move(*out);
}

}  // namespace

TEST_CASE("a tool's words and status come back") {
  const Result<ToolResult> result = run({"sh", "-c", "echo out; echo err >&2; exit 36"});
  REQUIRE(result.has_value());
  CHECK(result->status == 36);
  CHECK(result->out == "out\n");
  CHECK(result->err == "err\n");
  CHECK(run({"sh", "-c", "kill -9 $$"})->status == 128 + 9);
}

TEST_CASE("a tool that says more than anybody reads still ends") {
  const Result<ToolResult> result =
      run({"sh", "-c", "head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"});
  REQUIRE(result.has_value());
  CHECK(result->out.size() == ToolResult::kMostOutput);
  CHECK(result->err.size() == ToolResult::kMostOutput);
}

TEST_CASE("a tool that hangs is killed with what it has started") {
  const Folder folder;
  const std::string script = "(sleep 60; echo >" + folder.path() + "/late) & sleep 60";
  const Result<ToolResult> result = run({"sh", "-c", script}, milliseconds(100));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == Code::kTimeout);
}

TEST_CASE("a tool that is not there is not found") {
  CHECK(run({"corral-no-such-tool"}).error().code == Code::kNotFound);
}

TEST_CASE("a failure has the tool's last words, fit to be shown") {
  const ToolResult result{.status = 5, .out = "x", .err = "first\nBootstrap failed:\x1b[2J 5\n\n"};
  CHECK(tool_failure("trying", "launchctl", result, "do this").message ==
        "trying failed: launchctl said 'Bootstrap failed: [2J 5' (status 5); do this");
  CHECK(tool_failure("t", "l", ToolResult{.status = 1}, "a").message ==
        "t failed: l said nothing (status 1); a");
}

TEST_CASE("a variable is found by its whole name") {
  const std::vector<std::string> environment = {"HOMEX=/x", "HOME=/a=b", "EMPTY="};
  CHECK(value_of(environment, "HOME") == "/a=b");
  CHECK(value_of(environment, "EMPTY").empty());
  CHECK(value_of(environment, "NONE").empty());
}
