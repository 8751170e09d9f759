// The operators' server with real TLS, a real store, and a runner that does as it is told.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "controller/api/operator_server.h"
#include "controller/edge/server_credentials.h"
#include "controller/store/sqlite_history.h"
#include "controller/store/sqlite_job_reader.h"
#include "controller/store/sqlite_job_store.h"
#include "controller/store/store_copy.h"
#include "tests/controller/edge/test_pki.h"

namespace muster {

// Commits what it is given and answers at once, on the caller's thread.
class FakeJobControl final : public JobControl {
 public:
  explicit FakeJobControl(SqliteJobStore& store) : store_(store) {}

  void Submit(JobSpec spec, std::vector<std::string> nodes, JobDone done) override {
    if (!refusal_.ok()) return done(refusal_);
    const std::string id = spec.id;
    Commit({JobCreated{std::move(spec), std::move(nodes), NextRevision()}});
    done(id);
  }
  void Act(JobAction action, const std::string& job_id, const std::string& by,
           JobDone done) override {
    if (!refusal_.ok()) return done(refusal_);
    if (action == JobAction::kDelete) {
      deleted_.push_back(job_id);
      return done(job_id);
    }
    JobStatus status;
    status.state = action == JobAction::kCancel  ? JobState::kCancelled
                   : action == JobAction::kPause ? JobState::kPaused
                                                 : JobState::kRunning;
    status.detail = action == JobAction::kCancel ? "cancelled by " + by : "";
    status.revision = NextRevision();
    Commit({JobChanged{job_id, status}});
    done(job_id);
  }
  void SubmitOperation(OperationSpec spec, std::vector<std::string> remarks,
                       JobDone done) override {
    if (!refusal_.ok()) return done(refusal_);
    const std::string id = spec.id;
    const auto kept = std::make_shared<const OperationSpec>(std::move(spec));
    OperationStatus status =
        kept->content ? ContentPhase::NewStatus(*kept->content) : Resubscription::NewStatus();
    for (std::string& remark : remarks) status.notes.push_back({Time(), std::move(remark)});
    Commit({}, {{kept, status, true}});
    done(id);
  }
  void CancelOperation(const std::string& id, const std::string& by, JobDone done) override {
    if (!refusal_.ok()) return done(refusal_);
    OperationSpec spec;
    spec.id = id;
    OperationStatus status = Resubscription::NewStatus();
    status.state = OperationState::kCancelled;
    status.detail = "cancelled by " + by;
    Commit({}, {{std::make_shared<const OperationSpec>(std::move(spec)), status, false}});
    done(id);
  }
  SubscriptionId Subscribe(const std::string&, std::function<void()> changed) override {
    const MutexLock lock(mutex_);
    subscriptions_[++last_subscription_] = std::move(changed);
    return last_subscription_;
  }
  void Unsubscribe(SubscriptionId id) override {
    const MutexLock lock(mutex_);
    subscriptions_.erase(id);
  }

  // As the runner does: commit, then tell those who watch.
  void Commit(const std::vector<Record>& records,
              const std::vector<OperationRecord>& operations = {}) {
    const MutexLock lock(mutex_);
    EXPECT_TRUE(store_.Commit(records, operations).ok());
    for (const auto& [id, changed] : subscriptions_) changed();
  }
  void Change(const std::string& job, const std::string& node, TaskState state) {
    TaskChanged record;
    record.job = job;
    record.task.node = node;
    record.task.state = state;
    record.task.revision = NextRevision();
    Commit({record});
  }
  void EndJob(const std::string& job) {
    JobStatus status;
    status.state = JobState::kSucceeded;
    status.revision = NextRevision();
    Commit({JobChanged{job, status}});
  }
  void Refuse(const absl::Status& status) { refusal_ = status; }
  // Read after the call was answered.
  const std::vector<std::string>& deleted() const { return deleted_; }
  size_t subscription_count() {
    const MutexLock lock(mutex_);
    return subscriptions_.size();
  }

 private:
  uint64_t NextRevision() { return ++revision_; }

