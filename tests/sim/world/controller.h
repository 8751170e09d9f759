// The controller: the real Engine, RunnerCore and Mailbox, one life after another over one store, with sessions as SessionTable has
// them. It can be killed between any two phases of a batch, its disk can be slow, full, lost or put back to what it was, and its wall
// clock can be wrong in each life.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controller/engine/engine.h"
#include "controller/runner/mailbox.h"
#include "controller/session/transport.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/network.h"
#include "tests/sim/world/random.h"
#include "tests/sim/world/request.h"

namespace muster::sim {

class World;

// Where in a batch that has something to commit.
enum class Death { kBeforeCommit, kInCommit, kAfterCommit, kInSends, kBeforeAnswers };

class Controller final : public ControllerEnd {
 public:
  Controller(World& world, Random random);
  ~Controller() override;

  void Start();
  bool is_running() const { return life_ != nullptr; }
  void Kill();
  // In its next batch.
  void KillAt(Death death) { death_ = death; }
  // Nobody kills it any more, no Settled waits any more; and if an older state directory was put back, it is started with --restored.
  void Mend();

  void Ask(const Request& request, Answer answer);

  const Image& image() const { return image_; }
  const Epoch& epoch() const { return epoch_; }
  // While it is not running.
  void ReplaceStore(Image image, const Epoch& epoch, bool is_restored);

  // From now on.
  void set_commit_delay(Duration delay) { commit_delay_ = delay; }
  void set_disk_full(bool is_full) { is_disk_full_ = is_full; }
  // Of the lives from now on.
  void set_mailbox_limits(MailboxLimits limits) { mailbox_limits_ = limits; }
  void set_wall_offset(Duration offset) { wall_offset_ = offset; }

  // Of this life: when it began and what time it has.
  Time started() const;
  Time Now() const;
  // The session of each node that the engine has been told of.
  const std::map<std::string, SessionId>& attached() const;
  const Engine& engine() const;
  // Nothing waits and nothing is being committed.
  bool is_idle() const;

  // ControllerEnd.
  bool is_listening() const override { return is_running(); }
  void OnAgentMessage(LinkId link, const AgentMessage& message) override;
  void OnAgentGone(LinkId link) override;

 private:
  class Life;

  World& world_;
  Random random_;
  Image image_;
  Epoch epoch_;
  Duration commit_delay_ = 1ms;
  bool is_disk_full_ = false;
  MailboxLimits mailbox_limits_;
  Duration wall_offset_{};
  std::optional<Death> death_;
  bool holds_settled_ = true;  // as the real sessions do
  bool is_restored_ = false;   // the store is older than what agents have seen
  uint64_t lives_ = 0;
  std::map<uint64_t, Answer> pending_;  // by the request's number
  std::unique_ptr<Life> life_;
};

}  // namespace muster::sim
