#include "controller/api/validate.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "common/limits.h"
#include "common/uuid.h"
#include "proto/convert.h"

namespace muster {
namespace {

constexpr Duration kMaxDeadline = std::chrono::hours(7 * 24);
constexpr Duration kMaxSettle = std::chrono::hours(1);
constexpr Duration kUsualSettle = 5s;
constexpr uint32_t kMaxMaxParallel = 100'000;

template <typename... Args>
absl::Status Invalid(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, format, std::forward<Args>(args)...);
}

absl::StatusOr<Duration> CheckDuration(const char* field, const google::protobuf::Duration& proto,
                                       Duration least, Duration most) {
  if (proto.nanos() < -999'999'999 || proto.nanos() > 999'999'999)
    return Invalid("{}: not a duration", field);
  const Duration duration = FromProto(proto);
  if (duration < least || duration > most) {
    return Invalid("{}: {} s; it must be {} 0 and at most {} h", field, proto.seconds(),
                   least > Duration(0) ? "greater than" : "at least",
                   std::chrono::duration_cast<std::chrono::hours>(most).count());
  }
  return duration;
}

absl::StatusOr<Policy> CheckPolicy(const v1::Policy& proto) {
  Policy policy;
  if (proto.max_parallel() > kMaxMaxParallel) {
    return Invalid("policy.max_parallel: {}; it must be at most {}", proto.max_parallel(),
                   kMaxMaxParallel);
  }
  if (proto.max_parallel() > 0) policy.max_parallel = proto.max_parallel();
  const auto read = [](bool is_set, const char* field, const google::protobuf::Duration& from,
                       auto& to) -> absl::Status {
    if (!is_set) return absl::OkStatus();
    const auto duration = CheckDuration(field, from, Duration(1), kMaxDeadline);
    MUSTER_RETURN_IF_ERROR(duration.status());
    to = *duration;
    return absl::OkStatus();
  };
  MUSTER_RETURN_IF_ERROR(read(proto.has_delivery_deadline(), "policy.delivery_deadline",
                              proto.delivery_deadline(), policy.delivery_deadline));
  MUSTER_RETURN_IF_ERROR(read(proto.has_execution_deadline(), "policy.execution_deadline",
                              proto.execution_deadline(), policy.execution_deadline));
  MUSTER_RETURN_IF_ERROR(
      read(proto.has_deadline(), "policy.deadline", proto.deadline(), policy.deadline));
  return policy;
}

absl::StatusOr<Work> CheckRestart(const v1::RestartUnit& proto, const Policy& policy) {
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
  if (restart.settle >= policy.execution_deadline) {
    return Invalid("the settle time ({} s) must be shorter than the execution deadline ({} s)",
                   restart.settle / 1s, policy.execution_deadline / 1s);
  }
  if (policy.deadline && *policy.deadline <= restart.settle + kReportMargin) {
    return Invalid(
        "the job's deadline ({} s) leaves no time to restart anything: it must be more than the "
        "settle time "
        "({} s) and {} s",
        *policy.deadline / 1s, restart.settle / 1s, kReportMargin / 1s);
  }
  return Work(restart);
}

absl::StatusOr<Work> CheckWork(const v1::Work& proto, const Policy& policy) {
  switch (proto.work_case()) {
    case v1::Work::kRestartUnit:
      return CheckRestart(proto.restart_unit(), policy);
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

absl::StatusOr<CheckedRequest> CheckRequest(const v1::CreateJobRequest& request) {
  CheckedRequest checked;
  checked.request_id = request.request_id().empty() ? NewUuid() : request.request_id();
  if (!IsUuid(checked.request_id)) {
    return Invalid("request_id: '{:.{}}' is not a UUID", request.request_id(),
                   limits::kMaxNameBytes);
  }
  checked.digest = DigestOf(request);
  absl::StatusOr<Policy> policy = CheckPolicy(request.policy());
  MUSTER_RETURN_IF_ERROR(policy.status());
  checked.policy = *policy;
  absl::StatusOr<Work> work = CheckWork(request.work(), checked.policy);
  MUSTER_RETURN_IF_ERROR(work.status());
  checked.work = *work;
  return checked;
}

}  // namespace muster
