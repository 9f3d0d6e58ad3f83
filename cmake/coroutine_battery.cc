// Compiled and run at configure time: does this compiler build coroutines right? Each shape is
// ordinary code around co_await, with objects that know whether they were destroyed once, where
// they stand. Exit status 0 when every shape holds; otherwise the name of the first wrong one is
// printed. A crash is an answer too.
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

const char* shape = "";
int live = 0;

void expect(bool holds) {
  if (holds) return;
  std::printf("%s\n", shape);
  std::fflush(stdout);
  std::_Exit(1);
}

// Counts the living, and notices that it was copied as raw bytes or destroyed twice.
class Probe {
 public:
  explicit Probe(int value = 0) : self_(this), value_(value) { ++live; }
  Probe(Probe&& other) noexcept : self_(this), value_(std::exchange(other.value_, -1)) { ++live; }
  Probe(const Probe& other) : self_(this), value_(other.value()) { ++live; }
  Probe& operator=(Probe&& other) noexcept {
    value_ = std::exchange(other.value_, -1);
    return *this;
  }
  ~Probe() {
    expect(self_ == this);
    self_ = nullptr;
    --live;
  }
  int value() const {
    expect(self_ == this);
    return value_;
  }

 private:
  Probe* self_;
  int value_;
};

template <class T>
struct Task {
  struct promise_type {
    std::optional<T> result;
    std::coroutine_handle<> parent = std::noop_coroutine();
    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(
          std::coroutine_handle<promise_type> self) const noexcept {
        return self.promise().parent;
      }
      void await_resume() const noexcept {}
    };
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    Final final_suspend() const noexcept { return {}; }
    void return_value(T value) { result.emplace(std::move(value)); }
    void unhandled_exception() { std::abort(); }
  };
  explicit Task(std::coroutine_handle<promise_type> frame) : handle(frame) {}
  Task(Task&& other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
  ~Task() {
    if (handle) handle.destroy();
  }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
    handle.promise().parent = parent;
    return handle;
  }
  T await_resume() { return std::move(*handle.promise().result); }
  std::coroutine_handle<promise_type> handle;
};

std::coroutine_handle<> waiting;

struct Pause {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) const noexcept { waiting = self; }
  void await_resume() const noexcept {}
};

struct Named {
  std::string name;
  Probe probe;
  int number = 0;
};

Task<int> number(int value) {
  co_await Pause{};
  co_return value;
}
Task<int> at_once(int value) { co_return value; }
Task<Probe> probe(int value) {
  co_await Pause{};
  co_return Probe(value);
}
Task<int> by_value(Probe p) {
  co_await Pause{};
  co_return p.value();
}
Task<int> by_reference(const Probe& p) {
  co_await Pause{};
  co_return p.value();
}
Task<int> aggregate(Named named) {
  co_await Pause{};
  co_return named.number + named.probe.value() + static_cast<int>(named.name.size());
}
Task<int> owned(std::unique_ptr<Probe> p) {
  co_await Pause{};
  co_return p->value();
}
Task<int> call(std::function<int()> function) {
  co_await Pause{};
  co_return function();
}
Task<int> sum_of(std::vector<std::string> words) {
  co_await Pause{};
  int total = 0;
  for (const std::string& word : words) total += static_cast<int>(word.size());
  co_return total;
}
Task<std::pair<Probe, int>> pair() {
  co_await Pause{};
  co_return std::pair<Probe, int>(Probe(3), 4);
}
struct Maker {
  Probe probe;
  Task<int> run() const {
    co_await Pause{};
    co_return probe.value();
  }
};
int add(const Probe& a, int b, const Probe& c, int d) { return a.value() + b + c.value() + d; }

