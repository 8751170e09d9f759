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
// The fewest that serve on a healthy system: its own tools refuse to take a worker if not two other ones serve.
constexpr uint32_t kUsualCpsServers = 2;

absl::Status NoContent(const std::string& name) {
  if (name.empty())
    return MakeStatus(
        absl::StatusCode::kNotFound,
        "no content was ever unmounted by this controller; `muster content unmount` does");
  return MakeStatus(absl::StatusCode::kNotFound,
                    "there is no content \"{}\"; without a name the newest is meant, and `muster "
                    "operation list` shows what was done",
                    name);
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
  const auto on_unmount = [gate](const Task& task) { gate->OnUnmount(task); };
  MUSTER_RETURN_IF_ERROR(ForEachTask(reader, phase.job, on_unmount));
  return ForEachTask(reader, phase.servers_job, on_unmount);
}

// Whether BOS may have been told to, in its last step. One that was cancelled under way says what goes on.
bool HasBegunToBoot(const OperationRecord& phase) {
  const OperationStep& last = phase.status.steps.back();
  return last.state != OperationState::kPending &&
         (last.state != OperationState::kCancelled || !last.detail.empty());
}

absl::StatusOr<ContentGate> GateOf(const std::vector<OperationRecord>& phases, JobReader& reader) {
  ContentGate gate;
  for (const OperationRecord& phase : phases) {
    const ContentSpec& content = *phase.spec->content;
    MUSTER_RETURN_IF_ERROR(AddPhase(content, reader, &gate));
    if (!HasBegunToBoot(phase)) continue;
    for (const std::string& node : content.rooted) gate.OnBoot(node, phase.spec->created);
  }
  return gate;
}

// With their root on content, by the phases; for those of `nodes`.
absl::StatusOr<std::vector<std::string>> RootedOf(const std::vector<OperationRecord>& phases,
                                                  const std::vector<std::string>& nodes,
                                                  JobReader& reader) {
  const absl::StatusOr<ContentGate> gate = GateOf(phases, reader);
  MUSTER_RETURN_IF_ERROR(gate.status());
  std::vector<std::string> rooted;
  for (const std::string& node : nodes) {
    const auto found = gate->nodes().find(node);
    if (found != gate->nodes().end() && found->second.state == ContentState::kRootOnCps)
      rooted.push_back(node);
  }
  return rooted;
}

absl::Status Unknown(const char* service, const char* key, const char* without) {
  return MakeStatus(
      absl::StatusCode::kFailedPrecondition,
      "this controller knows no {}: give it the address in [csm] {} of musterd.toml, or "
      "leave out {}",
      service, key, without);
}

NodeNow Now(const NodeInfo& node) {
  NodeNow now;
  now.is_attached = node.presence == Presence::kAttached;
  now.is_off = node.in_hsm && node.state == "Off";
  now.mounted_time = node.mounted_time;
  if (node.status_time) now.booted = *node.status_time - node.hello.status.boot_age;
  now.has_content = !node.hello.status.mounted.empty();
  now.tells_changes = node.hello.protocol_version >= kTellsChanges;
  return now;
}

}  // namespace

absl::Status ControllerService::AddServices(const v1::CreateOperationRequest& request,
                                            ContentSpec* content) {
  const bool is_said = content->is_unmount ? request.content_unmount().has_cps_servers()
                                           : request.content_remount().has_cps_servers();
  if (!is_said && options_.has_cps) content->min_servers = kUsualCpsServers;
  if (content->min_servers > 0 && !options_.has_cps) return Unknown("CPS", "cps", "--cps-servers");
  if (!content->bos_template.empty() && !options_.has_bos) return Unknown("BOS", "bos", "--bos");
  if (content->is_unmount) {
    if (content->min_servers > 0) content->servers_job = NewUuid();
    return absl::OkStatus();
  }
  if (content->bos_template.empty()) return absl::OkStatus();
  const absl::StatusOr<std::vector<OperationRecord>> phases = PhasesOf(content->content);
  MUSTER_RETURN_IF_ERROR(phases.status());
  absl::StatusOr<std::vector<std::string>> rooted = RootedOf(*phases, content->nodes, reader_);
  MUSTER_RETURN_IF_ERROR(rooted.status());
  content->rooted = *std::move(rooted);
  return absl::OkStatus();
}

