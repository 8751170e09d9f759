#include "controller/operation/operations.h"

#include <utility>

namespace muster {
namespace {

// The newest requests, whose ids are remembered: more than operations are in the store.
constexpr size_t kMaxRequests = 10'000;

template <typename Procedure>
const OperationSpec& SpecOf(const Procedure& procedure) {
  return std::visit([](const auto& one) -> const OperationSpec& { return one.spec(); }, procedure);
}

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
  for (const std::string& job : JobsOf(*spec)) operation_of_job_.emplace(job, id);
  if (spec->content) {
    running_.try_emplace(id, std::in_place_type<ContentPhase>, std::move(spec), std::move(status),
                         engine, now);
    return;
  }
  const LiveJob* job = nullptr;
  if (engine != nullptr) {
    const auto found = engine->jobs().find(spec->resubscription.job);
    if (found != engine->jobs().end() && !IsTerminal(found->second.status.state))
      job = &found->second;
  }
  running_.try_emplace(id, std::in_place_type<Resubscription>, std::move(spec), std::move(status),
                       job, now);
}

void Operations::Step(Time now, OperationEvent event, OperationActions* actions) {
  std::visit([&](auto& one) { On(now, std::move(one), actions); }, event);
}

void Operations::On(Time now, OperationSubmitted event, OperationActions* actions) {
  if (const auto made = requests_.Find(event.spec.request_id, event.spec.request_digest)) {
    actions->replies.push_back({event.request, *made});
    return;
  }
  for (const auto& [id, running] : running_) {
    if (SpecOf(running).content.has_value() != event.spec.content.has_value()) continue;
    actions->replies.push_back(
        {event.request,
         MakeStatus(
             absl::StatusCode::kFailedPrecondition,
             "{} is under way, and two would work against each other: watch it, or cancel it",
             OperationName(id))});
    return;
  }
  const auto spec = std::make_shared<const OperationSpec>(std::move(event.spec));
  requests_.Remember({spec->request_id, spec->request_digest, spec->id});
  OperationStatus status =
      spec->content ? ContentPhase::NewStatus(*spec->content) : Resubscription::NewStatus();
  for (std::string& remark : event.remarks) status.notes.push_back({now, std::move(remark)});
  actions->records.push_back({spec, status, true});
  actions->replies.push_back({event.request, spec->id});
  Add(spec, std::move(status), nullptr, now);
}

void Operations::On(Time now, OperationCancelled event, OperationActions* actions) {
  const auto found = running_.find(event.operation);
  if (found != running_.end())
    std::visit([&](auto& one) { one.Cancel(now, event.by, actions); }, found->second);
  actions->replies.push_back({event.request, event.operation});
}

void Operations::On(Time now, ServiceNews event, OperationActions* actions) {
  const auto found = running_.find(event.operation);
  if (found != running_.end())
    std::visit([&](auto& one) { one.Take(now, event, actions); }, found->second);
}

void Operations::Observe(Time now, const Record& record) {
  if (running_.empty()) return;
  const std::string* job = JobOf(record);
  if (job == nullptr) return;
  const auto operation = operation_of_job_.find(*job);
  if (operation != operation_of_job_.end())
    std::visit([&](auto& one) { one.Take(now, record); }, running_.at(operation->second));
}

void Operations::Advance(Time now, OperationActions* actions) {
  for (auto it = running_.begin(); it != running_.end();) {
    const bool has_ended = std::visit(
        [&](auto& one) {
          one.Advance(now, actions);
          return IsTerminal(one.status().state);
        },
        it->second);
    if (has_ended) {
      for (const std::string& job : JobsOf(SpecOf(it->second))) operation_of_job_.erase(job);
      it = running_.erase(it);
    } else {
      ++it;
    }
  }
}

std::optional<Time> Operations::NextDeadline() const {
  std::optional<Time> next;
  for (const auto& [id, operation] : running_) {
    const std::optional<Time> own =
        std::visit([](const auto& one) { return one.NextDeadline(); }, operation);
    if (own && (!next || *own < *next)) next = own;
  }
  return next;
}

}  // namespace muster
