// Mutual TLS 1.3 for musterd's servers, from ca.pem, cert.pem and key.pem of one directory.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "common/status.h"

namespace muster {

// What gRPC 1.51 has no settings for, for every TLS connection of this process. Once, before gRPC is first used and before threads.
//
// No TLS 1.2: gRPC can be told the cipher suites of TLS 1.2 (those of 1.3 are apart): with one that needs a key shared beforehand,
// which no connection here has, a 1.2 handshake finds no cipher and fails.
//
// No session tickets (RFC 8446 4.6.1): OpenSSL makes two for each handshake, and an agent that comes back never uses them. Their number
// is a default of OpenSSL's. It is set in place of the "ssl_conf" section of the machine's openssl.cnf, unless OPENSSL_CONF names a file.
void SetTlsDefaults();

// FAILED_PRECONDITION with the file and what is wrong if they cannot be read or do not fit together.
absl::Status CheckTlsFiles(const std::string& tls_dir);

// Reads the files again every minute: new connections get what is there then; replace the three by one change of a
// symbolic link to their directory, so that they fit together. Errors as of CheckTlsFiles.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::string& tls_dir);

}  // namespace muster
