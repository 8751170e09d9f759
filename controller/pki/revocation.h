// The list of certificates that no longer count. A text file with one entry a line:
//
//   spiffe://muster/agent/x1000c0s0b0n0   every certificate with this URI name
//   1f9a77c2                              the certificate with this serial number, in hex
//   sha256:9f86d081…                      the certificate with this fingerprint, as openssl x509 -fingerprint -sha256 shows it
//   # a comment
//
// URIs and hex digits are in either case, digits with or without colons. Immutable after reading; any thread.
#pragma once

#include <set>
#include <string>

#include "common/status.h"
#include "controller/pki/certificate.h"

namespace muster {

// Entries of one list: several for each node of the largest fleet.
inline constexpr size_t kMaxRevocations = 100'000;

class RevocationList {
 public:
  // Revokes nothing.
  RevocationList() = default;

  // INVALID_ARGUMENT with file and line for a line that is none of the above: a typing mistake must not leave a stolen
  // certificate valid. NOT_FOUND if there is no file; whether that is an error is for the caller to say.
  static absl::StatusOr<RevocationList> Read(const std::string& path);

  bool IsRevoked(const CertificateInfo& certificate) const;
  size_t size() const { return uris_.size() + serials_.size() + fingerprints_.size(); }

 private:
  // True if the line made sense.
  bool Add(const std::string& entry);

  std::set<std::string> uris_;  // in lower case
  std::set<std::string> serials_;
  std::set<std::string> fingerprints_;
};

}  // namespace muster
