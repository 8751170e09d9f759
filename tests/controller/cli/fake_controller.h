// A controller with one job, whose answers a test writes down beforehand: a gRPC server with mutual TLS on a free port of
// 127.0.0.1. Set it up before Start(); what came in may be read at any time.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "muster/v1/controller.grpc.pb.h"

namespace muster::cli {

enum class StreamEnd { kOk, kBreak, kHang };

// What one WatchJob call sends, and how it ends.
struct WatchScript {
  using End = StreamEnd;
  std::vector<v1::JobChanges> changes;
  End end = End::kOk;
};

// What one WatchOperation call sends, and how it ends.
struct OperationScript {
  std::vector<v1::Operation> news;
  StreamEnd end = StreamEnd::kOk;
};

// What one Backup call sends, and how it ends.
struct BackupScript {
  std::vector<v1::BackupPiece> pieces;
  StreamEnd end = StreamEnd::kOk;
};

class FakeController final : public v1::Controller::Service {
 public:
  ~FakeController() override;

  // Reads controller.pem, controller.key and ca.pem in `dir`. The address it listens at.
  std::string Start(const std::string& dir, const std::string& certificate = "controller");

  // A job that restarts ORCA on x1000c0s0b0n1 and so on, all pending.
  void MakeJob(int nodes);
  // The job's tasks with these states, as a change; the job has ended if `job_state` says so.
  v1::JobChanges Change(v1::JobState job_state, const std::vector<v1::TaskState>& states);

  // Scripted behaviour.
  v1::Job job;
  std::vector<v1::Task> tasks;
  std::vector<v1::Node> nodes;
  v1::ControllerStatus status;
  std::vector<v1::Job> older_jobs;        // are listed after `job`
  std::vector<v1::Operation> operations;  // the newest first
  size_t max_page = 1000;                 // of operations and nodes
  grpc::Status action_status;             // of PauseJob, ResumeJob and DeleteJob
  std::vector<WatchScript> watches;  // one for each call; the last one again for all further calls
  v1::Operation operation;
  std::vector<OperationScript> operation_watches;  // as `watches`
  v1::Health health;
  int unavailable_cancels = 0;  // so many CancelJob calls are not answered
  int unavailable_creates = 0;  // so many CreateJob calls make the job and lose the answer
  grpc::Status create_status;
  BackupScript backup;

  // What came in.
  std::vector<v1::CreateJobRequest> Creates();
  std::vector<v1::WatchJobRequest> Watches();
  std::string LastCancelled();
  std::vector<std::string> Actions();  // "pause jobs/7", in order; "cancel operations/7"
  std::vector<v1::ListNodesRequest> NodeLists();
  std::vector<v1::ListJobsRequest> JobLists();
  // Blocks until a WatchJob or Backup call hangs; false after ten seconds.
  bool WaitForHang(int count = 1);
  // Ends the calls that hang, properly, once there are so many.
  void Release(int count = 1);
  // From now on, nobody answers GetHealth and ListTasks.
  void GoAway(bool is_away);

 private:
  using Context = grpc::ServerContext;
  grpc::Status CreateJob(Context*, const v1::CreateJobRequest*, v1::Job*) override;
  grpc::Status GetJob(Context*, const v1::GetJobRequest*, v1::Job*) override;
  grpc::Status ListJobs(Context*, const v1::ListJobsRequest*, v1::ListJobsResponse*) override;
  grpc::Status CancelJob(Context*, const v1::CancelJobRequest*, v1::Job*) override;
  grpc::Status PauseJob(Context*, const v1::PauseJobRequest*, v1::Job*) override;
  grpc::Status ResumeJob(Context*, const v1::ResumeJobRequest*, v1::Job*) override;
  grpc::Status DeleteJob(Context*, const v1::DeleteJobRequest*, google::protobuf::Empty*) override;
  grpc::Status ListTasks(Context*, const v1::ListTasksRequest*, v1::ListTasksResponse*) override;
  grpc::Status ListNodes(Context*, const v1::ListNodesRequest*, v1::ListNodesResponse*) override;
  grpc::Status GetNode(Context*, const v1::GetNodeRequest*, v1::Node*) override;
  grpc::Status CancelOperation(Context*, const v1::CancelOperationRequest*,
                               v1::Operation*) override;
  grpc::Status GetStatus(Context*, const v1::GetStatusRequest*, v1::ControllerStatus*) override;
  grpc::Status WatchJob(Context*, const v1::WatchJobRequest*,
                        grpc::ServerWriter<v1::JobChanges>*) override;
  grpc::Status GetOperation(Context*, const v1::GetOperationRequest*, v1::Operation*) override;
  grpc::Status ListOperations(Context*, const v1::ListOperationsRequest*,
                              v1::ListOperationsResponse*) override;
  grpc::Status WatchOperation(Context*, const v1::WatchOperationRequest*,
                              grpc::ServerWriter<v1::Operation>*) override;
  grpc::Status GetHealth(Context*, const v1::GetHealthRequest*, v1::Health*) override;
  grpc::Status Backup(Context*, const v1::BackupRequest*,
                      grpc::ServerWriter<v1::BackupPiece>*) override;
  grpc::Status EndAs(StreamEnd end, Context* context);
  grpc::Status Act(const std::string& verb, const std::string& name);
  // Until the caller has gone or the server stops.
  void Hang(Context* context);

  Mutex mutex_;
  CondVar changed_;
  std::vector<v1::CreateJobRequest> creates_ MUSTER_GUARDED_BY(mutex_);
  std::vector<v1::WatchJobRequest> watch_calls_ MUSTER_GUARDED_BY(mutex_);
  std::string cancelled_ MUSTER_GUARDED_BY(mutex_);
  std::vector<std::string> actions_ MUSTER_GUARDED_BY(mutex_);
  std::vector<v1::ListNodesRequest> node_lists_ MUSTER_GUARDED_BY(mutex_);
  std::vector<v1::ListJobsRequest> job_lists_ MUSTER_GUARDED_BY(mutex_);
  int hanging_ MUSTER_GUARDED_BY(mutex_) = 0;
  int releases_ MUSTER_GUARDED_BY(mutex_) = 0;
  int operation_watches_ MUSTER_GUARDED_BY(mutex_) = 0;
  int cancels_ MUSTER_GUARDED_BY(mutex_) = 0;
  bool is_away_ MUSTER_GUARDED_BY(mutex_) = false;
  bool stopping_ MUSTER_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace muster::cli
