// DashboardControls: what keys do in `corral top`: which row is chosen, what is asked once more,
// and what shall be done. Pure.
//
// A row is chosen by its name or number, so that it stays chosen when others come and go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/dashboard.h"
#include "cli/keys.h"

namespace corral::cli {

// What a key asks the program to do.
struct Order {
  enum class Kind { kQuit, kRedraw, kLoad, kUnload, kCancel };
  Kind kind = Kind::kQuit;
  std::string model{};        // kLoad, kUnload
  std::uint64_t request = 0;  // kCancel
  bool operator==(const Order&) const = default;
};

class DashboardControls {
 public:
  enum class Pane { kModels, kRequests };

  // The key's effect; an order if there is something to do. A key also answers the question or puts
  // away the note that is shown.
  std::optional<Order> press(Key key, const Dashboard& dashboard);

  // Keeps what is chosen among what there is. To be called when the dashboard has changed.
  void follow(const Dashboard& dashboard);

  // One line for the person until `until` or the next key.
  void note(std::string text, bool is_error, Instant until);
  void forget_note(Instant now);

  Pane pane() const { return pane_; }
  std::size_t model_index() const { return model_index_; }      // 0 if there is none
  std::size_t request_index() const { return request_index_; }  // 0 if there is none
  const std::string& question() const { return question_; }     // empty: nothing is asked
  const std::string& note_text() const { return note_; }
  bool note_is_error() const { return note_is_error_; }

 private:
  std::optional<Order> press_letter(char letter, const Dashboard& dashboard);
  void move(std::ptrdiff_t by, const Dashboard& dashboard);
  std::optional<Order> load(const Dashboard& dashboard);
  std::optional<Order> unload(const Dashboard& dashboard);
  void cancel(const Dashboard& dashboard);
  void ask(std::string question, Order order);
  void refuse(std::string text);

  Pane pane_ = Pane::kModels;
  std::string model_;
  std::size_t model_index_ = 0;
  std::uint64_t request_ = 0;  // 0: none
  std::size_t request_index_ = 0;
  std::string question_;
  Order asked_;
  std::string note_;
  bool note_is_error_ = false;
  Instant note_until_{};
};

}  // namespace corral::cli
