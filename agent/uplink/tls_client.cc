#include "agent/uplink/tls_client.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "common/identity.h"

namespace muster {
namespace {

struct ContextRelease {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct CertificateRelease {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct NamesRelease {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

// One entry of the ALPN list: its length and its text (RFC 7301 3.1).
constexpr unsigned char kAlpn[] = {2, 'h', '2'};

std::string LastReason() {
  const unsigned long error = ERR_peek_last_error();
  if (error == 0) return "unknown reason";
  // A system error of OpenSSL 3 has no reason string.
  if (ERR_GET_LIB(error) == ERR_LIB_SYS) return std::strerror(ERR_GET_REASON(error));
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", error);
}

absl::Status FileError(const std::string& file) {
  // The first error of the queue is the cause ("No such file or directory"), the last what it led to.
  const unsigned long first = ERR_peek_error();
  const std::string reason = first != 0 && ERR_GET_LIB(first) == ERR_LIB_SYS
                                 ? std::strerror(ERR_GET_REASON(first))
                                 : LastReason();
  return MakeStatus(absl::StatusCode::kFailedPrecondition, "our TLS file {} cannot be used: {}",
                    file, reason);
}

absl::Status LoadFiles(SSL_CTX* context, const std::string& tls_dir) {
  const std::string ca = tls_dir + "/ca.pem";
  const std::string certificate = tls_dir + "/cert.pem";
  const std::string key = tls_dir + "/key.pem";
  ERR_clear_error();
  if (SSL_CTX_load_verify_locations(context, ca.c_str(), nullptr) != 1) return FileError(ca);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    return FileError(certificate);
  ERR_clear_error();
  // This also checks that the key is the certificate's.
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return FileError(key);
  return absl::OkStatus();
}

std::vector<std::string> UriNames(X509* certificate) {
  std::vector<std::string> uris;
  const std::unique_ptr<GENERAL_NAMES, NamesRelease> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                                ASN1_STRING_length(uri));
    // A NUL in a name has fooled other programs before; no honest name has one.
    if (text.find('\0') == std::string_view::npos) uris.emplace_back(text);
  }
  return uris;
}

absl::Status CheckProtocol(SSL* ssl) {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (size == 2 && std::memcmp(protocol, "h2", 2) == 0) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kUnavailable,
                    "does not speak HTTP/2: it has not agreed to ALPN h2 (is this the agents' "
                    "port?)");
}

bool IsCertificateAlert(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

bool IsOfAnotherCa(long verify_result) {
  switch (verify_result) {
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return true;
    default:
      return false;
  }
}

// A failure inside TLS itself: an alert of the peer's, or something about the peer that we do not accept.
std::string ProtocolFailure(SSL* ssl) {
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return "closed the connection without a word" + OwnCertificateHint(ssl);
#endif
  if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    return fmt::format("{}: TLS alert '{}'{}",
                       IsCertificateAlert(alert) ? "does not accept our certificate"
                                                 : "broke off the TLS connection",
                       SSL_alert_desc_string_long(alert), OwnCertificateHint(ssl));
  }
  if (const long verify = SSL_get_verify_result(ssl); verify != X509_V_OK) {
    return fmt::format("has a certificate that we do not accept: {}{}",
                       X509_verify_cert_error_string(verify),
                       IsOfAnotherCa(verify) ? " (it does not come from our ca.pem)" : "");
  }
  return "cannot be talked to over TLS: " + LastReason();
}

}  // namespace

absl::StatusOr<SslPtr> NewTlsClient(const std::string& tls_dir) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, ContextRelease> context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr)
    return MakeStatus(absl::StatusCode::kInternal, "TLS cannot be set up: {}", LastReason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // A write may be taken in parts and repeated from another buffer; an idle stream keeps no buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  // The chain must lead to ca.pem. The host name is not checked, on purpose: a SPIRE SVID names a
  // role by its URI and no host, and a controller moves between NCNs behind one virtual address.
  // CheckPeer looks at the URI instead, which says more.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  // 0 is success for this function alone.
  if (SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof kAlpn) != 0)
    return MakeStatus(absl::StatusCode::kInternal, "ALPN cannot be set up: {}", LastReason());
  MUSTER_RETURN_IF_ERROR(LoadFiles(context.get(), tls_dir));
  SslPtr ssl(SSL_new(context.get()));
  if (ssl == nullptr)
    return MakeStatus(absl::StatusCode::kInternal, "TLS cannot be set up: {}", LastReason());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

absl::StatusOr<std::string> ReadOwnName(const std::string& tls_dir,
                                        const std::string& agent_pattern) {
  const std::string path = tls_dir + "/cert.pem";
  const std::unique_ptr<BIO, int (*)(BIO*)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
  if (file == nullptr) return FileError(path);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
  if (certificate == nullptr) return FileError(path);
  const std::vector<std::string> names = NamesIn(UriNames(certificate.get()), agent_pattern);
  if (names.size() == 1) return names.front();
  return MakeStatus(
      absl::StatusCode::kFailedPrecondition,
      "{}: it must name one node as {} among its URI names, and has {}; issue it with "
      "'muster pki issue --role agent'",
      path, agent_pattern, names.size());
}

absl::Status CheckPeer(SSL* ssl, const std::string& controller_pattern) {
  MUSTER_RETURN_IF_ERROR(CheckProtocol(ssl));
  const std::unique_ptr<X509, CertificateRelease> certificate(SSL_get_peer_certificate(ssl));
  if (certificate == nullptr)
    return MakeStatus(absl::StatusCode::kUnauthenticated, "has shown no certificate");
  const std::vector<std::string> uris = UriNames(certificate.get());
  if (!NamesIn(uris, controller_pattern).empty()) return absl::OkStatus();
  if (uris.empty()) {
    return MakeStatus(absl::StatusCode::kPermissionDenied,
                      "has a certificate without a URI name; a controller's has one like {}",
                      controller_pattern);
  }
  return MakeStatus(absl::StatusCode::kPermissionDenied,
                    "has the certificate of {}, which is no controller; a controller's is like {}",
                    uris.front(), controller_pattern);
}

std::string TlsFailure(SSL* ssl, int ssl_error, int error_number) {
  if (ssl_error == SSL_ERROR_ZERO_RETURN) return "closed the connection" + OwnCertificateHint(ssl);
  if (ssl_error == SSL_ERROR_SSL) return ProtocolFailure(ssl);
  if (error_number == 0) return "closed the connection without a word" + OwnCertificateHint(ssl);
  return fmt::format("was lost: {}{}", std::strerror(error_number), OwnCertificateHint(ssl));
}

std::string OwnCertificateHint(SSL* ssl) {
  const X509* certificate = SSL_get_certificate(ssl);
  if (certificate == nullptr) return "";
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    return " (our certificate has expired)";
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    return " (our certificate is not valid yet)";
  return "";
}

}  // namespace muster
