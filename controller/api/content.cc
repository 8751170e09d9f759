// The methods of ControllerService that are about projected content.
#include <fmt/chrono.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/uuid.h"
#include "controller/api/controller_service.h"
#include "controller/api/preview.h"
#include "controller/api/targets.h"
#include "controller/edge/grpc_status.h"
#include "controller/operation/content_gate.h"
#include "controller/store/operation_proto.h"

namespace muster {
namespace {

// Tasks that are read at once: each may have a record of mounts.
constexpr size_t kTasksAtOnce = 500;

absl::Status NoContent(const std::string& name) {
  if (name.empty())
    return MakeStatus(absl::StatusCode::kNotFound,
                      "no content was ever unmounted by this controller: muster content unmount");
  return MakeStatus(absl::StatusCode::kNotFound, "there is no content \"{}\"", name);
}

// "content-2026-11-22", in UTC.
std::string NameOfToday(Time now) {
  return fmt::format("content-{:%Y-%m-%d}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(
                         std::chrono::time_point_cast<std::chrono::system_clock::duration>(now))));
}

// Tells `take` each task of the job; none if the job was not made yet.
template <typename Take>
absl::Status ForEachTask(JobReader& reader, const std::string& job, Take take) {
  std::string after;
  while (true) {
    const absl::StatusOr<std::vector<Task>> tasks = reader.ListTasks(job, kTasksAtOnce, after);
    if (absl::IsNotFound(tasks.status())) return absl::OkStatus();
    MUSTER_RETURN_IF_ERROR(tasks.status());
    for (const Task& task : *tasks) take(task);
    if (tasks->size() < kTasksAtOnce) return absl::OkStatus();
    after = tasks->back().node;
  }
}

absl::Status AddPhase(const ContentSpec& phase, JobReader& reader, ContentGate* gate) {
  if (!phase.is_unmount)
    return ForEachTask(reader, phase.job, [gate](const Task& task) { gate->OnRemount(task); });
  // Those of a phase that has not come to them yet.
  for (const std::string& node : phase.nodes) {
    Task task;
    task.node = node;
    gate->OnRecord(task);
  }
  MUSTER_RETURN_IF_ERROR(
      ForEachTask(reader, phase.record_job, [gate](const Task& task) { gate->OnRecord(task); }));
  return ForEachTask(reader, phase.job, [gate](const Task& task) { gate->OnUnmount(task); });
}

NodeNow Now(const NodeInfo& node) {
  NodeNow now;
  now.is_attached = node.presence == Presence::kAttached;
  now.is_off = node.in_hsm && node.state == "Off";
  now.status_time = node.status_time;
  if (node.status_time) now.booted = *node.status_time - node.hello.status.boot_age;
  now.has_content = !node.hello.status.mounted.empty();
  return now;
}

}  // namespace

absl::StatusOr<std::string> ControllerService::NewestContent() {
  const absl::StatusOr<std::vector<std::string>> ids = reader_.OperationsOfContent("");
  MUSTER_RETURN_IF_ERROR(ids.status());
  if (ids->empty()) return NoContent("");
  const absl::StatusOr<OperationRecord> newest = reader_.GetOperation(ids->back());
  MUSTER_RETURN_IF_ERROR(newest.status());
  return newest->spec->content->content;
}

// Another try belongs to the first one, on whichever day it is.
absl::StatusOr<std::string> ControllerService::NameToUnmount() {
  const absl::StatusOr<std::vector<std::string>> ids = reader_.OperationsOfContent("");
  MUSTER_RETURN_IF_ERROR(ids.status());
  if (!ids->empty()) {
    const absl::StatusOr<OperationRecord> newest = reader_.GetOperation(ids->back());
    MUSTER_RETURN_IF_ERROR(newest.status());
    if (newest->spec->content->is_unmount) return newest->spec->content->content;
  }
  return NameOfToday(clock_.Now());
}

absl::StatusOr<std::vector<OperationRecord>> ControllerService::PhasesOf(
    const std::string& content) {
  const absl::StatusOr<std::vector<std::string>> ids = reader_.OperationsOfContent(content);
  MUSTER_RETURN_IF_ERROR(ids.status());
  if (ids->empty()) return NoContent(content);
  std::vector<OperationRecord> phases;
  for (const std::string& id : *ids) {
    absl::StatusOr<OperationRecord> phase = reader_.GetOperation(id);
    MUSTER_RETURN_IF_ERROR(phase.status());
    phases.push_back(*std::move(phase));
  }
  return phases;
}

