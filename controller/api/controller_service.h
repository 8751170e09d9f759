// The operators' service. Its methods are called on gRPC's threads, which only look who calls; what reads the store or resolves nodes
// happens on the one worker, and what changes anything in the runner, whose answer comes back to the worker when it
// is durable.
//
// Stopping: the server's Shutdown waits for every call, so the runner must have answered what it has taken, or still be at it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <string>

#include "common/identity.h"
#include "common/time.h"
#include "controller/api/backup.h"
#include "controller/api/fleet_health.h"
#include "controller/api/validate.h"
#include "controller/api/watch_reactor.h"
#include "controller/api/worker.h"
#include "controller/edge/peer_certificate.h"
#include "controller/edge/refusals.h"
#include "controller/inventory/node_registry.h"
#include "controller/runner/submitter.h"
#include "controller/store/job_store.h"
#include "muster/v1/controller.grpc.pb.h"

namespace muster {

// Watches at once; each keeps a stream and reads the store whenever its job changes.
inline constexpr int kMaxWatches = 256;

// Connections to either port that have no stream or call yet.
struct ConnectionCounts {
  size_t waiting = 0;
  size_t opening = 0;
};

using SubscribersDone =
    std::function<void(absl::StatusOr<std::shared_ptr<const Subscribers>> subscribers)>;

struct ControllerServiceOptions {
  IdentityPatterns patterns;
  Epoch epoch;
  // For GetStatus, and told of each call's peer, as gRPC writes it. Any thread; shortly.
  std::function<ConnectionCounts()> connections;
  std::function<void(const std::string& peer)> on_call;
  // Any thread; shortly. Nothing: no certificate is.
  std::function<bool(const CertificateInfo&)> is_revoked;
  // Asks HMNFD, off the caller's thread, and tells the answer to `done` from any thread. Nothing: the controller knows no HMNFD.
  std::function<void(SubscribersDone done)> list_subscribers;
  // On a thread of the call's.
  CopyTheStore copy_store;
  // For each piece of it to be taken.
  Duration backup_piece_timeout = kBackupPieceTimeout;
  // Whether the controller knows CPS, and BOS.
  bool has_cps = false;
  bool has_bos = false;
  // A watch ends no later than this after its operator's certificate has expired or is revoked.
  Duration certificate_check = 1min;
};

// What is known of the nodes. `history` is used on the service's worker only.
struct FleetSources {
  const NodeRegistry& registry;
  FleetHealth& health;
  HistoryReader& history;
};

class ControllerService final : public v1::Controller::CallbackService {
 public:
  // All outlive this object, and this object the server. `reader` is used on the worker only.
  ControllerService(ControllerServiceOptions options, JobControl& control, JobReader& reader,
                    const FleetSources& fleet, Refusals& refusals, const Clock& clock);

