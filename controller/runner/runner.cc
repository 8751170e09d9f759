// Theory of operation: take all mail, step, advance, commit, and then send, answer (RunnerCore), notify. There is no commit timer: a
// batch is what arrived while the last one was being committed, so a quiet controller answers at once and a busy one syncs
// rarely.
#include "controller/runner/runner.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "common/crash_point.h"
#include "common/log.h"

namespace muster {
namespace {

// Between attempts to commit while the disk says no.
constexpr auto kCommitRetry = std::chrono::seconds(1);

bool HasOutcome(const Record& record) {
  const auto* changed = std::get_if<TaskChanged>(&record);
  return changed != nullptr && changed->task.outcome.has_value();
}

bool EndsBadly(TaskState state) {
  return IsTerminal(state) && state != TaskState::kSucceeded &&
         state != TaskState::kAlreadySatisfied && state != TaskState::kNotApplicable;
}

absl::Status Stopping() {
  return MakeStatus(absl::StatusCode::kUnavailable, "the controller is stopping; try again");
}

// The story of each job, for the operator's log.
void LogRecord(const Record& record) {
  if (const auto* created = std::get_if<JobCreated>(&record)) {
    log::Info("job created job={} work=\"{}\" nodes={} by={}", created->spec.id,
              Describe(created->spec.work), created->nodes.size(), created->spec.created_by);
  } else if (const auto* job = std::get_if<JobChanged>(&record)) {
    log::Info("job changed job={} state={} detail=\"{}\"", job->job, Name(job->status.state),
              job->status.detail);
  } else if (const auto* changed = std::get_if<TaskChanged>(&record)) {
    const Task& task = changed->task;
    // Of 10,000 nodes that did as they were told a log must not tell one by one; journald would drop what matters.
    const log::Level level = EndsBadly(task.state) ? log::Level::kInfo : log::Level::kDebug;
    if (!log::Enabled(level)) return;
    log::Write(level, fmt::format("task changed job={} node={} attempt={} state={} reason={}",
                                  changed->job, task.node, task.attempt, Name(task.state),
                                  Name(task.reason)));
  }
}

void LogRecord(const OperationRecord& record) {
  const OperationStatus& status = record.status;
  std::string steps;
  for (const OperationStep& step : status.steps)
    steps += fmt::format(" \"{}\"={}", step.title, Name(step.state));
  log::Info("operation {} operation={} by={} state={} detail=\"{}\"{}",
            record.is_new ? "created" : "changed", record.spec->id, record.spec->created_by,
            Name(status.state), status.detail, steps);
  if (!status.notes.empty())
    log::Info("operation noted operation={} text=\"{}\"", record.spec->id,
              status.notes.back().text);
}

// Records that contradict the store come from a bug of ours; going on would tell people things that are not so.
void AbortIfContradicted(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInternal) return;
  log::Error("the engine and the store disagree: {}", Message(status));
  std::abort();
}

}  // namespace

Runner::Runner(Engine engine, JobStore& store, Transport& transport, NodeRegistry& nodes,
               const Clock& clock, std::function<void(bool)> on_health, ServiceCaller* services,
               LoadedOperations operations, ContentRecords* records)
    : store_(store),
      clock_(clock),
      on_health_(std::move(on_health)),
      core_(std::move(engine), transport, nodes, services, std::move(operations), clock.Now(),
            records),
      housekeeping_(store, clock.Now()) {}

Runner::~Runner() { Stop(); }

void Runner::Start() {
  if (observer_ != nullptr) observer_->OnStart(core_.engine());
  thread_ = std::thread([this] { Run(); });
}

void Runner::Stop() {
  mailbox_.Close();
  if (thread_.joinable()) thread_.join();
}