  SqliteJobStore& store_;
  absl::Status refusal_;
  std::vector<std::string> deleted_;
  std::atomic<uint64_t> revision_ = 0;
  Mutex mutex_;
  SubscriptionId last_subscription_ = 0;
  std::map<SubscriptionId, std::function<void()>> subscriptions_;
};

class ApiTest : public ::testing::Test {
 protected:
  explicit ApiTest(bool knows_hmnfd = true, Duration backup_piece_timeout = kBackupPieceTimeout) {
    std::string pattern = ::testing::TempDir() + "muster_api_XXXXXX";
    dir_ = mkdtemp(pattern.data());
    store_ = std::move(*SqliteJobStore::Open(dir_));
    reader_ = std::move(*SqliteJobReader::Open(dir_));
    control_ = std::make_unique<FakeJobControl>(*store_);
    ControllerServiceOptions options;
    options.is_revoked = [this](const CertificateInfo&) {
      ++looks_;
      return is_revoked_.load();
    };
    options.certificate_check = 10ms;
    options.copy_store = [this](const auto& goes_on) { return CopyStore(dir_, goes_on); };
    options.backup_piece_timeout = backup_piece_timeout;
    if (knows_hmnfd) {
      options.list_subscribers = [this](const auto& done) { done(subscribers_); };
    }
    list_ = std::make_unique<SubscriberList>(options.list_subscribers, clock_);
    health_ = std::make_unique<FleetHealth>(*list_, registry_, clock_);
    history_ = std::move(*SqliteHistory::Open(dir_, 24h));
    history_reader_ = std::move(*SqliteHistoryReader::Open(dir_));
    const FleetSources fleet{registry_, *health_, *history_reader_};
    service_ = std::make_unique<ControllerService>(std::move(options), *control_, *reader_, fleet,
                                                   refusals_, clock_);
    SetTlsDefaults();
    auto credentials = MakeServerCredentials(
        pki_.MakeTlsDir("server", pki_.Issue("spiffe://muster/controller/c")));
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    acceptor_ = *Acceptor::Listen("127.0.0.1:0", {}, refusals_, clock_);
    auto server = StartOperatorServer(*acceptor_, *credentials, *service_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    stub_ = v1::Controller::NewStub(ChannelOf("spiffe://muster/operator/alice"));
  }
  ~ApiTest() override {
    server_.reset();
    std::filesystem::remove_all(dir_);
  }

  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& uri) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("localhost:" + std::to_string(acceptor_->port()),
                                     pki_.ClientCredentials(pki_.Issue(uri)), arguments);
  }

  // One call, within a deadline: its answer, or its error.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (v1::Controller::StubInterface::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 20s);
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (status.ok()) return response;
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }

  static v1::CreateJobRequest RestartOrca(const std::string& node_set) {
    v1::CreateJobRequest request;
    request.mutable_work()->mutable_restart_unit()->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
    request.mutable_targets()->add_node_sets(node_set);
    return request;
  }
  absl::StatusOr<v1::Job> Create(const v1::CreateJobRequest& request) {
    return Call(&v1::Controller::StubInterface::CreateJob, request);
  }
  // The id of a new job on all nodes.
  std::string NewJob() {
    const auto job = Create(RestartOrca("x[0-2]"));
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? job->name().substr(5) : "";
  }

  std::atomic<bool> is_revoked_ = false;
  std::atomic<int> looks_ = 0;  // at a certificate
  // HMNFD's list; set before a call.
  absl::StatusOr<std::shared_ptr<const Subscribers>> subscribers_ =
      std::make_shared<const Subscribers>();
  std::string dir_;
  TestPki pki_;
  SystemClock clock_;
  Refusals refusals_{clock_};
  NodeRegistry registry_{{InventoryNode{"x0", {"nid000001"}, "Compute"},
                          InventoryNode{"x1", {"nid000002"}, "Compute"},
                          InventoryNode{"x2", {}, "Management"}}};
  std::unique_ptr<SqliteJobStore> store_;
  std::unique_ptr<SqliteJobReader> reader_;
  std::unique_ptr<FakeJobControl> control_;
  std::unique_ptr<SubscriberList> list_;
  std::unique_ptr<FleetHealth> health_;
  std::unique_ptr<SqliteHistory> history_;
  std::unique_ptr<SqliteHistoryReader> history_reader_;
  std::unique_ptr<ControllerService> service_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<v1::Controller::StubInterface> stub_;
};

}  // namespace muster
