#include "tests/sim/world/controller.h"

#include <utility>

#include "tests/sim/world/controller_life.h"
#include "tests/sim/world/world.h"

namespace muster::sim {

Controller::Controller(World& world, Random random)
    : world_(world), random_(random), epoch_{random_.Hex(32), 0} {}

Controller::~Controller() = default;

void Controller::Start() {
  if (life_ != nullptr) return;
  ++epoch_.counter;
  world_.Note("controller-start", epoch_.store_id, epoch_.counter);
  life_ = std::make_unique<Life>(world_, *this, ++lives_);
}

void Controller::Kill() {
  if (life_ == nullptr) return;
  life_->Die();
  life_.reset();
  death_.reset();
  for (auto& [number, answer] : std::exchange(pending_, {})) {
    world_.agenda().After(1ms, [answer = std::move(answer)] { answer(nullptr); });
  }
}

void Controller::Mend() {
  death_.reset();
  commit_delay_ = 1ms;
  is_disk_full_ = false;
  mailbox_limits_ = {};
  if (is_restored_) {
    Kill();
    epoch_ = {random_.Hex(32), 0};
    is_restored_ = false;
  }
  Start();
  holds_settled_ = false;
  if (life_ != nullptr) life_->SendAllSettled();
}

void Controller::Ask(const Request& request, Answer answer) {
  for (Checker* checker : world_.checkers()) checker->OnRequest(request);
  if (life_ == nullptr) {
    world_.agenda().After(1ms, [answer = std::move(answer)] { answer(nullptr); });
    return;
  }
  const auto done = [this, request, life = lives_](const absl::StatusOr<std::string>& job) {
    const auto it = pending_.find(request.number);
    if (it == pending_.end() || life != lives_ || life_->is_dead()) return;
    life_->AnswersBegin();
    if (life_->is_dead()) return;
    const Answer tell = std::move(it->second);
    pending_.erase(it);
    world_.Note("answer", request.number, job.ok() ? *job : job.status().ToString());
    for (Checker* checker : world_.checkers()) checker->OnAnswer(request, job);
    world_.agenda().After(1ms, [tell, job] { tell(&job); });
  };
  pending_.emplace(request.number, std::move(answer));
  OperatorRequest mail;
  mail.done = done;
  if (request.is_submission()) {
    JobSubmitted event;
    event.spec = request.spec;
    // As ControllerService does it.
    event.spec.created = Now();
    event.nodes = request.nodes;
    mail.event = std::move(event);
  } else {
    mail.event = JobActionRequested{0, request.action, request.job, "operator"};
  }
  if (!life_->Put(std::move(mail))) done(absl::ResourceExhaustedError("too many requests wait"));
}

void Controller::ReplaceStore(Image image, const Epoch& epoch, bool is_restored) {
  is_restored_ = is_restored;
  image_ = std::move(image);
  epoch_ = epoch;
  world_.Note("store-replaced", epoch.store_id, epoch.counter);
  for (Checker* checker : world_.checkers()) checker->OnStoreReplaced(image_);
}

Time Controller::started() const { return life_->started(); }
Time Controller::Now() const { return life_->Now(); }
const std::map<std::string, SessionId>& Controller::attached() const { return life_->attached(); }
const Engine& Controller::engine() const { return life_->engine(); }
bool Controller::is_idle() const { return life_ != nullptr && life_->is_idle(); }

void Controller::OnAgentMessage(LinkId link, const AgentMessage& message) {
  if (life_ != nullptr) life_->OnAgentMessage(link, message);
}

void Controller::OnAgentGone(LinkId link) {
  if (life_ != nullptr) life_->OnAgentGone(link);
}

}  // namespace muster::sim
