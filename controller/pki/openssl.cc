#include "controller/pki/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

namespace muster::openssl {
namespace {

// Without it a key with a passphrase would ask the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace

absl::Status Error(absl::StatusCode code, const std::string& what) {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (error == 0) return MakeStatus(code, "{}: OpenSSL gives no reason", what);
  std::array<char, 256> text{};
  ERR_error_string_n(error, text.data(), text.size());
  return MakeStatus(code, "{}: {}", what, text.data());
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

absl::StatusOr<std::string> ToPem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1)
    return Error(absl::StatusCode::kInternal, "write certificate as PEM");
  return TextOf(bio.get());
}

absl::StatusOr<std::string> ToPem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr ||
      PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return Error(absl::StatusCode::kInternal, "write key as PEM");
  return TextOf(bio.get());
}

absl::StatusOr<Certificate> CertificateFromPem(const std::string& pem, const std::string& what) {
  const Bio bio = Reader(pem);
  if (bio == nullptr) return Error(absl::StatusCode::kInternal, "read " + what);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
  if (certificate == nullptr) return Error(absl::StatusCode::kInvalidArgument, "read " + what);
  return certificate;
}

absl::StatusOr<Key> KeyFromPem(const std::string& pem, const std::string& what) {
  const Bio bio = Reader(pem);
  if (bio == nullptr) return Error(absl::StatusCode::kInternal, "read " + what);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Error(absl::StatusCode::kInvalidArgument, "read " + what);
  return key;
}

}  // namespace muster::openssl
