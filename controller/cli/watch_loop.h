// Follows something at the controller until it has ended, the operator's time is up or Ctrl-C: the loop that every watch is. Main thread,
// which is never blocked for longer than one try of a unary call: meanwhile the screen is kept and Ctrl-C is answered.
//
// One stream at a time is open, and none for longer than a minute: a controller that vanished without a word (its NCN lost power) is noticed
// when the next stream fails to open. Whatever ends a stream, OK included, means "open the next", unless the controller said that
// it never will do.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/status.h"
#include "common/time.h"
#include "controller/cli/connection.h"
#include "controller/cli/progress.h"
#include "controller/cli/question.h"

namespace muster::cli {

enum class WaitEnd { kJobEnded, kTimeUp, kInterrupted };

class WatchLoop {
 public:
  // `name`: of what is watched, as in "jobs/…".
  WatchLoop(Connection& connection, std::optional<Duration> wait, Progress& progress,
            std::string name);
  virtual ~WatchLoop() = default;

  // An error only when the controller says that it cannot be watched, or cannot be reached for ConnectionOptions::reconnect_timeout.
  absl::StatusOr<WaitEnd> Run();

 protected:
  // Reads one stream to its end, with Read; NoteContact for each message.
  virtual grpc::Status Follow(grpc::ClientContext& context) = 0;
  // Nothing came on a stream: because nothing happened, or because nobody is there?
  virtual grpc::Status Ask(grpc::ClientContext& context) = 0;
  // Everything is here.
  virtual bool IsComplete() const = 0;
  // It has ended, whatever is here.
  virtual bool HasEnded() const = 0;

  // Starts nothing more of it; what Ctrl-C may be answered with. One try.
  virtual grpc::Status Cancel(grpc::ClientContext& context) = 0;
  // Some ten times a second.
  virtual void OnTick() {}

  // `take` has each message until the stream ends; its status.
  template <typename Message, typename Take>
  grpc::Status Read(std::unique_ptr<grpc::ClientAsyncReader<Message>> stream,
                    grpc::CompletionQueue& queue, Take take) {
    stream->StartCall(this);
    Message message;
    if (Await(queue)) {
      for (stream->Read(&message, this); Await(queue); stream->Read(&message, this)) take(message);
    }
    grpc::Status status;
    stream->Finish(&status, this);
    Await(queue);
    return status;
  }

  void NoteContact();
  Connection& connection() { return connection_; }
  Progress& progress() { return progress_; }
  const std::string& name() const { return name_; }

 private:
  using SteadyClock = std::chrono::steady_clock;

  absl::StatusOr<WaitEnd> Loop();
  grpc::Status FollowOneStream();
  grpc::Status AskOnce();
  void Pause(const grpc::Status& status);
  // Whether what was begun last has worked.
  bool Await(grpc::CompletionQueue& queue);
  void Sleep(Duration duration);
  void Tick();
  void AskOperator();
  void TryToCancel();
  std::string QuestionText() const;
  Duration WithinWait(Duration pause) const;
  bool IsTimeUp() const { return end_ && SteadyClock::now() >= *end_; }
  std::string What() const { return "watch " + name_; }
  grpc::Status Unreachable(const grpc::Status& status) const;

  Connection& connection_;
  Progress& progress_;
  const std::string name_;
  std::optional<SteadyClock::time_point> end_;
  SteadyClock::time_point last_contact_ = SteadyClock::now();
  Backoff backoff_;
  Question question_;
  bool is_broken_ = false;
  std::optional<SteadyClock::time_point> cancel_at_;  // the next try of a cancel that was asked for
  bool has_told_of_cancel_ = false;
};

}  // namespace muster::cli
