#include "controller/cli/screen_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "controller/cli/job_view.h"
#include "controller/cli/printable.h"
#include "controller/cli/report.h"

namespace muster::cli {
namespace {

constexpr size_t kColumnGap = 2;
// Of one folded set, and of one sentence.
constexpr size_t kSetLines = 4;
constexpr size_t kSentenceLines = 3;
// Where it is narrower, or where less than half of the screen would be left, sets stand below their group.
constexpr size_t kLeastBeside = 30;

// Where the first line of at most so many columns ends: after a comma or a blank, if there is one.
size_t BreakOf(const std::string& text, size_t columns) {
  const std::string fitting = Shortened(text, columns + 1);
  if (fitting == text && Columns(text) <= columns) return text.size();
  const size_t whole = fitting.size() - (fitting == text ? 0 : std::string("…").size());
  const size_t at = text.find_last_of(", ", whole - 1);
  return at == std::string::npos || at == 0 ? whole : at + 1;
}

// The text in lines of at most so many columns; what is beyond `most` lines is cut.
std::vector<std::string> Wrapped(std::string text, size_t columns, size_t most, bool& is_cut) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    if (lines.size() + 1 == most && Columns(text) > columns) {
      is_cut = true;
      lines.push_back(Shortened(text, columns));
      break;
    }
    const size_t end = BreakOf(text, columns);
    std::string line = text.substr(0, end);
    text.erase(0, end);
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

class Writer {
 public:
  Writer(const JobView& view, size_t columns)
      : view_(view), columns_(std::max<size_t>(columns, 20)), groups_(ReportGroups(view)) {
    for (const ReportGroup& group : groups_) {
      state_ = std::max(state_, StateName(group.state).size());
      reason_ = std::max(reason_, group.reason.size());
      count_ = std::max(count_, std::to_string(group.count).size());
    }
    indent_ = state_ + kColumnGap + (reason_ > 0 ? reason_ + kColumnGap : 0) + count_ + kColumnGap;
    is_beside_ = indent_ + kLeastBeside <= columns_ && 2 * indent_ <= columns_;
  }

  std::vector<ScreenLine> Lines() && {
    for (const ReportGroup& group : groups_) Add(group);
    for (const std::string& remark : ReportRemarks(view_)) AddText(remark, 0, kSentenceLines);
    AddSummary();
    if (is_cut_) {
      AddText(fmt::format("what ends in … is whole in `muster job show {} | cat`",
                          Printable(view_.job.name())),
              0, kSentenceLines);
    }
    if (const std::string next = NextCommand(view_); !next.empty())
      AddText("next: " + next, 0, kSetLines);
    return std::move(lines_);
  }

 private:
  void Add(const ReportGroup& group) {
    const std::string state = StateName(group.state);
    if (!is_beside_) {
      const std::string rest =
          fmt::format(" {}{}", group.count, group.reason.empty() ? "" : " " + group.reason);
      lines_.push_back({{Shortened(state, columns_), ToneOf(group.state)}});
      if (columns_ > state.size())
        lines_.back().push_back({Shortened(rest, columns_ - state.size())});
      AddText(group.nodes, kColumnGap, kSetLines);
    } else {
      const std::string reason =
          reason_ > 0 ? fmt::format("{:<{}}", group.reason, reason_ + kColumnGap) : "";
      const std::vector<std::string> nodes =
          Wrapped(group.nodes, columns_ - indent_, kSetLines, is_cut_);
      lines_.push_back({{state, ToneOf(group.state)},
                        {std::string(state_ + kColumnGap - state.size(), ' ') + reason +
                         fmt::format("{:>{}}  ", group.count, count_) + nodes.front()}});
      for (size_t i = 1; i < nodes.size(); ++i)
        lines_.push_back({{std::string(indent_, ' ') + nodes[i]}});
    }
    for (const std::string& sentence : group.sentences)
      AddText(sentence, is_beside_ ? indent_ : 2 * kColumnGap, kSentenceLines);
  }

  void AddText(const std::string& text, size_t indent, size_t most) {
    for (const std::string& line : Wrapped(text, columns_ - indent, most, is_cut_))
      lines_.push_back({{std::string(indent, ' ') + line}});
  }

  // In the state's colour as far as that stands on one line.
  void AddSummary() {
    const std::string state = StateName(view_.job.state());
    bool is_found = false;
    for (const std::string& line : Wrapped(SummaryLine(view_), columns_, 8, is_cut_)) {
      const size_t at = is_found ? std::string::npos : line.find(state);
      if (at == std::string::npos) {
        lines_.push_back({{line}});
        continue;
      }
      is_found = true;
      lines_.push_back({{line.substr(0, at)},
                        {state, ToneOf(view_.job.state())},
                        {line.substr(at + state.size())}});
    }
  }

  const JobView& view_;
  const size_t columns_;
  const std::vector<ReportGroup> groups_;
  // Of the columns of groups.
  size_t state_ = 0, reason_ = 0, count_ = 0;
  size_t indent_ = 0;
  bool is_beside_ = false;
  bool is_cut_ = false;
  std::vector<ScreenLine> lines_;
};

}  // namespace

std::vector<ScreenLine> ScreenReport(const JobView& view, size_t columns) {
  return Writer(view, columns).Lines();
}

std::string NextCommand(const JobView& view) {
  if (!IsEnded(view.job.state()) || !view.job.work().has_restart_unit()) return "";
  const TaskCounts counts = view.Counts();
  std::string states;
  for (const v1::TaskState state : kRetriedStates) {
    const auto at = counts.find(state);
    if (at == counts.end() || at->second == 0) continue;
    std::string name = InWords(StateName(state));
    std::replace(name.begin(), name.end(), ' ', '-');
    states += (states.empty() ? "" : ",") + name;
  }
  if (states.empty()) return "";
  // A restart that is to be proven at HMNFD is an operation again.
  const std::string name = Printable(view.job.name());
  return view.job.operation().empty()
             ? fmt::format("muster job retry {} --state {}", name, states)
             : fmt::format("muster resubscribe --from-job {} --state {}", name, states);
}

std::string ReportFor(const JobView& view, const Terminal& terminal) {
  if (!terminal.is_terminal) return ReportText(view);
  std::string text;
  for (const ScreenLine& line : ScreenReport(view, terminal.Columns()))
    text += (terminal.has_colours ? ColouredText(line) : PlainText(line)) + "\n";
  return text;
}

}  // namespace muster::cli
