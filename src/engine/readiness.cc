#include "engine/readiness.h"

#include <algorithm>

namespace corral::engine {
namespace {

constexpr milliseconds kFirstPause{1};
constexpr milliseconds kLongestPause{100};
constexpr seconds kProbeTime{2};
// As good as none: whoever waits for readiness has a limit.
constexpr Duration kTokenTime = std::chrono::hours(24);
constexpr int kLoading = 503;

}  // namespace

io::Task<void> Readiness::answers() {
  if (spec_.check_path.empty()) co_return;
  milliseconds pause = kFirstPause;
  while (true) {
    const Answer answer = co_await ask(client_, spec_, spec_.check_path, kProbeTime);
    if (answer.status == 200) co_return;
    last_answer_ = answer.words;
    nobody_listens_ = answer.nobody_listens;
    if (answer.status == kLoading) on_loading_();
    co_await io::sleep(loop_, pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

io::Task<void> Readiness::token() {
  if (!spec_.ready_token) co_return;
  milliseconds pause = kFirstPause;
  while (true) {
    last_answer_ = "no token has come out";
    const Answer answer = co_await ask_token(client_, spec_, kTokenTime);
    if (shows_token(answer)) co_return;
    last_answer_ = answer.words;
    co_await io::sleep(loop_, pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

}  // namespace corral::engine
