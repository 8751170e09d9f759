#include "agent/ledger/content_json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "agent/ledger/json_reader.h"

namespace muster {
namespace {

using nlohmann::json;

absl::StatusOr<RecordedMount> MountFromJson(const json& in) {
  RecordedMount mount;
  uint32_t kind = 0;
  JsonReader reader(in, "mount");
  reader.Read("kind", kind);
  reader.Read("fstype", mount.fstype);
  reader.Read("source", mount.source);
  reader.Read("target", mount.target);
  reader.Read("options", mount.options);
  reader.Read("super_options", mount.super_options);
  reader.Read("propagation", mount.propagation);
  reader.Read("is_stacked", mount.is_stacked);
  if (kind > static_cast<uint32_t>(MountKind::kBind)) reader.Fail("is of an unknown kind");
  MUSTER_RETURN_IF_ERROR(reader.Finish());
  mount.kind = static_cast<MountKind>(kind);
  return mount;
}

}  // namespace

json ToJson(const ContentRecord& record) {
  json mounts = json::array();
  for (const RecordedMount& mount : record.mounts) {
    mounts.push_back({{"kind", static_cast<uint32_t>(mount.kind)},
                      {"fstype", mount.fstype},
                      {"source", mount.source},
                      {"target", mount.target},
                      {"options", mount.options},
                      {"super_options", mount.super_options},
                      {"propagation", mount.propagation},
                      {"is_stacked", mount.is_stacked}});
  }
  return mounts;
}

absl::StatusOr<ContentRecord> ContentRecordFromJson(const json& in) {
  if (!in.is_array())
    return MakeStatus(absl::StatusCode::kInvalidArgument, "mounts: is not an array");
  ContentRecord record;
  for (const json& element : in) {
    auto mount = MountFromJson(element);
    MUSTER_RETURN_IF_ERROR(mount.status());
    record.mounts.push_back(*std::move(mount));
  }
  return record;
}

json ContentWorkToJson(const Work& work) {
  if (const auto* unmount = std::get_if<UnmountContent>(&work)) {
    return {{"work", "unmount"},
            {"content", unmount->content},
            {"mounts", ToJson(unmount->record)},
            {"is_lazy", unmount->is_lazy},
            {"is_forced", unmount->is_forced}};
  }
  const auto& remount = std::get<RemountContent>(work);
  return {{"work", "remount"}, {"content", remount.content}, {"mounts", ToJson(remount.record)}};
}

absl::StatusOr<Work> ContentWorkFromJson(const json& in) {
  std::string name;
  UnmountContent unmount;
  JsonReader reader(in, "content");
  reader.Read("work", name);
  reader.Read("content", unmount.content);
  const json* mounts = reader.ReadOptional("mounts");
  if (name == "unmount") {
    reader.Read("is_lazy", unmount.is_lazy);
    reader.Read("is_forced", unmount.is_forced);
  } else if (name != "remount") {
    reader.Fail("is no work on content");
  }
  MUSTER_RETURN_IF_ERROR(reader.Finish());
  if (mounts == nullptr)
    return MakeStatus(absl::StatusCode::kInvalidArgument, "content: mounts is missing");
  auto record = ContentRecordFromJson(*mounts);
  MUSTER_RETURN_IF_ERROR(record.status());
  unmount.record = *std::move(record);
  if (name == "unmount") return unmount;
  return RemountContent{std::move(unmount.content), std::move(unmount.record)};
}

}  // namespace muster
