#include "controller/api/controller_service.h"

#include <utility>

#include "common/crash_point.h"
#include "common/log.h"
#include "common/uuid.h"
#include "controller/api/convert.h"
#include "controller/api/names.h"
#include "controller/api/targets.h"
#include "controller/api/validate.h"
#include "controller/api/watch.h"
#include "controller/edge/grpc_status.h"
#include "controller/edge/peer_address.h"
#include "controller/engine/plan.h"

namespace muster {
namespace {

absl::Status Busy() {
  return MakeStatus(absl::StatusCode::kResourceExhausted,
                    "the controller has too many calls waiting: try again");
}

// CreateJob's, so that a test can stop the controller right after the operator has been answered.
class CreateReactor final : public grpc::ServerUnaryReactor {
  void OnDone() override {
    CrashPoint("controller.operator-answered");
    delete this;
  }
};

// A watch that is told why it cannot be, and ends.
class RefusedWatch final : public grpc::ServerWriteReactor<v1::JobChanges> {
 public:
  explicit RefusedWatch(const absl::Status& status) { Finish(GrpcStatus(status)); }
  void OnDone() override { delete this; }
};

// Which of `nodes` can be sent to now.
std::vector<bool> Attached(const std::vector<std::string>& nodes, const NodeRegistry& registry) {
  std::vector<bool> is_attached(nodes.size());
  size_t at = 0;
  for (const NodeInfo& node : registry.List(nodes)) {
    while (nodes[at] != node.xname) ++at;
    is_attached[at] = node.presence == Presence::kAttached;
  }
  return is_attached;
}

// What CreateJob answers to validate_only: the job as it would be, without a name, and its plan.
v1::Job Preview(const CheckedRequest& checked, const std::string& operator_name,
                const std::vector<std::string>& nodes, const NodeRegistry& registry) {
  JobSummary job;
  job.spec.work = checked.work;
  job.spec.policy = checked.policy;
  job.spec.created_by = operator_name;
  job.counts[static_cast<size_t>(TaskState::kPending)] = static_cast<uint32_t>(nodes.size());
  v1::Job proto = ToProto(job);
  proto.clear_name();
  proto.clear_state();
  proto.clear_create_time();
  *proto.mutable_plan() =
      ToProto(PlanRollout(checked.policy, checked.work, nodes, Attached(nodes, registry)));
  return proto;
}

}  // namespace

ControllerService::ControllerService(ControllerServiceOptions options, JobControl& control,
                                     JobReader& reader, const NodeRegistry& registry,
                                     Refusals& refusals, const Clock& clock)
    : options_(std::move(options)),
      control_(control),
      reader_(reader),
      registry_(registry),
      refusals_(refusals),
      clock_(clock),
      started_(clock.Now()) {}

absl::StatusOr<ControllerService::Caller> ControllerService::CallerOf(
    const grpc::CallbackServerContext& context) const {
  if (options_.on_call) options_.on_call(context.peer());
  absl::StatusOr<CertificateInfo> certificate = CertificateOf(*context.auth_context());
  MUSTER_RETURN_IF_ERROR(certificate.status());
  const std::vector<std::string> names = NamesIn(certificate->uris, options_.patterns.operator_);
  if (names.empty()) {
    return MakeStatus(
        absl::StatusCode::kPermissionDenied,
        "the certificate is not an operator's: its names are [{}], an operator's are {}",
        fmt::join(certificate->uris, ", "), options_.patterns.operator_);
  }
  MUSTER_RETURN_IF_ERROR(CheckValid(*certificate));
  return Caller{names.front(), *std::move(certificate)};
}

// A connection lives longer than the certificate that it was made with.
absl::Status ControllerService::CheckValid(const CertificateInfo& certificate) const {
  if (std::chrono::system_clock::now() >= certificate.not_after)
    return MakeStatus(absl::StatusCode::kUnauthenticated, "the certificate has expired");
  if (options_.is_revoked && options_.is_revoked(certificate))
    return MakeStatus(absl::StatusCode::kPermissionDenied, "the certificate is revoked");
  return absl::OkStatus();
}

void ControllerService::Schedule(const grpc::CallbackServerContext& context,
                                 std::function<void(const std::string&)> step,
                                 const std::function<void(const absl::Status&)>& refuse) {
  const absl::StatusOr<Caller> caller = CallerOf(context);
  if (!caller.ok()) {
    refusals_.Note(Refusal::kUnauthorized, HostOf(context.peer()), Message(caller.status()));
    refuse(caller.status());
  } else if (!worker_.Post([step = std::move(step), name = caller->name] { step(name); })) {
    refuse(Busy());
  }
}

grpc::ServerUnaryReactor* ControllerService::Answer(grpc::CallbackServerContext* context,
                                                    std::function<absl::Status()> work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Schedule(
      *context,
      [reactor, work = std::move(work)](const std::string&) {
        reactor->Finish(GrpcStatus(work()));
      },
      [reactor](const absl::Status& status) { reactor->Finish(GrpcStatus(status)); });
  return reactor;
}

JobDone ControllerService::AnswerWithJob(grpc::ServerUnaryReactor* reactor, v1::Job* response) {
  return [this, reactor, response](absl::StatusOr<std::string> id) {
    worker_.PostReserved([this, reactor, response, id = std::move(id)] {
      absl::Status status = id.status();
      if (status.ok()) {
        const absl::StatusOr<JobSummary> job = reader_.GetJob(*id);
        status = job.status();
        if (absl::IsNotFound(status)) {
          status = MakeStatus(absl::StatusCode::kNotFound,
                              "{} has been deleted, and its request id makes no other job",
                              JobName(*id));
        }
        if (job.ok()) *response = ToProto(*job);
      }
      reactor->Finish(GrpcStatus(status));
    });
  };
}

grpc::ServerUnaryReactor* ControllerService::CreateJob(grpc::CallbackServerContext* context,
                                                       const v1::CreateJobRequest* request,
                                                       v1::Job* response) {
  auto* reactor = new CreateReactor;
  Schedule(
      *context,
      [this, request, response, reactor](const std::string& operator_name) {
        Create(operator_name, *request, response, reactor);
      },
      [reactor](const absl::Status& status) { reactor->Finish(GrpcStatus(status)); });
  return reactor;
}

void ControllerService::Create(const std::string& operator_name,
                               const v1::CreateJobRequest& request, v1::Job* response,
                               grpc::ServerUnaryReactor* reactor) {
  absl::StatusOr<CheckedRequest> checked = CheckRequest(request, clock_.Now());
  if (!checked.ok()) return reactor->Finish(GrpcStatus(checked.status()));
  absl::StatusOr<std::vector<std::string>> nodes =
      ResolveTargets(request.targets(), registry_, reader_);
  if (!nodes.ok()) return reactor->Finish(GrpcStatus(nodes.status()));
  if (request.validate_only()) {
    *response = Preview(*checked, operator_name, *nodes, registry_);
    return reactor->Finish(grpc::Status::OK);
  }
  JobSpec spec;
  spec.id = NewUuid();
  spec.work = std::move(checked->work);
  spec.policy = checked->policy;
  spec.created_by = operator_name;
  spec.created = clock_.Now();
  spec.request_id = std::move(checked->request_id);
  spec.request_digest = std::move(checked->digest);
  control_.Submit(std::move(spec), std::move(*nodes), AnswerWithJob(reactor, response));
}

grpc::ServerUnaryReactor* ControllerService::GetJob(grpc::CallbackServerContext* context,
                                                    const v1::GetJobRequest* request,
                                                    v1::Job* response) {
  return Answer(context, [this, request, response]() -> absl::Status {
    const absl::StatusOr<std::string> id = ParseJobName(request->name());
    MUSTER_RETURN_IF_ERROR(id.status());
    const absl::StatusOr<JobSummary> job = reader_.GetJob(*id);
    if (job.ok()) *response = ToProto(*job);
    return job.status();
  });
}

grpc::ServerUnaryReactor* ControllerService::ListJobs(grpc::CallbackServerContext* context,
                                                      const v1::ListJobsRequest* request,
                                                      v1::ListJobsResponse* response) {
  return Answer(context, [this, request, response] { return List(*request, *response); });
}

grpc::ServerWriteReactor<v1::JobChanges>* ControllerService::WatchJob(
    grpc::CallbackServerContext* context, const v1::WatchJobRequest* request) {
  const absl::StatusOr<Caller> caller = CallerOf(*context);
  if (!caller.ok()) {
    refusals_.Note(Refusal::kUnauthorized, HostOf(context->peer()), Message(caller.status()));
    return new RefusedWatch(caller.status());
  }
  const absl::StatusOr<std::string> id = ParseJobName(request->name());
  if (!id.ok()) return new RefusedWatch(id.status());
  if (watches_.fetch_add(1) >= kMaxWatches) {
    watches_.fetch_sub(1);
    return new RefusedWatch(Busy());
  }
  const auto check = [this, certificate = caller->certificate] { return CheckValid(certificate); };
  return Watch::Start(*id, request->revision(),
                      {worker_, control_, reader_, watches_, check, options_.certificate_check});
}

grpc::ServerUnaryReactor* ControllerService::GetTask(grpc::CallbackServerContext* context,
                                                     const v1::GetTaskRequest* request,
                                                     v1::Task* response) {
  return Answer(context, [this, request, response] { return Get(*request, *response); });
}

grpc::ServerUnaryReactor* ControllerService::ListTasks(grpc::CallbackServerContext* context,
                                                       const v1::ListTasksRequest* request,
                                                       v1::ListTasksResponse* response) {
  return Answer(context, [this, request, response] { return List(*request, *response); });
}

grpc::ServerUnaryReactor* ControllerService::GetNode(grpc::CallbackServerContext* context,
                                                     const v1::GetNodeRequest* request,
                                                     v1::Node* response) {
  return Answer(context, [this, request, response] { return Get(*request, *response); });
}

grpc::ServerUnaryReactor* ControllerService::ListNodes(grpc::CallbackServerContext* context,
                                                       const v1::ListNodesRequest* request,
                                                       v1::ListNodesResponse* response) {
  return Answer(context, [this, request, response] { return List(*request, *response); });
}

grpc::ServerUnaryReactor* ControllerService::GetStatus(grpc::CallbackServerContext* context,
                                                       const v1::GetStatusRequest*,
                                                       v1::ControllerStatus* response) {
  return Answer(context, [this, response] {
    *response = Status();
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* ControllerService::GetOperation(grpc::CallbackServerContext* context,
                                                          const v1::GetOperationRequest* request,
                                                          v1::Operation*) {
  return Answer(context, [request] {
    return MakeStatus(absl::StatusCode::kNotFound, "there is no operation '{:.200}'",
                      request->name());
  });
}

grpc::ServerUnaryReactor* ControllerService::ListOperations(grpc::CallbackServerContext* context,
                                                            const v1::ListOperationsRequest*,
                                                            v1::ListOperationsResponse*) {
  return Answer(context, [] { return absl::OkStatus(); });
}

}  // namespace muster
