// What works of an installed service, in four layers from the file to the answer, each with what
// was found and, where it is not as it should be, what to do. Pure: `corral service status` asks,
// this judges.
//
// The exit status of that command is the report's:
//   0  the service answers
//   1  the manager cannot be asked (2 is a wrong command line)
//   3  it is not installed
//   4  it is installed and stopped
//   5  it fails: it has ended, or comes and goes
//   6  it runs and does not answer
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "service/manager.h"

namespace corral::cli {

struct ServiceFacts {
  std::string manager;  // "systemd"
  std::string file;     // the path of its file
  Result<service::State> state;
  std::string url{};     // where its process says that it serves; empty: it does not say
  bool answers = false;  // something does there
  std::string other{};   // where another Corral of this person answers, if this one does not
};

struct ServiceLayer {
  std::string name;  // "unit", "manager", "process", "api"
  bool ok = false;
  std::string found;
  std::string hint{};  // what to do; empty if there is nothing
};

struct ServiceReport {
  int status = 0;     // see above
  std::string words;  // the same in a word: "answers", "not installed", ...
  std::vector<ServiceLayer> layers;
};

ServiceReport report_of(const ServiceFacts& facts);

// For people, a line or two a layer.
std::string report_text(const ServiceReport& report);
// For programs: {"status", "exit_status", "manager", "file", "url", "pid", "layers": [...]}; `url`
// and `pid` are null where there is none.
std::string report_json(const ServiceReport& report, const ServiceFacts& facts);

}  // namespace corral::cli
