#include "controller/runner/housekeeping.h"

#include <algorithm>

#include "common/log.h"

namespace muster {
namespace {

bool GivesCause(const Record& record) {
  if (const auto* job = std::get_if<JobChanged>(&record)) return IsTerminal(job->status.state);
  return std::holds_alternative<LateOutcome>(record) || std::holds_alternative<JobDeleted>(record);
}

}  // namespace

void Housekeeping::Note(Time now, const std::vector<Record>& records) {
  if (std::any_of(records.begin(), records.end(), GivesCause)) due_ = std::min(due_, now);
}

void Housekeeping::Work(Time now) {
  if (now < due_) return;
  const absl::StatusOr<bool> has_more = store_.Tidy(now);
  due_ = has_more.ok() && *has_more ? now : now + kInterval;
  if (!has_more.ok() && !has_failed_) {
    log::Error("the store is not tidied and will grow; tried again each hour: {}",
               Message(has_more.status()));
  }
  if (has_more.ok() && has_failed_) log::Info("the store is tidied again");
  has_failed_ = !has_more.ok();
}

}  // namespace muster