Task<int> temporary_across_a_wait() { co_return co_await by_reference(Probe(7)); }
Task<int> parameter_moved_in() {
  Probe p(5);
  const int first = co_await by_value(std::move(p));
  co_return first + co_await by_value(Probe(2));
}
Task<int> wait_as_argument() {
  co_return add(Probe(1), co_await number(2), Probe(1), co_await number(3));
}
Task<int> wait_in_conditional() {
  int total = 0;
  for (int i = 0; i < 2; ++i) {
    const Probe p = i ? co_await probe(3) : Probe(4);
    total += p.value();
  }
  co_return total;
}
Task<int> wait_in_condition() {
  if (co_await number(1) == 1 && co_await by_value(Probe(2)) == 2) co_return 7;
  co_return 0;
}
Task<int> braced_aggregate() {
  const Named named{.name = "abc", .probe = co_await probe(2), .number = co_await number(2)};
  co_return named.probe.value() + named.number + static_cast<int>(named.name.size());
}
Task<int> braced_argument() {
  co_return co_await aggregate({.name = "abc", .probe = Probe(2), .number = 2});
}
Task<int> initializer_list() {
  co_return co_await sum_of({"a", "bc", "a string that is too long to be stored inside"}) - 41;
}
Task<int> capturing_lambda() {
  Probe p(7);
  co_return co_await call([p] { return p.value(); });
}
Task<int> lambda_owning_a_string() {
  const std::string text(100, 'x');
  co_return co_await call(
      [text, p = Probe(-93)] { return static_cast<int>(text.size()) + p.value(); });
}
Task<int> structured_binding() {
  auto [p, n] = co_await pair();
  co_await Pause{};
  co_return p.value() + n;
}
std::vector<Probe> three() {
  std::vector<Probe> all;
  for (int i = 1; i < 4; ++i) all.emplace_back(i);
  return all;
}
Task<int> range_for_over_temporary() {
  int total = 1;
  for (const Probe& p : three()) total += co_await by_reference(p);
  co_return total;
}
Task<int> method_of_a_temporary() { co_return co_await Maker{Probe(7)}.run(); }
Task<int> unique_owner() {
  auto p = std::make_unique<Probe>(3);
  const int first = co_await owned(std::move(p));
  co_return first + co_await owned(std::make_unique<Probe>(4));
}
Task<int> early_leave() {
  for (int i = 0; i < 10; ++i) {
    Probe p(i);
    if (i < 5) {
      co_await Pause{};
      continue;
    }
    const Probe q = co_await probe(7);
    if (q.value() == 7) co_return p.value() + 2;
  }
  co_return 0;
}
Task<int> result_discarded() {
  co_await probe(1);
  co_await pair();
  co_return 7;
}
Task<int> nested_temporaries() {
  co_return co_await by_value(Probe(co_await by_reference(Probe(co_await number(7)))));
}
// No chain of resumptions may grow the stack.
Task<int> a_million_transfers() {
  int total = 0;
  for (int i = 0; i < 1000000; ++i) total += co_await at_once(1);
  co_return total - 999993;
}
Task<int> descend(int depth) {
  if (depth == 0) co_return 7;
  co_return co_await descend(depth - 1);
}
Task<int> deep_nesting() { co_return co_await descend(200000); }

struct Shape {
  const char* name;
  Task<int> (*run)();
};
const Shape kShapes[] = {
    {"a temporary that lives across a wait", temporary_across_a_wait},
    {"a parameter moved in", parameter_moved_in},
    {"co_await as an argument", wait_as_argument},
    {"co_await in a conditional expression", wait_in_conditional},
    {"co_await in a condition", wait_in_condition},
    {"co_await in a braced initialiser", braced_aggregate},
    {"a braced argument", braced_argument},
    {"an initialiser list as argument", initializer_list},
    {"a capturing lambda as argument", capturing_lambda},
    {"a lambda that owns a string", lambda_owning_a_string},
    {"a structured binding", structured_binding},
    {"range-for over a temporary", range_for_over_temporary},
    {"a method of a temporary", method_of_a_temporary},
    {"a unique owner handed on", unique_owner},
    {"leaving a loop early", early_leave},
    {"a result that is discarded", result_discarded},
    {"nested temporaries", nested_temporaries},
    {"a million symmetric transfers", a_million_transfers},
    {"deeply nested tasks", deep_nesting},
};

}  // namespace

int main() {
  for (const Shape& each : kShapes) {
    shape = each.name;
    // To its end: every shape's result is 7.
    {
      Task<int> task = each.run();
      task.handle.resume();
      while (!task.handle.done()) std::exchange(waiting, nullptr).resume();
      expect(*task.handle.promise().result == 7);
    }
    expect(live == 0);
    // Dropped at its first wait: everything that it owns goes, once.
    {
      Task<int> task = each.run();
      task.handle.resume();
    }
    expect(live == 0);
  }
}
