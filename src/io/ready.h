// The ready queue: what shall run next on the loop's thread. A callback of libuv never resumes a
// coroutine in its midst; it puts the waiter here, and the loop resumes it when the callback has
// returned, or as its last deed (Loop::after_callback). So no callback destroys what it still uses,
// and no wake-up nests in another.
#pragma once

#include <coroutine>

namespace corral::io {

// A place in a list. Unlinks itself when it dies, so that a cancelled wait is simply gone.
class Link {
 public:
  Link() : previous_(this), next_(this) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  void unlink();
  void insert_before(Link& place);
  bool linked() const { return next_ != this; }
  Link* next() const { return next_; }

 private:
  Link* previous_;
  Link* next_;
};

// One suspended coroutine. It lives in the awaiter, hence in the coroutine's own frame.
struct Waiter : Link {
  std::coroutine_handle<> handle;
};

class ReadyQueue {
 public:
  // Moves the waiter here from whatever list it was in.
  void push(Waiter& waiter);
  bool empty() const { return !head_.linked(); }
  // Resumes what was queued at the call; what that queues in turn waits for the next call.
  void drain();

 private:
  Link head_;
};

}  // namespace corral::io
