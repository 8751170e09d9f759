// A small certificate authority, for tests and for sites that have none of their own: one self-signed CA in a directory, and
// certificates of agents, controllers and operators signed by it. All keys are EC P-256.
//
// Blocking file and key work: for command lines and tests, one thread for each object. Every failure is a Status with what OpenSSL or the
// file system said.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/identity.h"
#include "common/status.h"

namespace muster {

// How long a certificate is good for.
inline constexpr std::chrono::hours kCaValidFor{24 * 3650};
inline constexpr std::chrono::hours kLeafValidFor{24 * 365};
// Certificates begin this much in the past, so that a node whose clock is behind takes them.
inline constexpr std::chrono::minutes kBackdated{5};
// Host names and addresses of one certificate.
inline constexpr size_t kMaxSans = 100;
// X.509 allows no longer common name (ub-common-name of RFC 5280).
inline constexpr size_t kMaxPkiNameBytes = 64;

enum class Role { kController, kAgent, kOperator };

// "controller", "agent", "operator".
std::string Name(Role role);
absl::StatusOr<Role> RoleFromName(const std::string& name);

struct IssueRequest {
  Role role = Role::kAgent;
  std::string name = {};  // an agent's is its xname, in any case
  std::vector<std::string> sans =
      {};  // host names and IP addresses; what peers dial a controller by
  std::chrono::seconds valid_for = kLeafValidFor;
};

// Makes the directory if it is missing, and in it ca.pem and ca-key.pem (mode 0600). ALREADY_EXISTS if either is there.
absl::Status InitCa(const std::string& dir);

class CertificateAuthority {
 public:
  // Reads what InitCa wrote. NOT_FOUND if there is none, FAILED_PRECONDITION if key and certificate do not belong together or
  // the certificate has expired.
  static absl::StatusOr<CertificateAuthority> Load(const std::string& dir,
                                                   IdentityPatterns patterns = {});

  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
  ~CertificateAuthority();

  // Writes ca.pem, cert.pem and key.pem (mode 0600) to `out_dir`, which is made with mode 0700 if it is missing. The certificate's
  // URI name is that of the role and name; it ends no later than the CA's.
  //
  // INVALID_ARGUMENT for names that cannot be. ALREADY_EXISTS if the directory holds anything of another identity or CA, or
  // a CA's key; the same identity is renewed in place. Each file is replaced whole, the certificate before its key: who is
  // interrupted between them issues again, and a daemon that reads a pair that does not match tries again.
  absl::Status Issue(const IssueRequest& request, const std::string& out_dir) const;

 private:
  struct Signer;
  explicit CertificateAuthority(std::unique_ptr<Signer> signer);
  std::unique_ptr<Signer> signer_;
};

}  // namespace muster
