#include "controller/engine/record.h"

namespace muster {

const std::string* JobOf(const Record& record) {
  if (const auto* created = std::get_if<JobCreated>(&record)) return &created->spec.id;
  if (const auto* changed = std::get_if<JobChanged>(&record)) return &changed->job;
  if (const auto* task = std::get_if<TaskChanged>(&record)) return &task->job;
  if (const auto* late = std::get_if<LateOutcome>(&record)) return &late->job;
  if (const auto* deleted = std::get_if<JobDeleted>(&record)) return &deleted->job;
  return nullptr;
}

}  // namespace muster
