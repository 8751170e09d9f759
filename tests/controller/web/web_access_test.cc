// Who may look at the web port.
#include "controller/web/web_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "common/time.h"

namespace muster {
namespace {

using testing::HasSubstr;

constexpr char kToken[] = "0123456789abcdefghijklmnopqrstuv";

class WebAccessTest : public testing::Test {
 protected:
  bool MayLook(const std::string& authorization) const {
    WebRequest request;
    request.authorization = authorization;
    return access_.Check(request).ok();
  }
  static WebRequest With(const std::string& uri, std::chrono::seconds left) {
    WebRequest request;
    request.certificate = CertificateInfo();
    request.certificate->uris = {uri};
    request.certificate->not_after =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + left;
    return request;
  }

  bool is_revoked_ = false;
  WebAccess access_{IdentityPatterns(), [this](const CertificateInfo&) { return is_revoked_; },
                    kToken};
};

TEST_F(WebAccessTest, TheTokenOpensInBothSchemes) {
  EXPECT_TRUE(MayLook(std::string("Bearer ") + kToken));
  EXPECT_TRUE(MayLook(std::string("bEARER ") + kToken));
  // "anybody:" and "a:" before it, with each length of padding.
  EXPECT_TRUE(MayLook("Basic YW55Ym9keTowMTIzNDU2Nzg5YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg=="));
  EXPECT_TRUE(MayLook("Basic YTowMTIzNDU2Nzg5YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg=="));
  EXPECT_TRUE(MayLook("Basic OjAxMjM0NTY3ODlhYmNkZWZnaGlqa2xtbm9wcXJzdHV2"));
}

TEST_F(WebAccessTest, NothingElseDoes) {
  for (const std::string& wrong :
       {std::string(), std::string("Bearer"), std::string("Bearer "), std::string("Bearer x"),
        std::string("Bearer ") + kToken + "x", std::string("Basic ") + kToken,
        std::string("Basic !!!!"), std::string("Basic "), std::string("Basic Og=="),
        std::string("Basic ===="), std::string("Digest ") + kToken})
    EXPECT_FALSE(MayLook(wrong)) << wrong;
  const WebAccess no_token(IdentityPatterns(), nullptr, "");
  WebRequest request;
  request.authorization = "Bearer ";
  EXPECT_THAT(no_token.Check(request).message(), HasSubstr("an operator's certificate is needed"));
}

TEST_F(WebAccessTest, AnOperatorsCertificateOpensWhileItCounts) {
  const std::string operator_uri = "spiffe://muster/operator/alice";
  EXPECT_TRUE(access_.Check(With(operator_uri, 1h)).ok());
  EXPECT_FALSE(access_.Check(With(operator_uri, -1s)).ok()) << "expired";
  EXPECT_FALSE(access_.Check(With("spiffe://muster/agent/x1", 1h)).ok());
  is_revoked_ = true;
  EXPECT_FALSE(access_.Check(With(operator_uri, 1h)).ok());
}

TEST(WebToken, IsOneLineThatCannotBeGuessed) {
  std::string pattern = testing::TempDir() + "muster_token_XXXXXX";
  const std::string dir = mkdtemp(pattern.data());
  const auto read = [&dir](const std::string& text) {
    std::ofstream(dir + "/token") << text;
    return ReadToken(dir + "/token");
  };
  EXPECT_EQ(*read(std::string(kToken) + "\n"), kToken);
  EXPECT_THAT(read("secret\n").status().message(), HasSubstr("openssl rand"));
  EXPECT_FALSE(read("").ok());
  EXPECT_FALSE(read(std::string(kToken) + "\nsecond line\n").ok());
  EXPECT_FALSE(read(std::string(600, 'x')).ok());
  EXPECT_THAT(ReadToken(dir + "/none").status().message(), HasSubstr("none"));
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace muster
