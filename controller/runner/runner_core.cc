#include "controller/runner/runner_core.h"

#include <utility>

#include "common/crash_point.h"
#include "common/log.h"

namespace muster {

RunnerCore::RunnerCore(Engine engine, Transport& transport, NodeRegistry& nodes)
    : transport_(transport), nodes_(nodes), engine_(std::move(engine)) {}

void RunnerCore::Take(Time now, Mail mail) {
  if (auto* request = std::get_if<OperatorRequest>(&mail)) {
    const RequestId id = next_request_++;
    waiting_.emplace(id, std::move(request->done));
    std::visit(
        [id](auto& event) {
          if constexpr (requires { event.request; }) event.request = id;
        },
        request->event);
    engine_.Step(now, std::move(request->event), &actions_);
    return;
  }
  Event& event = std::get<Event>(mail);
  if (const auto* report = std::get_if<ReportReceived>(&event);
      report != nullptr && report->report.outcome) {
    CrashPoint("controller.report-received");
  }
  engine_.Step(now, std::move(event), &actions_);
}

void RunnerCore::Advance(Time now) { engine_.Advance(now, &actions_); }

std::vector<Record> RunnerCore::Deliver() {
  Actions actions = std::exchange(actions_, {});
  for (const ConflictChanged& conflict : actions.conflicts) {
    log::Warning("{} node={}",
                 conflict.begins ? "several agents claim to be this node"
                                 : "one agent claims to be this node again",
                 conflict.node);
    nodes_.OnConflict(conflict.node, conflict.begins);
  }
  for (const Send& send : actions.sends) transport_.Send(send.session, send.message);
  for (const Reply& reply : actions.replies) {
    const auto it = waiting_.find(reply.request);
    if (it == waiting_.end()) continue;
    it->second(reply.job);
    waiting_.erase(it);
  }
  return std::move(actions.records);
}

void RunnerCore::AnswerAll(const absl::Status& status) {
  for (const auto& [id, done] : std::exchange(waiting_, {})) done(status);
}

}  // namespace muster
