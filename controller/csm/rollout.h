// Restarts of services in Kubernetes: a seam, and how kubectl does them. Calls block. Any thread.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/status.h"
#include "common/time.h"

namespace muster {

class Rollout {
 public:
  virtual ~Rollout() = default;

  // Begins to replace the pods of a deployment, such as "cray-hmnfd"; its service goes on. To do it twice is harmless.
  virtual absl::Status Restart(const std::string& deployment) = 0;

  // Returns when all its pods are of the last restart, and ready. DEADLINE_EXCEEDED if they are not by then.
  virtual absl::Status AwaitReady(const std::string& deployment, Duration timeout) = 0;
};

struct KubectlOptions {
  std::string path = "kubectl";  // looked for in PATH if it has no '/'
  std::string name_space = "services";
  std::function<bool()> is_stopped = {};  // true ends what is under way; may be empty
};

// Runs kubectl with our environment (KUBECONFIG, HOME). INVALID_ARGUMENT for what is no deployment's name. Else, with kubectl's last line:
// NOT_FOUND, PERMISSION_DENIED, DEADLINE_EXCEEDED, FAILED_PRECONDITION if it cannot be run, and UNAVAILABLE for all else.
class KubectlRollout final : public Rollout {
 public:
  explicit KubectlRollout(KubectlOptions options) : options_(std::move(options)) {}

  absl::Status Restart(const std::string& deployment) override;
  absl::Status AwaitReady(const std::string& deployment, Duration timeout) override;

 private:
  absl::Status Run(const std::string& what, const std::string& deployment,
                   const std::vector<std::string>& arguments, Duration timeout) const;

  const KubectlOptions options_;
};

}  // namespace muster
