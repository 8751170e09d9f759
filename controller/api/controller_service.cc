#include "controller/api/controller_service.h"

#include <utility>

#include "common/log.h"
#include "common/uuid.h"
#include "controller/api/convert.h"
#include "controller/api/create_reactor.h"
#include "controller/api/names.h"
#include "controller/api/preview.h"
#include "controller/api/targets.h"
#include "controller/api/validate.h"
#include "controller/api/watch.h"
#include "controller/edge/grpc_status.h"
#include "controller/edge/peer_address.h"
#include "controller/nodeset/node_name.h"

namespace muster {
namespace {

absl::Status Busy() {
  return MakeStatus(absl::StatusCode::kResourceExhausted,
                    "the controller has too many calls waiting: try again");
}

}  // namespace

ControllerService::ControllerService(ControllerServiceOptions options, JobControl& control,
                                     JobReader& reader, const FleetSources& fleet,
                                     Refusals& refusals, const Clock& clock)
    : options_(std::move(options)),
      control_(control),
      reader_(reader),
      registry_(fleet.registry),
      refusals_(refusals),
      clock_(clock),
      started_(clock.Now()),
      health_(fleet.health),
      history_(fleet.history) {}

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
    return MakeStatus(absl::StatusCode::kUnauthenticated,
                      "the certificate has expired; whoever keeps the CA issues another (muster "
                      "pki issue --role operator)");
  if (options_.is_revoked && options_.is_revoked(certificate))
    return MakeStatus(absl::StatusCode::kPermissionDenied,
                      "the certificate is revoked; whoever keeps the CA issues another (muster pki "
                      "issue --role operator)");
  return absl::OkStatus();
}

void ControllerService::Schedule(const grpc::CallbackServerContext& context,
                                 grpc::ServerUnaryReactor* reactor,
                                 std::function<void(const std::string&)> step) {
  const absl::StatusOr<Caller> caller = CallerOf(context);
  if (!caller.ok()) {
    refusals_.Note(Refusal::kUnauthorized, HostOf(context.peer()), Message(caller.status()));
    reactor->Finish(GrpcStatus(caller.status()));
  } else if (!worker_.Post([step = std::move(step), name = caller->name] { step(name); })) {
    reactor->Finish(GrpcStatus(Busy()));
  }
}

grpc::ServerUnaryReactor* ControllerService::Answer(grpc::CallbackServerContext* context,
                                                    std::function<absl::Status()> work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Schedule(*context, reactor, [reactor, work = std::move(work)](const std::string&) {
    reactor->Finish(GrpcStatus(work()));
  });
  return reactor;
}

JobDone ControllerService::AnswerBy(grpc::ServerUnaryReactor* reactor,
                                    std::function<absl::Status(const std::string& id)> read) {
  return [this, reactor, read = std::move(read)](absl::StatusOr<std::string> id) {
    worker_.PostReserved([reactor, read, id = std::move(id)] {
      reactor->Finish(GrpcStatus(id.ok() ? read(*id) : id.status()));
    });
  };
}

JobDone ControllerService::AnswerWithJob(grpc::ServerUnaryReactor* reactor, v1::Job* response) {
  return AnswerBy(reactor, [this, response](const std::string& id) {
    const absl::Status status = Get(id, *response);
    if (!absl::IsNotFound(status)) return status;
    return MakeStatus(absl::StatusCode::kNotFound,
                      "{} has been deleted, and its request id makes no other job; without "
                      "--request-id a new one does",
                      JobName(id));
  });
}

grpc::ServerUnaryReactor* ControllerService::CreateJob(grpc::CallbackServerContext* context,
                                                       const v1::CreateJobRequest* request,
                                                       v1::Job* response) {
  auto* reactor = new CreateReactor;
  Schedule(*context, reactor, [this, request, response, reactor](const std::string& operator_name) {
    Create(operator_name, *request, response, reactor);
  });
  return reactor;
}

