#include "controller/cli/job_view.h"

#include <fmt/format.h>

#include <cctype>
#include <sstream>

#include "common/outcome.h"
#include "common/work.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

// The name of an enumerator without its prefix. `name` is empty for a number that this version does not know.
std::string Unprefixed(const std::string& name, const std::string& prefix, int number) {
  if (number == 0) return "";
  return name.empty() ? fmt::format("STATE_{}", number) : name.substr(prefix.size());
}

// But the unspecified one.
template <typename State>
std::vector<std::string> WordsOfStates() {
  const google::protobuf::EnumDescriptor& names = *google::protobuf::GetEnumDescriptor<State>();
  std::vector<std::string> words;
  for (int number = 1; names.FindValueByNumber(number) != nullptr; ++number) {
    std::string word = StateName(static_cast<State>(number));
    for (char& c : word)
      c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    words.push_back(std::move(word));
  }
  return words;
}

template <typename State>
absl::StatusOr<std::vector<State>> ParseStates(const std::string& text, const char* prefix,
                                               const char* what) {
  std::vector<State> states;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    std::string name = prefix;
    for (const char c : word)
      name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const auto* value = google::protobuf::GetEnumDescriptor<State>()->FindValueByName(name);
    if (value == nullptr || value->number() == 0) {
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "\"{}\" is no state of a {}; there are {}", word, what,
                        fmt::join(WordsOfStates<State>(), ", "));
    }
    states.push_back(static_cast<State>(value->number()));
  }
  if (states.empty()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "no state; there are {}",
                      fmt::join(WordsOfStates<State>(), ", "));
  }
  return states;
}

}  // namespace

void JobView::Apply(const v1::Task& task) {
  const auto [at, is_new] = tasks.try_emplace(task.node(), task);
  if (!is_new && at->second.revision() <= task.revision()) at->second = task;
}

void JobView::Apply(const v1::Job& newer) {
  if (job.revision() <= newer.revision()) job = newer;
}

TaskCounts JobView::Counts() const {
  TaskCounts counts;
  for (const auto& [node, task] : tasks) ++counts[task.state()];
  return counts;
}

std::vector<std::string> JobView::UnfinishedNodes() const {
  std::vector<std::string> nodes;
  for (const auto& [node, task] : tasks) {
    if (!IsEnded(task.state())) nodes.push_back(node);
  }
  return nodes;
}

bool JobView::IsComplete() const {
  return IsEnded(job.state()) && tasks.size() == job.task_count() && UnfinishedNodes().empty();
}

bool IsEnded(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

bool IsEnded(v1::TaskState state) {
  switch (state) {
    case v1::TASK_STATE_SUCCEEDED:
    case v1::TASK_STATE_ALREADY_SATISFIED:
    case v1::TASK_STATE_NOT_APPLICABLE:
    case v1::TASK_STATE_FAILED:
    case v1::TASK_STATE_REFUSED:
    case v1::TASK_STATE_TIMED_OUT:
    case v1::TASK_STATE_UNDELIVERED:
    case v1::TASK_STATE_LOST:
    case v1::TASK_STATE_CANCELLED:
      return true;
    default:  // pending, dispatched, running, verifying, and states of a newer controller
      return false;
  }
}

bool EndedWell(v1::TaskState state) {
  return state == v1::TASK_STATE_SUCCEEDED || state == v1::TASK_STATE_ALREADY_SATISFIED ||
         state == v1::TASK_STATE_NOT_APPLICABLE;
}

std::string StateName(v1::JobState state) {
  return Unprefixed(v1::JobState_Name(state), "JOB_STATE_", state);
}

std::string StateName(v1::TaskState state) {
  return Unprefixed(v1::TaskState_Name(state), "TASK_STATE_", state);
}

std::string ReasonName(v1::Reason reason) {
  const std::string& name = v1::Reason_Name(reason);
  if (reason == v1::REASON_UNSPECIFIED) return "";
  return name.empty() ? fmt::format("REASON_{}", static_cast<int>(reason))
                      : name.substr(std::string("REASON_").size());
}

bool WaitsForRetry(const v1::Task& task) {
  return task.state() == v1::TASK_STATE_PENDING && task.attempt() > 0;
}

std::vector<std::string> TaskStateWords() { return WordsOfStates<v1::TaskState>(); }

std::vector<std::string> JobStateWords() { return WordsOfStates<v1::JobState>(); }

absl::StatusOr<std::vector<v1::TaskState>> ParseTaskStates(const std::string& text) {
  return ParseStates<v1::TaskState>(text, "TASK_STATE_", "task");
}

absl::StatusOr<std::vector<v1::JobState>> ParseJobStates(const std::string& text) {
  return ParseStates<v1::JobState>(text, "JOB_STATE_", "job");
}

std::string InWords(const std::string& state_name) {
  std::string words;
  for (const char c : state_name) {
    words += c == '_' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return words;
}

std::string WorkInWords(const v1::Work& work) { return Describe(FromProto(work)); }

TaskCounts CountsOf(const v1::Job& job) {
  TaskCounts counts;
  for (const v1::StateCount& count : job.counts()) counts[count.state()] += count.count();
  return counts;
}

}  // namespace muster::cli
