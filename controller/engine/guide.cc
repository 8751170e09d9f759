// Jobs that an operation guides: it sets their pace, and gives the proof of what they did.
#include <fmt/format.h>

#include <utility>

#include "controller/engine/engine.h"

namespace muster {

void Engine::On(Time now, PaceSet event, Actions*) {
  LiveJob* job = FindJob(event.job);
  if (job == nullptr || IsTerminal(job->status.state) || !job->spec.is_guided) return;
  const bool was_held = job->is_held();
  if (event.rate.starts == 0) {
    job->pace.reset();
  } else if (job->pace) {
    job->pace->SetRate(event.rate, now);
  } else {
    job->pace = TokenBucket::ForNewJob(event.rate, now);
  }
  changed_.insert(job->number);
  if (was_held == job->is_held()) return;
  job->resumed = now;
  for (uint32_t i = 0; i < job->size(); ++i) Arm(now, {job, i});
}

void Engine::On(Time now, ProofGiven event, Actions* actions) {
  LiveJob* job = FindJob(event.job);
  if (job == nullptr || !job->spec.is_guided) return;
  const std::optional<uint32_t> index = job->Find(event.node);
  if (!index) return;
  LiveTask& task = job->tasks[*index];
  if (task.state != TaskState::kVerifying || task.attempt != event.attempt) return;
  LastTry end = std::move(*task.last_try);
  if (event.holds && task.reason != Reason::kNone) {
    event.detail +=
        fmt::format("; try {}, for the one before ended {}", task.attempt, Name(task.reason));
  }
  end.detail = CutDetail(std::move(event.detail));
  if (event.holds) {
    // Why it was satisfied is worth more than that it was proven.
    if (end.reason == Reason::kNone) end.reason = event.reason;
    const TaskState state = end.state;
    return Change(now, {job, *index}, state, std::move(end), actions);
  }
  end.state = TaskState::kFailed;
  end.reason = event.reason;
  EndTry(now, {job, *index}, std::move(end), actions);
}

}  // namespace muster
