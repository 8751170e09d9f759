// OpenSSL's objects as values that free themselves, and its errors as Statuses. For this room only.
#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "common/status.h"

namespace muster::openssl {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using BigNumber = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using GeneralName = std::unique_ptr<GENERAL_NAME, Free<GENERAL_NAME_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;

// "sign certificate of x1: error:0A0000…", from the last of OpenSSL's errors of this thread, all of which it forgets.
absl::Status Error(absl::StatusCode code, const std::string& what);

// What has been written to a memory BIO.
std::string TextOf(BIO* bio);

absl::StatusOr<std::string> ToPem(X509* certificate);
absl::StatusOr<std::string> ToPem(EVP_PKEY* key);
// `what` names the text in the error.
absl::StatusOr<Certificate> CertificateFromPem(const std::string& pem, const std::string& what);
absl::StatusOr<Key> KeyFromPem(const std::string& pem, const std::string& what);

}  // namespace muster::openssl