absl::StatusOr<Resolved> ControllerService::ContentTargets(
    const v1::CreateOperationRequest& request, const ContentSpec& spec) {
  const bool is_of_all = !spec.is_unmount && !request.has_targets();
  if (spec.is_unmount) return ResolveTargets(request.targets(), registry_, reader_);
  const absl::StatusOr<std::vector<OperationRecord>> phases = PhasesOf(spec.content);
  MUSTER_RETURN_IF_ERROR(phases.status());
  std::set<std::string, NaturalOrder> known;
  for (const OperationRecord& phase : *phases)
    known.insert(phase.spec->content->nodes.begin(), phase.spec->content->nodes.end());
  Resolved all;
  all.xnames.assign(known.begin(), known.end());
  if (is_of_all) return all;
  absl::StatusOr<Resolved> targets = ResolveTargets(request.targets(), registry_, reader_);
  MUSTER_RETURN_IF_ERROR(targets.status());
  for (const std::string& node : targets->xnames) {
    if (known.contains(node)) continue;
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "content {} has no record of {}: it was no target when it was unmounted",
                      spec.content, node);
  }
  return targets;
}

void ControllerService::CreateContent(const std::string& operator_name,
                                      const v1::CreateOperationRequest& request,
                                      CheckedOperation checked, v1::Operation* response,
                                      grpc::ServerUnaryReactor* reactor) {
  ContentSpec& content = *checked.content;
  if (content.content.empty()) {
    absl::StatusOr<std::string> name = content.is_unmount ? NameToUnmount() : NewestContent();
    if (!name.ok()) return reactor->Finish(GrpcStatus(name.status()));
    content.content = *std::move(name);
  }
  absl::StatusOr<Resolved> targets = ContentTargets(request, content);
  if (!targets.ok()) return reactor->Finish(GrpcStatus(targets.status()));
  if (request.validate_only()) {
    const Work work = content.is_unmount ? Work(UnmountContent{content.content})
                                         : Work(RemountContent{content.content});
    *response->mutable_job() = Preview(work, content.policy, operator_name, *targets, registry_);
    return reactor->Finish(grpc::Status::OK);
  }
  OperationSpec spec;
  spec.id = NewUuid();
  spec.created_by = operator_name;
  spec.created = clock_.Now();
  spec.request_id = std::move(checked.request_id);
  spec.request_digest = std::move(checked.digest);
  content.job = NewUuid();
  if (content.is_unmount) content.record_job = NewUuid();
  std::vector<std::string> remarks = RemarksOn(*targets, registry_);
  content.nodes = std::move(targets->xnames);
  spec.content = std::move(content);
  control_.SubmitOperation(std::move(spec), std::move(remarks),
                           AnswerWithOperation(reactor, response));
}

grpc::ServerUnaryReactor* ControllerService::GetContent(grpc::CallbackServerContext* context,
                                                        const v1::GetContentRequest* request,
                                                        v1::Content* response) {
  return Answer(context, [this, request, response] { return Get(*request, *response); });
}

absl::Status ControllerService::Get(const v1::GetContentRequest& request, v1::Content& response) {
  absl::StatusOr<std::string> name = request.name();
  if (name->empty()) name = NewestContent();
  MUSTER_RETURN_IF_ERROR(name.status());
  const absl::StatusOr<std::vector<OperationRecord>> phases = PhasesOf(*name);
  MUSTER_RETURN_IF_ERROR(phases.status());
  ContentGate gate;
  response.set_name(*name);
  for (const OperationRecord& phase : *phases) {
    const std::string operation = OperationName(phase.spec->id);
    response.add_operations(operation);
    if (!IsTerminal(phase.status.state)) response.set_running(operation);
    MUSTER_RETURN_IF_ERROR(AddPhase(*phase.spec->content, reader_, &gate));
  }
  for (const NodeInfo& node : registry_.List(registry_.All())) gate.See(node.xname, Now(node));
  std::vector<std::string> names;
  for (const auto& [node, content] : gate.nodes()) names.push_back(node);
  std::sort(names.begin(), names.end(), NaturalLess);
  response.set_is_gate_open(gate.is_open() && response.running().empty());
  for (const std::string& node : names) {
    const NodeContent& content = gate.nodes().at(node);
    v1::NodeContent& told = *response.add_nodes();
    told.set_node(node);
    told.set_state(static_cast<v1::ContentState>(content.state));
    told.set_detail(content.detail);
    told.set_reason(static_cast<v1::Reason>(content.reason));
  }
  return absl::OkStatus();
}

}  // namespace muster
