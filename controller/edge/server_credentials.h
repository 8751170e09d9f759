// Mutual TLS 1.3 for musterd's servers, from ca.pem, cert.pem and key.pem of one directory.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "common/status.h"

namespace muster {

// Takes TLS 1.2 away from every gRPC connection of this process. Once, before gRPC is first used and before threads.
//
// gRPC 1.51 can be told no minimum version. It can be told the cipher suites of TLS 1.2 (those of 1.3 are apart): with one that
// needs a key shared beforehand, which no connection here has, a 1.2 handshake finds no cipher and fails.
void RequireTls13();

// Reads the files again every minute: new connections get what is there then; replace the three by one change of a
// symbolic link to their directory, so that they fit together. FAILED_PRECONDITION with the file and what is wrong if they cannot be
// read or do not fit together now.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::string& tls_dir);

}  // namespace muster
