#include "controller/cli/job_screen.h"

#include <algorithm>

#include "controller/cli/report.h"

namespace muster::cli {
namespace {

// A second of the controller's is over for certain when so much more has gone by here: its store may still be writing what ended in it.
constexpr std::chrono::seconds kMargin{3};

}  // namespace

// The tasks may have been read after the job was; what came between comes again. Without them all, everything comes.
JobScreen::JobScreen(Connection& connection, Progress& progress, JobView& view)
    : connection_(connection),
      progress_(progress),
      view_(view),
      revision_(HasAllTasks() ? view.job.revision() : 0) {
  for (const auto& [node, task] : view.tasks) Note(task);
}

void JobScreen::Apply(const v1::JobChanges& changes) {
  for (const v1::Task& task : changes.tasks()) {
    view_.Apply(task);
    Note(task);
  }
  if (changes.has_job()) view_.Apply(changes.job());
  revision_ = std::max(revision_, changes.revision());
  is_up_to_date_ = revision_ >= view_.job.revision();
  if (is_up_to_date_) progress_.Tell(history_.TellBefore(newest_second_));
  has_news_ = true;
  ShowNews();
}

// Nothing comes any more that would show that a second is over: the controller is asked whether anything has happened since.
void JobScreen::Tick() {
  ShowNews();
  if (!is_up_to_date_ || SteadyClock::now() - asked_ < kMargin) return;
  const auto since = std::chrono::floor<std::chrono::seconds>(SteadyClock::now() - newest_came_);
  const int64_t now = newest_second_ + (since - kMargin).count();
  if (!history_.HasLinesBefore(now)) return;
  asked_ = SteadyClock::now();
  grpc::ClientContext context;
  const Interrupt::Cancels cancels(connection_.interrupt(), context);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
  if (!Ask(context).ok()) return;
  is_up_to_date_ = revision_ >= view_.job.revision();
  if (is_up_to_date_) progress_.Tell(history_.TellBefore(now));
}

void JobScreen::TellEnd() {
  if (!view_.IsComplete()) return;
  for (const auto& [node, task] : view_.tasks) history_.Add(task);
  progress_.Tell(history_.TellEnd(view_.job));
}

grpc::Status JobScreen::Ask(grpc::ClientContext& context) {
  v1::GetJobRequest request;
  request.set_name(view_.job.name());
  v1::Job job;
  grpc::Status status = connection_.stub().GetJob(&context, request, &job);
  if (status.ok()) view_.Apply(job);
  return status;
}

// Counting the tasks of a large job for each message would take longer than the messages do. While tasks are still to come, what is here
// would look like a job that goes very fast.
void JobScreen::ShowNews() {
  if (!has_news_ || !HasAllTasks() || !progress_.IsDue()) return;
  has_news_ = false;
  progress_.Show(LiveModelOf(view_), [&view = view_] { return ProgressLine(view); });
}

void JobScreen::Note(const v1::Task& task) {
  history_.Add(task);
  if (task.update_time().seconds() <= newest_second_) return;
  newest_second_ = task.update_time().seconds();
  newest_came_ = SteadyClock::now();
}

bool JobScreen::HasAllTasks() const {
  return view_.job.task_count() > 0 && view_.tasks.size() == view_.job.task_count();
}

}  // namespace muster::cli
