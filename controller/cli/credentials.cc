#include "controller/cli/credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "common/identity.h"

namespace muster::cli {
namespace {

// Runs on gRPC's threads after the chain has been verified.
class ControllerVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* sync_status) override {
    std::vector<std::string> uris;
    for (const grpc::string_ref& uri : request->uri_names())
      uris.emplace_back(uri.data(), uri.size());
    const std::string pattern = IdentityPatterns{}.controller;
    if (NamesIn(uris, pattern).empty()) {
      *sync_status = grpc::Status(
          grpc::StatusCode::UNAUTHENTICATED,
          fmt::format("the server's certificate has no URI name like {}: it is no controller",
                      pattern));
    }
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest* /*request*/) override {}
};

absl::StatusOr<std::string> ReadPem(const std::string& path, const char* what) {
  errno = 0;
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return MakeStatus(
        absl::StatusCode::kPermissionDenied,
        "the {} {} cannot be read: {}; --tls-dir or MUSTER_TLS_DIR names the directory "
        "with ca.pem, cert.pem and key.pem",
        what, path, std::strerror(errno == 0 ? EIO : errno));
  }
  if (text.find("-----BEGIN ") == std::string::npos) {
    return MakeStatus(absl::StatusCode::kPermissionDenied,
                      "the {} {} is not a PEM file; --tls-dir or MUSTER_TLS_DIR names the "
                      "directory of those that are",
                      what, path);
  }
  return text;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> OperatorCredentials(
    const std::string& tls_dir) {
  if (tls_dir.empty()) {
    return MakeStatus(
        absl::StatusCode::kInvalidArgument,
        "no certificate was named; give --tls-dir DIR or set MUSTER_TLS_DIR, where DIR "
        "holds ca.pem, cert.pem and key.pem");
  }
  const auto ca = ReadPem(tls_dir + "/ca.pem", "CA's certificate");
  MUSTER_RETURN_IF_ERROR(ca.status());
  const auto cert = ReadPem(tls_dir + "/cert.pem", "operator's certificate");
  MUSTER_RETURN_IF_ERROR(cert.status());
  const auto key = ReadPem(tls_dir + "/key.pem", "operator's key");
  MUSTER_RETURN_IF_ERROR(key.status());

  using grpc::experimental::IdentityKeyCertPair;
  using grpc::experimental::StaticDataCertificateProvider;
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::make_shared<StaticDataCertificateProvider>(
      *ca, std::vector<IdentityKeyCertPair>{{*key, *cert}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<ControllerVerifier>());
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace muster::cli
