#include "controller/runner/runner_core.h"

#include <utility>

#include "common/crash_point.h"
#include "common/log.h"

namespace muster {

RunnerCore::RunnerCore(Engine engine, Transport& transport, NodeRegistry& nodes,
                       ServiceCaller* services, LoadedOperations operations, Time now,
                       ContentRecords* records)
    : transport_(transport),
      nodes_(nodes),
      services_(services),
      content_(records),
      engine_(std::move(engine)),
      operations_(std::move(operations), engine_, now) {}

std::optional<Time> RunnerCore::NextDeadline() const {
  const std::optional<Time> own = operations_.NextDeadline();
  const std::optional<Time> next = engine_.NextDeadline();
  return own && (!next || *own < *next) ? own : next;
}

// Who asked waits from now on for the answer to the event, which is given back with the number of the request.
template <typename Request>
auto RunnerCore::Await(Request* request) {
  const RequestId id = next_request_++;
  waiting_.emplace(id, std::move(request->done));
  std::visit(
      [id](auto& event) {
        if constexpr (requires { event.request; }) event.request = id;
      },
      request->event);
  return std::move(request->event);
}

void RunnerCore::Take(Time now, Mail mail) {
  if (auto* request = std::get_if<OperatorRequest>(&mail))
    return engine_.Step(now, Await(request), &actions_);
  if (auto* request = std::get_if<OperationRequest>(&mail))
    return operations_.Step(now, Await(request), &operation_actions_);
  if (auto* news = std::get_if<ServiceNews>(&mail))
    return operations_.Step(now, std::move(*news), &operation_actions_);
  Event& event = std::get<Event>(mail);
  if (const auto* report = std::get_if<ReportReceived>(&event);
      report != nullptr && report->report.outcome) {
    CrashPoint("controller.report-received");
  }
  engine_.Step(now, std::move(event), &actions_);
}

// What an operation wants of the engine may end tasks, and what ends it has to see: round by round, until it wants nothing more. The engine
// hears of it before it starts anything: that nothing may be started is among it.
void RunnerCore::Advance(Time now) {
  do {
    for (Event& event : std::exchange(operation_actions_.events, {}))
      engine_.Step(now, std::move(event), &actions_);
    engine_.Advance(now, &actions_);
    for (; observed_ < actions_.records.size(); ++observed_)
      operations_.Observe(now, actions_.records[observed_]);
    operations_.Advance(now, &operation_actions_);
  } while (!operation_actions_.events.empty());
}

// Each node gets its own. False: it cannot be read, and is not sent; its task ends LOST. An empty one is sent: the agent says what it has.
bool RunnerCore::AddRecord(Command* command) {
  ContentRecord* record = nullptr;
  const std::string* content = nullptr;
  if (auto* unmount = std::get_if<UnmountContent>(&command->work)) {
    record = &unmount->record;
    content = &unmount->content;
  } else if (auto* remount = std::get_if<RemountContent>(&command->work)) {
    record = &remount->record;
    content = &remount->content;
  }
  if (record == nullptr || content_ == nullptr) return true;
  absl::StatusOr<ContentRecord> found = content_->Of(*content, command->node);
  if (found.ok() && SizeOf(*found) > kMaxMergedRecordBytes)
    found =
        MakeStatus(absl::StatusCode::kResourceExhausted, "it takes {} bytes, and {} are the most",
                   SizeOf(*found), kMaxMergedRecordBytes);
  if (!found.ok()) {
    log::Error("the record of content {} on node {} is not sent: {}", *content, command->node,
               Message(found.status()));
    return false;
  }
  *record = *std::move(found);
  return true;
}

RunnerCore::Batch RunnerCore::Deliver() {
  Actions actions = std::exchange(actions_, {});
  OperationActions operations = std::exchange(operation_actions_, {});
  observed_ = 0;
  for (const ConflictChanged& conflict : actions.conflicts) {
    log::Warning("{} node={}",
                 conflict.begins ? "several agents claim to be this node"
                                 : "one agent claims to be this node again",
                 conflict.node);
    nodes_.OnConflict(conflict.node, conflict.begins);
  }
  for (Send& send : actions.sends) {
    if (auto* command = std::get_if<Command>(&send.message);
        command != nullptr && !AddRecord(command))
      continue;
    transport_.Send(send.session, send.message);
  }
  for (const ServiceCallWanted& call : operations.calls) services_->Start(call);
  actions.replies.insert(actions.replies.end(), operations.replies.begin(),
                         operations.replies.end());
  for (const Reply& reply : actions.replies) {
    const auto it = waiting_.find(reply.request);
    if (it == waiting_.end()) continue;
    it->second(reply.job);
    waiting_.erase(it);
  }
  return {std::move(actions.records), std::move(operations.records)};
}

void RunnerCore::AnswerAll(const absl::Status& status) {
  for (const auto& [id, done] : std::exchange(waiting_, {})) done(status);
}

}  // namespace muster
