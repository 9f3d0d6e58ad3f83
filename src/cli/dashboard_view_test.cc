#include "cli/dashboard_view.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/timestamp.h"

using namespace corral;
using namespace corral::cli;
using Json = nlohmann::json;

namespace {

const Moment kStart = {.now = Instant{} + std::chrono::hours(1000),
                       .wall = *parse_rfc3339("2026-03-01T12:00:00.000Z")};

// One model in each state, and three requests.
Dashboard some_dashboard() {
  Dashboard dashboard("http://127.0.0.1:45786");
  dashboard.connected("http://127.0.0.1:45786");
  dashboard.take_status(R"j({"models":[
    {"model":"qwen3-8b","state":"ready","health":"healthy","pid":4711,"uptime_s":3700,
     "memory_bytes":6200000000,"in_flight":2,"waiting":1,"tokens_per_second":41.7},
    {"model":"llama-3.3-70b-instruct-q4_k_m","state":"loading","health":"unknown","progress":0.45,
     "stage":"text_model","pid":4712,"waiting":3},
    {"model":"broken","state":"failed","health":"unhealthy","restarts":3,"stop_reason":"crash",
     "last_exit":{"signal":"SIGKILL","cause":"out_of_memory"},
     "last_error":{"message":"the engine of 'broken' was killed by the kernel because the machine ran out of memory while the model was being loaded","hint":"use a smaller model, or fewer slots (parallel), or a shorter context (ctx)","output":"loading tensors\n\u001b[31mfailed to allocate 48 GiB\n","at":"2026-03-01T11:58:00.000Z"},
     "retry_at":"2026-03-01T12:00:12.000Z"},
    {"model":"模型-千问","state":"sleeping","health":"degraded","pid":4713,"uptime_s":86000},
    {"model":"🦙 tiny","state":"stopping","health":"unknown","pid":4714},
    {"model":"embedder\nevil","state":"stopped","health":"unknown"}]})j",
                        kStart);
  dashboard.take_request_list(R"j({"requests":[
    {"id":12,"model":"qwen3-8b","req_path":"/v1/chat/completions","remote_ip":"127.0.0.1",
     "resp_bytes":53200,"elapsed_ms":65000},
    {"id":13,"model":"qwen3-8b","req_path":"/v1/messages","remote_ip":"::1","resp_bytes":812,
     "elapsed_ms":2000},
    {"id":14,"model":"llama-3.3-70b-instruct-q4_k_m","req_path":"/v1/chat/completions",
     "remote_ip":"192.168.100.200","resp_bytes":0,"elapsed_ms":0}]})j",
                              kStart);
  return dashboard;
}

std::vector<std::string> lines_of(const Screen& screen) {
  std::vector<std::string> lines;
  for (int row = 0; row < screen.size().rows; ++row) lines.push_back(screen.line(row));
  return lines;
}

// tests/top/NAME.txt holds what was once looked at and found right.
void check_picture(const Screen& screen, const std::string& name) {
  std::ifstream file(CORRAL_TEST_DATA "/top/" + name + ".txt");
  std::vector<std::string> wanted;
  for (std::string line; std::getline(file, line);) wanted.push_back(line);
  const std::vector<std::string> lines = lines_of(screen);
  REQUIRE(wanted.size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(i + 1);
    CHECK(lines[i] == wanted[i]);
  }
}

Key letter(char c) { return {Key::Kind::kLetter, c}; }

// The third model is chosen.
DashboardControls some_controls(const Dashboard& dashboard) {
  DashboardControls controls;
  controls.press(letter('j'), dashboard);
  controls.press(letter('j'), dashboard);
  return controls;
}

Style style_of(const Screen& screen, const std::string& word) {
  for (int row = 0; row < screen.size().rows; ++row) {
    const std::string line = screen.line(row);
    const std::size_t at = line.find(word);
    if (at == std::string::npos) continue;
    return screen.at(row, display_width(line.substr(0, at))).style;
  }
  return {.colour = Colour::kMagenta};  // which we do not use
}

bool shows(const Screen& screen, const std::string& word) {
  return style_of(screen, word).colour != Colour::kMagenta;
}

}  // namespace

TEST_CASE("the picture at 80 by 24") {
  const Dashboard dashboard = some_dashboard();
  const DashboardControls controls = some_controls(dashboard);
  check_picture(draw_dashboard(dashboard, controls, {.columns = 80, .rows = 24}, kStart.now),
                "80x24");
}

TEST_CASE("the picture at 200 by 60, with a question about a request") {
  const Dashboard dashboard = some_dashboard();
  DashboardControls controls = some_controls(dashboard);
  for (const char key : {'c', 'j', 'c'}) controls.press(letter(key), dashboard);
  check_picture(draw_dashboard(dashboard, controls, {.columns = 200, .rows = 60}, kStart.now),
                "200x60");
}

TEST_CASE("the picture in a narrow and low terminal") {
  const Dashboard dashboard = some_dashboard();
  const DashboardControls controls = some_controls(dashboard);
  check_picture(draw_dashboard(dashboard, controls, {.columns = 40, .rows = 12}, kStart.now),
                "40x12");
}

