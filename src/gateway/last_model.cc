#include "gateway/last_model.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "io/helper.h"

namespace corral::gateway {
namespace {

void write(const StateFile& file, const std::string& section, const std::string& id) {
  const Result<void> done = file.write(section, json_quote(id));
  if (!done.has_value())
    log_warn("the model that was used last is not remembered: " + done.error().message);
}

}  // namespace

LastModel::LastModel(io::Loop& loop, StateFile file, std::string section)
    : loop_(loop), file_(std::move(file)), section_(std::move(section)), changed_(loop) {
  const nlohmann::json kept = nlohmann::json::parse(file_.read(section_), nullptr, false);
  if (kept.is_string()) id_ = kept.get<std::string>();
  written_ = id_;
  writing_ = write_changes();
  writing_.start();
}

LastModel::~LastModel() {
  writing_.cancel();
  if (written_ != id_) write(file_, section_, id_);
}

void LastModel::change(const std::string& id) {
  id_ = id;
  changed_.set();
}

io::Task<void> LastModel::write_changes() {
  while (true) {
    co_await changed_.wait();
    changed_.clear();
    const std::string id = id_;
    std::function<void()> work = [file = file_, section = section_, id] {
      write(file, section, id);
    };
    co_await io::on_helper(loop_, std::move(work));
    written_ = id;
    co_await io::sleep(loop_, seconds(1));
  }
}

}  // namespace corral::gateway
