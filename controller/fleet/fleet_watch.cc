#include "controller/fleet/fleet_watch.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "common/log.h"

namespace muster {
namespace {

// Between two looks at what changes by time alone.
constexpr Duration kTimeStep = 5s;
constexpr Duration kTrimInterval = 1h;

bool IsLooping(const std::vector<Condition>& conditions) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [](const Condition& one) { return one.reason == kCrashLoop; });
}

// Content that was mounted in the boot that the node was in.
void Remember(const StoredHistory& stored, NodeRegistry& registry) {
  std::set<std::string> with_content;
  for (const RecordedCondition& one : stored.conditions) {
    if (one.kind == ConditionKind::kContentMounted) with_content.insert(one.node);
  }
  for (const RecordedCondition& one : stored.conditions) {
    if (one.kind == ConditionKind::kAgentAttached && with_content.contains(one.node))
      registry.RememberContent(one.node, one.mark);
  }
}

}  // namespace

FleetWatch::FleetWatch(FleetWatchOptions options, NodeRegistry& registry,
                       SubscriberList& subscribers, HistoryStore& store, StoredHistory stored,
                       const Clock& clock)
    : options_(options),
      registry_(registry),
      subscribers_(subscribers),
      store_(store),
      clock_(clock),
      started_(clock.Now()),
      history_((Remember(stored, registry), std::move(stored))),
      trim_due_(started_) {
  registry_.OnNews([this] { Wake(); });
  subscribers_.OnChange([this] {
    const MutexLock lock(mutex_);
    has_list_ = true;
    wake_.notify_one();
  });
}

void FleetWatch::Start() {
  thread_ = std::thread([this] { Run(); });
}

void FleetWatch::Stop() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void FleetWatch::Wake() {
  const MutexLock lock(mutex_);
  has_news_ = true;
  wake_.notify_one();
}

FleetPicture FleetWatch::picture() const {
  const MutexLock lock(mutex_);
  return picture_;
}

FleetWatch::Changed FleetWatch::ChangedSince(uint64_t revision) const {
  const MutexLock lock(mutex_);
  Changed changed{{picture_.revision(), picture_.layout()}, {}};
  if (revision == picture_.revision()) return changed;
  for (size_t i = 0; i < picture_.rows().size(); ++i) {
    const PictureRow& row = picture_.rows()[i];
    if (row.revision > revision) changed.letters.emplace_back(i, row.letters);
  }
  return changed;
}

std::vector<std::optional<size_t>> FleetWatch::NumbersOf(
    const std::vector<std::string>& xnames) const {
  std::vector<std::optional<size_t>> numbers;
  numbers.reserve(xnames.size());
  const MutexLock lock(mutex_);
  for (const std::string& xname : xnames) numbers.push_back(picture_.NumberOf(xname));
  return numbers;
}

FleetHistory::Counts FleetWatch::event_counts() const {
  const MutexLock lock(mutex_);
  return event_counts_;
}

void FleetWatch::Run() {
  pthread_setname_np(pthread_self(), "fleet");  // for whoever measures it
  while (WaitForWork()) Work(clock_.Now());
  Work(clock_.Now());
  history_.ReleaseAll(clock_.Now());
  written_ = {};
  WriteHistory(clock_.Now());
}

bool FleetWatch::WaitForWork() {
  const auto until = [this](Time time) {
    // A wait that cannot be counted is one of a day.
    const Duration left = std::clamp<Duration>(time - clock_.Now(), Duration(0), 24h);
    return std::chrono::steady_clock::now() + left;
  };
  const Time due = NextDue();
  const MutexLock lock(mutex_);
  const auto deadline = until(due);
  while (!is_ending_ && !has_news_ && !has_list_) {
    if (wake_.wait_until(mutex_, deadline) == std::cv_status::timeout) break;
  }
  if (is_ending_) return false;
  if (!has_news_ && !has_list_) return true;
  const auto merged = std::chrono::steady_clock::now() + options_.merge;
  while (!is_ending_ && wake_.wait_until(mutex_, merged) != std::cv_status::timeout) continue;
  return !is_ending_;
}

