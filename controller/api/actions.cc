// The methods of ControllerService that act on a job that exists: it is looked up on the worker, the runner acts, and what the store then
// says is the answer.
#include <utility>

#include "controller/api/controller_service.h"
#include "controller/api/names.h"
#include "controller/edge/grpc_status.h"

namespace muster {
namespace {

// Of what content was mounted: without them it could not be mounted again.
bool HasRecords(const JobSpec& job) {
  return !job.operation.empty() && std::holds_alternative<InspectContent>(job.work);
}

absl::Status RecordsAreKept(const std::string& job) {
  return MakeStatus(
      absl::StatusCode::kFailedPrecondition,
      "{} has the records by which content is mounted again; it goes when its time is over",
      JobName(job));
}

}  // namespace

void ControllerService::Act(const grpc::CallbackServerContext& context, JobAction action,
                            const std::string& name, grpc::ServerUnaryReactor* reactor,
                            JobDone done) {
  Schedule(
      context, reactor,
      [this, action, &name, reactor, done = std::move(done)](const std::string& operator_name) {
        const absl::StatusOr<std::string> id = ParseJobName(name);
        if (!id.ok()) return reactor->Finish(GrpcStatus(id.status()));
        const absl::StatusOr<JobSummary> job = reader_.GetJob(*id);
        if (!job.ok()) return reactor->Finish(GrpcStatus(job.status()));
        if (action == JobAction::kDelete && HasRecords(job->spec))
          return reactor->Finish(GrpcStatus(RecordsAreKept(*id)));
        control_.Act(action, *id, operator_name, done);
      });
}

grpc::ServerUnaryReactor* ControllerService::CancelJob(grpc::CallbackServerContext* context,
                                                       const v1::CancelJobRequest* request,
                                                       v1::Job* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Act(*context, JobAction::kCancel, request->name(), reactor, AnswerWithJob(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* ControllerService::PauseJob(grpc::CallbackServerContext* context,
                                                      const v1::PauseJobRequest* request,
                                                      v1::Job* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Act(*context, JobAction::kPause, request->name(), reactor, AnswerWithJob(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* ControllerService::ResumeJob(grpc::CallbackServerContext* context,
                                                       const v1::ResumeJobRequest* request,
                                                       v1::Job* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Act(*context, JobAction::kResume, request->name(), reactor, AnswerWithJob(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* ControllerService::DeleteJob(grpc::CallbackServerContext* context,
                                                       const v1::DeleteJobRequest* request,
                                                       google::protobuf::Empty*) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Act(*context, JobAction::kDelete, request->name(), reactor,
      [reactor](const absl::StatusOr<std::string>& id) {
        reactor->Finish(GrpcStatus(id.status()));
      });
  return reactor;
}

}  // namespace muster
