// Follows one job beside what a WatchLoop follows, and keeps it on the screen: an operation's job is shown like any other. Its stream is read
// when somebody ticks, and nobody waits for it; whether the controller is there is the loop's to say. Main thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "controller/cli/connection.h"
#include "controller/cli/job_screen.h"
#include "controller/cli/job_view.h"
#include "controller/cli/progress.h"

namespace muster::cli {

class JobFeed {
 public:
  // `job`: at least its name.
  JobFeed(Connection& connection, Progress& progress, v1::Job job);
  ~JobFeed();

  // Takes what has come; some ten times a second. Blocks for a second at most.
  void Tick();
  // Its end is told, or the controller has said that it cannot be watched.
  bool IsOver() const { return is_over_; }
  // Tells its end if all of it is here. The line that is drawn over goes away.
  void Conclude();

  JobView& view() { return view_; }

 private:
  using SteadyClock = std::chrono::steady_clock;
  struct Stream;

  void Open();
  // False once the stream has ended.
  bool Take(bool ok);
  void End(const grpc::Status& status);

  Connection& connection_;
  Progress& progress_;
  JobView view_;
  JobScreen screen_;
  Backoff backoff_;
  SteadyClock::time_point next_ = SteadyClock::now();  // stream
  std::unique_ptr<Stream> stream_;
  bool is_over_ = false;
};

}  // namespace muster::cli
