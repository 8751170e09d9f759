#include "fake_controller.h"

#include <fmt/format.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "common/time.h"

namespace muster::cli {
namespace {

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The page that was asked for; its token is how many came before it.
template <typename Element, typename Request, typename Response, typename Add>
void AnswerPage(const std::vector<Element>& all, size_t max_page, const Request& request,
                Response* answer, const Add& add) {
  const size_t size =
      request.page_size() == 0 ? max_page : std::min<size_t>(request.page_size(), max_page);
  size_t at = request.page_token().empty() ? 0 : std::stoul(request.page_token());
  for (const size_t end = std::min(at + size, all.size()); at < end; ++at) add(all[at]);
  if (at < all.size()) answer->set_next_page_token(std::to_string(at));
}

}  // namespace

FakeController::~FakeController() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (server_) server_->Shutdown(std::chrono::system_clock::now() + 5s);
}

std::string FakeController::Start(const std::string& dir, const std::string& certificate) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = TextOf(dir + "/ca.pem");
  options.pem_key_cert_pairs.push_back(
      {TextOf(dir + "/" + certificate + ".key"), TextOf(dir + "/" + certificate + ".pem")});
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  return fmt::format("127.0.0.1:{}", port);
}

void FakeController::MakeJob(int node_count) {
  job.set_name("jobs/7");
  job.set_state(v1::JOB_STATE_RUNNING);
  job.set_task_count(node_count);
  job.set_revision(1);
  job.set_created_by("alice");
  job.mutable_create_time()->set_seconds(1'000'000);
  job.mutable_work()->mutable_restart_unit()->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
  for (int i = 1; i <= node_count; ++i) {
    v1::Task& task = tasks.emplace_back();
    task.set_node(fmt::format("x1000c0s0b0n{}", i));
    task.set_name("jobs/7/tasks/" + task.node());
    task.set_state(v1::TASK_STATE_PENDING);
    task.set_revision(1);
  }
}

v1::JobChanges FakeController::Change(v1::JobState job_state,
                                      const std::vector<v1::TaskState>& states) {
  static uint64_t revision = 1;
  ++revision;
  v1::JobChanges changes;
  for (size_t i = 0; i < states.size(); ++i) {
    v1::Task& task = *changes.add_tasks();
    task = tasks[i];
    task.set_state(states[i]);
    task.set_revision(revision);
  }
  *changes.mutable_job() = job;
  changes.mutable_job()->set_state(job_state);
  changes.mutable_job()->set_revision(revision);
  changes.set_revision(revision);
  return changes;
}

std::vector<v1::CreateJobRequest> FakeController::Creates() {
  const MutexLock lock(mutex_);
  return creates_;
}

std::vector<v1::WatchJobRequest> FakeController::Watches() {
  const MutexLock lock(mutex_);
  return watch_calls_;
}

std::string FakeController::LastCancelled() {
  const MutexLock lock(mutex_);
  return cancelled_;
}

std::vector<std::string> FakeController::Actions() {
  const MutexLock lock(mutex_);
  return actions_;
}

std::vector<v1::ListNodesRequest> FakeController::NodeLists() {
  const MutexLock lock(mutex_);
  return node_lists_;
}

bool FakeController::WaitForHang(int count) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  const MutexLock lock(mutex_);
  while (hanging_ < count && changed_.wait_until(mutex_, end) == std::cv_status::no_timeout) {
  }
  return hanging_ >= count;
}

void FakeController::Release(int count) {
  WaitForHang(count);
  const MutexLock lock(mutex_);
  ++releases_;
  changed_.notify_all();
}

void FakeController::GoAway(bool is_away) {
  const MutexLock lock(mutex_);
  is_away_ = is_away;
}

grpc::Status FakeController::GetOperation(Context*, const v1::GetOperationRequest*,
                                          v1::Operation* answer) {
  *answer = operation;
  return grpc::Status::OK;
}

