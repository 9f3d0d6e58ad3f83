// What the managers' tools say, read. How they are driven is tried end to end, with tools that
// stand in for them.
#include "service/manager.h"

#include <doctest/doctest.h>

#include "service/launchd_manager.h"
#include "service/systemd_manager.h"

using namespace corral;
using namespace corral::service;

TEST_CASE("launchd's words become a state") {
  const State running = read_launchd_state(
      "gui/501/local.corral = {\n\tactive count = 1\n\tstate = running\n\n\tprogram = /x\n"
      "\targuments = {\n\t\tstate = evil\n\t\tpid = 9\n\t}\n\truns = 3\n\tpid = 4711\n"
      "\tlast exit code = 1\n}\n");
  CHECK(running.loaded);
  CHECK(running.running);
  CHECK_FALSE(running.failed);
  CHECK(running.pid == 4711);
  CHECK(running.starts_again == 2);
  CHECK(running.words == "running");
  const State never = read_launchd_state(
      "x = {\n\tstate = not running\n\truns = 0\n\tlast exit code = (never exited)\n}\n");
  CHECK_FALSE(never.failed);
  CHECK_FALSE(never.running);
  const State crashed = read_launchd_state(
      "x = {\n\tstate = spawn scheduled\n\truns = 2\n\tlast exit code = 78: EX_CONFIG\n}\n");
  CHECK(crashed.failed);
  CHECK(crashed.words == "spawn scheduled, last exit code 78: EX_CONFIG");
  CHECK(read_launchd_state("x = {\n\tstate = not running\n\tlast terminating signal = "
                           "Killed: 9\n}\n")
            .failed);
  CHECK(read_launchd_state("").words == "loaded");
}

TEST_CASE("systemd's words become a state") {
  const State running = read_systemd_state(
      "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=42\nNRestarts=1\n"
      "ExecMainStatus=0\nResult=success\nNeedDaemonReload=no\n");
  CHECK(running.loaded);
  CHECK(running.running);
  CHECK(running.pid == 42);
  CHECK(running.starts_again == 1);
  CHECK(running.words == "active (running)");
  const State waiting = read_systemd_state(
      "LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nMainPID=0\nNRestarts=4\n"
      "ExecMainStatus=1\nResult=exit-code\nNeedDaemonReload=yes\n");
  CHECK(waiting.failed);
  CHECK_FALSE(waiting.running);
  CHECK(waiting.stale);
  CHECK(waiting.words == "activating (auto-restart), exit-code, status 1");
  const State absent =
      read_systemd_state("LoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0\n");
  CHECK_FALSE(absent.loaded);
  CHECK(absent.words == "not-found");
  CHECK(read_systemd_state("").words == "unknown");
}

TEST_CASE("where there is no manager, or no such one, it is said") {
  io::Loop loop;
  const auto found = [&](std::string_view name, const std::string& path, const char* home) {
    return find_manager(loop, name, {"PATH=" + path, std::string("HOME=") + home});
  };
  CHECK(found("", "/nonexistent", "/h").error().code == Code::kUnavailable);
  CHECK(found("upstart", "/nonexistent", "/h").error().code == Code::kInvalid);
  CHECK(found("systemd", "/nonexistent", "").error().code == Code::kInvalid);
  CHECK((*found("systemd", "", "/h"))->file() == "/h/.config/systemd/user/corral.service");
  CHECK((*found("launchd", "", "/h"))->file() == "/h/Library/LaunchAgents/local.corral.plist");
}
