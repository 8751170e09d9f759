// Makes keys and certificates, in memory. For this room only.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/pki/openssl.h"

namespace muster::openssl {

struct CertificatePlan {
  std::string common_name;
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
  bool is_ca = false;
  std::string usage = {};               // of the extended kind: "clientAuth"
  std::vector<std::string> uris = {};   // URI names
  std::vector<std::string> hosts = {};  // IP addresses become IP names, the rest DNS names
};

// A new EC P-256 key.
absl::StatusOr<Key> MakeKey();

// A certificate of `key`'s public half. `issuer` may be null: the certificate is then its own issuer, and `issuer_key` is `key`.
absl::StatusOr<Certificate> MakeCertificate(const CertificatePlan& plan, EVP_PKEY* key,
                                            X509* issuer, EVP_PKEY* issuer_key);

// True for an IPv4 or IPv6 address.
bool IsAddress(const std::string& host);

}  // namespace muster::openssl
