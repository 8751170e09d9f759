#include "tests/fakes/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace muster {
namespace {

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "test certificates: %s failed\n", what);
  std::abort();
}

long Seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::string ReadAll(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, size);
  BIO_free(bio);
  return text;
}

std::string CertificatePem(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  Check(PEM_write_bio_X509(bio, certificate) == 1, "write certificate");
  return ReadAll(bio);
}

std::string KeyPem(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  Check(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "write key");
  return ReadAll(bio);
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Check(extension != nullptr, value.c_str());
  Check(X509_add_ext(certificate, extension, -1) == 1, "add extension");
  X509_EXTENSION_free(extension);
}

// A certificate without issuer, extensions and signature.
X509* NewCertificate(EVP_PKEY* key, const std::string& common_name, Duration not_before,
                     Duration not_after) {
  X509* certificate = X509_new();
  Check(certificate != nullptr, "new certificate");
  X509_set_version(certificate, 2);  // counts from 0: v3
  uint32_t serial = 0;
  Check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), Seconds(not_before));
  X509_gmtime_adj(X509_getm_notAfter(certificate), Seconds(not_after));
  X509_set_pubkey(certificate, key);
  Check(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                                   -1, 0) == 1,
        "subject");
  return certificate;
}

std::string AlternativeNames(const Leaf& leaf) {
  std::string names;
  const auto add = [&names](const char* kind, const std::vector<std::string>& values) {
    for (const std::string& value : values)
      names += (names.empty() ? "" : ",") + std::string(kind) + ":" + value;
  };
  add("URI", leaf.uris);
  add("DNS", leaf.dns_names);
  add("IP", leaf.ip_addresses);
  return names;
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  Check(file.good(), path.c_str());
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = std::filesystem::temp_directory_path() / "muster-test-XXXXXX";
  Check(mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestCa::TestCa(const std::string& common_name) {
  key_ = EVP_EC_gen("P-256");
  Check(key_ != nullptr, "make a key");
  certificate_ = NewCertificate(key_, common_name, -60min, 48 * 60min);
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  AddExtension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate_, certificate_, NID_subject_key_identifier, "hash");
  Check(X509_sign(certificate_, key_, EVP_sha256()) > 0, "sign");
  pem_ = CertificatePem(certificate_);
}

TestCa::~TestCa() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TestCa::Issued TestCa::Issue(const Leaf& leaf) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  Check(key != nullptr, "make a key");
  X509* certificate = NewCertificate(key, leaf.common_name, leaf.not_before, leaf.not_after);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  AddExtension(certificate, certificate_, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate, certificate_, NID_ext_key_usage, "serverAuth,clientAuth");
  AddExtension(certificate, certificate_, NID_authority_key_identifier, "keyid");
  if (const std::string names = AlternativeNames(leaf); !names.empty())
    AddExtension(certificate, certificate_, NID_subject_alt_name, names);
  Check(X509_sign(certificate, key_, EVP_sha256()) > 0, "sign");
  Issued issued{CertificatePem(certificate), KeyPem(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return issued;
}

void TestCa::WriteTlsDir(const std::string& directory, const Leaf& leaf) const {
  std::filesystem::create_directories(directory);
  const Issued issued = Issue(leaf);
  WriteFile(directory + "/ca.pem", pem_);
  WriteFile(directory + "/cert.pem", issued.certificate_pem);
  WriteFile(directory + "/key.pem", issued.key_pem);
}

}  // namespace muster
