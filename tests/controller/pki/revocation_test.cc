#include "controller/pki/revocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

#include "tests/controller/pki/pki_dir.h"

namespace muster {
namespace {

using testing::HasSubstr;

class Revocation : public PkiDir {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Issue({.name = "x1"}, "x1").ok());
    ASSERT_TRUE(Issue({.name = "x10"}, "x10").ok());
    x1_ = InfoOf("x1/cert.pem");
    x10_ = InfoOf("x10/cert.pem");
  }

  absl::StatusOr<RevocationList> Read(const std::string& text) {
    std::ofstream(At("revoked")) << text;
    return RevocationList::Read(At("revoked"));
  }

  // x1 is revoked by `text`, and x10 is not.
  void ExpectRevokesX1Only(const std::string& text) {
    const absl::StatusOr<RevocationList> list = Read(text);
    ASSERT_TRUE(list.ok()) << text << ": " << list.status();
    EXPECT_TRUE(list->IsRevoked(x1_)) << text;
    EXPECT_FALSE(list->IsRevoked(x10_)) << text;
  }

  CertificateInfo x1_;
  CertificateInfo x10_;
};

// "AB:CD", as openssl shows digits.
std::string WithColons(const std::string& digits) {
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 2 == 0) text.push_back(':');
    text.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(digits[i]))));
  }
  return text;
}

TEST_F(Revocation, NamesACertificateByUriSerialOrFingerprint) {
  ExpectRevokesX1Only("spiffe://muster/agent/x1\n");
  ExpectRevokesX1Only("SPIFFE://muster/agent/X1");
  ExpectRevokesX1Only(x1_.serial + "\n");
  ExpectRevokesX1Only("00" + x1_.serial);
  ExpectRevokesX1Only("sha256:" + x1_.sha256);
  ExpectRevokesX1Only("sha256:" + WithColons(x1_.sha256) + "\r\n");
  ExpectRevokesX1Only("# stolen\n\n  spiffe://muster/agent/x1  # from the lab\n\t# end\n");
}

TEST_F(Revocation, NoEntryRevokesNothing) {
  EXPECT_FALSE(RevocationList().IsRevoked(x1_));
  const absl::StatusOr<RevocationList> empty = Read("");
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->size(), 0u);
  EXPECT_FALSE(empty->IsRevoked(x1_));
}

TEST_F(Revocation, AMissingFileIsNotFound) {
  EXPECT_EQ(RevocationList::Read(At("nowhere")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(Revocation, AWrongLineIsAnErrorWithItsNumber) {
  for (const std::string& wrong :
       {std::string("x1"), std::string("sha256:abcd"), "md5:" + x1_.sha256, x1_.sha256,
        std::string("spiffe://muster/agent/x1 x10"), std::string(":"), std::string("sha256:")}) {
    const absl::Status status = Read("# first\n" + wrong + "\n").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_THAT(Message(status), HasSubstr("revoked:2: must be a URI")) << wrong;
  }
}

}  // namespace
}  // namespace muster
