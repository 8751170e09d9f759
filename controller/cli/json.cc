#include "controller/cli/json.h"

#include <google/protobuf/util/json_util.h>

#include <array>
#include <utility>

#include "controller/cli/names.h"

namespace muster::cli {
namespace {

// Fields that hold an enumerator, and prefixes of their names.
constexpr auto kEnumFields =
    std::to_array<const char*>({"state", "reason", "presence", "well_known", "on_conflict"});
constexpr auto kPrefixes =
    std::to_array<const char*>({"OUTCOME_STATE_", "TASK_STATE_", "JOB_STATE_", "OPERATION_STATE_",
                                "REASON_", "PRESENCE_", "WELL_KNOWN_UNIT_", "ON_CONFLICT_"});

std::string NameOfEnumerator(const Json& value) {
  // A number is an enumerator that this version does not know.
  if (!value.is_string()) return value.dump();
  const auto name = value.get<std::string>();
  for (const std::string prefix : kPrefixes) {
    if (name.rfind(prefix, 0) != 0) continue;
    return name == prefix + "UNSPECIFIED" ? "" : name.substr(prefix.size());
  }
  return name;
}

void StripPrefixes(Json& json) {
  for (const auto& [key, value] : json.items()) {
    if (value.is_structured()) {
      StripPrefixes(value);
    } else if (std::find(kEnumFields.begin(), kEnumFields.end(), key) != kEnumFields.end()) {
      value = NameOfEnumerator(value);
    }
  }
}

Json TaskJson(const v1::Task& task) {
  Json json = {{"node", task.node()},
               {"state", StateName(task.state())},
               {"reason", ReasonName(task.reason())},
               {"attempt", task.attempt()},
               {"detail", task.detail()}};
  if (task.has_update_time()) json["update_time"] = FromMessage(task.update_time());
  json["outcome"] = task.has_outcome() ? FromMessage(task.outcome()) : Json(nullptr);
  if (task.has_late_outcome()) json["late_outcome"] = FromMessage(task.late_outcome());
  return json;
}

}  // namespace

Json FromMessage(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  // A false condition_result or a zero restarts is evidence, too.
  options.always_print_primitive_fields = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return nullptr;
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_structured()) StripPrefixes(json);
  return json;
}

Json ToJson(const v1::Job& job) {
  Json json = {{"name", job.name()}, {"state", StateName(job.state())}};
  json["work"] = FromMessage(job.work());
  json["policy"] = FromMessage(job.policy());
  json["created_by"] = job.created_by();
  if (job.has_create_time()) json["create_time"] = FromMessage(job.create_time());
  if (job.has_end_time()) json["end_time"] = FromMessage(job.end_time());
  json["detail"] = job.detail();
  json["task_count"] = job.task_count();
  Json counts = Json::object();
  for (const auto& [state, count] : CountsOf(job)) counts[StateName(state)] = count;
  json["counts"] = std::move(counts);
  if (!job.remarks().empty()) json["remarks"] = job.remarks();
  return json;
}

Json ToJson(const JobView& view) {
  Json json = ToJson(view.job);
  Json tasks = Json::array();
  for (const auto& [node, task] : view.tasks) tasks.push_back(TaskJson(task));
  json["tasks"] = std::move(tasks);
  return json;
}

Json ToJson(const v1::Node& node) {
  Json json = {{"node", NodeId(node.name())}};
  json.update(FromMessage(node));
  // A text in the JSON of protobuf, for JavaScript's sake.
  if (node.has_nid()) json["nid"] = node.nid();
  return json;
}

std::string JsonText(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace muster::cli
