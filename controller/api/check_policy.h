// Whether a job's policy can be followed, and what it means with every default filled in. Pure.
#pragma once

#include "common/status.h"
#include "common/work.h"
#include "controller/engine/policy.h"
#include "muster/v1/job.pb.h"

namespace muster {

// `now` is the controller's clock, by which since_age is read. INVALID_ARGUMENT with the field, what is wrong with it, and what it
// may be.
absl::StatusOr<Policy> CheckPolicy(const v1::Policy& proto, Time now);

// Whether this work can be done under this policy: the deadlines leave it time.
absl::Status CheckFits(const Work& work, const Policy& policy);

// `least` is 0 or a nanosecond, `most` whole hours.
absl::StatusOr<Duration> CheckDuration(const char* field, const google::protobuf::Duration& proto,
                                       Duration least, Duration most);

}  // namespace muster
