#include "controller/cli/operation_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "controller/cli/duration.h"
#include "controller/cli/job_view.h"
#include "controller/cli/printable.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"

namespace muster::cli {

bool IsEnded(v1::OperationState state) {
  return state == v1::OPERATION_STATE_SUCCEEDED || state == v1::OPERATION_STATE_FAILED ||
         state == v1::OPERATION_STATE_CANCELLED;
}

std::string StateName(v1::OperationState state) {
  const std::string prefix = "OPERATION_STATE_";
  const std::string name = v1::OperationState_Name(state);
  if (name.empty()) return "STATE_" + std::to_string(state);
  return state == v1::OPERATION_STATE_UNSPECIFIED ? "" : name.substr(prefix.size());
}

std::string StepLine(const v1::Operation::Step& step) {
  return fmt::format("{}: {}{}", Printable(step.title()), InWords(StateName(step.state())),
                     step.detail().empty() ? "" : ": " + Printable(step.detail()));
}

std::string OperationText(const v1::Operation& operation) {
  TextTable steps;
  for (const v1::Operation::Step& step : operation.steps())
    steps.AddRow({StateName(step.state()), Printable(step.title()), Printable(step.detail())});
  std::string text = steps.Text();
  for (const v1::Operation::Note& note : operation.notes())
    text += fmt::format("{}  {}\n", FormatTime(note.time()), Printable(note.text()));
  text += fmt::format("{}: {}", Printable(operation.name()), StateName(operation.state()));
  if (!operation.detail().empty()) text += ": " + Printable(operation.detail());
  if (operation.has_end_time() && operation.has_create_time())
    text += ", in " + FormatDuration(Between(operation.create_time(), operation.end_time()));
  return text + "\n";
}

uint32_t TargetCount(const v1::Operation& operation) {
  if (operation.has_content_unmount()) return operation.content_unmount().target_count();
  if (operation.has_content_remount()) return operation.content_remount().target_count();
  return operation.resubscription().target_count();
}

std::string StartLine(const v1::Operation& operation) {
  const uint32_t count = TargetCount(operation);
  std::string what = "resubscription of";
  if (operation.has_content_unmount()) {
    what = fmt::format("unmounting of content {} on",
                       Printable(operation.content_unmount().content()));
  } else if (operation.has_content_remount()) {
    what =
        fmt::format("mounting of content {} on", Printable(operation.content_remount().content()));
  }
  return fmt::format("{}: {} {} node{}", Printable(operation.name()), what, count,
                     count == 1 ? "" : "s");
}

int CountTold(const Notes& told, const Notes& now) {
  const auto is_same = [](const v1::Operation::Note& a, const v1::Operation::Note& b) {
    return a.time().seconds() == b.time().seconds() && a.time().nanos() == b.time().nanos() &&
           a.text() == b.text();
  };
  for (auto from = told.begin(); from != told.end(); ++from) {
    const int common = std::min(static_cast<int>(told.end() - from), now.size());
    if (std::equal(from, from + common, now.begin(), is_same)) return common;
  }
  return 0;
}

Json ToJson(const v1::Operation& operation) {
  v1::Operation rest = operation;
  rest.clear_job();
  Json json = FromMessage(rest);
  if (operation.has_job()) json["job"] = ToJson(operation.job());
  return json;
}

}  // namespace muster::cli
