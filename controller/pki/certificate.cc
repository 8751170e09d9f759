#include "controller/pki/certificate.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "controller/pki/openssl.h"

namespace muster {
namespace {

constexpr char kHex[] = "0123456789abcdef";

absl::Status Malformed(const std::string& what) {
  return openssl::Error(absl::StatusCode::kInvalidArgument, "read certificate: " + what);
}

std::vector<std::string> UrisOf(const X509* certificate) {
  std::vector<std::string> uris;
  const openssl::GeneralNames names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

absl::StatusOr<std::chrono::sys_seconds> NotAfterOf(const X509* certificate) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
    return Malformed("its end of validity is no time");
  const std::chrono::year_month_day day(std::chrono::year(tm.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(tm.tm_mon) + 1),
                                        std::chrono::day(static_cast<unsigned>(tm.tm_mday)));
  return std::chrono::sys_days(day) + std::chrono::hours(tm.tm_hour) +
         std::chrono::minutes(tm.tm_min) + std::chrono::seconds(tm.tm_sec);
}

absl::StatusOr<std::string> SubjectOf(const X509* certificate) {
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr ||
      X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0)
    return Malformed("its subject cannot be shown");
  return openssl::TextOf(bio.get());
}

std::string HexOf(const unsigned char* bytes, size_t size) {
  std::string hex;
  for (size_t i = 0; i < size; ++i) {
    hex.push_back(kHex[bytes[i] >> 4]);
    hex.push_back(kHex[bytes[i] & 15]);
  }
  return hex;
}

std::string SerialOf(const X509* certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  std::string hex = HexOf(ASN1_STRING_get0_data(serial), ASN1_STRING_length(serial));
  hex.erase(0, std::min(hex.find_first_not_of('0'), hex.size()));
  return hex.empty() ? "0" : hex;
}

absl::StatusOr<std::string> FingerprintOf(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1)
    return Malformed("it has no fingerprint");
  return HexOf(digest.data(), size);
}

}  // namespace

absl::StatusOr<CertificateInfo> ReadCertificate(const std::string& pem) {
  if (pem.size() > kMaxCertificateBytes)
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "read certificate: {} bytes are more than {}", pem.size(),
                      kMaxCertificateBytes);
  const absl::StatusOr<openssl::Certificate> certificate =
      openssl::CertificateFromPem(pem, "certificate");
  if (!certificate.ok()) return certificate.status();
  const absl::StatusOr<std::chrono::sys_seconds> not_after = NotAfterOf(certificate->get());
  if (!not_after.ok()) return not_after.status();
  absl::StatusOr<std::string> subject = SubjectOf(certificate->get());
  if (!subject.ok()) return subject.status();
  absl::StatusOr<std::string> sha256 = FingerprintOf(certificate->get());
  if (!sha256.ok()) return sha256.status();
  return CertificateInfo{.uris = UrisOf(certificate->get()),
                         .not_after = *not_after,
                         .subject = *std::move(subject),
                         .serial = SerialOf(certificate->get()),
                         .sha256 = *std::move(sha256)};
}

}  // namespace muster
