#include "controller/pki/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "controller/pki/certificate.h"
#include "controller/pki/openssl.h"
#include "tests/controller/pki/pki_dir.h"

namespace muster {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

using Pki = PkiDir;

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

openssl::Certificate Parsed(const std::string& pem) {
  absl::StatusOr<openssl::Certificate> certificate = openssl::CertificateFromPem(pem, "test");
  EXPECT_TRUE(certificate.ok()) << certificate.status();
  return certificate.ok() ? *std::move(certificate) : nullptr;
}

// What X509_verify_cert says of `leaf` under `ca` for `purpose`.
int Verified(const std::string& leaf, const std::string& ca, int purpose) {
  const openssl::Certificate leaf_certificate = Parsed(leaf);
  const openssl::Certificate ca_certificate = Parsed(ca);
  const std::unique_ptr<X509_STORE, openssl::Free<X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca_certificate.get());
  const std::unique_ptr<X509_STORE_CTX, openssl::Free<X509_STORE_CTX_free>> context(
      X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf_certificate.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

TEST_F(Pki, TheChainVerifiesForWhatTheRoleDoesAndNothingElse) {
  ASSERT_TRUE(Issue({.role = Role::kAgent, .name = "x1"}, "agent").ok());
  ASSERT_TRUE(Issue({.role = Role::kController, .name = "musterd"}, "controller").ok());
  ASSERT_TRUE(Issue({.role = Role::kOperator, .name = "alice"}, "operator").ok());
  const std::string ca = TextOf("ca/ca.pem");
  for (const char* client : {"agent/cert.pem", "operator/cert.pem"}) {
    EXPECT_EQ(Verified(TextOf(client), ca, X509_PURPOSE_SSL_CLIENT), X509_V_OK) << client;
    EXPECT_EQ(Verified(TextOf(client), ca, X509_PURPOSE_SSL_SERVER), X509_V_ERR_INVALID_PURPOSE);
  }
  const std::string controller = TextOf("controller/cert.pem");
  EXPECT_EQ(Verified(controller, ca, X509_PURPOSE_SSL_SERVER), X509_V_OK);
  EXPECT_EQ(Verified(controller, ca, X509_PURPOSE_SSL_CLIENT), X509_V_ERR_INVALID_PURPOSE);

  ASSERT_TRUE(InitCa(At("other")).ok());
  EXPECT_NE(Verified(controller, TextOf("other/ca.pem"), X509_PURPOSE_SSL_SERVER), X509_V_OK);
  // A leaf signs nothing.
  EXPECT_NE(Verified(TextOf("agent/cert.pem"), controller, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
}

TEST_F(Pki, TheIdentityIsTheUriOfRoleAndName) {
  ASSERT_TRUE(Issue({.role = Role::kAgent, .name = "X1000c0s0b0n0"}, "agent").ok());
  ASSERT_TRUE(Issue({.role = Role::kOperator, .name = "Alice"}, "operator").ok());
  const CertificateInfo agent = InfoOf("agent/cert.pem");
  EXPECT_THAT(agent.uris, ElementsAre("spiffe://muster/agent/x1000c0s0b0n0"));
  EXPECT_EQ(agent.subject, "CN=x1000c0s0b0n0,O=Muster");
  EXPECT_THAT(agent.serial, MatchesRegex("[1-9a-f][0-9a-f]*"));
  EXPECT_THAT(agent.sha256, MatchesRegex("[0-9a-f]*"));
  EXPECT_EQ(agent.sha256.size(), 64u);
  EXPECT_THAT(InfoOf("operator/cert.pem").uris, ElementsAre("spiffe://muster/operator/Alice"));
  EXPECT_NE(InfoOf("operator/cert.pem").serial, agent.serial);
}

TEST_F(Pki, OtherPatternsGiveOtherUris) {
  ASSERT_TRUE(InitCa(At("ca")).ok());
  IdentityPatterns patterns;
  patterns.agent = "spiffe://shasta/compute/<name>";
  const auto ca = CertificateAuthority::Load(At("ca"), patterns);
  ASSERT_TRUE(ca.ok()) << ca.status();
  ASSERT_TRUE(ca->Issue({.name = "x1"}, At("x1")).ok());
  EXPECT_THAT(InfoOf("x1/cert.pem").uris, ElementsAre("spiffe://shasta/compute/x1"));
  patterns.agent = "nonsense";
  EXPECT_EQ(CertificateAuthority::Load(At("ca"), patterns).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(Pki, HostNamesAndAddressesAreEachOfTheirKind) {
  ASSERT_TRUE(Issue({.role = Role::kController,
                     .name = "musterd",
                     .sans = {"localhost", "10.252.1.4", "::1", "api-gw.local"}},
                    "controller")
                  .ok());
  const openssl::Certificate certificate = Parsed(TextOf("controller/cert.pem"));
  for (const char* host : {"localhost", "api-gw.local"})
    EXPECT_EQ(X509_check_host(certificate.get(), host, 0, 0, nullptr), 1) << host;
  for (const char* address : {"10.252.1.4", "::1"})
    EXPECT_EQ(X509_check_ip_asc(certificate.get(), address, 0), 1) << address;
  EXPECT_EQ(X509_check_host(certificate.get(), "10.252.1.4", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_host(certificate.get(), "musterd", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                            nullptr),
            0);
}

TEST_F(Pki, ValidityIsAsAskedForWithinTheCas) {
  const auto before = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  ASSERT_TRUE(Issue({.name = "a", .valid_for = 2h}, "a").ok());
  ASSERT_TRUE(Issue({.name = "b", .valid_for = 24h * 36500}, "b").ok());
  const auto after = std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now());
  EXPECT_GE(InfoOf("a/cert.pem").not_after, before + 2h);
  EXPECT_LE(InfoOf("a/cert.pem").not_after, after + 2h);
  EXPECT_EQ(InfoOf("b/cert.pem").not_after, InfoOf("ca/ca.pem").not_after);
  EXPECT_FALSE(Issue({.name = "c", .valid_for = 0s}, "c").ok());
}

TEST_F(Pki, OnlyTheOwnerReadsKeys) {
  ASSERT_TRUE(Issue({.name = "x1"}, "made/for/x1/").ok());
  EXPECT_EQ(ModeOf(At("ca")), 0700u);
  EXPECT_EQ(ModeOf(At("ca/ca-key.pem")), 0600u);
  EXPECT_EQ(ModeOf(At("ca/ca.pem")), 0644u);
  EXPECT_EQ(ModeOf(At("made/for/x1")), 0700u);
  EXPECT_EQ(ModeOf(At("made/for/x1/key.pem")), 0600u);
  EXPECT_EQ(ModeOf(At("made/for/x1/cert.pem")), 0644u);
  EXPECT_EQ(TextOf("made/for/x1/ca.pem"), TextOf("ca/ca.pem"));
}

TEST_F(Pki, ACaIsNeverOverwritten) {
  ASSERT_TRUE(InitCa(At("ca")).ok());
  const std::string ca = TextOf("ca/ca.pem");
  EXPECT_EQ(InitCa(At("ca")).code(), absl::StatusCode::kAlreadyExists);
  std::filesystem::remove(At("ca/ca.pem"));
  EXPECT_EQ(InitCa(At("ca")).code(), absl::StatusCode::kAlreadyExists);
  std::ofstream(At("ca/ca.pem")) << ca;
  const absl::Status status = Issue({.name = "x1"}, "ca");
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(status), HasSubstr("the key of a CA"));
}

TEST_F(Pki, AnIdentityIsRenewedInPlaceButNeverByAnother) {
  ASSERT_TRUE(Issue({.name = "x1"}, "tls").ok());
  const std::string first = InfoOf("tls/cert.pem").serial;
  const std::string first_key = TextOf("tls/key.pem");

  ASSERT_TRUE(Issue({.name = "x1"}, "tls").ok());
  EXPECT_NE(InfoOf("tls/cert.pem").serial, first);
  EXPECT_NE(TextOf("tls/key.pem"), first_key);

  const std::string kept = TextOf("tls/cert.pem") + TextOf("tls/key.pem");
  const absl::Status status = Issue({.name = "x2"}, "tls");
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(status), HasSubstr("CN=x1"));
  EXPECT_EQ(Issue({.role = Role::kOperator, .name = "x1"}, "tls").code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(TextOf("tls/cert.pem") + TextOf("tls/key.pem"), kept);

  std::filesystem::remove_all(At("ca"));
  EXPECT_EQ(Issue({.name = "x1"}, "tls").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(TextOf("tls/cert.pem") + TextOf("tls/key.pem"), kept);
}

TEST_F(Pki, AKeyOfUnknownOriginStays) {
  std::filesystem::create_directory(At("tls"));
  std::ofstream(At("tls/key.pem")) << "precious";
  EXPECT_EQ(Issue({.name = "x1"}, "tls").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(TextOf("tls/key.pem"), "precious");
}

TEST_F(Pki, NamesThatCannotBeAreRefused) {
  for (const std::string& name :
       {std::string(), std::string("a/b"), std::string(".."), std::string("-x"), std::string("a b"),
        std::string("a\nb"), std::string(65, 'a')}) {
    EXPECT_EQ(Issue({.name = name}, "out").code(), absl::StatusCode::kInvalidArgument) << name;
  }
  for (const char* san : {"", "a b", "DNS:a,IP:1.2.3.4", "a..b", "*.local", "::g"}) {
    EXPECT_EQ(Issue({.name = "x1", .sans = {san}}, "out").code(),
              absl::StatusCode::kInvalidArgument)
        << san;
  }
  EXPECT_EQ(
      Issue({.name = "x1", .sans = std::vector<std::string>(kMaxSans + 1, "a")}, "out").code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(At("out")));
  EXPECT_FALSE(RoleFromName("Agent").ok());
  EXPECT_EQ(*RoleFromName("agent"), Role::kAgent);
}

TEST_F(Pki, ACaThatIsMissingOrWrongIsSaid) {
  EXPECT_EQ(CertificateAuthority::Load(At("none")).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(InitCa(At("ca")).ok());
  ASSERT_TRUE(InitCa(At("other")).ok());
  std::filesystem::copy_file(At("other/ca-key.pem"), At("ca/ca-key.pem"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(CertificateAuthority::Load(At("ca")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  std::ofstream(At("ca/ca-key.pem")) << "nonsense";
  const absl::Status status = CertificateAuthority::Load(At("ca")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("error:"));
}

TEST_F(Pki, WhatIsNoCertificateIsAnError) {
  EXPECT_EQ(ReadCertificate("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadCertificate(std::string(kMaxCertificateBytes + 1, 'a')).status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(Issue({.name = "x1"}, "x1").ok());
  std::string pem = TextOf("x1/cert.pem");
  pem.erase(pem.size() / 2, 4);
  EXPECT_FALSE(ReadCertificate(pem).ok());
}

}  // namespace
}  // namespace muster
