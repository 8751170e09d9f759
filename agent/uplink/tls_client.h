// The TLS side of a connection to a controller: our certificate, what we accept of the peer's, and
// sentences for what goes wrong. Loop thread only.
//
// Errors about the peer are verb phrases that follow "the controller at ADDRESS"; errors about our
// own files are whole sentences.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "common/status.h"

namespace muster {

struct SslRelease {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, SslRelease>;

// A client's end of TLS 1.3 with ALPN "h2" and the files of `tls_dir` (ca.pem cert.pem key.pem),
// which are read now: a renewed certificate is used from the next connection on.
// FAILED_PRECONDITION if a file cannot be used.
absl::StatusOr<SslPtr> NewTlsClient(const std::string& tls_dir);

// The name that cert.pem in `tls_dir` gives to this node under `agent_pattern`. FAILED_PRECONDITION if the file cannot be read or does not
// hold exactly one such name.
absl::StatusOr<std::string> ReadOwnName(const std::string& tls_dir,
                                        const std::string& agent_pattern);

// After the handshake: the peer has agreed to HTTP/2 and is a controller, which is a matter of its certificate's URI name.
absl::Status CheckPeer(SSL* ssl, const std::string& controller_pattern);

// What a failed call on `ssl` means. `ssl_error` is from SSL_get_error, `error_number` is errno as the call left it.
std::string TlsFailure(SSL* ssl, int ssl_error, int error_number);

// " (our certificate … has expired)" or nothing. A peer that closes the connection without a word often means this.
std::string OwnCertificateHint(SSL* ssl);

}  // namespace muster
