// The one thread with the controller's state: steps the engine through everything that has arrived, commits what changed with one
// sync, and only then sends, answers and tells watchers. Nothing that was said is ever taken back.
//
// If the commit fails (disk full), everything that would follow from it waits until it works; `on_health` says so.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/mutex.h"
#include "common/time.h"
#include "controller/engine/engine.h"
#include "controller/inventory/node_registry.h"
#include "controller/runner/batch_observer.h"
#include "controller/runner/housekeeping.h"
#include "controller/runner/mailbox.h"
#include "controller/runner/runner_core.h"
#include "controller/runner/submitter.h"
#include "controller/session/transport.h"
#include "controller/store/job_store.h"

namespace muster {

class Runner final : public JobControl, public SessionEvents, public ServiceListener {
 public:
  // Everything is lent and outlives the runner. `on_health` is called on the runner's thread when the store stops or starts working. As of
  // RunnerCore, without `services` and `records` there are no operations.
  Runner(Engine engine, JobStore& store, Transport& transport, NodeRegistry& nodes,
         const Clock& clock, std::function<void(bool store_works)> on_health,
         ServiceCaller* services = nullptr, LoadedOperations operations = {},
         ContentRecords* records = nullptr);
  ~Runner() override;

  // Who counts; lent, outlives the runner. Before Start.
  void Observe(BatchObserver& observer) { observer_ = &observer; }
  void Start();
  // What waits for the runner. Any thread.
  Mailbox::Load load() const { return mailbox_.load(); }
  // Takes nothing in any more, finishes what it has, commits it and ends the thread. A store that does not work is not waited for.
  // When it returns, every request that was taken has been answered, and each later one is at once: UNAVAILABLE.
  void Stop();

  // Any thread.
  void Submit(JobSpec spec, std::vector<std::string> nodes, JobDone done) override;
  void Act(JobAction action, const std::string& job_id, const std::string& by,
           JobDone done) override;
  void SubmitOperation(OperationSpec spec, std::vector<std::string> remarks, JobDone done) override;
  void CancelOperation(const std::string& id, const std::string& by, JobDone done) override;
  SubscriptionId Subscribe(const std::string& id, std::function<void()> changed) override;
  void Unsubscribe(SubscriptionId id) override;
  bool Post(Event event) override;
  void Tell(ServiceNews news) override;

 private:
  void Run();
  bool Commit();
  void Notify(const RunnerCore::Batch& batch);
  void Request(Mail mail, const JobDone& done);

  // Constant after construction.
  JobStore& store_;
  const Clock& clock_;
  const std::function<void(bool)> on_health_;
  BatchObserver* observer_ = nullptr;

  // Runner thread only.
  RunnerCore core_;
  Housekeeping housekeeping_;

  Mailbox mailbox_;
  std::thread thread_;

  Mutex mutex_;
  struct Subscription {
    std::string id;
    std::function<void()> changed;
  };
  std::map<SubscriptionId, Subscription> subscriptions_ MUSTER_GUARDED_BY(mutex_);
  SubscriptionId next_subscription_ MUSTER_GUARDED_BY(mutex_) = 1;
};

}  // namespace muster
