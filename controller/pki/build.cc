#include "controller/pki/build.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/x509.h>

#include <ctime>
#include <utility>

namespace muster::openssl {
namespace {

// RFC 5280, 4.1.2.2: positive and at most 20 octets. 128 random bits cannot repeat or be guessed.
constexpr int kSerialBits = 128;
// X.509 version 3 is written as 2.
constexpr long kVersion3 = 2;

absl::Status Failed(const CertificatePlan& plan, const char* what) {
  return Error(absl::StatusCode::kInternal,
               fmt::format("make certificate of {}: {}", plan.common_name, what));
}

bool SetSerial(X509* certificate) {
  const BigNumber serial(BN_new());
  return serial != nullptr &&
         BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetTime(ASN1_TIME* field, std::chrono::sys_seconds time) {
  return ASN1_TIME_set(field, static_cast<std::time_t>(time.time_since_epoch().count())) != nullptr;
}

bool AddToName(X509_NAME* name, const char* field, const std::string& value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

// `value` is one of our constants, never a name: OpenSSL reads it as configuration.
bool AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Hands `value` over to a new entry of `names`.
bool AddGeneralName(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  if (value == nullptr) return false;
  GeneralName name(GENERAL_NAME_new());
  if (name == nullptr) {
    ASN1_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name.get(), type, value);
  if (sk_GENERAL_NAME_push(names, name.get()) == 0) return false;
  (void)name.release();
  return true;
}

ASN1_STRING* Ia5String(const std::string& text) {
  ASN1_STRING* string = ASN1_IA5STRING_new();
  if (string == nullptr) return nullptr;
  if (ASN1_STRING_set(string, text.data(), static_cast<int>(text.size())) == 1) return string;
  ASN1_STRING_free(string);
  return nullptr;
}

bool AddAlternativeNames(X509* certificate, const CertificatePlan& plan) {
  if (plan.uris.empty() && plan.hosts.empty()) return true;
  const GeneralNames names(sk_GENERAL_NAME_new_null());
  if (names == nullptr) return false;
  for (const std::string& uri : plan.uris) {
    if (!AddGeneralName(names.get(), GEN_URI, Ia5String(uri))) return false;
  }
  for (const std::string& host : plan.hosts) {
    const bool is_added = IsAddress(host)
                              ? AddGeneralName(names.get(), GEN_IPADD, a2i_IPADDRESS(host.c_str()))
                              : AddGeneralName(names.get(), GEN_DNS, Ia5String(host));
    if (!is_added) return false;
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) ==
         1;
}

bool AddExtensions(X509* certificate, X509* issuer, const CertificatePlan& plan) {
  const char* constraints = plan.is_ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE";
  const char* usage = plan.is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
  return AddExtension(certificate, issuer, NID_basic_constraints, constraints) &&
         AddExtension(certificate, issuer, NID_key_usage, usage) &&
         (plan.usage.empty() ||
          AddExtension(certificate, issuer, NID_ext_key_usage, plan.usage.c_str())) &&
         AddExtension(certificate, issuer, NID_subject_key_identifier, "hash") &&
         (plan.is_ca ||
          AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid:always")) &&
         AddAlternativeNames(certificate, plan);
}

}  // namespace

bool IsAddress(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

absl::StatusOr<Key> MakeKey() {
  const KeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) != 1 ||
      EVP_PKEY_keygen(context.get(), &key) != 1)
    return Error(absl::StatusCode::kInternal, "make an EC P-256 key");
  return Key(key);
}

absl::StatusOr<Certificate> MakeCertificate(const CertificatePlan& plan, EVP_PKEY* key,
                                            X509* issuer, EVP_PKEY* issuer_key) {
  Certificate certificate(X509_new());
  if (certificate == nullptr) return Failed(plan, "no memory");
  X509* const x509 = certificate.get();
  if (issuer == nullptr) issuer = x509;

  if (X509_set_version(x509, kVersion3) != 1 || !SetSerial(x509))
    return Failed(plan, "set its serial number");
  if (!SetTime(X509_getm_notBefore(x509), plan.not_before) ||
      !SetTime(X509_getm_notAfter(x509), plan.not_after))
    return Failed(plan, "set its validity");
  X509_NAME* const subject = X509_get_subject_name(x509);
  if (!AddToName(subject, "O", "Muster") || !AddToName(subject, "CN", plan.common_name) ||
      X509_set_issuer_name(x509, X509_get_subject_name(issuer)) != 1)
    return Failed(plan, "set its names");
  if (X509_set_pubkey(x509, key) != 1) return Failed(plan, "set its key");
  if (!AddExtensions(x509, issuer, plan)) return Failed(plan, "add its extensions");
  if (X509_sign(x509, issuer_key, EVP_sha256()) == 0) return Failed(plan, "sign it");
  return certificate;
}

}  // namespace muster::openssl
