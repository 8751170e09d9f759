// A certificate authority in a temporary directory, for tests with real TLS.
#pragma once

#include <grpcpp/security/credentials.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/time.h"

namespace muster {

struct TestCertificate {
  std::string cert_pem;
  std::string key_pem;
};

class TestPki {
 public:
  TestPki();
  ~TestPki();

  // With one URI name; an empty one leaves the certificate without. All are good for "localhost", as a server, too.
  TestCertificate Issue(const std::string& uri, Duration lifetime = std::chrono::hours(1));
  const std::string& ca_pem() const { return ca_.cert_pem; }

  // A directory with ca.pem, cert.pem and key.pem; gone with this object.
  std::string MakeTlsDir(const std::string& name, const TestCertificate& certificate);

  // Of a client that trusts this authority.
  std::shared_ptr<grpc::ChannelCredentials> ClientCredentials(const TestCertificate& certificate);
  std::shared_ptr<grpc::ChannelCredentials> ClientCredentialsWithoutCertificate();

 private:
  TestCertificate Sign(const std::string& common_name, const std::string& uri, Duration lifetime,
                       bool is_ca);

  std::string dir_;
  EVP_PKEY* ca_key_ = nullptr;
  X509* ca_certificate_ = nullptr;
  int64_t next_serial_ = 1;
  TestCertificate ca_;
};

}  // namespace muster
