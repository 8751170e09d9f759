// gRPC keeps silent about files that it cannot use; musterd does not.
#include "controller/tls_files_look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/log.h"
#include "tests/controller/edge/test_pki.h"

namespace muster {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TlsFilesLook, TellsEachChangeOnce) {
  log::Init("test", log::Level::kInfo);
  TestPki pki;
  const std::string dir = pki.MakeTlsDir("server", pki.Issue("spiffe://muster/controller/c"));
  const std::string other = pki.MakeTlsDir("other", pki.Issue("spiffe://muster/controller/c"));
  TlsFilesLook look(dir);
  const auto says = [&look] {
    testing::internal::CaptureStderr();
    look.Look();
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(says(), IsEmpty());

  std::filesystem::rename(dir + "/key.pem", dir + "/key.old");
  EXPECT_THAT(says(), AllOf(HasSubstr("new connections get the certificate that was there before"),
                            HasSubstr(dir + "/key.pem")));
  EXPECT_THAT(says(), IsEmpty());

  std::filesystem::copy(other + "/key.pem", dir + "/key.pem");
  EXPECT_THAT(says(), HasSubstr("is not the private key of the certificate"));
  EXPECT_THAT(says(), IsEmpty());

  std::filesystem::rename(dir + "/key.old", dir + "/key.pem");
  EXPECT_THAT(says(), HasSubstr("can be used again"));
  EXPECT_THAT(says(), IsEmpty());
}

}  // namespace
}  // namespace muster
