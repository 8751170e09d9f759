#include "controller/store/policy_proto.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "proto/convert.h"

namespace muster {
namespace {

constexpr double kBasisPointsPerPercent = 100;
constexpr double kMostPercent = 100;

v1::CountOrPercent ToProto(const CountOrPercent& amount) {
  v1::CountOrPercent proto;
  if (amount.basis_points) {
    proto.set_percent(*amount.basis_points / kBasisPointsPerPercent);
  } else {
    proto.set_count(amount.count);
  }
  return proto;
}

}  // namespace

CountOrPercent FromProto(const v1::CountOrPercent& proto) {
  if (proto.amount_case() != v1::CountOrPercent::kPercent) return {proto.count(), std::nullopt};
  const double percent = std::isnan(proto.percent()) ? 0 : proto.percent();
  return {0, static_cast<uint32_t>(
                 std::lround(std::clamp(percent, 0.0, kMostPercent) * kBasisPointsPerPercent))};
}

v1::Policy ToProto(const Policy& policy) {
  v1::Policy proto;
  proto.set_max_parallel(policy.max_parallel);
  *proto.mutable_delivery_deadline() = ToProto(policy.delivery_deadline);
  *proto.mutable_execution_deadline() = ToProto(policy.execution_deadline);
  if (policy.deadline) *proto.mutable_deadline() = ToProto(*policy.deadline);
  if (policy.rate.starts > 0) {
    proto.mutable_rate()->set_starts(policy.rate.starts);
    *proto.mutable_rate()->mutable_per() = ToProto(policy.rate.per);
  }
  proto.set_ramp(policy.ramp);
  if (policy.canary) *proto.mutable_canary() = ToProto(*policy.canary);
  *proto.mutable_min_healthy() = ToProto(policy.min_healthy);
  *proto.mutable_max_failures() = ToProto(policy.max_failures);
  proto.set_retries(policy.retries);
  if (policy.since) *proto.mutable_since() = ToProto(*policy.since);
  *proto.mutable_proof_deadline() = ToProto(policy.proof_deadline);
  proto.set_on_conflict(static_cast<v1::OnConflict>(policy.on_conflict));
  return proto;
}

Policy FromProto(const v1::Policy& proto) {
  Policy policy;
  const auto read = [](bool is_set, const google::protobuf::Duration& from, auto& to) {
    if (is_set) to = FromProto(from);
  };
  if (proto.max_parallel() > 0) policy.max_parallel = proto.max_parallel();
  read(proto.has_delivery_deadline(), proto.delivery_deadline(), policy.delivery_deadline);
  read(proto.has_proof_deadline(), proto.proof_deadline(), policy.proof_deadline);
  read(proto.has_execution_deadline(), proto.execution_deadline(), policy.execution_deadline);
  read(proto.has_deadline(), proto.deadline(), policy.deadline);
  policy.rate.starts = proto.rate().starts();
  read(proto.rate().has_per(), proto.rate().per(), policy.rate.per);
  policy.ramp = proto.ramp();
  if (proto.has_canary()) policy.canary = FromProto(proto.canary());
  read(proto.has_min_healthy(), proto.min_healthy(), policy.min_healthy);
  if (proto.has_max_failures()) policy.max_failures = FromProto(proto.max_failures());
  policy.retries = proto.retries();
  if (proto.has_since()) policy.since = FromProto(proto.since());
  if (proto.on_conflict() == v1::ON_CONFLICT_REFUSE) policy.on_conflict = OnConflict::kRefuse;
  return policy;
}

google::protobuf::Timestamp ToProto(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  google::protobuf::Timestamp proto;
  proto.set_seconds(seconds.time_since_epoch().count());
  proto.set_nanos(static_cast<int32_t>((time - seconds).count()));
  return proto;
}

Time FromProto(const google::protobuf::Timestamp& proto) {
  constexpr int64_t kMost = INT64_MAX / 1'000'000'000 - 1;
  return Time(std::chrono::seconds(std::clamp(proto.seconds(), -kMost, kMost)) +
              Duration(proto.nanos()));
}

}  // namespace muster
