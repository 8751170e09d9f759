#include "tests/controller/edge/test_pki.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace muster {
namespace {

template <typename Write>
std::string Pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

void AddExtension(X509* certificate, int id, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void SetName(X509_NAME* name, const std::string& common_name) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
}

}  // namespace

TestPki::TestPki() {
  std::string pattern = ::testing::TempDir() + "muster_pki_XXXXXX";
  dir_ = mkdtemp(pattern.data());
  ca_ = Sign("test authority", "", std::chrono::hours(1), true);
}

TestPki::~TestPki() {
  EVP_PKEY_free(ca_key_);
  X509_free(ca_certificate_);
  std::filesystem::remove_all(dir_);
}

TestCertificate TestPki::Issue(const std::string& uri, Duration lifetime) {
  return Sign("peer", uri, lifetime, false);
}

TestCertificate TestPki::Sign(const std::string& common_name, const std::string& uri,
                              Duration lifetime, bool is_ca) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), next_serial_++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(lifetime / 1s));
  X509_set_pubkey(certificate, key);
  SetName(X509_get_subject_name(certificate), common_name);
  SetName(X509_get_issuer_name(certificate), "test authority");
  if (is_ca) {
    AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    AddExtension(certificate, NID_subject_alt_name,
                 "DNS:localhost" + (uri.empty() ? "" : ",URI:" + uri));
  }
  X509_sign(certificate, is_ca ? key : ca_key_, EVP_sha256());
  TestCertificate result;
  result.cert_pem = Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  result.key_pem = Pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (is_ca) {
    ca_key_ = key;
    ca_certificate_ = certificate;
  } else {
    EVP_PKEY_free(key);
    X509_free(certificate);
  }
  return result;
}

std::string TestPki::MakeTlsDir(const std::string& name, const TestCertificate& certificate) {
  const std::string path = dir_ + "/" + name;
  std::filesystem::create_directory(path);
  std::ofstream(path + "/ca.pem") << ca_.cert_pem;
  std::ofstream(path + "/cert.pem") << certificate.cert_pem;
  std::ofstream(path + "/key.pem") << certificate.key_pem;
  return path;
}

std::shared_ptr<grpc::ChannelCredentials> TestPki::ClientCredentials(
    const TestCertificate& certificate) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ca_.cert_pem;
  options.pem_cert_chain = certificate.cert_pem;
  options.pem_private_key = certificate.key_pem;
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> TestPki::ClientCredentialsWithoutCertificate() {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ca_.cert_pem;
  return grpc::SslCredentials(options);
}

}  // namespace muster
