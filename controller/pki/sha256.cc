#include "controller/pki/sha256.h"

#include <openssl/evp.h>

#include "common/require.h"

namespace muster {

struct Sha256::Context {
  EVP_MD_CTX* const digest = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(digest); }
};

// These fail only without memory, or where OpenSSL has no SHA-256.
Sha256::Sha256() : context_(std::make_unique<Context>()) {
  Require(EVP_DigestInit_ex(context_->digest, EVP_sha256(), nullptr) == 1, "begin a SHA-256",
          "no memory");
}

Sha256::~Sha256() = default;

void Sha256::Add(const std::string& piece) {
  Require(EVP_DigestUpdate(context_->digest, piece.data(), piece.size()) == 1,
          "go on with a SHA-256", "no memory");
}

std::string Sha256::Finish() {
  std::string digest(32, '\0');
  Require(EVP_DigestFinal_ex(context_->digest, reinterpret_cast<unsigned char*>(digest.data()),
                             nullptr) == 1,
          "end a SHA-256", "no memory");
  return digest;
}

}  // namespace muster
