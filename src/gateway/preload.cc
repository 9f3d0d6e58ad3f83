#include "gateway/preload.h"

#include "base/log.h"

namespace corral::gateway {

Preload::Preload(Conductor& conductor, std::vector<ModelIndex> models)
    : conductor_(conductor), models_(std::move(models)) {
  loading_ = load();
  loading_.start();
}

io::Task<void> Preload::load() {
  for (std::size_t i = 0; i < models_.size(); ++i) {
    const std::string id = conductor_.engine(models_[i]).spec().model;
    Ticket ticket(conductor_, models_[i], false);
    co_await ticket.decided().wait();
    if (ticket.refusal()) {
      log_warn(id + ": not loaded at start: " + ticket.refusal()->message);
    } else {
      log_info(id + ": loaded at start");
    }
  }
}

}  // namespace corral::gateway