  grpc::ServerUnaryReactor* CreateJob(grpc::CallbackServerContext* context,
                                      const v1::CreateJobRequest* request,
                                      v1::Job* response) override;
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context,
                                   const v1::GetJobRequest* request, v1::Job* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context,
                                     const v1::ListJobsRequest* request,
                                     v1::ListJobsResponse* response) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context,
                                      const v1::CancelJobRequest* request,
                                      v1::Job* response) override;
  grpc::ServerUnaryReactor* PauseJob(grpc::CallbackServerContext* context,
                                     const v1::PauseJobRequest* request,
                                     v1::Job* response) override;
  grpc::ServerUnaryReactor* ResumeJob(grpc::CallbackServerContext* context,
                                      const v1::ResumeJobRequest* request,
                                      v1::Job* response) override;
  grpc::ServerUnaryReactor* DeleteJob(grpc::CallbackServerContext* context,
                                      const v1::DeleteJobRequest* request,
                                      google::protobuf::Empty* response) override;
  grpc::ServerWriteReactor<v1::JobChanges>* WatchJob(grpc::CallbackServerContext* context,
                                                     const v1::WatchJobRequest* request) override;
  grpc::ServerUnaryReactor* GetTask(grpc::CallbackServerContext* context,
                                    const v1::GetTaskRequest* request, v1::Task* response) override;
  grpc::ServerUnaryReactor* ListTasks(grpc::CallbackServerContext* context,
                                      const v1::ListTasksRequest* request,
                                      v1::ListTasksResponse* response) override;
  grpc::ServerUnaryReactor* GetNode(grpc::CallbackServerContext* context,
                                    const v1::GetNodeRequest* request, v1::Node* response) override;
  grpc::ServerUnaryReactor* ListNodes(grpc::CallbackServerContext* context,
                                      const v1::ListNodesRequest* request,
                                      v1::ListNodesResponse* response) override;
  grpc::ServerUnaryReactor* GetHealth(grpc::CallbackServerContext* context,
                                      const v1::GetHealthRequest* request,
                                      v1::Health* response) override;
  grpc::ServerUnaryReactor* ListHealthEvents(grpc::CallbackServerContext* context,
                                             const v1::ListHealthEventsRequest* request,
                                             v1::ListHealthEventsResponse* response) override;
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::ControllerStatus* response) override;
  grpc::ServerUnaryReactor* CreateOperation(grpc::CallbackServerContext* context,
                                            const v1::CreateOperationRequest* request,
                                            v1::Operation* response) override;
  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* context,
                                         const v1::GetOperationRequest* request,
                                         v1::Operation* response) override;
  grpc::ServerUnaryReactor* ListOperations(grpc::CallbackServerContext* context,
                                           const v1::ListOperationsRequest* request,
                                           v1::ListOperationsResponse* response) override;
  grpc::ServerUnaryReactor* CancelOperation(grpc::CallbackServerContext* context,
                                            const v1::CancelOperationRequest* request,
                                            v1::Operation* response) override;
  grpc::ServerWriteReactor<v1::Operation>* WatchOperation(
      grpc::CallbackServerContext* context, const v1::WatchOperationRequest* request) override;
  grpc::ServerUnaryReactor* GetContent(grpc::CallbackServerContext* context,
                                       const v1::GetContentRequest* request,
                                       v1::Content* response) override;
  grpc::ServerUnaryReactor* ListSubscribers(grpc::CallbackServerContext* context,
                                            const v1::ListSubscribersRequest* request,
                                            v1::ListSubscribersResponse* response) override;
  grpc::ServerWriteReactor<v1::BackupPiece>* Backup(grpc::CallbackServerContext* context,
                                                    const v1::BackupRequest* request) override;

 private:
  struct Caller {
    std::string name;
    CertificateInfo certificate;
  };

  // The operator. PERMISSION_DENIED for any other peer, else as CheckValid.
  absl::StatusOr<Caller> CallerOf(const grpc::CallbackServerContext& context) const;
  // UNAUTHENTICATED if the certificate has expired, PERMISSION_DENIED if it is revoked. Any thread.
  absl::Status CheckValid(const CertificateInfo& certificate) const;
  // Runs `step` on the worker, which then has to finish the call; or finishes it at once with why not.
  void Schedule(const grpc::CallbackServerContext& context, grpc::ServerUnaryReactor* reactor,
                std::function<void(const std::string& operator_name)> step);
  // A call that is answered by what `work` returns.
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                   std::function<absl::Status()> work);
  // Takes the runner's answer back to the worker, which reads what has that id and finishes the call.
  JobDone AnswerBy(grpc::ServerUnaryReactor* reactor,
                   std::function<absl::Status(const std::string& id)> read);
  JobDone AnswerWithJob(grpc::ServerUnaryReactor* reactor, v1::Job* response);
  JobDone AnswerWithOperation(grpc::ServerUnaryReactor* reactor, v1::Operation* response);
  // Has the runner act on the job called `name`, which lives as long as the call.
  void Act(const grpc::CallbackServerContext& context, JobAction action, const std::string& name,
           grpc::ServerUnaryReactor* reactor, JobDone done);
  void Create(const std::string& operator_name, const v1::CreateJobRequest& request,
              v1::Job* response, grpc::ServerUnaryReactor* reactor);
  void Create(const std::string& operator_name, const v1::CreateOperationRequest& request,
              v1::Operation* response, grpc::ServerUnaryReactor* reactor);
  // What is answered to validate_only.
  void PreviewResubscription(const std::string& operator_name, ResubscriptionSpec asked,
                             Resolved targets, v1::Operation* response,
                             grpc::ServerUnaryReactor* reactor);
  void CreateContent(const std::string& operator_name, const v1::CreateOperationRequest& request,
                     CheckedOperation checked, v1::Operation* response,
                     grpc::ServerUnaryReactor* reactor);
  // The nodes of a phase: those that were asked for, or of one that mounts again, all of the content.
  absl::StatusOr<Resolved> ContentTargets(const v1::CreateOperationRequest& request,
                                          const ContentSpec& spec);
  // What the phase needs of CPS and BOS; `content` has its nodes. FAILED_PRECONDITION for a service that is not known.
  absl::Status AddServices(const v1::CreateOperationRequest& request, ContentSpec* content);
  // NOT_FOUND if there is none.
  absl::StatusOr<std::vector<OperationRecord>> PhasesOf(const std::string& content);
  absl::StatusOr<ContentSpec> NewestPhase();
  // What is meant where no name was given.
  absl::StatusOr<std::string> UsualName(bool is_unmount);
  absl::Status Get(const v1::GetContentRequest& request, v1::Content& response);
  // What a watch needs, once its caller is known, and there is room for one more. `named`: whether what it watches has a good name.
  absl::StatusOr<WatchContext> AdmitWatch(const grpc::CallbackServerContext& context,
                                          const absl::Status& named);

  absl::Status List(const v1::ListOperationsRequest& request, v1::ListOperationsResponse& response);
  absl::Status List(const v1::ListJobsRequest& request, v1::ListJobsResponse& response);
  absl::Status List(const v1::ListTasksRequest& request, v1::ListTasksResponse& response);
  absl::Status List(const v1::ListNodesRequest& request, v1::ListNodesResponse& response);
  absl::Status Get(const std::string& id, v1::Job& response);
  absl::Status Get(const std::string& id, v1::Operation& response);
  absl::Status Get(const v1::GetTaskRequest& request, v1::Task& response);
  absl::Status List(const v1::ListHealthEventsRequest& request,
                    v1::ListHealthEventsResponse& response);
  absl::Status Get(const v1::GetNodeRequest& request, v1::Node& response);
  v1::ControllerStatus Status() const;
  // All nodes, without targets. On the worker.
  absl::StatusOr<std::vector<std::string>> NodesOf(bool has_targets, const v1::Targets& targets);

  const ControllerServiceOptions options_;
  JobControl& control_;
  JobReader& reader_;
  const NodeRegistry& registry_;
  Refusals& refusals_;
  const Clock& clock_;
  const Time started_;
  FleetHealth& health_;
  HistoryReader& history_;
  std::atomic<int> watches_ = 0;
  std::atomic<bool> is_backup_under_way_ = false;
  Worker worker_;  // last: its thread uses the others
};

}  // namespace muster
