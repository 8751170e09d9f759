// Which jobs a list was asked for. Pure.
#pragma once

#include "common/status.h"
#include "controller/store/job_store.h"
#include "muster/v1/controller.pb.h"

namespace muster {

// INVALID_ARGUMENT with the field, what is wrong with it, and what it may be.
absl::StatusOr<JobFilter> FilterOf(const v1::ListJobsRequest& request);

}  // namespace muster
