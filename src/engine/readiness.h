// Readiness: asks an engine that has been started until it is ready to serve: its check path
// answers 200 and, where the spec wants that, one token has come out. The first question is asked
// at once, the second 1 ms later, and then they get rarer, down to one every 100 ms.
//
// Neither wait has a limit of its own: the owner cancels them.
#pragma once

#include <functional>
#include <string>

#include "engine/questions.h"

namespace corral::engine {

class Readiness {
 public:
  // `on_loading` is called whenever the engine answers that it still loads. All outlive this.
  Readiness(io::Loop& loop, http::Client& client, const Spec& spec,
            std::function<void()> on_loading)
      : loop_(loop), client_(client), spec_(spec), on_loading_(std::move(on_loading)) {}

  // Returns when the check path has answered 200. At once if the spec has none.
  io::Task<void> answers();
  // Returns when a token has come, or the engine's word that it makes none. At once if the spec
  // does not want it. The first token of a large model may take as long as reading the model from
  // disk does.
  io::Task<void> token();

  // Of the last question without success: "GET /health: it answered with status 503". Empty if
  // there was none.
  const std::string& last_answer() const { return last_answer_; }
  // At the last question, nobody listened at the engine's address.
  bool nobody_listens() const { return nobody_listens_; }

 private:
  io::Loop& loop_;
  http::Client& client_;
  const Spec& spec_;
  std::function<void()> on_loading_;
  std::string last_answer_;
  bool nobody_listens_ = false;
};

}  // namespace corral::engine