grpc::Status FakeController::WatchOperation(Context* context, const v1::WatchOperationRequest*,
                                            grpc::ServerWriter<v1::Operation>* writer) {
  OperationScript script;
  {
    const MutexLock lock(mutex_);
    const size_t number = operation_watches_++;
    script = operation_watches.at(std::min(number, operation_watches.size() - 1));
  }
  for (const v1::Operation& news : script.news) writer->Write(news);
  return EndAs(script.end, context);
}

grpc::Status FakeController::GetHealth(Context*, const v1::GetHealthRequest*, v1::Health* answer) {
  const MutexLock lock(mutex_);
  if (is_away_) return {grpc::StatusCode::UNAVAILABLE, "Socket closed"};
  *answer = health;
  return grpc::Status::OK;
}

grpc::Status FakeController::CreateJob(Context*, const v1::CreateJobRequest* request,
                                       v1::Job* answer) {
  const MutexLock lock(mutex_);
  creates_.push_back(*request);
  if (!create_status.ok()) return create_status;
  if (static_cast<int>(creates_.size()) <= unavailable_creates) {
    return {grpc::StatusCode::UNAVAILABLE, "restarting"};
  }
  *answer = job;
  return grpc::Status::OK;
}

grpc::Status FakeController::GetJob(Context*, const v1::GetJobRequest* request, v1::Job* answer) {
  if (request->name() != job.name()) return {grpc::StatusCode::NOT_FOUND, "there is no such job"};
  *answer = job;
  return grpc::Status::OK;
}

// A page's token is the id that it comes after, going down, be there such a job or not.
grpc::Status FakeController::ListJobs(Context*, const v1::ListJobsRequest* request,
                                      v1::ListJobsResponse* answer) {
  {
    const MutexLock lock(mutex_);
    job_lists_.push_back(*request);
  }
  std::vector<v1::Job> all = older_jobs;
  all.insert(all.begin(), job);
  const auto& states = request->states();
  for (const v1::Job& each : all) {
    const bool is_asked =
        (request->page_token().empty() || each.name() < "jobs/" + request->page_token()) &&
        (request->created_by().empty() || each.created_by() == request->created_by()) &&
        (states.empty() || std::find(states.begin(), states.end(), each.state()) != states.end());
    if (!is_asked) continue;
    if (answer->jobs_size() == static_cast<int>(request->page_size())) {
      answer->set_next_page_token(answer->jobs().rbegin()->name().substr(5));
      break;
    }
    *answer->add_jobs() = each;
  }
  return grpc::Status::OK;
}

std::vector<v1::ListJobsRequest> FakeController::JobLists() {
  const MutexLock lock(mutex_);
  return job_lists_;
}

grpc::Status FakeController::CancelJob(Context*, const v1::CancelJobRequest* request,
                                       v1::Job* answer) {
  const MutexLock lock(mutex_);
  if (++cancels_ <= unavailable_cancels) return {grpc::StatusCode::UNAVAILABLE, "Socket closed"};
  cancelled_ = request->name();
  *answer = job;
  answer->set_state(v1::JOB_STATE_CANCELLING);
  return grpc::Status::OK;
}

grpc::Status FakeController::Act(const std::string& verb, const std::string& name) {
  const MutexLock lock(mutex_);
  actions_.push_back(verb + " " + name);
  return action_status;
}

grpc::Status FakeController::PauseJob(Context*, const v1::PauseJobRequest* request,
                                      v1::Job* answer) {
  *answer = job;
  answer->set_state(v1::JOB_STATE_PAUSED);
  return Act("pause", request->name());
}

grpc::Status FakeController::ResumeJob(Context*, const v1::ResumeJobRequest* request,
                                       v1::Job* answer) {
  *answer = job;
  answer->set_state(v1::JOB_STATE_RUNNING);
  return Act("resume", request->name());
}

