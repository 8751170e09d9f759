#include "agent/ledger/ledger_entry.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/ledger/content_json.h"
#include "agent/ledger/json_reader.h"
#include "agent/ledger/outcome_json.h"
#include "common/limits.h"

namespace muster {
namespace {

using nlohmann::json;

// Grows when a field changes its meaning; an entry of another version is not understood.
constexpr uint32_t kVersion = 1;
constexpr char kSlash = '+';
constexpr char kBeforeAttempt = '@';
// Commands with a longer one are refused.
constexpr Duration kMaxSettle = 30 * 24h;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool IsTaskName(const std::string& task) {
  return !task.empty() && task.size() <= limits::kMaxNameBytes &&
         std::all_of(task.begin(), task.end(),
                     [](char c) { return c == '/' || IsNameCharacter(c); });
}

// Texts from outside may hold bytes that are no UTF-8; they are replaced, for an outcome must be written whatever it says.
std::string TextOf(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

absl::StatusOr<json> ParseText(const std::string& text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "not JSON");
  }
  return value;
}

json IntentToJson(const Intent& intent) {
  json out = {{"task", intent.key.task},
              {"attempt", intent.key.attempt},
              {"unit", intent.unit},
              {"boot_id", intent.boot_id},
              {"invocation_before", intent.invocation_before},
              {"settle_ns", intent.settle.count()},
              {"deadline_boottime_ns", intent.deadline_boottime_ns}};
  if (intent.content) out["content"] = ContentWorkToJson(*intent.content);
  return out;
}

absl::StatusOr<Intent> IntentFromJson(const json& in) {
  Intent intent;
  JsonReader reader(in, "intent");
  reader.Read("task", intent.key.task);
  reader.Read("attempt", intent.key.attempt);
  reader.Read("unit", intent.unit);
  reader.Read("boot_id", intent.boot_id);
  reader.Read("invocation_before", intent.invocation_before);
  reader.Read("settle_ns", intent.settle);
  reader.Read("deadline_boottime_ns", intent.deadline_boottime_ns);
  const json* content = reader.ReadOptional("content");
  MUSTER_RETURN_IF_ERROR(reader.Finish());
  if (content == nullptr) return intent;
  auto work = ContentWorkFromJson(*content);
  MUSTER_RETURN_IF_ERROR(work.status());
  intent.content = *std::move(work);
  return intent;
}

// An attempt that has not ended is gone on with, so it must be one that this agent can have begun.
absl::Status CheckBegun(const Intent& intent) {
  if (intent.content) return absl::OkStatus();
  if (intent.unit.empty() || intent.unit.size() > limits::kMaxNameBytes) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "intent: names no unit");
  }
  if (intent.settle < Duration::zero() || intent.settle > kMaxSettle) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "intent: settle_ns is out of range");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> FileNameOf(const AttemptKey& key) {
  if (!IsTaskName(key.task) || key.attempt == 0) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "attempt {} of task \"{}\" cannot be kept: not a task name or attempt number",
                      key.attempt, key.task);
  }
  std::string name = key.task;
  std::replace(name.begin(), name.end(), '/', kSlash);
  return name + kBeforeAttempt + std::to_string(key.attempt);
}

std::optional<AttemptKey> KeyOf(const std::string& file_name) {
  const size_t at = file_name.rfind(kBeforeAttempt);
  if (at == std::string::npos) return std::nullopt;
  AttemptKey key{.task = file_name.substr(0, at)};
  std::replace(key.task.begin(), key.task.end(), kSlash, '/');
  const char* end = file_name.data() + file_name.size();
  const auto [rest, error] = std::from_chars(file_name.data() + at + 1, end, key.attempt);
  if (error != std::errc() || rest != end) return std::nullopt;
  // One name for each key: "…@01" is not ours.
  const auto own = FileNameOf(key);
  return own.ok() && *own == file_name ? std::optional(key) : std::nullopt;
}

std::string EntryText(const LedgerEntry& entry) {
  json out = {{"version", kVersion}, {"intent", IntentToJson(entry.intent)}};
  if (entry.outcome) out["outcome"] = ToJson(*entry.outcome);
  return TextOf(out);
}

absl::StatusOr<LedgerEntry> EntryFromText(const AttemptKey& key, const std::string& text) {
  const auto parsed = ParseText(text);
  MUSTER_RETURN_IF_ERROR(parsed.status());
  uint32_t version = 0;
  JsonReader reader(*parsed, "entry");
  reader.Read("version", version);
  const json& intent_json = reader.ReadObject("intent");
  const json* outcome_json = reader.ReadOptional("outcome");
  MUSTER_RETURN_IF_ERROR(reader.Finish());
  if (version != kVersion) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "entry: version {}", version);
  }
  auto intent = IntentFromJson(intent_json);
  MUSTER_RETURN_IF_ERROR(intent.status());
  if (intent->key != key) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "entry: is of attempt {} of task \"{}\", not of its file's name",
                      intent->key.attempt, intent->key.task);
  }
  LedgerEntry entry{.intent = *std::move(intent), .outcome = std::nullopt};
  if (outcome_json == nullptr) {
    MUSTER_RETURN_IF_ERROR(CheckBegun(entry.intent));
    return entry;
  }
  auto outcome = OutcomeFromJson(*outcome_json);
  MUSTER_RETURN_IF_ERROR(outcome.status());
  entry.outcome = *std::move(outcome);
  return entry;
}

std::string EpochText(const Epoch& epoch) {
  return TextOf({{"store_id", epoch.store_id}, {"counter", epoch.counter}});
}

absl::StatusOr<Epoch> EpochFromText(const std::string& text) {
  const auto parsed = ParseText(text);
  MUSTER_RETURN_IF_ERROR(parsed.status());
  Epoch epoch;
  JsonReader reader(*parsed, "epoch");
  reader.Read("store_id", epoch.store_id);
  reader.Read("counter", epoch.counter);
  MUSTER_RETURN_IF_ERROR(reader.Finish());
  return epoch;
}

}  // namespace muster
