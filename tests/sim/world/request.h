// What an operator asks of the controller.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/engine/event.h"
#include "controller/engine/job.h"

namespace muster::sim {

struct Request {
  uint64_t number = 0;
  // Of a submission; its id is empty for the others.
  JobSpec spec;
  std::vector<std::string> nodes;
  // Of the others.
  JobAction action{};
  std::string job;

  bool is_submission() const { return !spec.id.empty(); }
};

// Nothing: the connection broke before an answer came, so that nobody knows what became of it.
using Answer = std::function<void(const absl::StatusOr<std::string>* job)>;

}  // namespace muster::sim
