// Theory of operation: take all mail, step, advance, commit, and then send, answer, notify. There is no commit timer: a
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

const std::string* JobOf(const Record& record) {
  if (const auto* created = std::get_if<JobCreated>(&record)) return &created->spec.id;
  if (const auto* changed = std::get_if<JobChanged>(&record)) return &changed->job;
  if (const auto* task = std::get_if<TaskChanged>(&record)) return &task->job;
  if (const auto* late = std::get_if<LateOutcome>(&record)) return &late->job;
  if (const auto* deleted = std::get_if<JobDeleted>(&record)) return &deleted->job;
  return nullptr;
}

bool HasOutcome(const Record& record) {
  const auto* changed = std::get_if<TaskChanged>(&record);
  return changed != nullptr && changed->task.outcome.has_value();
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
    const log::Level level = IsTerminal(task.state) ? log::Level::kInfo : log::Level::kDebug;
    if (!log::Enabled(level)) return;
    log::Write(level, fmt::format("task changed job={} node={} attempt={} state={} reason={}",
                                  changed->job, task.node, task.attempt, Name(task.state),
                                  Name(task.reason)));
  }
}

}  // namespace

Runner::Runner(Engine engine, JobStore& store, Transport& transport, NodeRegistry& nodes,
               const Clock& clock, std::function<void(bool)> on_health)
    : store_(store),
      transport_(transport),
      nodes_(nodes),
      clock_(clock),
      on_health_(std::move(on_health)),
      engine_(std::move(engine)) {}

Runner::~Runner() { Stop(); }

void Runner::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Runner::Stop() {
  mailbox_.Close();
  if (thread_.joinable()) thread_.join();
}

void Runner::Run() {
  for (;;) {
    std::optional<std::chrono::steady_clock::time_point> wake;
    if (const std::optional<Time> next = engine_.NextDeadline()) {
      wake = std::chrono::steady_clock::now() + std::max(*next - clock_.Now(), Duration::zero());
    }
    std::vector<Mail> batch = mailbox_.TakeAll(wake);
    const bool is_last = batch.empty() && mailbox_.is_closed();
    Actions actions;
    for (Mail& mail : batch) Take(std::move(mail), &actions);
    engine_.Advance(clock_.Now(), &actions);
    // What would be committed after a batch that was given up would contradict the store.
    if (!Perform(std::move(actions)) || is_last) break;
  }
  for (const auto& [id, done] : waiting_) done(Stopping());
  for (const Mail& mail : mailbox_.TakeAll(std::chrono::steady_clock::now())) {
    if (const auto* request = std::get_if<OperatorRequest>(&mail)) request->done(Stopping());
  }
}

void Runner::Take(Mail mail, Actions* actions) {
  const Time now = clock_.Now();
  if (auto* request = std::get_if<OperatorRequest>(&mail)) {
    const RequestId id = next_request_++;
    waiting_.emplace(id, std::move(request->done));
    std::visit(
        [id](auto& event) {
          if constexpr (requires { event.request; }) event.request = id;
        },
        request->event);
    engine_.Step(now, request->event, actions);
    return;
  }
  const Event& event = std::get<Event>(mail);
  if (const auto* report = std::get_if<ReportReceived>(&event);
      report != nullptr && report->report.outcome) {
    CrashPoint("controller.report-received");
  }
  engine_.Step(now, event, actions);
}

bool Runner::Perform(Actions actions) {
  if (!Commit(actions.records)) return false;
  Deliver(actions);
  Notify(actions.records);
  return true;
}

// False only if the runner is told to stop while the store does not work; then nothing of the batch was said to anybody.
bool Runner::Commit(const std::vector<Record>& records) {
  if (records.empty()) return true;
  CrashPoint("controller.before-persist");
  absl::Status status = store_.Commit(records);
  if (status.code() == absl::StatusCode::kInternal) {
    // Records that contradict the store come from a bug of ours; going on would tell people things that are not so.
    log::Error("the engine and the store disagree: {}", Message(status));
    std::abort();
  }
  if (!status.ok()) {
    log::Error("the store does not take what must be written, so nothing is sent or answered: {}",
               Message(status));
    on_health_(false);
    while (!status.ok()) {
      if (mailbox_.is_closed()) return false;
      std::this_thread::sleep_for(kCommitRetry);
      status = store_.Commit(records);
    }
    log::Info("the store works again");
    on_health_(true);
  }
  CrashPoint("controller.persisted");
  for (const Record& record : records) {
    if (HasOutcome(record)) CrashPoint("controller.outcome-persisted");
    LogRecord(record);
  }
  return true;
}

void Runner::Deliver(const Actions& actions) {
  for (const ConflictChanged& conflict : actions.conflicts) {
    log::Warning("{} node={}",
                 conflict.begins ? "several agents claim to be this node"
                                 : "one agent claims to be this node again",
                 conflict.node);
    nodes_.OnConflict(conflict.node, conflict.begins);
  }
  for (const Send& send : actions.sends) transport_.Send(send.session, send.message);
  for (const Reply& reply : actions.replies) {
    const auto it = waiting_.find(reply.request);
    if (it == waiting_.end()) continue;
    it->second(reply.job);
    waiting_.erase(it);
  }
}

void Runner::Notify(const std::vector<Record>& records) {
  std::set<std::string> jobs;
  for (const Record& record : records) {
    if (const std::string* job = JobOf(record)) jobs.insert(*job);
  }
  if (jobs.empty()) return;
  // Held over the calls, so that none is made after Unsubscribe has returned. They only post.
  MutexLock lock(mutex_);
  for (const auto& [id, subscription] : subscriptions_) {
    if (jobs.contains(subscription.job)) subscription.changed();
  }
}

void Runner::Request(Event event, JobDone done) {
  if (mailbox_.Put(OperatorRequest{std::move(event), done})) return;
  if (mailbox_.is_closed()) return done(Stopping());
  done(MakeStatus(absl::StatusCode::kResourceExhausted,
                  "the controller has {} requests waiting; try again", kMaxWaitingRequests));
}

void Runner::Submit(JobSpec spec, std::vector<std::string> nodes, JobDone done) {
  Request(JobSubmitted{0, std::move(spec), std::move(nodes)}, std::move(done));
}

void Runner::Act(JobAction action, const std::string& job_id, const std::string& by, JobDone done) {
  Request(JobActionRequested{0, action, job_id, by}, std::move(done));
}

JobControl::SubscriptionId Runner::Subscribe(const std::string& job_id,
                                             std::function<void()> changed) {
  MutexLock lock(mutex_);
  const SubscriptionId id = next_subscription_++;
  subscriptions_.emplace(id, Subscription{job_id, std::move(changed)});
  return id;
}

void Runner::Unsubscribe(SubscriptionId id) {
  MutexLock lock(mutex_);
  subscriptions_.erase(id);
}

bool Runner::Post(Event event) { return mailbox_.Put(std::move(event)); }

}  // namespace muster
