// What has ended stays as it ended; only an outcome that comes late is added. A job that is being cancelled is not un-cancelled.
#include <fmt/format.h>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/memory_store.h"

namespace muster::sim {
namespace {

class TerminalStatesStayChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "terminal-states"; }

  void OnRecord(const Record& record, const Image& before) override {
    if (const auto* changed = std::get_if<TaskChanged>(&record)) {
      const Task* was = before.Find(changed->job, changed->task.node);
      if (was != nullptr) Check(changed->job, *was, changed->task);
    } else if (const auto* job = std::get_if<JobChanged>(&record)) {
      const StoredJob* was = before.Find(job->job);
      if (was != nullptr) Check(*was, job->status);
    } else if (const auto* late = std::get_if<LateOutcome>(&record)) {
      const Task* was = before.Find(late->job, late->node);
      if (was != nullptr && (!IsTerminal(was->state) || was->outcome || was->late_outcome)) {
        Fail(fmt::format("job {} node {}: a late outcome where there is one", late->job,
                         late->node));
      }
    }
  }

  void OnStoreReplaced(const Image&) override { is_replaced_ = true; }

 private:
  void Check(const std::string& job, const Task& was, const Task& is) {
    // A restored store leaves out the names that were used in the future it has lost.
    const bool is_next = is.attempt == was.attempt || is.attempt == was.attempt + 1;
    if (!is_next && (is.attempt < was.attempt || !is_replaced_)) {
      Fail(fmt::format("job {} node {}: attempt {} after {}", job, is.node, is.attempt,
                       was.attempt));
    }
    if (!IsTerminal(was.state)) return;
    Task same = is;
    same.late_outcome = was.late_outcome;
    same.revision = was.revision;
    // The wall clock may have been set back meanwhile; those times are capped as they are read.
    same.updated = was.updated;
    same.first_sent = was.first_sent;
    same.last_sent = was.last_sent;
    if (same != was || (was.late_outcome && is.late_outcome != was.late_outcome)) {
      Fail(fmt::format("job {} node {} was {} ({}) and is {} ({})", job, is.node, Name(was.state),
                       Name(was.reason), Name(is.state), Name(is.reason)));
    }
  }
  void Check(const StoredJob& was, const JobStatus& is) {
    const JobState from = was.status.state;
    const bool is_lawful = IsTerminal(from) ? is.state == from
                           : from == JobState::kCancelling
                               ? is.state == from || IsTerminal(is.state)
                               : true;
    if (!is_lawful) {
      Fail(fmt::format("job {} was {} and is {}", was.spec.id, Name(from), Name(is.state)));
    }
    if (!IsTerminal(is.state)) return;
    for (const Task& task : was.tasks) {
      if (!IsTerminal(task.state)) {
        Fail(fmt::format("job {} ended {} with node {} {}", was.spec.id, Name(is.state), task.node,
                         Name(task.state)));
      }
    }
  }

  bool is_replaced_ = false;
};

}  // namespace

std::unique_ptr<Checker> TerminalStatesStay(World& world) {
  return std::make_unique<TerminalStatesStayChecker>(world);
}

}  // namespace muster::sim
