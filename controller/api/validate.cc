#include "controller/api/validate.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "common/limits.h"
#include "common/uuid.h"
#include "controller/api/check_policy.h"
#include "controller/nodeset/node_name.h"
#include "controller/store/operation_proto.h"
#include "proto/convert.h"

namespace muster {
namespace {

constexpr Duration kMaxSettle = std::chrono::hours(1);
constexpr Duration kUsualSettle = 5s;
// Twice the nodes of the largest system.
constexpr int kMaxBaseline = 200'000;
constexpr int kMaxAgents = 64;
constexpr uint32_t kMaxCeiling = 100'000;
// HMNFD's prune loop runs each 10 s (fanout.go): what is seen again sooner may yet be dropped.
constexpr Duration kLeastSecondLook = 10s + Duration(1);
constexpr Duration kMaxLook = 1h;

template <typename... Args>
absl::Status Invalid(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, format, std::forward<Args>(args)...);
}

absl::StatusOr<Work> CheckRestart(const v1::RestartUnit& proto) {
  RestartUnit restart;
  restart.settle = kUsualSettle;
  switch (proto.target_case()) {
    case v1::RestartUnit::kUnit: {
      const absl::StatusOr<std::string> unit = CheckUnitName(proto.unit());
      MUSTER_RETURN_IF_ERROR(unit.status());
      restart.unit = *unit;
      break;
    }
    case v1::RestartUnit::kWellKnown:
      if (proto.well_known() != v1::WELL_KNOWN_UNIT_ORCA)
        return Invalid("work.restart_unit.well_known: {} is not known here",
                       static_cast<int>(proto.well_known()));
      break;
    case v1::RestartUnit::TARGET_NOT_SET:
      return Invalid("work.restart_unit: which unit?");
  }
  if (proto.has_settle()) {
    const auto settle =
        CheckDuration("work.restart_unit.settle", proto.settle(), Duration(0), kMaxSettle);
    MUSTER_RETURN_IF_ERROR(settle.status());
    restart.settle = *settle;
  }
  if (proto.has_satisfied_age()) {
    return Invalid(
        "work.restart_unit.satisfied_age: the controller sets it, from policy.since or "
        "policy.since_age");
  }
  return Work(restart);
}

absl::StatusOr<Work> CheckWork(const v1::Work& proto) {
  switch (proto.work_case()) {
    case v1::Work::kRestartUnit:
      return CheckRestart(proto.restart_unit());
    case v1::Work::kInspect: {
      if (proto.inspect().unit().empty()) return Work(Inspect{});
      const absl::StatusOr<std::string> unit = CheckUnitName(proto.inspect().unit());
      MUSTER_RETURN_IF_ERROR(unit.status());
      return Work(Inspect{*unit});
    }
    case v1::Work::kInspectContent:
      return Work(InspectContent{});
    case v1::Work::kUnmountContent:
    case v1::Work::kRemountContent:
      return Invalid(
          "work: content is unmounted and mounted by operations, which have its records");
    case v1::Work::WORK_NOT_SET:
      break;
  }
  return Invalid(
      "work: none that this controller knows; is it older than this muster? See `muster status`");
}

template <typename Request>
std::string DigestOf(Request request) {
  request.clear_request_id();
  request.clear_validate_only();
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

absl::StatusOr<std::string> CheckRequestId(const std::string& id) {
  if (id.empty()) return NewUuid();
  if (IsUuid(id)) return id;
  return Invalid("request_id: '{:.{}}' is not a UUID; leave it out, and one is made", id,
                 limits::kMaxNameBytes);
}

absl::Status CheckBaseline(const v1::Resubscription& proto) {
  if (proto.baseline_size() > kMaxBaseline)
    return Invalid("resubscription.baseline: {} nodes; it must be at most {}",
                   proto.baseline_size(), kMaxBaseline);
  for (const v1::Subscriber& subscriber : proto.baseline()) {
    if (!IsNodeName(subscriber.node()))
      return Invalid("resubscription.baseline: '{:.{}}' is no name of a node", subscriber.node(),
                     limits::kMaxNameBytes);
    if (subscriber.agents_size() > kMaxAgents)
      return Invalid("resubscription.baseline: {} has {} agents; it must be at most {}",
                     subscriber.node(), subscriber.agents_size(), kMaxAgents);
  }
  return absl::OkStatus();
}

absl::Status CheckPace(uint32_t floor, uint32_t ceiling) {
  if (ceiling > kMaxCeiling)
    return Invalid("resubscription.ceiling: {}; it must be at most {}", ceiling, kMaxCeiling);
  if (floor > ceiling)
    return Invalid("resubscription.floor: {}; it must be at most the ceiling, {}", floor, ceiling);
  return absl::OkStatus();
}

absl::Status CheckContentName(const std::string& name) {
  constexpr char kAllowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  constexpr size_t kMaxContentName = 64;
  if (name.size() <= kMaxContentName && name.find_first_not_of(kAllowed) == std::string::npos)
    return absl::OkStatus();
  return Invalid("content: '{:.{}}' is no name of a content: at most {} letters, digits and .-_",
                 name, limits::kMaxNameBytes, kMaxContentName);
}

// More workers than a system has.
constexpr uint32_t kMaxCpsServers = 10'000;

// As BOS has it for the names of its templates.
absl::Status CheckTemplateName(const std::string& name) {
  constexpr char kAllowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  constexpr size_t kMaxTemplateName = 127;
  const auto is_mark = [](char c) { return c == '-' || c == '.' || c == '_'; };
  const bool has_good_ends = name.empty() || (!is_mark(name.front()) && !is_mark(name.back()));
  if (name.size() <= kMaxTemplateName && has_good_ends &&
      name.find_first_not_of(kAllowed) == std::string::npos)
    return absl::OkStatus();
  return Invalid(
      "bos_template: '{:.{}}' is no name of a template of BOS: at most {} letters, digits and "
      "-._ that begin and end with a letter or digit",
      name, limits::kMaxNameBytes, kMaxTemplateName);
}

absl::StatusOr<ContentSpec> CheckContent(const v1::CreateOperationRequest& request, Time now) {
  const bool is_unmount = request.has_content_unmount();
  ContentSpec spec =
      is_unmount ? FromProto(request.content_unmount()) : FromProto(request.content_remount());
  MUSTER_RETURN_IF_ERROR(CheckContentName(spec.content));
  MUSTER_RETURN_IF_ERROR(CheckTemplateName(spec.bos_template));
  if (spec.min_servers > kMaxCpsServers)
    return Invalid("cps_servers: {}; at most {}", spec.min_servers, kMaxCpsServers);
  // In answers only.
  spec.servers_job.clear();
  spec.rooted.clear();
  const absl::StatusOr<Policy> policy = CheckPolicy(
      is_unmount ? request.content_unmount().policy() : request.content_remount().policy(), now);
  MUSTER_RETURN_IF_ERROR(policy.status());
  spec.policy = *policy;
  MUSTER_RETURN_IF_ERROR(CheckFits(InspectContent{}, spec.policy));
  return spec;
}

constexpr std::array<const char*, 11> kSuffixes = {".service",   ".socket", ".device", ".mount",
                                                   ".automount", ".swap",   ".target", ".path",
                                                   ".timer",     ".slice",  ".scope"};

}  // namespace

absl::StatusOr<std::string> CheckUnitName(const std::string& name) {
  constexpr char kAllowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
  const auto suffix = std::find_if(kSuffixes.begin(), kSuffixes.end(),
                                   [&name](const char* s) { return name.ends_with(s); });
  const std::string full = suffix == kSuffixes.end() ? name + ".service" : name;
  const std::string stem = full.substr(0, full.rfind('.'));
  if (full.size() > limits::kMaxNameBytes) {
    return Invalid(
        "the name of the unit is longer than {} bytes; `systemctl list-units` on a node has its "
        "names",
        limits::kMaxNameBytes);
  }
  if (stem.empty() || stem.find_first_not_of(kAllowed) != std::string::npos ||
      stem.starts_with('@') || stem.starts_with('.')) {
    return Invalid(
        "'{}' is no name of a unit: letters, digits and :-_.\\@ are allowed, such as "
        "cray-orca.service",
        name);
  }
  if (stem.ends_with('@')) return Invalid("'{}' is a template: name an instance of it", name);
  return full;
}

absl::StatusOr<CheckedRequest> CheckRequest(const v1::CreateJobRequest& request, Time now) {
  CheckedRequest checked;
  absl::StatusOr<std::string> request_id = CheckRequestId(request.request_id());
  MUSTER_RETURN_IF_ERROR(request_id.status());
  checked.request_id = *std::move(request_id);
  checked.digest = DigestOf(request);
  absl::StatusOr<Policy> policy = CheckPolicy(request.policy(), now);
  MUSTER_RETURN_IF_ERROR(policy.status());
  checked.policy = *policy;
  absl::StatusOr<Work> work = CheckWork(request.work());
  MUSTER_RETURN_IF_ERROR(work.status());
  checked.work = *work;
  MUSTER_RETURN_IF_ERROR(CheckFits(checked.work, checked.policy));
  return checked;
}

absl::StatusOr<CheckedOperation> CheckRequest(const v1::CreateOperationRequest& request, Time now) {
  CheckedOperation checked;
  absl::StatusOr<std::string> request_id = CheckRequestId(request.request_id());
  MUSTER_RETURN_IF_ERROR(request_id.status());
  checked.request_id = *std::move(request_id);
  checked.digest = DigestOf(request);
  if (request.has_content_unmount() || request.has_content_remount()) {
    absl::StatusOr<ContentSpec> content = CheckContent(request, now);
    MUSTER_RETURN_IF_ERROR(content.status());
    checked.content = *std::move(content);
    return checked;
  }
  if (!request.has_resubscription())
    return Invalid(
        "kind: none that this controller knows; is it older than this muster? See `muster status`");
  const v1::Resubscription& proto = request.resubscription();
  absl::StatusOr<Policy> policy = CheckPolicy(proto.policy(), now);
  MUSTER_RETURN_IF_ERROR(policy.status());
  const auto check = [](bool is_set, const char* field, const google::protobuf::Duration& value,
                        Duration least) {
    return is_set ? CheckDuration(field, value, least, kMaxLook).status() : absl::OkStatus();
  };
  MUSTER_RETURN_IF_ERROR(
      check(proto.has_settle(), "resubscription.settle", proto.settle(), Duration(0)));
  MUSTER_RETURN_IF_ERROR(check(proto.has_appear_within(), "resubscription.appear_within",
                               proto.appear_within(), Duration(1)));
  MUSTER_RETURN_IF_ERROR(check(proto.has_second_look(), "resubscription.second_look",
                               proto.second_look(), Duration(1)));
  MUSTER_RETURN_IF_ERROR(CheckBaseline(proto));
  checked.resubscription = FromProto(proto);
  const uint32_t retries = checked.resubscription.policy.retries;
  checked.resubscription.policy = *policy;
  checked.resubscription.policy.retries = retries;
  if (checked.resubscription.second_look < kLeastSecondLook)
    return Invalid(
        "resubscription.second_look: {} s; it must be more than 10 s, for HMNFD drops "
        "subscriptions each 10 s",
        checked.resubscription.second_look / 1s);
  MUSTER_RETURN_IF_ERROR(CheckPace(checked.resubscription.floor, checked.resubscription.ceiling));
  MUSTER_RETURN_IF_ERROR(CheckFits(checked.resubscription.work, checked.resubscription.policy));
  return checked;
}

}  // namespace muster