absl::StatusOr<ContentSpec> ControllerService::NewestPhase() {
  const absl::StatusOr<std::vector<std::string>> ids = reader_.OperationsOfContent("");
  MUSTER_RETURN_IF_ERROR(ids.status());
  if (ids->empty()) return NoContent("");
  const absl::StatusOr<OperationRecord> newest = reader_.GetOperation(ids->back());
  MUSTER_RETURN_IF_ERROR(newest.status());
  return *newest->spec->content;
}

absl::StatusOr<std::string> ControllerService::UsualName(bool is_unmount) {
  absl::StatusOr<ContentSpec> newest = NewestPhase();
  // Another try belongs to the first one, on whichever day it is; what was mounted again is over.
  const bool is_new =
      is_unmount && (newest.ok() ? !newest->is_unmount : absl::IsNotFound(newest.status()));
  if (is_new) return NameOfToday(clock_.Now());
  MUSTER_RETURN_IF_ERROR(newest.status());
  return std::move(newest->content);
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
  if (spec.is_unmount) return ResolveTargets(request.targets(), registry_, reader_);
  const absl::StatusOr<std::vector<OperationRecord>> phases = PhasesOf(spec.content);
  MUSTER_RETURN_IF_ERROR(phases.status());
  std::set<std::string, NaturalOrder> known;
  for (const OperationRecord& phase : *phases)
    known.insert(phase.spec->content->nodes.begin(), phase.spec->content->nodes.end());
  if (!request.has_targets()) {
    Resolved all;
    all.xnames.assign(known.begin(), known.end());
    return all;
  }
  absl::StatusOr<Resolved> targets = ResolveTargets(request.targets(), registry_, reader_);
  MUSTER_RETURN_IF_ERROR(targets.status());
  for (const std::string& node : targets->xnames) {
    if (known.contains(node)) continue;
    return MakeStatus(
        absl::StatusCode::kInvalidArgument,
        "content {} has no record of {}: it was no target when it was unmounted; leave it out",
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
    absl::StatusOr<std::string> name = UsualName(content.is_unmount);
    if (!name.ok()) return reactor->Finish(GrpcStatus(name.status()));
    content.content = *std::move(name);
  }
  absl::StatusOr<Resolved> targets = ContentTargets(request, content);
  if (!targets.ok()) return reactor->Finish(GrpcStatus(targets.status()));
  content.nodes = targets->xnames;
  const absl::Status added = AddServices(request, &content);
  if (!added.ok()) return reactor->Finish(GrpcStatus(added));
  if (request.validate_only()) {
    const Work work = content.is_unmount ? Work(UnmountContent{content.content})
                                         : Work(RemountContent{content.content});
    // BOS has them, not the job.
    const std::set<std::string> rooted(content.rooted.begin(), content.rooted.end());
    std::erase_if(targets->xnames, [&](const std::string& node) { return rooted.contains(node); });
    *response->mutable_job() =
        Preview(work, content.policy, operator_name, *targets, registry_, reader_);
    return reactor->Finish(grpc::Status::OK);
  }
  std::vector<std::string> remarks = RemarksOn(*targets, registry_);
  OperationSpec spec;
  spec.id = NewUuid();
  spec.created_by = operator_name;
  spec.created = clock_.Now();
  spec.request_id = std::move(checked.request_id);
  spec.request_digest = std::move(checked.digest);
  content.job = NewUuid();
  if (content.is_unmount) content.record_job = NewUuid();
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
  if (name->empty()) name = UsualName(/*is_unmount=*/false);
  MUSTER_RETURN_IF_ERROR(name.status());
  const absl::StatusOr<std::vector<OperationRecord>> phases = PhasesOf(*name);
  MUSTER_RETURN_IF_ERROR(phases.status());
  absl::StatusOr<ContentGate> folded = GateOf(*phases, reader_);
  MUSTER_RETURN_IF_ERROR(folded.status());
  ContentGate& gate = *folded;
  response.set_name(*name);
  for (const OperationRecord& phase : *phases) {
    const std::string operation = OperationName(phase.spec->id);
    response.add_operations(operation);
    if (!IsTerminal(phase.status.state)) response.set_running(operation);
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
