#include "controller/cli/grpc_log.h"

#include <grpc/support/log.h>

#include <cstdlib>

#include "common/mutex.h"

namespace muster::cli {
namespace {

struct Problem {
  Mutex mutex;
  std::string text MUSTER_GUARDED_BY(mutex);
};

// Never destroyed: gRPC's threads may log while the process ends.
Problem& TheProblem() {
  static Problem& problem = *new Problem;
  return problem;
}

// An alert comes from the other side and is its verdict on us; the key is checked here, before anything is sent.
void Listen(gpr_log_func_args* args) {
  const std::string line = args->message;
  const size_t alert = line.find("tlsv1 alert ");
  std::string text;
  if (alert != std::string::npos) text = "the controller says \"" + line.substr(alert) + "\"";
  if (line.find("Invalid private key") != std::string::npos) {
    text = "key.pem is not a key, or not the one of cert.pem";
  }
  if (text.empty()) return;
  Problem& problem = TheProblem();
  const MutexLock lock(problem.mutex);
  problem.text = std::move(text);
}

}  // namespace

void TakeGrpcLog() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr || std::getenv("GRPC_TRACE") != nullptr) return;
  gpr_set_log_function(Listen);
}

std::string OwnCertificateProblem() {
  Problem& problem = TheProblem();
  const MutexLock lock(problem.mutex);
  return problem.text;
}

}  // namespace muster::cli
