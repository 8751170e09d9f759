#include "controller/api/validate.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "common/limits.h"
#include "common/uuid.h"
#include "controller/api/check_policy.h"
#include "proto/convert.h"

namespace muster {
namespace {

constexpr Duration kMaxSettle = std::chrono::hours(1);
constexpr Duration kUsualSettle = 5s;

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
    case v1::Work::WORK_NOT_SET:
      break;
  }
  return Invalid("work: none that this controller knows");
}

std::string DigestOf(v1::CreateJobRequest request) {
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
    return Invalid("the name of the unit is longer than {} bytes", limits::kMaxNameBytes);
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
  checked.request_id = request.request_id().empty() ? NewUuid() : request.request_id();
  if (!IsUuid(checked.request_id)) {
    return Invalid("request_id: '{:.{}}' is not a UUID", request.request_id(),
                   limits::kMaxNameBytes);
  }
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

}  // namespace muster
