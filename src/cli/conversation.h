// Conversation: what a person and a model have said, which goes along with each question.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/service_client.h"

namespace corral::cli {

class Conversation {
 public:
  // `service` outlives it.
  Conversation(ServiceClient& service, std::string model);

  // Prints the answer on stdout as it comes. When the wait is cancelled, what has come so far is
  // the answer; a question without any is forgotten. Once stdout is closed it returns early.
  io::Task<Result<void>> ask(std::string question);

  // Somebody still reads what is printed.
  bool heard() const { return heard_; }

 private:
  struct Turn;
  std::string request() const;

  ServiceClient& service_;
  const std::string model_;
  std::vector<std::pair<const char*, std::string>> messages_;  // role and text
  bool heard_ = true;
};

}  // namespace corral::cli
