#include "controller/api/job_filter.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "common/limits.h"
#include "controller/store/policy_proto.h"

namespace muster {
namespace {

absl::StatusOr<Time> TimeIn(const char* field, const google::protobuf::Timestamp& proto) {
  // A Time does not reach as far as a Timestamp.
  constexpr int64_t kMostSeconds = std::numeric_limits<int64_t>::max() / 1'000'000'000 - 1;
  if (proto.nanos() < 0 || proto.nanos() > 999'999'999 || proto.seconds() < 0 ||
      proto.seconds() > kMostSeconds) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "{}: not a point in time between 1970 and 2262", field);
  }
  return FromProto(proto);
}

absl::StatusOr<std::vector<JobState>> StatesOf(const v1::ListJobsRequest& request) {
  std::vector<JobState> states;
  for (const int state : request.states()) {
    if (!v1::JobState_IsValid(state) || state == v1::JOB_STATE_UNSPECIFIED) {
      return MakeStatus(
          absl::StatusCode::kInvalidArgument,
          "states: this controller knows no state {} of a job; is it older than this muster?",
          state);
    }
    states.push_back(static_cast<JobState>(state));
  }
  std::sort(states.begin(), states.end());
  states.erase(std::unique(states.begin(), states.end()), states.end());
  return states;
}

}  // namespace

absl::StatusOr<JobFilter> FilterOf(const v1::ListJobsRequest& request) {
  JobFilter filter;
  absl::StatusOr<std::vector<JobState>> states = StatesOf(request);
  MUSTER_RETURN_IF_ERROR(states.status());
  filter.states = *std::move(states);
  if (request.has_created_from()) {
    const absl::StatusOr<Time> from = TimeIn("created_from", request.created_from());
    MUSTER_RETURN_IF_ERROR(from.status());
    filter.created_from = *from;
  }
  if (request.has_created_before()) {
    const absl::StatusOr<Time> before = TimeIn("created_before", request.created_before());
    MUSTER_RETURN_IF_ERROR(before.status());
    filter.created_before = *before;
  }
  if (filter.created_from && filter.created_before &&
      *filter.created_from >= *filter.created_before) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "created_from: it is not before created_before, so that no job can be meant; "
                      "name an earlier time");
  }
  if (request.created_by().size() > limits::kMaxNameBytes) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "created_by: longer than {} bytes, and so no operator's name",
                      limits::kMaxNameBytes);
  }
  filter.created_by = request.created_by();
  return filter;
}

}  // namespace muster
