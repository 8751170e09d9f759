#include "controller/metrics/job_metrics.h"

#include <algorithm>

namespace muster {
namespace {

using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

// A commit is a sync of the disk: half a millisecond to, on a bad day, a second.
const Buckets kCommitBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                0.05,   0.1,   0.25,   0.5,   1,    5};
// A job of a whole fleet that starts some nodes at a time; the longest wait for a node that is away.
const Buckets kDispatchBuckets = {0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600};
// Up to the longest execution deadlines.
const Buckets kOutcomeBuckets = {0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900};

Histogram& MakeHistogram(prometheus::Registry& registry, const char* name, const char* help,
                         const Buckets& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

prometheus::Family<prometheus::Counter>& MakeCounters(prometheus::Registry& registry,
                                                      const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

// An outcome stays with its task: of a guided job's it comes when the task is VERIFYING, and again with the proof; of one that waits for another
// try, again if that is cancelled.
bool IsNewOutcome(const Task& task, bool is_guided) {
  if (!task.outcome.has_value() || task.state == TaskState::kCancelled) return false;
  const bool is_good = task.outcome->state == OutcomeState::kSucceeded ||
                       task.outcome->state == OutcomeState::kAlreadySatisfied;
  return !is_guided || !is_good || task.state == TaskState::kVerifying;
}

}  // namespace

JobMetrics::JobMetrics(prometheus::Registry& registry)
    : jobs_ended_(MakeCounters(registry, "muster_jobs_ended_total", "Jobs that have ended")),
      tasks_ended_(MakeCounters(registry, "muster_tasks_ended_total",
                                "Tasks that have ended, one of each node of a job")),
      failed_commits_(MakeCounters(registry, "muster_store_commit_failures_total",
                                   "Commits that the store did not take")
                          .Add({})),
      commit_(MakeHistogram(registry, "muster_store_commit_seconds",
                            "Time of a commit of the store, its sync included", kCommitBuckets)),
      dispatch_(MakeHistogram(registry, "muster_dispatch_latency_seconds",
                              "From a job's creation until it is first sent to a node",
                              kDispatchBuckets)),
      outcome_(MakeHistogram(registry, "muster_outcome_latency_seconds",
                             "From the sending of a command until its outcome is stored",
                             kOutcomeBuckets)) {
  // Who looks at how fast a counter grows must have seen it at zero.
  for (const JobState state : {JobState::kSucceeded, JobState::kFailed, JobState::kCancelled})
    jobs_ended_.Add({{"state", Name(state)}});
  for (int i = static_cast<int>(TaskState::kSucceeded); i < kTaskStateCount; ++i)
    tasks_ended_.Add({{"state", Name(static_cast<TaskState>(i))}, {"reason", ""}});
}

void JobMetrics::OnStart(const Engine& engine) {
  const Now now = Sum(engine);
  const MutexLock lock(mutex_);
  now_ = now;
}

void JobMetrics::OnCommitted(const std::vector<Record>& records, const Engine& engine,
                             Duration took) {
  commit_.Observe(Seconds(took));
  const std::string* job = nullptr;
  const LiveJob* live = nullptr;
  for (const Record& record : records) {
    if (const auto* changed = std::get_if<TaskChanged>(&record)) {
      // Records of one job follow one another.
      if (job == nullptr || *job != changed->job) {
        const auto found = engine.jobs().find(changed->job);
        live = found == engine.jobs().end() ? nullptr : &found->second;
        job = &changed->job;
      }
      Count(*changed, live);
    } else if (const auto* ended = std::get_if<JobChanged>(&record)) {
      if (IsTerminal(ended->status.state))
        jobs_ended_.Add({{"state", Name(ended->status.state)}}).Increment();
    }
  }
  const Now now = Sum(engine);
  const MutexLock lock(mutex_);
  now_ = now;
}

void JobMetrics::Count(const TaskChanged& changed, const LiveJob* job) {
  const Task& task = changed.task;
  if (task.state == TaskState::kDispatched && task.attempt == 1 && job != nullptr)
    dispatch_.Observe(Seconds(std::max(task.first_sent - job->spec.created, Duration(0))));
  if (IsNewOutcome(task, job != nullptr && job->spec.is_guided) && task.first_sent != Time())
    outcome_.Observe(Seconds(std::max(task.updated - task.first_sent, Duration(0))));
  if (IsTerminal(task.state))
    tasks_ended_.Add({{"state", Name(task.state)}, {"reason", Name(task.reason)}}).Increment();
}

JobMetrics::Now JobMetrics::Sum(const Engine& engine) {
  Now now;
  for (const auto& [id, job] : engine.jobs()) {
    if (IsTerminal(job.status.state)) continue;
    ++now.jobs[static_cast<size_t>(job.status.state)];
    for (size_t i = 0; i < job.counts.size(); ++i) now.tasks[i] += job.counts[i];
    if (!job.spec.is_guided) continue;
    now.is_guided = true;
    now.in_flight += job.in_flight;
    const Duration interval = job.pace ? job.pace->interval() : Duration(0);
    if (!job.is_held() && interval > Duration(0)) now.starts_per_second += 1 / Seconds(interval);
  }
  return now;
}

void JobMetrics::OnCommitFailed() {
  failed_commits_.Increment();
  const MutexLock lock(mutex_);
  now_.store_works = false;
}

void JobMetrics::Add(MetricList& list) const {
  Now now;
  {
    const MutexLock lock(mutex_);
    now = now_;
  }
  for (const JobState state : {JobState::kRunning, JobState::kPaused, JobState::kCancelling})
    list.Gauge("muster_jobs", "Jobs that have not ended",
               static_cast<double>(now.jobs[static_cast<size_t>(state)]), {{"state", Name(state)}});
  for (int i = 1; i < kTaskStateCount; ++i)
    list.Gauge("muster_tasks", "Tasks of jobs that have not ended",
               now.tasks[static_cast<size_t>(i)], {{"state", Name(static_cast<TaskState>(i))}});
  list.Gauge("muster_store_works", "0 while the store takes nothing: nothing is sent or answered",
             now.store_works ? 1 : 0);
  const std::string rate = "muster_resubscription_rate";
  const std::string rate_help =
      "Restarts a second that HMNFD is given now; 0 while it is not ready";
  const std::string window = "muster_resubscription_window";
  const std::string window_help = "Nodes that restart for HMNFD at this moment";
  list.Declare(rate, rate_help, prometheus::MetricType::Gauge);
  if (now.is_guided) list.Gauge(rate, rate_help, now.starts_per_second);
  list.Declare(window, window_help, prometheus::MetricType::Gauge);
  if (now.is_guided) list.Gauge(window, window_help, now.in_flight);
}

}  // namespace muster
