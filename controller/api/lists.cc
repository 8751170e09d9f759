// The reading methods of ControllerService that page. A page's token is the name of its last entry: the next page begins after it, whatever
// has come or gone in between.
#include <algorithm>

#include "controller/api/controller_service.h"
#include "controller/api/convert.h"
#include "controller/api/job_filter.h"
#include "controller/api/names.h"
#include "controller/api/targets.h"

namespace muster {
namespace {

// Of one node's history, with everything else of it.
constexpr size_t kShownEvents = 20;

}  // namespace

absl::Status ControllerService::List(const v1::ListJobsRequest& request,
                                     v1::ListJobsResponse& response) {
  const absl::StatusOr<JobFilter> filter = FilterOf(request);
  MUSTER_RETURN_IF_ERROR(filter.status());
  const size_t size = PageSize(request.page_size(), 100, 1000);
  const absl::StatusOr<std::vector<JobSummary>> jobs =
      reader_.ListJobs(size + 1, request.page_token(), *filter);
  MUSTER_RETURN_IF_ERROR(jobs.status());
  for (size_t i = 0; i < std::min(size, jobs->size()); ++i)
    *response.add_jobs() = ToProto((*jobs)[i]);
  if (jobs->size() > size) response.set_next_page_token((*jobs)[size - 1].spec.id);
  return absl::OkStatus();
}

absl::Status ControllerService::List(const v1::ListTasksRequest& request,
                                     v1::ListTasksResponse& response) {
  const absl::StatusOr<std::string> job = ParseJobName(request.parent());
  MUSTER_RETURN_IF_ERROR(job.status());
  const size_t size = PageSize(request.page_size(), 1000, 10'000);
  const absl::StatusOr<std::vector<Task>> tasks =
      reader_.ListTasks(*job, size + 1, request.page_token());
  MUSTER_RETURN_IF_ERROR(tasks.status());
  for (size_t i = 0; i < std::min(size, tasks->size()); ++i)
    *response.add_tasks() = ToProto(*job, (*tasks)[i]);
  if (tasks->size() > size) response.set_next_page_token((*tasks)[size - 1].node);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ControllerService::NodesOf(bool has_targets,
                                                                    const v1::Targets& targets) {
  if (!has_targets) return registry_.All();
  absl::StatusOr<Resolved> resolved = ResolveTargets(targets, registry_, reader_);
  MUSTER_RETURN_IF_ERROR(resolved.status());
  return std::move(resolved->xnames);
}

absl::Status ControllerService::List(const v1::ListNodesRequest& request,
                                     v1::ListNodesResponse& response) {
  absl::StatusOr<std::vector<std::string>> of_request =
      NodesOf(request.has_targets(), request.targets());
  MUSTER_RETURN_IF_ERROR(of_request.status());
  std::vector<std::string>& names = *of_request;
  if (!request.page_token().empty()) {
    const auto last = std::find(names.begin(), names.end(), request.page_token());
    if (last == names.end()) {
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "page_token: it is not of this list; start again without one");
    }
    names.erase(names.begin(), last + 1);
  }
  const size_t size = PageSize(request.page_size(), 1000, 10'000);
  const bool has_more = names.size() > size;
  names.resize(std::min(size, names.size()));
  for (const NodeInfo& node : registry_.List(names)) *response.add_nodes() = ToProto(node);
  if (has_more) response.set_next_page_token(names.back());
  return absl::OkStatus();
}

absl::Status ControllerService::Get(const v1::GetTaskRequest& request, v1::Task& response) {
  const absl::StatusOr<TaskId> id = ParseTaskName(request.name());
  MUSTER_RETURN_IF_ERROR(id.status());
  // Any name of the node will do; a node that is no longer known has its task all the same.
  const absl::StatusOr<NodeInfo> node = registry_.Find(id->node);
  const absl::StatusOr<Task> task = reader_.GetTask(id->job, node.ok() ? node->xname : id->node);
  if (task.ok()) response = ToProto(id->job, *task);
  return task.status();
}

absl::Status ControllerService::List(const v1::ListHealthEventsRequest& request,
                                     v1::ListHealthEventsResponse& response) {
  const size_t size = PageSize(request.page_size(), 100, 1000);
  absl::StatusOr<std::vector<HealthEvent>> events;
  if (request.has_targets()) {
    const absl::StatusOr<std::vector<std::string>> nodes = NodesOf(true, request.targets());
    MUSTER_RETURN_IF_ERROR(nodes.status());
    events = history_.EventsOf(*nodes, size);
  } else {
    events = history_.Events(size);
  }
  MUSTER_RETURN_IF_ERROR(events.status());
  for (const HealthEvent& event : *events) *response.add_events() = ToProto(event);
  return absl::OkStatus();
}

absl::Status ControllerService::Get(const v1::GetNodeRequest& request, v1::Node& response) {
  const absl::StatusOr<std::string> name = ParseNodeName(request.name());
  MUSTER_RETURN_IF_ERROR(name.status());
  const absl::StatusOr<NodeInfo> node = registry_.Find(*name);
  MUSTER_RETURN_IF_ERROR(node.status());
  response = ToProto(*node);
  health_.AddConditions(*node, &response);
  const absl::StatusOr<std::vector<HealthEvent>> events =
      history_.EventsOf({node->xname}, kShownEvents);
  // Without its past a node is still told.
  if (!events.ok()) return absl::OkStatus();
  for (const HealthEvent& event : *events) *response.add_events() = ToProto(event);
  return absl::OkStatus();
}

}  // namespace muster