void Runner::Run() {
  for (;;) {
    const Time next = std::min(core_.NextDeadline().value_or(Time::max()), housekeeping_.due());
    const auto wake =
        std::chrono::steady_clock::now() + std::max(next - clock_.Now(), Duration::zero());
    std::vector<Mail> batch = mailbox_.TakeAll(wake);
    const bool is_last = batch.empty() && mailbox_.is_closed();
    for (Mail& mail : batch) core_.Take(clock_.Now(), std::move(mail));
    core_.Advance(clock_.Now());
    // What would be committed after a batch that was given up would contradict the store.
    if (!Commit()) break;
    const RunnerCore::Batch done = core_.Deliver();
    Notify(done);
    if (is_last) break;
    housekeeping_.Note(clock_.Now(), done.records);
    if (batch.empty()) housekeeping_.Work(clock_.Now());
  }
  core_.AnswerAll(Stopping());
  for (const Mail& mail : mailbox_.TakeAll(std::chrono::steady_clock::now())) {
    if (const auto* request = std::get_if<OperatorRequest>(&mail)) request->done(Stopping());
    if (const auto* request = std::get_if<OperationRequest>(&mail)) request->done(Stopping());
  }
}

// False only if the runner is told to stop while the store does not work; then nothing of the batch was said to anybody.
bool Runner::Commit() {
  const std::vector<Record>& records = core_.records();
  const std::vector<OperationRecord>& operations = core_.operations();
  if (records.empty() && operations.empty()) return true;
  CrashPoint("controller.before-persist");
  const Time begin = clock_.Now();
  absl::Status status = store_.Commit(records, operations);
  AbortIfContradicted(status);
  if (!status.ok()) {
    log::Error("the store does not take what must be written, so nothing is sent or answered: {}",
               Message(status));
    on_health_(false);
    if (observer_ != nullptr) observer_->OnCommitFailed();
    while (!status.ok()) {
      if (mailbox_.is_closed()) return false;
      std::this_thread::sleep_for(kCommitRetry);
      status = store_.Commit(records, operations);
      AbortIfContradicted(status);
    }
    log::Info("the store works again");
    on_health_(true);
  }
  CrashPoint("controller.persisted");
  if (observer_ != nullptr) observer_->OnCommitted(records, core_.engine(), clock_.Now() - begin);
  for (const Record& record : records) {
    if (HasOutcome(record)) CrashPoint("controller.outcome-persisted");
    LogRecord(record);
  }
  for (const OperationRecord& record : operations) LogRecord(record);
  return true;
}

void Runner::Notify(const RunnerCore::Batch& batch) {
  std::set<std::string> changed;
  for (const Record& record : batch.records) {
    if (const std::string* job = JobOf(record)) changed.insert(*job);
  }
  for (const OperationRecord& record : batch.operations) changed.insert(record.spec->id);
  if (changed.empty()) return;
  // Held over the calls, so that none is made after Unsubscribe has returned. They only post.
  MutexLock lock(mutex_);
  for (const auto& [id, subscription] : subscriptions_) {
    if (changed.contains(subscription.id)) subscription.changed();
  }
}

void Runner::Request(Mail mail, const JobDone& done) {
  if (mailbox_.Put(std::move(mail))) return;
  if (mailbox_.is_closed()) return done(Stopping());
  done(MakeStatus(absl::StatusCode::kResourceExhausted,
                  "the controller has {} requests waiting; try again", kMaxWaitingRequests));
}

void Runner::Submit(JobSpec spec, std::vector<std::string> nodes, JobDone done) {
  Request(OperatorRequest{JobSubmitted{0, std::move(spec), std::move(nodes)}, done}, done);
}

void Runner::Act(JobAction action, const std::string& job_id, const std::string& by, JobDone done) {
  Request(OperatorRequest{JobActionRequested{0, action, job_id, by}, done}, done);
}

void Runner::SubmitOperation(OperationSpec spec, std::vector<std::string> remarks, JobDone done) {
  Request(OperationRequest{OperationSubmitted{0, std::move(spec), std::move(remarks)}, done}, done);
}

void Runner::CancelOperation(const std::string& id, const std::string& by, JobDone done) {
  Request(OperationRequest{OperationCancelled{0, id, by}, done}, done);
}

JobControl::SubscriptionId Runner::Subscribe(const std::string& watched,
                                             std::function<void()> changed) {
  MutexLock lock(mutex_);
  const SubscriptionId id = next_subscription_++;
  subscriptions_.emplace(id, Subscription{watched, std::move(changed)});
  return id;
}

void Runner::Unsubscribe(SubscriptionId id) {
  MutexLock lock(mutex_);
  subscriptions_.erase(id);
}

bool Runner::Post(Event event) { return mailbox_.Put(std::move(event)); }

void Runner::Tell(ServiceNews news) { mailbox_.Put(std::move(news)); }

}  // namespace muster