void ControllerService::Create(const std::string& operator_name,
                               const v1::CreateJobRequest& request, v1::Job* response,
                               grpc::ServerUnaryReactor* reactor) {
  absl::StatusOr<CheckedRequest> checked = CheckRequest(request, clock_.Now());
  if (!checked.ok()) return reactor->Finish(GrpcStatus(checked.status()));
  absl::StatusOr<Resolved> targets = ResolveTargets(request.targets(), registry_, reader_);
  if (!targets.ok()) return reactor->Finish(GrpcStatus(targets.status()));
  if (request.validate_only()) {
    *response =
        Preview(checked->work, checked->policy, operator_name, *targets, registry_, reader_);
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
  spec.remarks = RemarksOn(*targets, registry_);
  control_.Submit(std::move(spec), std::move(targets->xnames), AnswerWithJob(reactor, response));
}

grpc::ServerUnaryReactor* ControllerService::GetJob(grpc::CallbackServerContext* context,
                                                    const v1::GetJobRequest* request,
                                                    v1::Job* response) {
  return Answer(context, [this, request, response]() -> absl::Status {
    const absl::StatusOr<std::string> id = ParseJobName(request->name());
    MUSTER_RETURN_IF_ERROR(id.status());
    return Get(*id, *response);
  });
}

absl::Status ControllerService::Get(const std::string& id, v1::Job& response) {
  const absl::StatusOr<JobSummary> job = reader_.GetJob(id);
  if (job.ok()) response = ToProto(*job);
  return job.status();
}

grpc::ServerUnaryReactor* ControllerService::ListJobs(grpc::CallbackServerContext* context,
                                                      const v1::ListJobsRequest* request,
                                                      v1::ListJobsResponse* response) {
  return Answer(context, [this, request, response] { return List(*request, *response); });
}

absl::StatusOr<WatchContext> ControllerService::AdmitWatch(
    const grpc::CallbackServerContext& context, const absl::Status& named) {
  const absl::StatusOr<Caller> caller = CallerOf(context);
  if (!caller.ok()) {
    refusals_.Note(Refusal::kUnauthorized, HostOf(context.peer()), Message(caller.status()));
    return caller.status();
  }
  MUSTER_RETURN_IF_ERROR(named);
  if (watches_.fetch_add(1) >= kMaxWatches) {
    watches_.fetch_sub(1);
    return Busy();
  }
  const auto check = [this, certificate = caller->certificate] { return CheckValid(certificate); };
  return WatchContext{worker_, control_, reader_, watches_, check, options_.certificate_check};
}

grpc::ServerWriteReactor<v1::JobChanges>* ControllerService::WatchJob(
    grpc::CallbackServerContext* context, const v1::WatchJobRequest* request) {
  const absl::StatusOr<std::string> id = ParseJobName(request->name());
  absl::StatusOr<WatchContext> watch = AdmitWatch(*context, id.status());
  if (!watch.ok()) return new RefusedWatch<v1::JobChanges>(watch.status());
  return JobWatch::Start(*id, request->revision(), *std::move(watch));
}

grpc::ServerWriteReactor<v1::BackupPiece>* ControllerService::Backup(
    grpc::CallbackServerContext* context, const v1::BackupRequest*) {
  const absl::StatusOr<Caller> caller = CallerOf(*context);
  if (!caller.ok()) {
    refusals_.Note(Refusal::kUnauthorized, HostOf(context->peer()), Message(caller.status()));
    return new RefusedWatch<v1::BackupPiece>(caller.status());
  }
  if (is_backup_under_way_.exchange(true)) {
    return new RefusedWatch<v1::BackupPiece>(
        MakeStatus(absl::StatusCode::kResourceExhausted,
                   "another backup is being made: try again when it is done"));
  }
  log::Info("backup asked for by={}", caller->name);
  return new BackupReactor(*context, options_.copy_store, options_.backup_piece_timeout,
                           is_backup_under_way_);
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

grpc::ServerUnaryReactor* ControllerService::ListHealthEvents(
    grpc::CallbackServerContext* context, const v1::ListHealthEventsRequest* request,
    v1::ListHealthEventsResponse* response) {
  return Answer(context, [this, request, response] { return List(*request, *response); });
}

grpc::ServerUnaryReactor* ControllerService::GetHealth(grpc::CallbackServerContext* context,
                                                       const v1::GetHealthRequest* request,
                                                       v1::Health* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Schedule(*context, reactor, [this, request, response, reactor](const std::string&) {
    absl::StatusOr<std::vector<std::string>> nodes =
        NodesOf(request->has_targets(), request->targets());
    if (!nodes.ok()) return reactor->Finish(GrpcStatus(nodes.status()));
    health_.Get(*std::move(nodes), request->by(), [response, reactor](v1::Health health) {
      *response = std::move(health);
      reactor->Finish(grpc::Status::OK);
    });
  });
  return reactor;
}

}  // namespace muster
