#include "controller/edge/peer_certificate.h"

#include <grpc/grpc_security_constants.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace muster {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(char* text) const { OPENSSL_free(text); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::vector<std::string> UrisOf(const X509& certificate) {
  std::vector<std::string> uris;
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

std::string SerialOf(const X509& certificate) {
  const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
  const Owned<char> text(number ? BN_bn2hex(number.get()) : nullptr);
  std::string serial = text ? text.get() : "";
  serial.erase(0, std::min(serial.find_first_not_of('0'), serial.size()));
  return serial;
}

}  // namespace

absl::StatusOr<PeerCertificate> ParseCertificate(const std::string& pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Owned<X509> certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)
                                    : nullptr);
  std::tm end{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "the certificate of the peer cannot be read");
  }
  return PeerCertificate{UrisOf(*certificate), SerialOf(*certificate),
                         Time(std::chrono::seconds(timegm(&end)))};
}

absl::StatusOr<PeerCertificate> CertificateOf(const grpc::AuthContext& context) {
  const std::vector<grpc::string_ref> pems =
      context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pems.empty()) {
    return MakeStatus(absl::StatusCode::kUnauthenticated,
                      "the connection has no client certificate");
  }
  return ParseCertificate(std::string(pems.front().data(), pems.front().size()));
}

}  // namespace muster
