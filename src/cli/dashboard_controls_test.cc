#include "cli/dashboard_controls.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace corral;
using namespace corral::cli;
using Json = nlohmann::json;
using Kind = Order::Kind;
using Pane = DashboardControls::Pane;

namespace {

// Models a (stopped), b (ready and busy), c (ready), and two requests to b.
Dashboard some_dashboard() {
  Dashboard dashboard("http://x");
  dashboard.connected("http://x");
  dashboard.take_status(R"({"models":[{"model":"a","state":"stopped"},
    {"model":"b","state":"ready","in_flight":2,"waiting":1},{"model":"c","state":"ready"}]})",
                        {});
  dashboard.take_request_list(R"({"requests":[{"id":7,"model":"b"},{"id":8,"model":"b"}]})", {});
  return dashboard;
}

std::optional<Order> type(DashboardControls& controls, const Dashboard& dashboard,
                          std::string_view letters) {
  std::optional<Order> order;
  for (const char letter : letters) order = controls.press({Key::Kind::kLetter, letter}, dashboard);
  return order;
}

}  // namespace

TEST_CASE("arrows move the choice, up to the ends of the list") {
  const Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  controls.press({Key::Kind::kDown}, dashboard);
  CHECK(controls.model_index() == 1);
  controls.press({Key::Kind::kPageDown}, dashboard);
  CHECK(controls.model_index() == 2);
  controls.press({Key::Kind::kDown}, dashboard);
  CHECK(controls.model_index() == 2);
  controls.press({Key::Kind::kUp}, dashboard);
  CHECK(controls.model_index() == 1);
  controls.press({Key::Kind::kHome}, dashboard);
  CHECK(controls.model_index() == 0);
  controls.press({Key::Kind::kEnd}, dashboard);
  CHECK(controls.model_index() == 2);
}

TEST_CASE("a model stays chosen when others come and go") {
  Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  type(controls, dashboard, "j");
  dashboard.take_status(R"({"models":[{"model":"0"},{"model":"a"},{"model":"b"}]})", {});
  controls.follow(dashboard);
  CHECK(controls.model_index() == 2);
  dashboard.take_status(R"({"models":[{"model":"0"}]})", {});
  controls.follow(dashboard);
  CHECK(controls.model_index() == 0);
}

TEST_CASE("l loads a model that is not loaded, and no other") {
  const Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  CHECK(type(controls, dashboard, "l") == Order{.kind = Kind::kLoad, .model = "a"});
  CHECK_FALSE(type(controls, dashboard, "jl").has_value());
  CHECK(controls.note_text() == "b is ready already");
  CHECK(controls.note_is_error());
  type(controls, dashboard, "j");
  CHECK(controls.note_text().empty());
}

TEST_CASE("u unloads an idle model at once, and asks once more for a busy one") {
  const Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  CHECK_FALSE(type(controls, dashboard, "u").has_value());
  CHECK(controls.note_text() == "a is not loaded");
  CHECK(type(controls, dashboard, "jju") == Order{.kind = Kind::kUnload, .model = "c"});
  CHECK_FALSE(type(controls, dashboard, "ku").has_value());
  CHECK(controls.question() == "Unload b with 2 requests running and 1 waiting?");
  CHECK_FALSE(type(controls, dashboard, "n").has_value());
  CHECK(controls.question().empty());
  CHECK(type(controls, dashboard, "uy") == Order{.kind = Kind::kUnload, .model = "b"});
}

TEST_CASE("c goes to the requests, and then asks before it cancels the chosen one") {
  const Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  CHECK_FALSE(type(controls, dashboard, "c").has_value());
  CHECK(controls.pane() == Pane::kRequests);
  CHECK(controls.question().empty());
  CHECK_FALSE(type(controls, dashboard, "jc").has_value());
  CHECK(controls.question() == "Cancel request 8 to b?");
  CHECK(type(controls, dashboard, "y") == Order{.kind = Kind::kCancel, .request = 8});
}

TEST_CASE("only a plain yes is one") {
  const Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  type(controls, dashboard, "c");
  for (const Key key :
       {Key{Key::Kind::kEnter}, Key{Key::Kind::kEscape}, Key{Key::Kind::kLetter, 'c'},
        Key{Key::Kind::kLetter, 'q'}, Key{Key::Kind::kUnknown}}) {
    type(controls, dashboard, "c");
    CHECK_FALSE(controls.question().empty());
    CHECK_FALSE(controls.press(key, dashboard).has_value());
    CHECK(controls.question().empty());
  }
  type(controls, dashboard, "c");
  CHECK(type(controls, dashboard, "\x03") == Order{.kind = Kind::kQuit});
}

TEST_CASE("a question about a request that is over is put away, and a yes to it does nothing") {
  Dashboard dashboard = some_dashboard();
  DashboardControls controls;
  type(controls, dashboard, "cc");
  CHECK(controls.question() == "Cancel request 7 to b?");
  dashboard.take_request_list(R"({"requests":[{"id":8,"model":"b"}]})", {});
  CHECK_FALSE(type(controls, dashboard, "y").has_value());
  CHECK(controls.question().empty());
}

TEST_CASE("without a service nothing is ordered of it") {
  Dashboard dashboard = some_dashboard();
  dashboard.lost("gone");
  DashboardControls controls;
  CHECK_FALSE(type(controls, dashboard, "l").has_value());
  CHECK(controls.note_text() == "there is no connection to the service");
  CHECK(type(controls, dashboard, "q") == Order{.kind = Kind::kQuit});
}

TEST_CASE("with nothing to choose from keys do no harm") {
  Dashboard dashboard("http://x");
  dashboard.connected("http://x");
  DashboardControls controls;
  CHECK_FALSE(type(controls, dashboard, "jkgGluc\t").has_value());
  for (const Key::Kind kind : {Key::Kind::kUp, Key::Kind::kEnd, Key::Kind::kTab, Key::Kind::kDown})
    CHECK_FALSE(controls.press({kind}, dashboard).has_value());
  CHECK(type(controls, dashboard, "\x0c") == Order{.kind = Kind::kRedraw});
}

TEST_CASE("a note goes when its time is over") {
  DashboardControls controls;
  controls.note("done", false, Instant{} + seconds(5));
  controls.forget_note(Instant{} + seconds(4));
  CHECK(controls.note_text() == "done");
  controls.forget_note(Instant{} + seconds(5));
  CHECK(controls.note_text().empty());
}
