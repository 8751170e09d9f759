#include "controller/cli/job_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <string_view>

#include "controller/cli/printable.h"
#include "controller/cli/report.h"
#include "controller/nodeset/node_set.h"

namespace muster::cli {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kDay = 24 * 60 * kMinute;
// Of a folded set, and of what is said of its nodes: with time, state and reason two lines of most terminals.
constexpr size_t kSetColumns = 60;
constexpr size_t kDetailColumns = 120;

tm Parts(int64_t second) {
  const time_t time = second;
  tm parts{};
  gmtime_r(&time, &parts);
  return parts;
}

std::string TimeOfDay(int64_t second) {
  const tm parts = Parts(second);
  return fmt::format("{:02}:{:02}:{:02}Z", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// As wide as a TimeOfDay.
std::string MinuteOfDay(int64_t minute) {
  const tm parts = Parts(minute * kMinute);
  return fmt::format("{:02}:{:02}Z   ", parts.tm_hour, parts.tm_min);
}

// So that most of what follows stands in one column.
std::string PaddingOf(const std::string& state) {
  constexpr size_t kColumns = std::string_view("SUCCEEDED").size();
  return std::string(kColumns - std::min(kColumns, state.size()), ' ');
}

}  // namespace

void JobHistory::Add(const v1::Task& task) {
  if (!IsEnded(task.state()) || !known_.insert(task.node()).second) return;
  const Key key{ReportRank(task.state()), task.state(), task.reason()};
  Group& group = untold_[task.update_time().seconds()][key];
  group.state = task.state();
  group.reason = task.reason();
  group.details[task.node()] = task.detail();
}

std::vector<ScreenLine> JobHistory::TellBefore(int64_t second) {
  std::vector<ScreenLine> lines;
  while (!untold_.empty() && untold_.begin()->first < second) {
    auto first = untold_.extract(untold_.begin());
    TellSecond(first.key(), first.mapped(), lines);
  }
  if (second / kMinute > minute_) TellMinute(lines);
  return lines;
}

bool JobHistory::HasLinesBefore(int64_t second) const {
  if (second / kMinute > minute_ && !rest_.empty()) return true;
  for (const auto& [at, groups] : untold_) {
    if (at >= second) return false;
    if (second / kMinute > at / kMinute) return true;
    const bool is_full = at / kMinute == minute_ && alone_ >= kMaxAlone;
    for (const auto& [key, group] : groups)
      if (!is_full && !EndedWell(group.state)) return true;
  }
  return false;
}

std::vector<ScreenLine> JobHistory::TellEnd(const v1::Job& job) {
  std::vector<ScreenLine> lines;
  if (!untold_.empty()) lines = TellBefore(untold_.rbegin()->first + 1);
  TellMinute(lines);
  TellDay(job.end_time().seconds(), lines);
  const std::string why = job.detail().empty() ? "" : ": " + Printable(job.detail());
  const std::string state = StateName(job.state());
  lines.push_back(
      {{TimeOfDay(job.end_time().seconds()) + "  "},
       {state, ToneOf(job.state())},
       {PaddingOf(state) + "  " + Printable(job.name()) + Shortened(why, kDetailColumns)}});
  return lines;
}

void JobHistory::TellSecond(int64_t second, Groups& groups, std::vector<ScreenLine>& lines) {
  if (second / kMinute != minute_) TellMinute(lines);
  TellDay(second, lines);
  minute_ = second / kMinute;
  for (auto& [key, group] : groups) {
    if (!EndedWell(group.state) && alone_ < kMaxAlone) {
      ++alone_;
      lines.push_back(LineOf(TimeOfDay(second), group, /*is_rest=*/false));
      continue;
    }
    Group& rest = rest_[key];
    rest.state = group.state;
    rest.reason = group.reason;
    rest.details.merge(group.details);
  }
}

void JobHistory::TellMinute(std::vector<ScreenLine>& lines) {
  for (const auto& [key, group] : rest_)
    lines.push_back(LineOf(MinuteOfDay(minute_), group, /*is_rest=*/!EndedWell(group.state)));
  rest_.clear();
  alone_ = 0;
}

// A line of its own when another day begins, the first one's too.
void JobHistory::TellDay(int64_t second, std::vector<ScreenLine>& lines) {
  if (second / kDay == day_) return;
  day_ = second / kDay;
  const tm parts = Parts(second);
  lines.push_back({{fmt::format("{:04}-{:02}-{:02}, times in UTC", parts.tm_year + 1900,
                                parts.tm_mon + 1, parts.tm_mday)}});
}

// "20:11:03Z  FAILED     UNIT_MASKED  2 nodes x1000c0s2b0n[0-1]: cray-orca.service is masked on this node".
ScreenLine JobHistory::LineOf(const std::string& time, const Group& group, bool is_rest) {
  std::vector<std::string> nodes;
  for (const auto& [node, detail] : group.details) nodes.push_back(node);
  // How a good end was proven is in the report.
  const std::string example = EndedWell(group.state) ? "" : group.details.begin()->second;
  const bool is_shared = std::all_of(group.details.begin(), group.details.end(),
                                     [&](const auto& entry) { return entry.second == example; });
  const std::string reason = ReasonName(group.reason);
  std::string text = reason.empty() ? "  " : "  " + reason + "  ";
  if (nodes.size() > 1) text += fmt::format("{}{} nodes ", nodes.size(), is_rest ? " more" : "");
  text += Shortened(Printable(FoldNodeSet(nodes)), kSetColumns);
  if (!example.empty()) {
    text += is_shared ? ": " : fmt::format("; e.g. {}: ", Printable(nodes.front()));
    text += Shortened(Printable(example), kDetailColumns);
  }
  const std::string state = StateName(group.state);
  return {{time + "  "}, {state, ToneOf(group.state)}, {PaddingOf(state) + text}};
}

}  // namespace muster::cli
