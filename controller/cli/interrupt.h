// Ctrl-C and its kind: an operator stops waiting and the job goes on. SIGINT, SIGTERM, SIGHUP and SIGWINCH are blocked in every thread
// and taken by one thread of ours, so nothing runs in a signal handler; those that are ignored stay so. What is raised cancels the calls that are under way; once
// more ends the process at once. While somebody is there to ask (AskFirst), the first Ctrl-C is a question, and the second raises.
//
// Make one before any other thread exists. Owned by Connection; its methods may be called from any thread. When it goes away, in the
// thread that made it, signals have their usual effect again: what a verb prints then can be ended.
#pragma once

#include <grpcpp/client_context.h>

#include <csignal>
#include <functional>
#include <set>
#include <thread>

#include "common/mutex.h"
#include "common/time.h"

namespace muster::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool IsRaised();
  void Raise();
  // Returns early, with false, when it is raised.
  bool SleepFor(Duration duration);

  // Whether a first Ctrl-C waits for an answer: Raise, or GoOn.
  void AskFirst(bool asks);
  bool IsAsked();
  void GoOn();

  // What is done before the process is ended at once: by our thread, while this object lives. Nothing, once it is nullptr.
  void BeforeExit(std::function<void()> last);

  // Whether the screen has got another size since it was asked last.
  bool TakeNewSize();

  // While one lives, its call is cancelled when the interrupt is raised, or at once if it was.
  class Cancels {
   public:
    Cancels(Interrupt& interrupt, grpc::ClientContext& context);
    ~Cancels();
    Cancels(const Cancels&) = delete;
    Cancels& operator=(const Cancels&) = delete;

   private:
    Interrupt& interrupt_;
    grpc::ClientContext& context_;
  };

 private:
  void Listen();
  void Take(int signal);

  sigset_t before_{};  // what was blocked
  int signal_fd_ = -1;
  int stop_fd_ = -1;
  Mutex mutex_;
  CondVar raised_changed_;
  bool is_raised_ MUSTER_GUARDED_BY(mutex_) = false;
  bool asks_first_ MUSTER_GUARDED_BY(mutex_) = false;
  bool is_asked_ MUSTER_GUARDED_BY(mutex_) = false;
  bool has_new_size_ MUSTER_GUARDED_BY(mutex_) = false;
  std::function<void()> before_exit_ MUSTER_GUARDED_BY(mutex_);
  std::set<grpc::ClientContext*> calls_ MUSTER_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace muster::cli
