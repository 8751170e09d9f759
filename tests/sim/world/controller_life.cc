// A batch takes time: the mail that comes while one is being committed is the next. So does the real runner.
#include "tests/sim/world/controller_life.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

// As runner.cc and agent_session.h have them.
constexpr Duration kCommitRetry = 1s;
constexpr size_t kMaxSettledAlone = 32;
constexpr size_t kMaxSessionOutbox = 2 * (1000 + limits::kMaxHeldAttempts);
// From the arrival of mail to the batch that takes it.
constexpr Duration kWakeup = 50us;
constexpr uint32_t kMaxIdleBatches = 50;

Engine MakeEngine(const Image& image, Time now, World& world) {
  const EngineConfig config;
  Loaded loaded = image.Load(config.max_ended_jobs);
  for (Checker* checker : world.checkers()) checker->OnStart(loaded);
  return Engine(config, std::move(loaded), now);
}

}  // namespace

Controller::Life::Life(World& world, Controller& controller, uint64_t number)
    : world_(world),
      controller_(controller),
      number_(number),
      began_(world.now()),
      wall_(World::kWallBase + began_ + controller.wall_offset_),
      registry_({}),
      mailbox_(controller.mailbox_limits_),
      core_(MakeEngine(controller.image_, wall_, world), *this, registry_) {
  Wake(began_);
}

Time Controller::Life::Now() const { return wall_ + (world_.now() - began_); }

void Controller::Life::Die() {
  if (is_dead_) return;
  is_dead_ = true;
  world_.Note("controller-dies", number_);
  // Those without a session yet, too.
  for (const LinkId link : world_.network().links()) world_.network().CloseByController(link);
}

bool Controller::Life::Put(Mail mail) {
  if (is_dead_ || !mailbox_.Put(std::move(mail))) return false;
  ++waiting_;
  if (!is_committing_) Wake(world_.now() + kWakeup);
  return true;
}

void Controller::Life::After(Duration delay, void (Life::*what)()) {
  world_.agenda().After(delay, [&controller = controller_, number = number_, what] {
    Life* const life = controller.life_.get();
    if (life != nullptr && life->number_ == number && !life->is_dead_) (life->*what)();
  });
}

void Controller::Life::Wake(Duration when) {
  if (wake_at_ && *wake_at_ <= when && *wake_at_ >= world_.now()) return;
  wake_at_ = when;
  After(when - world_.now(), &Life::RunBatch);
}

void Controller::Life::RunBatch() {
  // An earlier wakeup has been moved, or the last batch is not through.
  if (is_committing_ || wake_at_ != world_.now()) return;
  wake_at_.reset();
  const bool has_mail = std::exchange(waiting_, 0) > 0;
  if (has_mail) {
    for (Mail& mail : mailbox_.TakeAll(std::chrono::steady_clock::time_point::min())) {
      Note(mail);
      core_.Take(Now(), std::move(mail));
    }
  }
  core_.Advance(Now());
  if (has_mail || !core_.records().empty() || idle_since_ != world_.now()) {
    idle_since_ = world_.now();
    idle_batches_ = 0;
  } else if (++idle_batches_ > kMaxIdleBatches) {
    world_.Fail("runner",
                "the engine wants to be woken at once, again and again, and does nothing");
    return;
  }
  is_committing_ = true;
  if (core_.records().empty()) return Deliver();
  if (DiesHere(Death::kBeforeCommit)) return;
  After(controller_.random_.Between(controller_.commit_delay_ / 4, controller_.commit_delay_),
        &Life::FinishCommit);
}

// What the engine knows of who is attached.
void Controller::Life::Note(const Mail& mail) {
  const Event* event = std::get_if<Event>(&mail);
  if (event == nullptr) return;
  if (const auto* up = std::get_if<SessionUp>(event)) {
    attached_[up->hello.node] = up->session;
  } else if (const auto* down = std::get_if<SessionDown>(event)) {
    const auto it = attached_.find(down->node);
    if (it != attached_.end() && it->second == down->session) attached_.erase(it);
  }
}

void Controller::Life::FinishCommit() {
  if (controller_.is_disk_full_) {
    world_.Note("disk-full");
    return After(kCommitRetry, &Life::FinishCommit);
  }
  if (controller_.death_ == Death::kInCommit && controller_.random_.Chance(50)) {
    DiesHere(Death::kInCommit);
    return;
  }
  if (!Apply() || DiesHere(Death::kInCommit) || DiesHere(Death::kAfterCommit)) return;
  Deliver();
}

bool Controller::Life::Apply() {
  for (const Record& record : core_.records()) {
    for (Checker* checker : world_.checkers()) checker->OnRecord(record, controller_.image_);
    world_.Note(record);
    if (absl::Status status = controller_.image_.Apply(record); !status.ok()) {
      world_.Fail("store", "the engine and the store disagree: " + Message(status));
      return false;
    }
  }
  for (Checker* checker : world_.checkers()) {
    checker->OnBatch(core_.records(), controller_.image_);
  }
  return true;
}

void Controller::Life::Deliver() {
  if (controller_.death_ == Death::kInSends && !core_.records().empty()) {
    controller_.death_.reset();
    sends_to_live_ = controller_.random_.Below(uint64_t{1} << controller_.random_.Below(7));
  }
  core_.Deliver();
  if (sends_to_live_) Die();
  if (!is_dead_) return EndBatch();
  BurySoon();
}

