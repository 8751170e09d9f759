#include "controller/cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "controller/cli/duration.h"
#include "controller/cli/printable.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/nodeset/node_set.h"

namespace muster::cli {
namespace {

// What an operator must act upon comes first; what is still under way comes last.
constexpr auto kOrder = std::to_array<v1::TaskState>(
    {v1::TASK_STATE_LOST, v1::TASK_STATE_TIMED_OUT, v1::TASK_STATE_FAILED,
     v1::TASK_STATE_UNDELIVERED, v1::TASK_STATE_REFUSED, v1::TASK_STATE_CANCELLED,
     v1::TASK_STATE_NOT_APPLICABLE, v1::TASK_STATE_ALREADY_SATISFIED, v1::TASK_STATE_SUCCEEDED,
     v1::TASK_STATE_VERIFYING, v1::TASK_STATE_RUNNING, v1::TASK_STATE_DISPATCHED,
     v1::TASK_STATE_PENDING});

struct Group {
  v1::TaskState state{};
  std::string reason;
  std::vector<const v1::Task*> tasks;
};

std::vector<Group> GroupByEnding(const JobView& view) {
  std::map<std::tuple<int, int, int>, Group> groups;
  for (const auto& [node, task] : view.tasks) {
    Group& group = groups[{ReportRank(task.state()), task.state(), task.reason()}];
    group.state = task.state();
    group.reason = ReasonName(task.reason());
    group.tasks.push_back(&task);
  }
  std::vector<Group> ordered;
  for (auto& [key, group] : groups) ordered.push_back(std::move(group));
  return ordered;
}

std::string Folded(const std::vector<const v1::Task*>& tasks) {
  std::vector<std::string> nodes;
  for (const v1::Task* task : tasks) nodes.push_back(task->node());
  return Printable(FoldNodeSet(nodes));
}

// The sentence that all tasks of the group share, or the first one's as an example; of those that were tried once, if there are any.
std::string Sentence(const Group& group) {
  const auto is_plain = [](const v1::Task* task) { return task->attempt() <= 1; };
  const auto is_described = [](const v1::Task* task) { return !task->detail().empty(); };
  auto described = std::find_if(group.tasks.begin(), group.tasks.end(), [&](const v1::Task* task) {
    return is_described(task) && is_plain(task);
  });
  if (described == group.tasks.end())
    described = std::find_if(group.tasks.begin(), group.tasks.end(), is_described);
  if (described == group.tasks.end()) return "";
  const v1::Task& example = **described;
  const bool is_shared =
      std::all_of(group.tasks.begin(), group.tasks.end(),
                  [&](const v1::Task* task) { return task->detail() == example.detail(); });
  const std::string detail =
      (WaitsForRetry(example) ? "is to be tried again: " : "") + Printable(example.detail());
  return is_shared ? detail : fmt::format("e.g. {}: {}", Printable(example.node()), detail);
}

// Outcomes that came after the tasks had ended: an operator who reads LOST wants to know that it ended well after all.
std::vector<std::string> LateSentences(const Group& group) {
  std::map<std::string, std::vector<const v1::Task*>> by_state;
  for (const v1::Task* task : group.tasks) {
    if (!task->has_late_outcome()) continue;
    std::string name = v1::OutcomeState_Name(task->late_outcome().state());
    const std::string prefix = "OUTCOME_STATE_";
    by_state[name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : "UNKNOWN"].push_back(task);
  }
  std::vector<std::string> sentences;
  for (const auto& [state, tasks] : by_state) {
    sentences.push_back(
        fmt::format("reported later: {} on {}: {}", state, tasks.size(), Folded(tasks)));
  }
  return sentences;
}

// Those that ended well after more than one try, and why one of them did not the first time.
std::string RetriedSentence(const Group& group) {
  if (group.state != v1::TASK_STATE_SUCCEEDED) return "";
  std::vector<const v1::Task*> again;
  for (const v1::Task* task : group.tasks) {
    if (task->attempt() > 1) again.push_back(task);
  }
  if (again.empty() || again.size() == group.tasks.size()) return "";
  return fmt::format("tried more than once: {}: {}, e.g. {}: {}", again.size(), Folded(again),
                     Printable(again.front()->node()), Printable(again.front()->detail()));
}

std::string Plural(uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// " (2 to be tried again)" of those that are pending.
std::string RetriesInWords(const JobView& view) {
  const auto count = std::count_if(view.tasks.begin(), view.tasks.end(),
                                   [](const auto& entry) { return WaitsForRetry(entry.second); });
  return count == 0 ? "" : fmt::format(" ({} to be tried again)", count);
}

// What the controller says of the job where the tasks do not tell it: who paused it, why it was stopped.
std::string WhyInWords(const JobView& view) {
  const bool was_stopped = std::any_of(view.tasks.begin(), view.tasks.end(), [](const auto& entry) {
    return entry.second.reason() == v1::REASON_MAX_FAILURES;
  });
  if (IsEnded(view.job.state()) && !was_stopped) return "";
  return Printable(view.job.detail());
}

// "18 of 20 succeeded, 1 timed out, 1 lost"; successes first, then what is worst.
std::string CountsInWords(const JobView& view) {
  TaskCounts counts = view.Counts();
  std::string text =
      fmt::format("{} of {} succeeded", counts[v1::TASK_STATE_SUCCEEDED], view.job.task_count());
  for (const v1::TaskState state : kOrder) {
    if (state == v1::TASK_STATE_SUCCEEDED || counts[state] == 0) continue;
    text += fmt::format(", {} {}", counts[state], InWords(StateName(state)));
    if (state == v1::TASK_STATE_PENDING) text += RetriesInWords(view);
  }
  for (const auto& [state, count] : counts) {
    if (ReportRank(state) < 0 && count > 0)
      text += fmt::format(", {} in {}", count, StateName(state));
  }
  return text;
}

}  // namespace

int ReportRank(v1::TaskState state) {
  const auto* const at = std::find(kOrder.begin(), kOrder.end(), state);
  return at == kOrder.end() ? -1 : static_cast<int>(at - kOrder.begin());
}

std::vector<ReportGroup> ReportGroups(const JobView& view) {
  std::vector<ReportGroup> groups;
  for (const Group& from : GroupByEnding(view)) {
    ReportGroup& group = groups.emplace_back(
        ReportGroup{from.state, from.reason, from.tasks.size(), Folded(from.tasks), {}});
    for (std::string sentence : {Sentence(from), RetriedSentence(from)})
      if (!sentence.empty()) group.sentences.push_back(std::move(sentence));
    for (std::string& sentence : LateSentences(from))
      group.sentences.push_back(std::move(sentence));
  }
  return groups;
}

std::vector<std::string> ReportRemarks(const JobView& view) {
  std::vector<std::string> remarks;
  if (view.tasks.size() != view.job.task_count()) {
    remarks.push_back(fmt::format(
        "INCOMPLETE: {} of the job's {} are known here; see `muster job show {}`",
        view.tasks.size(), Plural(view.job.task_count(), "task"), Printable(view.job.name())));
  }
  for (const std::string& remark : view.job.remarks()) remarks.push_back(Printable(remark));
  if (std::string why = WhyInWords(view); !why.empty()) remarks.push_back(std::move(why));
  return remarks;
}

std::string ReportText(const JobView& view) {
  const std::vector<ReportGroup> groups = ReportGroups(view);
  TextTable table({2});
  for (const ReportGroup& group : groups)
    table.AddRow({StateName(group.state), group.reason, std::to_string(group.count), group.nodes});
  const std::string indent(table.Indent(3), ' ');
  const std::vector<std::string> lines = table.Lines();
  std::string text;
  for (size_t i = 0; i < groups.size(); ++i) {
    text += lines[i] + "\n";
    for (const std::string& sentence : groups[i].sentences) text += indent + sentence + "\n";
  }
  for (const std::string& remark : ReportRemarks(view)) text += remark + "\n";
  return text + SummaryLine(view) + "\n";
}

std::string SummaryLine(const JobView& view) {
  std::string text = fmt::format("{}: {}: {}", Printable(view.job.name()),
                                 StateName(view.job.state()), CountsInWords(view));
  if (view.job.has_end_time() && view.job.has_create_time()) {
    text += ", in " + FormatDuration(Between(view.job.create_time(), view.job.end_time()));
  }
  return text;
}

std::string ProgressLine(const JobView& view) {
  TaskCounts counts = view.Counts();
  uint64_t ended = 0;
  std::string text;
  for (const v1::TaskState state : kOrder) {
    if (!IsEnded(state) || counts[state] == 0) continue;
    ended += counts[state];
    text += fmt::format("{}{} {}", text.empty() ? ": " : ", ", counts[state],
                        InWords(StateName(state)));
  }
  text = fmt::format("{} of {} ended{}", ended, view.job.task_count(), text);
  if (view.job.state() == v1::JOB_STATE_PAUSED) text += "; paused";
  if (const auto waiting = view.UnfinishedNodes(); !waiting.empty()) {
    text += "; waiting for " + ShortNodeSet(waiting, 60);
  }
  return text;
}

std::string StartLine(const JobView& view) {
  std::vector<std::string> nodes;
  for (const auto& [node, task] : view.tasks) nodes.push_back(node);
  return fmt::format("{}: {} on {}{}{}", Printable(view.job.name()),
                     Printable(WorkInWords(view.job.work())), Plural(view.job.task_count(), "node"),
                     nodes.empty() ? "" : ": ", ShortNodeSet(nodes));
}

std::string ShortNodeSet(const std::vector<std::string>& nodes, size_t limit) {
  const std::string folded = Printable(FoldNodeSet(nodes));
  if (folded.size() <= limit) return folded;
  return fmt::format("{}… ({})", folded.substr(0, limit), Plural(nodes.size(), "node"));
}

}  // namespace muster::cli