grpc::Status FakeController::DeleteJob(Context*, const v1::DeleteJobRequest* request,
                                       google::protobuf::Empty*) {
  return Act("delete", request->name());
}

// Two tasks a page, whatever was asked for, so that every test turns pages.
grpc::Status FakeController::ListTasks(Context*, const v1::ListTasksRequest* request,
                                       v1::ListTasksResponse* answer) {
  {
    const MutexLock lock(mutex_);
    if (is_away_) return {grpc::StatusCode::UNAVAILABLE, "Socket closed"};
  }
  size_t at = request->page_token().empty() ? 0 : std::stoul(request->page_token());
  for (const size_t end = std::min(at + 2, tasks.size()); at < end; ++at) {
    *answer->add_tasks() = tasks[at];
  }
  if (at < tasks.size()) answer->set_next_page_token(std::to_string(at));
  return grpc::Status::OK;
}

grpc::Status FakeController::ListNodes(Context*, const v1::ListNodesRequest* request,
                                       v1::ListNodesResponse* answer) {
  {
    const MutexLock lock(mutex_);
    node_lists_.push_back(*request);
  }
  AnswerPage(nodes, max_page, *request, answer,
             [answer](const v1::Node& node) { *answer->add_nodes() = node; });
  return grpc::Status::OK;
}

grpc::Status FakeController::ListOperations(Context*, const v1::ListOperationsRequest* request,
                                            v1::ListOperationsResponse* answer) {
  AnswerPage(operations, max_page, *request, answer,
             [answer](const v1::Operation& each) { *answer->add_operations() = each; });
  return grpc::Status::OK;
}

grpc::Status FakeController::CancelOperation(Context*, const v1::CancelOperationRequest* request,
                                             v1::Operation* answer) {
  answer->set_name(request->name());
  return Act("cancel", request->name());
}

grpc::Status FakeController::GetNode(Context*, const v1::GetNodeRequest* request,
                                     v1::Node* answer) {
  for (const v1::Node& node : nodes) {
    if (node.name() != request->name()) continue;
    *answer = node;
    return grpc::Status::OK;
  }
  return {grpc::StatusCode::NOT_FOUND, "there is no such node"};
}

grpc::Status FakeController::GetStatus(Context*, const v1::GetStatusRequest*,
                                       v1::ControllerStatus* answer) {
  *answer = status;
  return grpc::Status::OK;
}

grpc::Status FakeController::WatchJob(Context* context, const v1::WatchJobRequest* request,
                                      grpc::ServerWriter<v1::JobChanges>* writer) {
  WatchScript script;
  {
    const MutexLock lock(mutex_);
    watch_calls_.push_back(*request);
    if (!watches.empty()) script = watches[std::min(watch_calls_.size(), watches.size()) - 1];
  }
  for (const v1::JobChanges& changes : script.changes) writer->Write(changes);
  return EndAs(script.end, context);
}

grpc::Status FakeController::Backup(Context* context, const v1::BackupRequest*,
                                    grpc::ServerWriter<v1::BackupPiece>* writer) {
  for (const v1::BackupPiece& piece : backup.pieces) writer->Write(piece);
  return EndAs(backup.end, context);
}

grpc::Status FakeController::EndAs(StreamEnd end, Context* context) {
  switch (end) {
    case StreamEnd::kOk:
      break;
    case StreamEnd::kBreak:
      return {grpc::StatusCode::UNAVAILABLE, "Socket closed"};
    case StreamEnd::kHang:
      Hang(context);
      break;
  }
  return grpc::Status::OK;
}

void FakeController::Hang(Context* context) {
  const MutexLock lock(mutex_);
  ++hanging_;
  const int releases = releases_;
  changed_.notify_all();
  // A synchronous handler is not told that its caller has gone; it has to look.
  while (!stopping_ && releases == releases_ && !context->IsCancelled())
    changed_.wait_for(mutex_, 10ms);
  --hanging_;
}

}  // namespace muster::cli
