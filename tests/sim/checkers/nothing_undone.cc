// What an operator was told stays true over every crash: a job that was accepted is there, a cancelled one is cancelled, a repeated request
// made no second job. A store that somebody takes away takes its promises with it.
#include <fmt/format.h>

#include <map>
#include <set>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

class NothingUndoneChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "nothing-undone"; }

  void OnRequest(const Request& request) override {
    // It may be gone before the answer comes, or without one.
    if (!request.is_submission() && request.action == JobAction::kDelete)
      deletable_.insert(request.job);
  }
  void OnAnswer(const Request& request, const absl::StatusOr<std::string>& job) override {
    if (!job.ok()) return;
    if (request.is_submission()) {
      const auto [it, is_new] = by_request_.emplace(request.spec.request_id, *job);
      if (it->second != *job) {
        return Fail(fmt::format("{} made {} and {}", it->first, it->second, *job));
      }
      accepted_.insert(*job);
    } else if (request.action == JobAction::kDelete) {
      accepted_.erase(request.job);
      cancelled_.erase(request.job);
    } else if (request.action == JobAction::kCancel) {
      cancelled_.insert(request.job);
    }
    Check(world().controller().image());
  }
  void OnStart(const Loaded& loaded) override {
    Check(world().controller().image());
    std::set<std::string> ids;
    for (const StoredJob& job : loaded.jobs) ids.insert(job.spec.id);
    for (const std::string& id : accepted_) {
      const StoredJob* job = world().controller().image().Find(id);
      if (job != nullptr && !IsTerminal(job->status.state) && !ids.contains(id)) {
        Fail(fmt::format("job {} has not ended and was not loaded", id));
      }
    }
  }
  void OnStoreReplaced(const Image& now) override {
    std::erase_if(accepted_, [&now](const std::string& id) { return now.Find(id) == nullptr; });
    cancelled_.clear();
    by_request_.clear();
  }
  void AtRest() override { Check(world().controller().image()); }

 private:
  void Check(const Image& image) {
    for (const std::string& id : accepted_) {
      if (image.Find(id) == nullptr && !deletable_.contains(id))
        return Fail(fmt::format("job {} is gone", id));
    }
    for (const std::string& id : cancelled_) {
      const StoredJob* job = image.Find(id);
      if (job != nullptr && job->status.state != JobState::kCancelling &&
          !IsTerminal(job->status.state)) {
        return Fail(fmt::format("job {} was cancelled and is {}", id, Name(job->status.state)));
      }
    }
  }

  std::map<std::string, std::string> by_request_;
  std::set<std::string> accepted_;
  std::set<std::string> cancelled_;
  std::set<std::string> deletable_;
};

}  // namespace

std::unique_ptr<Checker> NothingUndone(World& world) {
  return std::make_unique<NothingUndoneChecker>(world);
}

}  // namespace muster::sim
