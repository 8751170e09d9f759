// The controller of a run at scale: the real mailbox, RunnerCore and Engine over the real store, on simulated time, with a stop watch at
// each call. A batch takes simulated time, too, and what arrives meanwhile is the next one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "controller/engine/task.h"
#include "controller/inventory/node_registry.h"
#include "controller/runner/mailbox.h"
#include "controller/runner/runner_core.h"
#include "controller/session/transport.h"
#include "controller/store/sqlite_job_store.h"
#include "tests/sim/scale/costs.h"
#include "tests/sim/world/agenda.h"

namespace muster::sim {

class ScaleController {
 public:
  // All are lent and outlive it.
  ScaleController(Agenda& agenda, Transport& agents, std::string state_dir);

  // A start of musterd, with what each part of it takes.
  struct Start {
    Spent open;
    Spent load;
    Spent engine;
    size_t tasks = 0;     // in memory
    double memory_b = 0;  // that the engine holds then
  };
  Start Open();
  // What it has not committed is gone.
  void Close();

  // False if the mailbox is full.
  bool Put(Mail mail);
  Time Now() const;

  // Of all records so far. What is sent again is not counted again.
  uint64_t dispatched() const { return dispatched_; }
  uint64_t ended() const { return ended_; }
  uint64_t jobs_ended() const { return jobs_ended_; }

  // Since it was last asked.
  Costs TakeCosts() { return std::exchange(costs_, {}); }
  const Longest& longest_call() const { return longest_call_; }      // of the engine
  const Longest& longest_commit() const { return longest_commit_; }  // by its number of records
  const Longest& longest_batch() const { return longest_batch_; }    // engine, commit and sends
  size_t most_mail() const { return most_mail_; }                    // in a batch
  uint64_t refused() const { return refused_; }                      // mail, by a full mailbox
  JobStore& store() { return *store_; }

 private:
  void Wake(Duration when);
  void After(Duration delay, void (ScaleController::*what)());
  void RunBatch();
  void Step();
  void Commit();
  void Count(const Record& record);
  void Deliver();

  Agenda& agenda_;
  Transport& agents_;
  const std::string state_dir_;
  NodeRegistry registry_{{}};

  uint64_t life_ = 0;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<Mailbox> mailbox_;
  std::unique_ptr<RunnerCore> core_;
  size_t waiting_ = 0;  // mail
  bool is_busy_ = false;
  double batch_s_ = 0;  // of this one, so far
  std::optional<Duration> wake_at_;

  uint64_t dispatched_ = 0;
  uint64_t ended_ = 0;
  uint64_t jobs_ended_ = 0;
  uint64_t refused_ = 0;
  Costs costs_;
  Longest longest_call_;
  Longest longest_commit_;
  Longest longest_batch_;
  size_t most_mail_ = 0;
};

// Bytes that this process has from its allocator, which is musterd's; 0 under a sanitizer.
double AllocatedBytes();

}  // namespace muster::sim
