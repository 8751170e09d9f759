// Theory of operation. One stream at a time is open, and none for longer than kStreamLife: a controller that vanished without
// a word (its NCN lost power) is noticed when the next stream fails to open. Each stream begins after the last revision
// seen. Whatever ends a stream, OK included, means "open the next", unless the controller said that it never will do.

#include "controller/cli/wait.h"

#include <fmt/format.h>

#include <algorithm>

#include "controller/cli/duration.h"
#include "controller/cli/printable.h"

namespace muster::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Duration kStreamLife = 60s;
// Pages of one job; a million tasks.
constexpr int kPageSize = 1000;
constexpr int kMaxPages = 1000;

bool IsHopeless(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::UNIMPLEMENTED:
      return true;
    default:
      return !status.ok() && status.error_code() == grpc::StatusCode::UNAVAILABLE &&
             !IsTransient(status);
  }
}

class Watch {
 public:
  Watch(Connection& connection, std::optional<Duration> wait, Progress& progress, JobView& view)
      : connection_(connection),
        progress_(progress),
        view_(view),
        start_(SteadyClock::now()),
        revision_(view.job.revision()) {
    if (wait) end_ = start_ + *wait;
  }

  absl::StatusOr<WaitEnd> Run() {
    for (;;) {
      if (view_.IsComplete()) return WaitEnd::kJobEnded;
      if (connection_.interrupt().IsRaised()) return WaitEnd::kInterrupted;
      if (IsTimeUp()) return WaitEnd::kTimeUp;
      const grpc::Status status = FollowOneStream();
      if (view_.IsComplete() || connection_.interrupt().IsRaised() || IsTimeUp()) continue;
      // The job's end came and the stream ended properly, and still tasks are missing: the report fetches and names them.
      if (status.ok() && IsEnded(view_.job.state())) return WaitEnd::kJobEnded;
      if (IsHopeless(status)) return connection_.Explain(What(), status);
      if (SteadyClock::now() - last_contact_ > connection_.options().reconnect_timeout) {
        return connection_.Explain(What(), Unreachable(status));
      }
      Pause(status);
    }
  }

 private:
  grpc::Status FollowOneStream() {
    grpc::ClientContext context;
    const Interrupt::Cancels cancels(connection_.interrupt(), context);
    auto life = std::chrono::duration_cast<std::chrono::microseconds>(kStreamLife);
    if (end_) {
      life =
          std::min(life, std::chrono::ceil<std::chrono::microseconds>(*end_ - SteadyClock::now()));
    }
    context.set_deadline(std::chrono::system_clock::now() + life);
    v1::WatchJobRequest request;
    request.set_name(view_.job.name());
    request.set_revision(revision_);
    const auto stream = connection_.stub().WatchJob(&context, request);
    v1::JobChanges changes;
    while (stream->Read(&changes)) {
      Apply(changes);
      if (view_.IsComplete()) context.TryCancel();
    }
    grpc::Status status = stream->Finish();
    const bool lived_its_life = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    return lived_its_life && !IsTimeUp() ? AskOnce() : status;
  }

  // Nothing came on a stream: because nothing happened, or because nobody is there?
  grpc::Status AskOnce() {
    grpc::ClientContext context;
    const Interrupt::Cancels cancels(connection_.interrupt(), context);
    context.set_deadline(
        std::chrono::system_clock::now() +
        std::chrono::duration_cast<std::chrono::microseconds>(WithinWait(kCallTimeout)));
    v1::GetJobRequest request;
    request.set_name(view_.job.name());
    v1::Job job;
    grpc::Status status = connection_.stub().GetJob(&context, request, &job);
    if (!status.ok()) return status;
    view_.Apply(job);
    NoteContact();
    return {grpc::StatusCode::OUT_OF_RANGE, "the job goes on"};
  }

  void Apply(const v1::JobChanges& changes) {
    for (const v1::Task& task : changes.tasks()) view_.Apply(task);
    if (changes.has_job()) view_.Apply(changes.job());
    revision_ = std::max(revision_, changes.revision());
    NoteContact();
    backoff_.Reset();
    progress_.Show(view_);
  }

  void NoteContact() {
    last_contact_ = SteadyClock::now();
    if (std::exchange(is_broken_, false)) progress_.Say("the controller answers again");
  }

  // A stream that lived its life is nothing to speak of; anything else is told once.
  void Pause(const grpc::Status& status) {
    const bool is_quiet = status.ok() || status.error_code() == grpc::StatusCode::OUT_OF_RANGE;
    if (!is_quiet && !std::exchange(is_broken_, true)) {
      progress_.Say(
          fmt::format("{}: the controller at {} does not answer ({}); the job goes on, "
                      "and so does this watch when it is back",
                      What(), connection_.address(), Printable(status.error_message())));
    }
    connection_.interrupt().SleepFor(WithinWait(backoff_.Next()));
  }

  Duration WithinWait(Duration pause) const {
    if (!end_) return pause;
    return std::clamp<Duration>(*end_ - SteadyClock::now(), Duration::zero(), pause);
  }

  bool IsTimeUp() const { return end_ && SteadyClock::now() >= *end_; }
  std::string What() const { return "watch " + view_.job.name(); }

  // With how long it has been so, and always as what it is, whichever way the last stream ended.
  grpc::Status Unreachable(const grpc::Status& status) const {
    return {grpc::StatusCode::UNAVAILABLE,
            fmt::format("{} (for {})", status.ok() ? "no answer" : status.error_message(),
                        FormatDuration(SteadyClock::now() - last_contact_))};
  }

  Connection& connection_;
  Progress& progress_;
  JobView& view_;
  const SteadyClock::time_point start_;
  std::optional<SteadyClock::time_point> end_;
  SteadyClock::time_point last_contact_ = SteadyClock::now();
  uint64_t revision_;
  Backoff backoff_;
  bool is_broken_ = false;
};

}  // namespace

absl::StatusOr<WaitEnd> WaitForJob(Connection& connection, std::optional<Duration> wait,
                                   Progress& progress, JobView& view) {
  return Watch(connection, wait, progress, view).Run();
}

absl::Status FetchTasks(Connection& connection, JobView& view) {
  v1::ListTasksRequest request;
  request.set_parent(view.job.name());
  request.set_page_size(kPageSize);
  for (int page = 0; page < kMaxPages; ++page) {
    v1::ListTasksResponse response;
    MUSTER_RETURN_IF_ERROR(connection.Call(&v1::Controller::Stub::ListTasks,
                                           "list the tasks of " + view.job.name(), request,
                                           response));
    for (const v1::Task& task : response.tasks()) view.Apply(task);
    if (response.next_page_token().empty()) return absl::OkStatus();
    request.set_page_token(response.next_page_token());
  }
  return absl::OkStatus();
}

}  // namespace muster::cli
