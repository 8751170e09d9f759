#include "controller/operation/operations.h"

#include <utility>

namespace muster {
namespace {

// The newest requests, whose ids are remembered: more than operations are in the store.
constexpr size_t kMaxRequests = 10'000;

}  // namespace

Operations::Operations(LoadedOperations loaded, const Engine& engine, Time now)
    : requests_(kMaxRequests, OperationName) {
  for (const StoredRequest& request : loaded.requests) requests_.Remember(request);
  for (OperationRecord& record : loaded.operations)
    Add(std::move(record.spec), std::move(record.status), &engine, now);
}

void Operations::Add(std::shared_ptr<const OperationSpec> spec, OperationStatus status,
                     const Engine* engine, Time now) {
  const std::string id = spec->id;
  const std::string job_id = spec->resubscription.job;
  const LiveJob* job = nullptr;
  if (engine != nullptr) {
    const auto found = engine->jobs().find(job_id);
    if (found != engine->jobs().end() && !IsTerminal(found->second.status.state))
      job = &found->second;
  }
  operation_of_job_.emplace(job_id, id);
  running_.try_emplace(id, std::move(spec), std::move(status), job, now);
}

void Operations::Step(Time now, OperationEvent event, OperationActions* actions) {
  std::visit([&](auto& one) { On(now, std::move(one), actions); }, event);
}

void Operations::On(Time now, OperationSubmitted event, OperationActions* actions) {
  if (const auto made = requests_.Find(event.spec.request_id, event.spec.request_digest)) {
    actions->replies.push_back({event.request, *made});
    return;
  }
  if (!running_.empty()) {
    actions->replies.push_back(
        {event.request,
         MakeStatus(
             absl::StatusCode::kFailedPrecondition,
             "{} is under way, and two would work against each other: watch it, or cancel it",
             OperationName(running_.begin()->first))});
    return;
  }
  const auto spec = std::make_shared<const OperationSpec>(std::move(event.spec));
  requests_.Remember({spec->request_id, spec->request_digest, spec->id});
  OperationStatus status = Resubscription::NewStatus();
  for (std::string& remark : event.remarks) status.notes.push_back({now, std::move(remark)});
  actions->records.push_back({spec, status, true});
  actions->replies.push_back({event.request, spec->id});
  Add(spec, std::move(status), nullptr, now);
}

void Operations::On(Time now, OperationCancelled event, OperationActions* actions) {
  const auto found = running_.find(event.operation);
  if (found != running_.end()) found->second.Cancel(now, event.by, actions);
  actions->replies.push_back({event.request, event.operation});
}

void Operations::On(Time now, ServiceNews event, OperationActions* actions) {
  const auto found = running_.find(event.operation);
  if (found != running_.end()) found->second.Take(now, event, actions);
}

void Operations::Observe(Time now, const Record& record) {
  if (running_.empty()) return;
  const std::string* job = JobOf(record);
  if (job == nullptr) return;
  const auto operation = operation_of_job_.find(*job);
  if (operation != operation_of_job_.end()) running_.at(operation->second).Take(now, record);
}

void Operations::Advance(Time now, OperationActions* actions) {
  for (auto it = running_.begin(); it != running_.end();) {
    it->second.Advance(now, actions);
    if (IsTerminal(it->second.status().state)) {
      operation_of_job_.erase(it->second.spec().resubscription.job);
      it = running_.erase(it);
    } else {
      ++it;
    }
  }
}

std::optional<Time> Operations::NextDeadline() const {
  std::optional<Time> next;
  for (const auto& [id, operation] : running_) {
    const std::optional<Time> own = operation.NextDeadline();
    if (own && (!next || *own < *next)) next = own;
  }
  return next;
}

}  // namespace muster
