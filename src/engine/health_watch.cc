#include "engine/health_watch.h"

#include <algorithm>
#include <memory>

#include "base/ip_address.h"
#include "engine/port_owner.h"
#include "io/helper.h"

namespace corral::engine {
namespace {

constexpr int kLooksPerStuck = 4;
constexpr Duration kShortest = milliseconds(10);

// Neither the interval nor the wait for an answer may be long beside the time after which an engine
// counts as stuck.
Duration bounded(Duration wanted, Duration stuck_after) {
  if (stuck_after > Duration::zero()) wanted = std::min(wanted, stuck_after / kLooksPerStuck);
  return std::max(wanted, kShortest);
}

std::string seconds_of(Duration time) {
  return std::to_string(std::chrono::duration_cast<seconds>(time).count()) + " s";
}

// Whether it is one of its own processes that answers at a command's address, so that what they use
// tells how it works. Not if it cannot be told: in a container, or on another machine.
io::Task<bool> listens_itself(io::Loop& loop, const http::Address& address, int leader) {
  if (!address.unix_path.empty()) co_return true;
  if (!is_loopback(address.host)) co_return false;
  std::function<Ours()> question = [port = address.port, leader] {
    return listener_is_ours(port, leader);
  };
  const Ours ours = co_await io::ask_helper(loop, std::move(question));
  co_return ours == Ours::kYes;
}

}  // namespace

HealthWatch::HealthWatch(io::Loop& loop, http::Client& client, const Spec& spec, const Load& load,
                         const Status& status, ProcessTree tree)
    : loop_(loop),
      client_(client),
      spec_(spec),
      load_(load),
      status_(status),
      tree_(tree),
      question_(spec.question.empty() ? spec.check_path : spec.question),
      interval_(bounded(spec.canary_interval, spec.stuck_after)),
      answer_limit_(bounded(spec.canary_timeout, spec.stuck_after)),
      judge_(spec.canary_limit, spec.stuck_after) {}

// What a worker uses is its own; of a command it depends on who listens for it.
io::Task<void> HealthWatch::meet() {
  usage_ = co_await measure_usage(loop_, tree_);
  usage_tells_ = spec_.worker;
  if (!spec_.worker && spec_.watched) {
    usage_tells_ = co_await listens_itself(loop_, spec_.address, tree_.leader);
  }
  met_ = true;
}

io::Task<HealthWatch::Report> HealthWatch::next() {
  if (!met_) {
    co_await meet();
    co_return Report{.memory_bytes = usage_.memory_bytes, .health = status_.health};
  }
  const Instant begin = loop_.now();
  co_await io::sleep(loop_, interval_);
  const bool asleep = status_.state == State::kSleeping;
  HealthJudge::Look look;
  bool late = loop_.now() - begin > 2 * interval_;
  if (!asleep && !late && spec_.watched) {
    const Instant asked = loop_.now();
    co_await ask_all(look);
    late = loop_.now() - asked > 4 * answer_limit_;
  }
  usage_ = co_await measure_usage(loop_, tree_);
  Report report{.memory_bytes = usage_.memory_bytes, .health = status_.health};
  if (asleep || late || !spec_.watched) {
    judge_.restart();
    co_return report;
  }
  look.at = loop_.now();
  look.progress = load_.progress();
  look.waiting = load_.waiting();
  look.usage = usage_;
  look.usage_tells = usage_tells_ && usage_.processes > 0;
  judge_.look(look);
  last_progress_ = look.progress;
  if (judge_.health() != Health::kUnknown) report.health = judge_.health();
  if (judge_.stuck()) report.stuck = stuck_words(look);
  co_return report;
}

io::Task<std::string> HealthWatch::ask_now() {
  if (!spec_.watched || status_.state == State::kSleeping || load_.waiting() > 0) co_return "";
  Answer answer{.status = 200, .words = {}};
  if (!question_.empty()) answer = co_await ask(client_, spec_, question_, answer_limit_);
  bool works = answer.came();
  if (works && spec_.ready_token) {
    answer = co_await ask_token(client_, spec_, answer_limit_);
    works = shows_token(answer);
  }
  // A request that came meanwhile may be what it was busy with.
  if (works || load_.waiting() > 0) co_return "";
  co_return "did not work any more (" + answer.words + ")";
}

io::Task<void> HealthWatch::ask_all(HealthJudge::Look& look) {
  if (question_.empty()) co_return;
  const Instant begin = loop_.now();
  Answer answer = co_await ask(client_, spec_, question_, answer_limit_);
  look.took = loop_.now() - begin;
  look.queue = read_queue_state(answer);
  // 501: it does not know the question, but it answers.
  const bool error = answer.status >= 500 && answer.status != 501;
  look.reply = !answer.came() ? HealthJudge::Reply::kNone
               : error        ? HealthJudge::Reply::kError
                              : HealthJudge::Reply::kGood;
  const bool idle = load_.waiting() == 0 && load_.progress() == last_progress_;
  if (!spec_.canary || !idle || look.reply != HealthJudge::Reply::kGood) co_return;
  const Instant token_begin = loop_.now();
  answer = co_await ask_token(client_, spec_, answer_limit_);
  look.took = std::max(look.took, loop_.now() - token_begin);
  if (!answer.came()) {
    look.reply = HealthJudge::Reply::kNone;
  } else if (!shows_token(answer)) {
    look.reply = HealthJudge::Reply::kError;
  }
}

std::string HealthWatch::stuck_words(const HealthJudge::Look& look) const {
  std::string words = "did nothing for " + seconds_of(judge_.quiet_for());
  if (look.waiting > 0) {
    const bool one = look.waiting == 1;
    words += " although " + std::to_string(look.waiting) +
             (one ? " request waited: no bytes" : " requests waited: no bytes");
  } else {
    words += look.queue.busy ? " although it has a request in work: no bytes" : ": no bytes";
  }
  if (usage_tells_) words += ", no processor time";
  const std::string question = "GET " + spec_.path_prefix + question_;
  if (look.reply == HealthJudge::Reply::kNone) words += ", no answer to " + question;
  if (look.queue.told) words += ", the counters of " + question + " stand still";
  return words;
}

}  // namespace corral::engine
