#include "controller/edge/server_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/conf.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include <cerrno>

#include "common/log.h"

namespace muster {
namespace {

// How soon new files are used; one wakeup of one thread each time.
constexpr unsigned kRefreshSeconds = 60;

struct Free {
  void operator()(FILE* file) const { fclose(file); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(CONF* config) const { NCONF_free(config); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

template <typename T>
absl::StatusOr<Owned<T>> ReadPem(const std::string& path, const char* what,
                                 T* (*read)(FILE*, T**, pem_password_cb*, void*)) {
  const Owned<FILE> file(fopen(path.c_str(), "re"));
  if (!file) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "{}",
                      Message(ErrnoStatus(errno, "read the " + std::string(what) + " " + path)));
  }
  Owned<T> object(read(file.get(), nullptr, nullptr, nullptr));
  if (!object) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "{} holds no {} in PEM form", path,
                      what);
  }
  return object;
}

// As if it stood in OpenSSL's configuration file, config(5).
void SendNoTickets() {
  constexpr char kText[] =
      "openssl_conf = muster\n[muster]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n"
      "[tls]\nNumTickets = 0\n";
  OPENSSL_init_ssl(0, nullptr);  // reads the machine's own file, which would come later otherwise
  const Owned<BIO> text(BIO_new_mem_buf(kText, -1));
  const Owned<CONF> config(NCONF_new(nullptr));
  long line = 0;
  if (NCONF_load_bio(config.get(), text.get(), &line) != 1 ||
      CONF_modules_load(config.get(), nullptr, 0) != 1) {
    log::Warning("tls tickets are on: OpenSSL did not take the setting");
  }
}

}  // namespace

void SetTlsDefaults() {
  setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-PSK-CHACHA20-POLY1305", 1);
  if (getenv("OPENSSL_CONF") == nullptr) SendNoTickets();
}

// gRPC's watcher says nothing about files that it cannot use; connections would just fail.
absl::Status CheckTlsFiles(const std::string& tls_dir) {
  const std::string cert = tls_dir + "/cert.pem";
  const std::string key = tls_dir + "/key.pem";
  MUSTER_RETURN_IF_ERROR(ReadPem(tls_dir + "/ca.pem", "certificate", &PEM_read_X509).status());
  const auto certificate = ReadPem(cert, "certificate", &PEM_read_X509);
  MUSTER_RETURN_IF_ERROR(certificate.status());
  const auto private_key = ReadPem(key, "private key", &PEM_read_PrivateKey);
  MUSTER_RETURN_IF_ERROR(private_key.status());
  if (X509_check_private_key(certificate->get(), private_key->get()) != 1) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "{} is not the private key of the certificate {}", key, cert);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::string& tls_dir) {
  const std::string ca = tls_dir + "/ca.pem";
  const std::string cert = tls_dir + "/cert.pem";
  const std::string key = tls_dir + "/key.pem";
  MUSTER_RETURN_IF_ERROR(CheckTlsFiles(tls_dir));
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      key, cert, ca, kRefreshSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace muster
