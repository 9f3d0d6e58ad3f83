#include "io/ready.h"

namespace corral::io {

void Link::unlink() {
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = this;
}

void Link::insert_before(Link& place) {
  unlink();
  previous_ = place.previous_;
  next_ = &place;
  previous_->next_ = this;
  place.previous_ = this;
}

void ReadyQueue::push(Waiter& waiter) { waiter.insert_before(head_); }

void ReadyQueue::drain() {
  Waiter end_of_round;
  end_of_round.insert_before(head_);
  while (head_.next() != &end_of_round) {
    auto* waiter = static_cast<Waiter*>(head_.next());
    const std::coroutine_handle<> handle = waiter->handle;
    waiter->unlink();
    handle.resume();
  }
}

}  // namespace corral::io
