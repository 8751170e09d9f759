// An engine with its time, what it has said last, and what a store would hold of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/engine/engine.h"

namespace muster {

inline const Time kStart = Time(std::chrono::hours(24 * 365 * 56));

inline Outcome Succeeded() { return {OutcomeState::kSucceeded, Reason::kNone, "restarted", {}}; }
inline Outcome Failed() { return {OutcomeState::kFailed, Reason::kExitCode, "exit code 1", {}}; }

// An engine, its time, and what it has said so far.
class EngineTest : public testing::Test {
 protected:
  EngineTest() : engine_(std::make_unique<Engine>(EngineConfig(), Loaded(), kStart)) {}

  void Step(const Event& event) {
    actions_ = Actions();
    engine_->Step(now_, event, &actions_);
    engine_->Advance(now_, &actions_);
    Remember();
  }
  void Pass(Duration duration) {
    now_ += duration;
    actions_ = Actions();
    engine_->Advance(now_, &actions_);
    Remember();
  }
  // Takes the records in, as the store would.
  void Remember() {
    for (const Record& record : actions_.records) {
      if (const auto* created = std::get_if<JobCreated>(&record)) {
        StoredJob& job = stored_[created->spec.id];
        job.spec = created->spec;
        job.status.revision = created->revision;
        for (const std::string& node : created->nodes) {
          Task task;
          task.node = node;
          job.tasks.push_back(task);
        }
      } else if (const auto* changed = std::get_if<JobChanged>(&record)) {
        stored_[changed->job].status = changed->status;
      } else if (const auto* task = std::get_if<TaskChanged>(&record)) {
        for (Task& known : stored_[task->job].tasks) {
          if (known.node == task->task.node) known = task->task;
        }
      } else if (const auto* late = std::get_if<LateOutcome>(&record)) {
        for (Task& known : stored_[late->job].tasks) {
          if (known.node == late->node) known.late_outcome = late->outcome;
        }
      } else if (const auto* deleted = std::get_if<JobDeleted>(&record)) {
        stored_.erase(deleted->job);
      }
    }
  }
  void Restart() {
    Loaded loaded;
    for (const auto& [id, job] : stored_) {
      loaded.jobs.push_back(job);
      loaded.revision = std::max(loaded.revision, job.status.revision);
    }
    engine_ = std::make_unique<Engine>(EngineConfig(), loaded, now_);
  }

  void Submit(const std::string& id, std::vector<std::string> nodes, Policy policy = {},
              const std::string& digest = "digest") {
    JobSpec spec;
    spec.id = id;
    spec.work = RestartUnit{"", 5s};
    spec.policy = policy;
    spec.created = now_;
    spec.request_id = "request-" + id;
    spec.request_digest = digest;
    Step(JobSubmitted{1, spec, std::move(nodes)});
  }
  Hello HelloOf(const std::string& node, const std::string& incarnation = "life-1") {
    Hello hello;
    hello.node = node;
    hello.incarnation = incarnation;
    hello.features = {kRestartUnitFeature, kRestartSinceFeature};
    return hello;
  }
  SessionId Attach(const Hello& hello) {
    Step(SessionUp{++session_, hello});
    return session_;
  }
  SessionId Attach(const std::string& node) { return Attach(HelloOf(node)); }
  void Report_(SessionId session, const std::string& job, const std::string& node, Outcome outcome,
               uint32_t attempt = 1) {
    Step(ReportReceived{session, {node, {TaskName(job, node), attempt}, std::move(outcome)}});
  }

  template <typename Message>
  std::vector<std::string> NodesOf() const {
    std::vector<std::string> nodes;
    for (const Send& send : actions_.sends) {
      if (const auto* message = std::get_if<Message>(&send.message)) nodes.push_back(message->node);
    }
    return nodes;
  }
  const Task& TaskOf(const std::string& job, const std::string& node) {
    for (const Task& task : stored_.at(job).tasks) {
      if (task.node == node) return task;
    }
    ADD_FAILURE() << "no task of " << node;
    return stored_.at(job).tasks.front();
  }
  JobState StateOf(const std::string& job) { return stored_.at(job).status.state; }

  Time now_ = kStart;
  SessionId session_ = 100;
  std::unique_ptr<Engine> engine_;
  Actions actions_;
  std::map<std::string, StoredJob> stored_;
};

}  // namespace muster
