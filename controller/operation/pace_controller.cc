#include "controller/operation/pace_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace muster {
namespace {

// What came in this time counts as now.
constexpr Duration kWindow = 2s;
// A second decrease comes no earlier: the first has to show its effect. A unit subscribes up to a second after its start, and what HMNFD
// had waiting then takes it two more. The numbers here are the best of those tried on the model in pace_controller_test.cc.
constexpr Duration kDecreaseSpacing = 3s;
// A pause no longer than this is the end of a full queue, and not of HMNFD.
constexpr Duration kShortHold = 3s;
// Growth of each second, before the first sign of congestion.
constexpr double kFastGrowth = 1.5;
// After it: so much of the pace at which it came, each second.
constexpr double kSlowGrowth = 1.0 / 100;
// The first sign comes late, when the pace has already grown beyond what HMNFD takes.
constexpr double kFirstCut = 0.5;
constexpr double kCut = 0.93;
constexpr double kCutAfterHold = 0.5;
// Readiness that takes this much longer than at rest, and at least kSlow, is congestion.
constexpr int kSlowFactor = 3;
constexpr Duration kSlow = 200ms;
// Shares, and numbers below which nothing is said: a broken node here and there is no congestion.
constexpr double kFailedShare = 0.05;
constexpr size_t kFailedLeast = 3;
constexpr double kOverdueShare = 0.1;
constexpr size_t kOverdueLeast = 3;

// "6.5", "180".
std::string Written(double rate) {
  return rate < 10 ? fmt::format("{:.1f}", rate) : fmt::format("{:.0f}", rate);
}

bool IsMany(size_t number, size_t all, double share, size_t least) {
  return number >= least && static_cast<double>(number) > share * static_cast<double>(all);
}

}  // namespace

PaceController::PaceController(uint32_t floor, uint32_t ceiling)
    : floor_(floor), ceiling_(std::max(floor, ceiling)), rate_(floor) {}

void PaceController::OnListed(size_t overdue, size_t due) {
  overdue_ = overdue;
  due_ = due;
  has_acted_on_list_ = false;
}

void PaceController::OnReady(Time now, Duration latency) {
  latency_before_ = std::exchange(latency_, latency);
  rest_latency_ = std::min(rest_latency_, latency);
  DropOld(now);
  if (is_held_) return Resume(now);
  if (const std::optional<std::string> congestion = Congestion()) {
    if (now - last_decrease_ >= kDecreaseSpacing) Decrease(now, *congestion);
  } else if (!IsRecovering()) {
    Increase(now);
  }
  last_tick_ = now;
}

void PaceController::OnNotReady(Time now, const std::string& why) {
  DropOld(now);
  if (is_held_) return;
  is_held_ = true;
  held_since_ = now;
  news_ = fmt::format("nothing is restarted until HMNFD is ready: {}", why);
}

void PaceController::Resume(Time now) {
  is_held_ = false;
  last_tick_ = last_decrease_ = now;
  if (!std::exchange(has_begun_, true)) return;
  const bool is_short = now - held_since_ <= kShortHold;
  top_ = rate_;
  rate_ = std::max(floor_, rate_ * (is_short ? kCut : kCutAfterHold));
  news_ = fmt::format(
      "HMNFD is ready again after {:.1f} s: whoever is left is restarted at {} a second",
      std::chrono::duration<double>(now - held_since_).count(), Written(rate_));
}

bool PaceController::IsSlow() const {
  return latency_ > std::max(kSlow, kSlowFactor * rest_latency_);
}

bool PaceController::IsOverdue() const {
  return IsMany(overdue_, due_, kOverdueShare, kOverdueLeast);
}

// Why there have to be fewer restarts; nothing if there is no reason.
std::optional<std::string> PaceController::Congestion() const {
  if (IsSlow() && latency_ >= latency_before_) {
    const double seconds = std::chrono::duration<double>(latency_).count();
    return fmt::format("its readiness takes {:.1f} s", seconds);
  }
  if (IsMany(failed_.size(), started_.size(), kFailedShare, kFailedLeast))
    return fmt::format("{} restarts failed in the last {} s", failed_.size(), kWindow / 1s);
  if (IsOverdue() && !has_acted_on_list_)
    return fmt::format("{} of {} nodes are not subscribed 5 s after their restart", overdue_, due_);
  return std::nullopt;
}

// It gets better, or the next list will tell: growing now would undo that.
bool PaceController::IsRecovering() const { return IsSlow() || IsOverdue(); }

void PaceController::Decrease(Time now, const std::string& why) {
  const double before = rate_;
  const bool is_first = top_ == 0;
  top_ = rate_;
  rate_ = std::max(floor_, rate_ * (is_first ? kFirstCut : kCut));
  last_decrease_ = now;
  has_acted_on_list_ = true;
  if (rate_ < 0.95 * before)
    news_ = fmt::format("slowed from {} to {} restarts a second: {}", Written(before),
                        Written(rate_), why);
}

void PaceController::Increase(Time now) {
  const double seconds = std::min(1.0, std::chrono::duration<double>(now - last_tick_).count());
  // What is not used says nothing of what HMNFD would take.
  const double used =
      static_cast<double>(started_.size()) / std::chrono::duration<double>(kWindow).count();
  if (used < rate_ / 2) return;
  rate_ = top_ == 0 ? rate_ * std::pow(kFastGrowth, seconds)
                    : rate_ + std::max(1.0, top_) * kSlowGrowth * seconds;
  rate_ = std::min(rate_, ceiling_);
}

void PaceController::DropOld(Time now) {
  while (!started_.empty() && now - started_.front() > kWindow) started_.pop_front();
  while (!failed_.empty() && now - failed_.front() > kWindow) failed_.pop_front();
}

std::optional<std::string> PaceController::TakeNews() { return std::exchange(news_, std::nullopt); }

}  // namespace muster
