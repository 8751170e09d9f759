#include "tests/sim/world/operator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/sim/world/controller.h"
#include "tests/sim/world/world.h"

namespace muster::sim {

std::string Operator::NewJobId() { return fmt::format("{:08x}-{}", ++last_job_, random_.Hex(8)); }

void Operator::Submit(Work work, Policy policy, std::vector<std::string> nodes) {
  Request request;
  request.spec.id = NewJobId();
  request.spec.work = std::move(work);
  request.spec.policy = policy;
  request.spec.created_by = "operator";
  request.spec.request_id = "request-" + request.spec.id;
  request.spec.request_digest = "digest-" + request.spec.id;
  request.nodes = std::move(nodes);
  ++waiting_;
  Send(std::move(request));
}

void Operator::Act(JobAction action, const std::string& job) {
  Request request;
  request.action = action;
  request.job = job;
  ++waiting_;
  Send(std::move(request));
}

void Operator::Send(Request request) {
  request.number = ++last_number_;
  world_.Note("ask", request.number, request.is_submission() ? request.spec.id : request.job,
              static_cast<int>(request.action));
  world_.controller().Ask(
      request, [this, request](const absl::StatusOr<std::string>* job) { OnAnswer(request, job); });
}

void Operator::OnAnswer(Request request, const absl::StatusOr<std::string>* job) {
  const bool is_said =
      job != nullptr && job->status().code() != absl::StatusCode::kResourceExhausted;
  if (is_said) {
    --waiting_;
    const bool is_new = request.is_submission() && job->ok() &&
                        std::find(jobs_.begin(), jobs_.end(), **job) == jobs_.end();
    if (is_new) jobs_.push_back(**job);
    return;
  }
  // Another call is another id; the request is the same.
  if (request.is_submission()) request.spec.id = NewJobId();
  world_.agenda().After(random_.Between(500ms, 5s), [this, request] { Send(request); });
}

void Operator::ResumeAll() {
  for (const auto& [id, job] : world_.controller().image().jobs()) {
    if (job.status.state == JobState::kPaused) Act(JobAction::kResume, id);
  }
}

}  // namespace muster::sim