TEST_CASE("at any size what is chosen is shown, as far as there is a row for it") {
  const Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  for (std::size_t chosen = 0; chosen < dashboard.models().size(); ++chosen) {
    for (int columns = 1; columns <= 210; columns += columns < 20 ? 1 : 9) {
      for (int rows = 1; rows <= 70; rows += rows < 30 ? 1 : 7) {
        CAPTURE(columns);
        CAPTURE(rows);
        const Screen screen =
            draw_dashboard(dashboard, controls, {.columns = columns, .rows = rows}, kStart.now);
        if (rows >= 5) CHECK(shows(screen, "›"));
      }
    }
    controls.press(letter('j'), dashboard);
  }
}

TEST_CASE("a model is told in its colours, and the chosen one turned around") {
  const Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  const Screen screen =
      draw_dashboard(dashboard, controls, {.columns = 80, .rows = 24}, kStart.now);
  CHECK(style_of(screen, "qwen3-8b") == Style{.reverse = true});
  CHECK(style_of(screen, "loading") == Style{.colour = Colour::kYellow});
  CHECK(style_of(screen, "failed") == Style{.colour = Colour::kRed, .bold = true});
  CHECK(style_of(screen, "degraded") == Style{.colour = Colour::kYellow});
  CHECK(style_of(screen, "stopped") == Style{.dim = true});
}

TEST_CASE("while a model streams its speed is that of now, else that of its last reply") {
  Dashboard dashboard = some_dashboard();
  const auto tokens = [&](int count, Instant now) {
    const Json request = {{"id", 12}, {"model", "qwen3-8b"}, {"resp_tokens", count}};
    const Json change = {{"operation", "upsert"}, {"request", request}};
    const Json event = {{"type", "inflight"}, {"data", change.dump()}};
    CHECK(dashboard.take_event(event.dump(), {.now = now, .wall = kStart.wall}));
  };
  const DashboardControls controls = some_controls(dashboard);
  const Size size = {.columns = 80, .rows = 24};
  CHECK(style_of(draw_dashboard(dashboard, controls, size, kStart.now), "41.7").dim);
  Instant now = kStart.now;
  for (const int count : {30, 60, 90}) tokens(count, now += seconds(1));
  const Screen streaming = draw_dashboard(dashboard, controls, size, now);
  CHECK(shows(streaming, "30.0"));
  CHECK_FALSE(style_of(streaming, "30.0").dim);
  CHECK(shows(draw_dashboard(dashboard, controls, size, now + seconds(6)), "41.7"));
}

TEST_CASE("a retry is counted down, and then it is no more told of") {
  const Dashboard dashboard = some_dashboard();
  const DashboardControls controls;
  const auto screen = [&](Duration by) {
    return draw_dashboard(dashboard, controls, {}, kStart.now + by);
  };
  CHECK(shows(screen(milliseconds(500)), "failed, retry 12s"));
  CHECK(shows(screen(milliseconds(11'100)), "failed, retry 1s"));
  CHECK_FALSE(shows(screen(seconds(12)), "retry"));
}

TEST_CASE("pictures of one moment, and of the next one while nothing moves, are equal") {
  Dashboard dashboard("http://x");
  dashboard.connected("http://x");
  dashboard.take_status(R"({"models":[{"model":"a","state":"ready","uptime_s":600}]})", kStart);
  const DashboardControls controls;
  const std::vector<std::string> lines =
      lines_of(draw_dashboard(dashboard, controls, {}, kStart.now));
  CHECK(lines_of(draw_dashboard(dashboard, controls, {}, kStart.now + seconds(30))) == lines);
}

TEST_CASE("a service that is gone is told of, and nothing old is shown as if it were so") {
  Dashboard dashboard = some_dashboard();
  dashboard.lost("no service answers at http://x; trying again");
  const DashboardControls controls;
  const Screen screen = draw_dashboard(dashboard, controls, {}, kStart.now);
  CHECK(screen.line(1) == "no service answers at http://x; trying again");
  CHECK(style_of(screen, "failed") == Style{.dim = true});
  CHECK_FALSE(shows(screen, "loaded"));
  CHECK(shows(screen, "No requests in flight"));
}

TEST_CASE("a list that is longer than its place scrolls, and says where it is") {
  Dashboard dashboard("http://x");
  dashboard.connected("http://x");
  Json models = Json::array();
  for (int i = 0; i < 100; ++i) models.push_back({{"model", "model-" + std::to_string(i)}});
  dashboard.take_status(Json{{"models", models}}.dump(), kStart);
  DashboardControls controls;
  controls.press({Key::Kind::kEnd}, dashboard);
  const Screen screen = draw_dashboard(dashboard, controls, {}, kStart.now);
  CHECK(shows(screen, "› model-99"));
  CHECK(shows(screen, "91 to 100 of 100"));
}

TEST_CASE("plain text tells the same, and the errors of all models") {
  const Dashboard dashboard = some_dashboard();
  const std::string text = dashboard_text(dashboard, 100, kStart.now);
  for (const char* words :
       {"failed, retry 12s", "/v1/messages", "broken:\n  2m ago: the engine of 'broken' was killed",
        "\n  use a smaller model", "\n  failed to allocate 48 GiB\n"}) {
    CAPTURE(words);
    CHECK(text.find(words) != std::string::npos);
  }
  CHECK(text.find_first_of("\x1b\t") == std::string::npos);
  CHECK(text.find("›") == std::string::npos);
}
