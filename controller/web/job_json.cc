#include "controller/web/job_json.h"

#include <google/protobuf/util/time_util.h>

#include <utility>

#include "controller/store/policy_proto.h"

namespace muster {

nlohmann::ordered_json JobJson(const JobSummary& job) {
  nlohmann::ordered_json counts = nlohmann::ordered_json::object();
  for (size_t i = 1; i < job.counts.size(); ++i)
    if (job.counts[i] > 0) counts[Name(static_cast<TaskState>(i))] = job.counts[i];
  return {{"id", job.spec.id},
          {"what", Describe(job.spec.work)},
          {"state", Name(job.status.state)},
          {"detail", job.status.detail},
          {"created", google::protobuf::util::TimeUtil::ToString(ToProto(job.spec.created))},
          {"created_by", job.spec.created_by},
          {"counts", std::move(counts)}};
}

}  // namespace muster