void Controller::Life::EndBatch() {
  is_committing_ = false;
  if (waiting_ > 0) return Wake(world_.now() + kWakeup);
  if (const std::optional<Time> next = core_.NextDeadline()) {
    Wake(std::max(began_ + (*next - wall_), world_.now()));
  }
}

bool Controller::Life::DiesHere(Death death) {
  if (controller_.death_ != death) return false;
  controller_.death_.reset();
  Die();
  BurySoon();
  return true;
}

// Not now: the dead is still at work further up the stack.
void Controller::Life::BurySoon() {
  world_.agenda().After(0s, [&controller = controller_, number = number_] {
    if (controller.life_ != nullptr && controller.life_->number_ == number) controller.Kill();
  });
}

void Controller::Life::AnswersBegin() { DiesHere(Death::kBeforeAnswers); }

bool Controller::Life::Send(SessionId id, const ControllerMessage& message) {
  if (is_dead_) return false;
  if (sends_to_live_ && (*sends_to_live_)-- == 0) {
    Die();
    return false;
  }
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return false;
  std::vector<Settled>& settled = it->second.settled;
  if (const auto* one = std::get_if<Settled>(&message);
      one != nullptr && controller_.holds_settled_ && settled.size() + 1 < kMaxSettledAlone) {
    settled.push_back(*one);
    return true;
  }
  for (const Settled& one : std::exchange(settled, {})) {
    if (!SendNow(id, one)) return false;
  }
  return SendNow(id, message);
}

void Controller::Life::SendAllSettled() {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  for (const SessionId id : ids) {
    for (const Settled& one : std::exchange(sessions_.at(id).settled, {})) {
      if (!SendNow(id, one)) break;
    }
  }
}

bool Controller::Life::SendNow(SessionId id, const ControllerMessage& message) {
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return false;
  world_.Note("send", it->second.node, message.index());
  for (Checker* checker : world_.checkers()) checker->OnSend(it->second.node, message);
  const size_t waiting = world_.network().SendDown(
      it->second.link, message, static_cast<uint64_t>((world_.now() + 1h).count()));
  if (waiting <= kMaxSessionOutbox) return true;
  End(id);
  return false;
}

void Controller::Life::Close(SessionId session, const std::string&) { End(session); }

// Ends a session. What waited for it is gone; the runner hears of it a little later.
void Controller::Life::End(SessionId id) {
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return;
  const Session session = it->second;
  world_.network().CloseByController(session.link);
  by_link_.erase(session.link);
  sessions_.erase(it);
  const auto newest = newest_.find(session.node);
  if (newest != newest_.end() && newest->second == id) newest_.erase(newest);
  world_.agenda().After(controller_.random_.Between(0ms, 20ms),
                        [&controller = controller_, number = number_, id, node = session.node] {
                          Life* const life = controller.life_.get();
                          if (life != nullptr && life->number_ == number)
                            life->Put(muster::Event(SessionDown{id, node}));
                        });
}

void Controller::Life::Attach(LinkId link, const Hello& hello) {
  // CheckSeenEpoch.
  const Epoch& ours = controller_.epoch_;
  if (hello.seen_epoch && hello.seen_epoch->store_id == ours.store_id &&
      hello.seen_epoch->counter > ours.counter) {
    world_.Note("stale-store", hello.node);
    return world_.network().CloseByController(link);
  }
  const SessionId id = ++last_session_;
  const auto newest = newest_.find(hello.node);
  const SessionId older = newest == newest_.end() ? 0 : newest->second;
  sessions_[id] = {link, hello.node, {}};
  by_link_[link] = id;
  newest_[hello.node] = id;
  world_.Note("attach", hello.node, id, hello.incarnation, hello.held.size());
  Welcome welcome;
  welcome.node = hello.node;
  welcome.epoch = controller_.epoch_;
  welcome.fleet_size = static_cast<uint32_t>(world_.node_count());
  welcome.ping_interval = limits::kPingInterval;
  Send(id, welcome);
  if (Put(muster::Event(SessionUp{id, hello}))) {
    if (older != 0) End(older);
    return;
  }
  // As in SessionTable::Attach: the one before stays the node's, and SessionDown is for those that were taken.
  world_.Note("mailbox-full", hello.node);
  sessions_.erase(id);
  by_link_.erase(link);
  newest_[hello.node] = older;
  if (older == 0) newest_.erase(hello.node);
  world_.network().CloseByController(link);
}

void Controller::Life::OnAgentMessage(LinkId link, const AgentMessage& message) {
  if (is_dead_) return;
  const auto it = by_link_.find(link);
  if (const auto* hello = std::get_if<Hello>(&message)) {
    if (it == by_link_.end()) Attach(link, *hello);
    return;
  }
  const auto* report = std::get_if<Report>(&message);
  if (report == nullptr || it == by_link_.end()) return;
  world_.Note("report", report->node, report->key.task, report->key.attempt,
              report->outcome ? Name(report->outcome->state) : "RUNNING");
  if (!Put(muster::Event(ReportReceived{it->second, *report}))) {
    world_.Note("mailbox-full", report->node);
    End(it->second);
  }
}

void Controller::Life::OnAgentGone(LinkId link) {
  const auto it = by_link_.find(link);
  if (it != by_link_.end()) End(it->second);
}

}  // namespace muster::sim