Time FleetWatch::NextDue() const {
  Time due = std::min(trim_due_, std::max(history_.NextDue(), looked_ + kTimeStep));
  if (!has_settled_) due = std::min(due, started_ + options_.settle);
  if (!looping_.empty()) due = std::min(due, looked_ + kTimeStep);
  if (is_unwritten_) due = std::min(due, written_ + options_.write_interval);
  if (known_.list != nullptr) due = std::min(due, known_.asked + SubscriberList::kUsable + 1s);
  if (options_.subscribers_interval > Duration(0))
    due = std::min(due, asked_ + options_.subscribers_interval);
  return due;
}

void FleetWatch::Work(Time now) {
  bool has_list = false;
  {
    const MutexLock lock(mutex_);
    has_news_ = false;
    has_list = std::exchange(has_list_, false);
  }
  NodeRegistry::News news = registry_.TakeNews();
  known_ = subscribers_.Get();
  const bool had_list = std::exchange(had_list_, known_.list != nullptr);
  const bool settles = !has_settled_ && now >= started_ + options_.settle;
  has_settled_ = has_settled_ || settles;
  if (now >= looked_ + kTimeStep) {
    looked_ = now;
    news.nodes.insert(looping_.begin(), looping_.end());
    history_.Advance(now);
  }
  const bool is_first = !std::exchange(has_begun_, true);
  if (is_first || news.is_of_all || has_list || settles || had_list != had_list_) {
    JudgeAll(now);
  } else if (!news.nodes.empty()) {
    Judge(now, {news.nodes.begin(), news.nodes.end()});
  }
  WriteHistory(now);
  Trim(now);
  AskHmnfd(now);
}

void FleetWatch::Judge(Time now, const std::vector<std::string>& xnames) {
  std::vector<PictureRow> rows;
  for (const NodeInfo& node : registry_.List(xnames)) rows.push_back(RowOf(node, Look(now, node)));
  {
    const MutexLock lock(mutex_);
    picture_.Set(std::move(rows));
    event_counts_ = history_.counts();
  }
  if (changed_) changed_();
}

void FleetWatch::JudgeAll(Time now) {
  std::vector<PictureRow> rows;
  for (const NodeInfo& node : registry_.List(registry_.All()))
    rows.push_back(RowOf(node, Look(now, node)));
  {
    const MutexLock lock(mutex_);
    picture_.SetAll(std::move(rows));
    event_counts_ = history_.counts();
  }
  if (changed_) changed_();
}

std::vector<Condition> FleetWatch::Look(Time now, const NodeInfo& node) {
  IfSubscribed is_subscribed;
  if (known_.list != nullptr) is_subscribed = known_.list->contains(node.xname);
  std::vector<Condition> conditions = ConditionsOf(node, is_subscribed, now);
  if (IsLooping(conditions)) {
    looping_.insert(node.xname);
  } else if (!looping_.empty()) {
    looping_.erase(node.xname);
  }
  if (!IsAwaited(now, node)) history_.Note(now, node.xname, conditions);
  return conditions;
}

bool FleetWatch::IsAwaited(Time now, const NodeInfo& node) const {
  const bool has_come = node.presence != Presence::kNeverSeen && node.presence_since;
  // Whether a node must be there HSM says.
  const bool is_early =
      now < started_ + options_.settle || (options_.awaits_hsm && !registry_.hsm_time());
  return !has_come && is_early;
}

void FleetWatch::WriteHistory(Time now) {
  is_unwritten_ = history_.has_batch();
  if (!is_unwritten_ || now < written_ + options_.write_interval) return;
  written_ = now;
  HistoryBatch batch = history_.TakeBatch();
  const absl::Status status = store_.Write(batch);
  if (!status.ok() && !has_failed_)
    log::Error("the history of the fleet is not written now: {}", Message(status));
  if (!status.ok()) history_.GiveBack(std::move(batch));
  is_unwritten_ = !status.ok();  // tried again
  if (status.ok() && has_failed_) log::Info("the history of the fleet is written again");
  has_failed_ = !status.ok();
}

void FleetWatch::Trim(Time now) {
  if (now < trim_due_) return;
  trim_due_ = now + kTrimInterval;
  const absl::Status status = store_.Trim(now);
  if (!status.ok())
    log::Error("the history of the fleet is not trimmed and will grow; tried again in an hour: {}",
               Message(status));
}

void FleetWatch::AskHmnfd(Time now) {
  if (options_.subscribers_interval <= Duration(0)) return;
  if (now < asked_ + options_.subscribers_interval) return;
  asked_ = now;
  subscribers_.Refresh(options_.subscribers_interval / 2, [] {});
}

}  // namespace muster
