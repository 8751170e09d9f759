// What of one job is on the screen while it is followed: the line that is drawn over, and above it the history of its ends. Main thread.
#pragma once

#include <grpcpp/client_context.h>

#include <chrono>
#include <cstdint>

#include "controller/cli/connection.h"
#include "controller/cli/job_history.h"
#include "controller/cli/job_view.h"
#include "controller/cli/progress.h"

namespace muster::cli {

class JobScreen {
 public:
  // Keeps `view` up to date, which has at least the job's name; it lives longer than what is shown of it. What its tasks have come to so
  // far is told, too.
  JobScreen(Connection& connection, Progress& progress, JobView& view);

  // A message of WatchJob after revision().
  void Apply(const v1::JobChanges& changes);
  uint64_t revision() const { return revision_; }
  // Some ten times a second. Blocks for a second at most.
  void Tick();
  // What has not been told of a job that has ended and is here whole.
  void TellEnd();
  // The job as it is now.
  grpc::Status Ask(grpc::ClientContext& context);

 private:
  using SteadyClock = std::chrono::steady_clock;

  void ShowNews();
  void Note(const v1::Task& task);
  bool HasAllTasks() const;

  Connection& connection_;
  Progress& progress_;
  JobView& view_;
  uint64_t revision_;
  JobHistory history_;
  bool has_news_ = false;  // that are not on the screen
  // All that had happened when the stream was read last is here.
  bool is_up_to_date_ = false;
  int64_t newest_second_ = 0;  // the latest that a task has changed in, by the controller's clock
  SteadyClock::time_point newest_came_ = SteadyClock::now();
  SteadyClock::time_point asked_;
};

}  // namespace muster::cli
