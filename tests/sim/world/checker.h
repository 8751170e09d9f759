// Something that must be true of every run. Told of everything that can be seen from outside, as it happens; says so through
// World::Fail when it is not so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/messages.h"
#include "common/status.h"
#include "controller/engine/record.h"

namespace muster::sim {

class World;
class Machine;
class Image;
struct Request;

class Checker {
 public:
  explicit Checker(World& world) : world_(world) {}
  virtual ~Checker() = default;
  virtual const char* name() const = 0;

  // A record becomes durable; `before` is what the store held until then.
  virtual void OnRecord(const Record&, const Image& /*before*/) {}
  // A batch is durable, and nothing of it is said yet.
  virtual void OnBatch(const std::vector<Record>&, const Image& /*now*/) {}
  // The controller starts with this.
  virtual void OnStart(const Loaded&) {}
  // Somebody has taken the store away or put another one in its place: promises that rest on it are void.
  virtual void OnStoreReplaced(const Image& /*now*/) {}
  // The controller gives a message to a session.
  virtual void OnSend(const std::string& /*node*/, const ControllerMessage&) {}
  virtual void OnRequest(const Request&) {}
  // What the operator was told; errors only if the controller said them.
  virtual void OnAnswer(const Request&, const absl::StatusOr<std::string>& /*job*/) {}

  // An agent asks systemd to restart a unit; `key` is the attempt for which its ledger has an intent on this unit, if there is one.
  virtual void OnCall(const Machine&, const std::string& /*unit*/,
                      const std::optional<AttemptKey>& /*key*/) {}
  // On behalf of an attempt systemd has stopped or started a unit, for the first time; and each time when it starts an instance.
  virtual void OnTouched(const Machine&, const AttemptKey&) {}
  virtual void OnStarted(const Machine&, const AttemptKey&) {}
  // An agent has found out how an attempt ended, and writes it down.
  virtual void OnOutcome(const Machine&, const AttemptKey&, const Outcome&) {}

  // All faults are over, all jobs have ended, and nothing is on its way.
  virtual void AtRest() {}

 protected:
  // At most the first of a run counts.
  void Fail(std::string what);
  World& world() const { return world_; }

 private:
  World& world_;
};

}  // namespace muster::sim
