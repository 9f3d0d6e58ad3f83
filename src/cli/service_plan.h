// What `corral service install` is about to have run: the program, its config, its address.
#pragma once

#include <string>

#include "cli/options.h"
#include "service/definition.h"

namespace corral::cli {

struct ServicePlan {
  service::Definition definition;  // without what the manager decides
  std::string config;              // absolute
  bool config_is_new = false;      // there is no such file yet
};

// The config is the one that was named, else the person's own, else llama-swap's in
// ~/.llamaswap/config.yaml, else the person's own, to be written. kNotFound for one that was named
// and is not there; kInvalid without a home.
Result<ServicePlan> plan_service(const Options& options);

// Writes the config of a plan that has a new one: the built-in model, and how to add others.
// Fails as built_in_config() does, or with kIo.
Result<void> write_new_config(const ServicePlan& plan);

}  // namespace corral::cli
