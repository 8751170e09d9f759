#include "controller/pki/pki.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "controller/pki/build.h"
#include "controller/pki/certificate.h"
#include "controller/pki/files.h"
#include "controller/pki/openssl.h"

namespace muster {
namespace {

constexpr char kCaFile[] = "ca.pem";
constexpr char kCaKeyFile[] = "ca-key.pem";
constexpr char kCertificateFile[] = "cert.pem";
constexpr char kKeyFile[] = "key.pem";

constexpr mode_t kPublic = 0644;
constexpr mode_t kSecret = 0600;

// DNS allows no longer name (RFC 1035, 2.3.4, without the length bytes).
constexpr size_t kMaxHostBytes = 253;

std::string Join(const std::string& dir, const char* file) { return dir + "/" + file; }

std::chrono::sys_seconds Now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What is safe in a URI, as a directory and in a host name.
bool IsPlainName(const std::string& name, size_t max_bytes) {
  if (name.empty() || name.size() > max_bytes || !IsAlphanumeric(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

absl::Status CheckSans(const std::vector<std::string>& sans) {
  if (sans.size() > kMaxSans)
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "{} host names and addresses are more than {}", sans.size(), kMaxSans);
  for (const std::string& san : sans) {
    if (openssl::IsAddress(san)) continue;
    if (!IsPlainName(san, kMaxHostBytes) || san.find("..") != std::string::npos)
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "'{}' is neither a host name nor an IP address", san);
  }
  return absl::OkStatus();
}

const std::string& PatternOf(Role role, const IdentityPatterns& patterns) {
  switch (role) {
    case Role::kController:
      return patterns.controller;
    case Role::kAgent:
      return patterns.agent;
    case Role::kOperator:
      return patterns.operator_;
  }
  return patterns.agent;
}

// An agent's certificate must not do as a controller's: who has one could then play the controller to all others.
std::string UsageOf(Role role) { return role == Role::kController ? "serverAuth" : "clientAuth"; }

struct PemPair {
  std::string certificate;
  std::string key;
};

// A new key and its certificate. Without an issuer it is its own.
absl::StatusOr<PemPair> MakePair(const openssl::CertificatePlan& plan, X509* issuer,
                                 EVP_PKEY* issuer_key) {
  const absl::StatusOr<openssl::Key> key = openssl::MakeKey();
  if (!key.ok()) return key.status();
  const absl::StatusOr<openssl::Certificate> certificate = openssl::MakeCertificate(
      plan, key->get(), issuer, issuer == nullptr ? key->get() : issuer_key);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> certificate_pem = openssl::ToPem(certificate->get());
  if (!certificate_pem.ok()) return certificate_pem.status();
  absl::StatusOr<std::string> key_pem = openssl::ToPem(key->get());
  if (!key_pem.ok()) return key_pem.status();
  return PemPair{*std::move(certificate_pem), *std::move(key_pem)};
}

// Fails if Issue must not write to `dir` for the identity `uri`.
absl::Status CheckTarget(const std::string& dir, const std::string& uri,
                         const std::string& ca_pem) {
  const auto refuse = [&](const std::string& what) {
    return MakeStatus(absl::StatusCode::kAlreadyExists,
                      "{} has {}: give another directory, or remove it first", dir, what);
  };
  if (Exists(Join(dir, kCaKeyFile))) return refuse("the key of a CA, which stays where it is");
  if (Exists(Join(dir, kCaFile))) {
    const absl::StatusOr<std::string> ca = ReadFile(Join(dir, kCaFile));
    if (!ca.ok()) return ca.status();
    if (*ca != ca_pem) return refuse("the certificate of another CA (ca.pem)");
  }
  if (!Exists(Join(dir, kCertificateFile))) {
    if (Exists(Join(dir, kKeyFile))) return refuse("a key without a certificate (key.pem)");
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> pem = ReadFile(Join(dir, kCertificateFile));
  if (!pem.ok()) return pem.status();
  const absl::StatusOr<CertificateInfo> present = ReadCertificate(*pem);
  if (!present.ok()) return refuse("a cert.pem that cannot be read");
  if (present->uris != std::vector<std::string>{uri})
    return refuse(fmt::format("the certificate of another identity ({})", present->subject));
  return absl::OkStatus();
}

}  // namespace

std::string Name(Role role) {
  switch (role) {
    case Role::kController:
      return "controller";
    case Role::kAgent:
      return "agent";
    case Role::kOperator:
      return "operator";
  }
  return "unknown";
}

absl::StatusOr<Role> RoleFromName(const std::string& name) {
  for (const Role role : {Role::kController, Role::kAgent, Role::kOperator}) {
    if (Name(role) == name) return role;
  }
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "role '{}': must be controller, agent or operator", name);
}

absl::Status InitCa(const std::string& dir) {
  for (const char* file : {kCaFile, kCaKeyFile}) {
    if (Exists(Join(dir, file)))
      return MakeStatus(absl::StatusCode::kAlreadyExists,
                        "{} is there already: a new CA would make every certificate of the old one "
                        "worthless; give another directory",
                        Join(dir, file));
  }
  const absl::StatusOr<PemPair> pair = MakePair({.common_name = "Muster CA",
                                                 .not_before = Now() - kBackdated,
                                                 .not_after = Now() + kCaValidFor,
                                                 .is_ca = true},
                                                nullptr, nullptr);
  if (!pair.ok()) return pair.status();
  MUSTER_RETURN_IF_ERROR(MakePrivateDir(dir));
  // The key first: of two that run at once, one makes both files.
  MUSTER_RETURN_IF_ERROR(CreateFile(Join(dir, kCaKeyFile), pair->key, kSecret));
  return CreateFile(Join(dir, kCaFile), pair->certificate, kPublic);
}

struct CertificateAuthority::Signer {
  openssl::Certificate certificate;
  openssl::Key key;
  std::string pem;
  std::chrono::sys_seconds not_after;
  IdentityPatterns patterns;
};

CertificateAuthority::CertificateAuthority(std::unique_ptr<Signer> signer)
    : signer_(std::move(signer)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

absl::StatusOr<CertificateAuthority> CertificateAuthority::Load(const std::string& dir,
                                                                IdentityPatterns patterns) {
  for (const std::string* pattern : {&patterns.agent, &patterns.controller, &patterns.operator_})
    MUSTER_RETURN_IF_ERROR(CheckPattern(*pattern));
  absl::StatusOr<std::string> pem = ReadFile(Join(dir, kCaFile));
  if (!pem.ok()) return pem.status();
  const absl::StatusOr<std::string> key_pem = ReadFile(Join(dir, kCaKeyFile));
  if (!key_pem.ok()) return key_pem.status();
  absl::StatusOr<openssl::Certificate> certificate =
      openssl::CertificateFromPem(*pem, Join(dir, kCaFile));
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<openssl::Key> key = openssl::KeyFromPem(*key_pem, Join(dir, kCaKeyFile));
  if (!key.ok()) return key.status();
  if (X509_check_private_key(certificate->get(), key->get()) != 1)
    return openssl::Error(absl::StatusCode::kFailedPrecondition,
                          fmt::format("{} is not the key of {}", Join(dir, kCaKeyFile), kCaFile));
  const absl::StatusOr<CertificateInfo> info = ReadCertificate(*pem);
  if (!info.ok()) return info.status();
  if (info->not_after <= Now())
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "{} has expired", Join(dir, kCaFile));
  return CertificateAuthority(std::make_unique<Signer>(Signer{
      *std::move(certificate), *std::move(key), *std::move(pem), info->not_after, patterns}));
}

absl::Status CertificateAuthority::Issue(const IssueRequest& request,
                                         const std::string& out_dir) const {
  const std::string name = request.role == Role::kAgent ? LowerCase(request.name) : request.name;
  if (!IsPlainName(name, kMaxPkiNameBytes))
    return MakeStatus(
        absl::StatusCode::kInvalidArgument,
        "name '{}': must be 1 to {} letters, digits, '.', '_' and '-', and begin with "
        "a letter or digit",
        request.name, kMaxPkiNameBytes);
  MUSTER_RETURN_IF_ERROR(CheckSans(request.sans));
  if (request.valid_for <= std::chrono::seconds(0))
    return MakeStatus(absl::StatusCode::kInvalidArgument, "a certificate is valid for some time");
  const std::string uri = UriFor(PatternOf(request.role, signer_->patterns), name);
  MUSTER_RETURN_IF_ERROR(CheckTarget(out_dir, uri, signer_->pem));

  const auto valid_for = std::min<std::chrono::seconds>(request.valid_for, kCaValidFor);
  const absl::StatusOr<PemPair> pair =
      MakePair({.common_name = name,
                .not_before = Now() - kBackdated,
                .not_after = std::min(Now() + valid_for, signer_->not_after),
                .usage = UsageOf(request.role),
                .uris = {uri},
                .hosts = request.sans},
               signer_->certificate.get(), signer_->key.get());
  if (!pair.ok()) return pair.status();

  MUSTER_RETURN_IF_ERROR(MakePrivateDir(out_dir));
  MUSTER_RETURN_IF_ERROR(ReplaceFile(Join(out_dir, kCaFile), signer_->pem, kPublic));
  MUSTER_RETURN_IF_ERROR(ReplaceFile(Join(out_dir, kCertificateFile), pair->certificate, kPublic));
  return ReplaceFile(Join(out_dir, kKeyFile), pair->key, kSecret);
}

}  // namespace muster
