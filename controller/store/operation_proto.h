// Operations as their messages, for the operators' API and for the store, and back. Pure; any thread.
#pragma once

#include <string>

#include "controller/operation/action.h"
#include "muster/v1/operation.pb.h"

namespace muster {

// What was asked, but for targets and job.
v1::Resubscription ToProto(const ResubscriptionSpec& spec);
// Fields that are absent become the defaults of ResubscriptionSpec, and of its policy 3 retries. `work` is a restart of ORCA. None is refused.
ResubscriptionSpec FromProto(const v1::Resubscription& proto);

// What was asked, but for targets and jobs. Absent: as a job's policy.
v1::ContentUnmount UnmountToProto(const ContentSpec& spec);
v1::ContentRemount RemountToProto(const ContentSpec& spec);
ContentSpec FromProto(const v1::ContentUnmount& proto);
ContentSpec FromProto(const v1::ContentRemount& proto);

// State, steps, notes and detail alone.
v1::Operation ToProto(const OperationStatus& status);
OperationStatus FromProto(const v1::Operation& proto);

// The whole, but for its job.
v1::Operation ToProto(const OperationRecord& record);

}  // namespace muster
