#include "controller/tls_files_look.h"

#include "common/log.h"
#include "controller/edge/server_credentials.h"

namespace muster {

void TlsFilesLook::Look() {
  const std::string problem = Message(CheckTlsFiles(tls_dir_));
  if (problem == problem_) return;
  problem_ = problem;
  if (problem.empty()) return log::Info("the files of tls_dir can be used again dir={}", tls_dir_);
  log::Warning("new connections get the certificate that was there before, or none: {}", problem);
}

}  // namespace muster
