// The operator's side of mutual TLS: ca.pem, cert.pem and key.pem of one directory. Main thread.
//
// The controller is known by the URI name of its certificate, as agents know it, and not by the address it is reached at: a
// forwarded port or a virtual IP works, and a node's certificate never passes for the controller's.
#pragma once

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "common/status.h"

namespace muster::cli {

// Reads the files now, since gRPC says nothing useful about them later. PERMISSION_DENIED names the file that is missing,
// unreadable or not PEM; INVALID_ARGUMENT if `tls_dir` is empty.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> OperatorCredentials(
    const std::string& tls_dir);

}  // namespace muster::cli
