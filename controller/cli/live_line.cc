#include "controller/cli/live_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "controller/cli/duration.h"
#include "controller/cli/printable.h"
#include "controller/cli/report.h"
#include "controller/nodeset/node_set.h"

namespace muster::cli {
namespace {

// A shorter piece of a folded set tells nobody anything.
constexpr size_t kLeastNodes = 12;
constexpr char kWaitingFor[] = "; waiting for ";

// In the order in which they stand.
enum class Place { kCount, kBad, kGood, kOpen, kRemark, kRate, kLeft };

// A piece of the line, as it is and as it can be when there is little room.
struct Piece {
  Place place{};
  ScreenLine line;
  ScreenLine brief;
};

size_t WidthOf(const ScreenLine& line) {
  size_t width = 0;
  for (const Span& span : line) width += Columns(span.text);
  return width;
}

Place PlaceOf(v1::TaskState state) {
  if (!IsEnded(state)) return Place::kOpen;
  return EndedWell(state) ? Place::kGood : Place::kBad;
}

// ": 3 failed, 1 lost", with the worst first.
Piece CountsPiece(const LiveModel& model, Place place) {
  std::vector<std::pair<v1::TaskState, uint64_t>> counts;
  for (const auto& [state, count] : model.counts)
    if (count > 0 && PlaceOf(state) == place) counts.emplace_back(state, count);
  std::sort(counts.begin(), counts.end(),
            [](const auto& a, const auto& b) { return ReportRank(a.first) < ReportRank(b.first); });
  Piece piece{place, {}, {}};
  uint64_t sum = 0;
  for (const auto& [state, count] : counts) {
    piece.line.push_back({piece.line.empty() ? "; " : ", "});
    piece.line.push_back({fmt::format("{} {}", count, InWords(StateName(state))), ToneOf(state)});
    sum += count;
  }
  if (sum > 0 && place == Place::kBad)
    piece.brief = {{"; "}, {fmt::format("{} bad", sum), Tone::kBad}};
  return piece;
}

std::string RateInWords(double rate) {
  if (rate >= 10) return fmt::format("{:.0f}/s", rate);
  return rate >= 0.1 ? fmt::format("{:.1f}/s", rate) : fmt::format("{:.1f}/min", rate * 60);
}

// Nobody knows it to the second.
std::string LeftInWords(Duration left) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
  const int64_t step = seconds < 20 ? 1 : seconds < 120 ? 5 : 60;
  return FormatDuration(std::chrono::seconds((seconds + step - 1) / step * step));
}

// The most important first.
std::vector<Piece> PiecesOf(const LiveModel& model, const Pace& pace) {
  std::vector<Piece> pieces;
  pieces.push_back({Place::kCount,
                    {{fmt::format("{} of {} ended", model.Ended(), model.total)}},
                    {{fmt::format("{}/{}", model.Ended(), model.total)}}});
  pieces.push_back(CountsPiece(model, Place::kBad));
  if (!model.remark.empty())
    pieces.push_back({Place::kRemark, {{"; "}, {model.remark, Tone::kCaution}}, {}});
  if (pace.left) {
    const std::string left = LeftInWords(*pace.left);
    pieces.push_back({Place::kLeft, {{"; about " + left + " left"}}, {{"; " + left}}});
  }
  pieces.push_back(CountsPiece(model, Place::kGood));
  if (pace.rate) pieces.push_back({Place::kRate, {{"; " + RateInWords(*pace.rate)}}, {}});
  pieces.push_back(CountsPiece(model, Place::kOpen));
  return pieces;
}

// Those that fit, in the order of their importance; after the first that does not, none. The count is brief if otherwise the bad ends
// would be left out.
std::vector<Piece> Fitting(std::vector<Piece> pieces, size_t columns) {
  const Piece& bad = pieces[1];
  const size_t least = WidthOf(bad.brief.empty() ? bad.line : bad.brief);
  if (WidthOf(pieces[0].line) + least > columns) pieces[0].line = pieces[0].brief;
  size_t used = 0;
  std::vector<Piece> fitting;
  for (Piece& piece : pieces) {
    if (piece.line.empty()) continue;
    if (used + WidthOf(piece.line) > columns) piece.line = piece.brief;
    if (piece.line.empty() || used + WidthOf(piece.line) > columns) break;
    used += WidthOf(piece.line);
    fitting.push_back(std::move(piece));
  }
  std::sort(fitting.begin(), fitting.end(),
            [](const Piece& a, const Piece& b) { return a.place < b.place; });
  return fitting;
}

bool IsWhole(const std::vector<Piece>& fitting, const std::vector<Piece>& pieces) {
  return fitting.size() ==
         static_cast<size_t>(std::count_if(pieces.begin(), pieces.end(),
                                           [](const Piece& piece) { return !piece.line.empty(); }));
}

}  // namespace

const std::string& FoldedNodes::Text() {
  if (!text_) text_ = Printable(FoldNodeSet(nodes_));
  return *text_;
}

void FoldedNodes::TakeTextOf(FoldedNodes&& before) {
  if (nodes_ == before.nodes_) text_ = std::move(before.text_);
}

uint64_t LiveModel::Ended() const {
  uint64_t ended = 0;
  for (const auto& [state, count] : counts)
    if (IsEnded(state)) ended += count;
  return ended;
}

LiveModel LiveModelOf(const JobView& view) {
  const v1::Job& job = view.job;
  LiveModel model{job.task_count(), view.Counts(), "", FoldedNodes(view.UnfinishedNodes())};
  if (job.state() == v1::JOB_STATE_PAUSED || job.state() == v1::JOB_STATE_CANCELLING)
    model.remark = InWords(StateName(job.state()));
  return model;
}

void RateMeter::Add(Time now, uint64_t ended) {
  samples_.emplace_back(now, ended);
  while (samples_.size() > 1 && now - samples_[1].first >= kWindow) samples_.pop_front();
}

std::optional<double> RateMeter::Rate(Time now) const {
  if (samples_.empty() || samples_.back().second <= samples_.front().second) return std::nullopt;
  const Duration over = now - samples_.front().first;
  if (over < kLeast || now - samples_.back().first > kWindow) return std::nullopt;
  const auto ended = static_cast<double>(samples_.back().second - samples_.front().second);
  return ended / std::chrono::duration<double>(over).count();
}

std::optional<Duration> RateMeter::TimeLeft(Time now, uint64_t total) const {
  const std::optional<double> rate = Rate(now);
  if (!rate || samples_.back().second >= total) return std::nullopt;
  const std::chrono::duration<double> left(static_cast<double>(total - samples_.back().second) /
                                           *rate);
  if (left > kMaxDuration) return std::nullopt;
  return std::chrono::duration_cast<Duration>(left);
}

ScreenLine FitLiveLine(LiveModel& model, const Pace& pace, size_t columns) {
  const std::vector<Piece> pieces = PiecesOf(model, pace);
  const std::vector<Piece> fitting = Fitting(pieces, columns);
  ScreenLine line;
  for (const Piece& piece : fitting) line.insert(line.end(), piece.line.begin(), piece.line.end());
  const size_t used = WidthOf(line) + Columns(kWaitingFor);
  if (!IsWhole(fitting, pieces) || model.waiting.empty() || used + kLeastNodes > columns)
    return line;
  line.push_back({kWaitingFor + Shortened(model.waiting.Text(), columns - used)});
  return line;
}

}  // namespace muster::cli
