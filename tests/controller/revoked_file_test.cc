// The list follows its file, and never loses what it said because the file got worse.
#include "controller/revoked_file.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>

namespace muster {
namespace {

class RevokedFileTest : public testing::Test {
 protected:
  RevokedFileTest() {
    std::string pattern = testing::TempDir() + "muster_revoked_XXXXXX";
    dir_ = mkdtemp(pattern.data());
    path_ = dir_ + "/revoked";
  }
  ~RevokedFileTest() override { std::filesystem::remove_all(dir_); }

  // Each with a later time than the one before, however fast they follow.
  void Write(const std::string& text) {
    std::ofstream(path_) << text;
    written_ += std::chrono::seconds(1);
    std::filesystem::last_write_time(path_, written_);
  }
  static CertificateInfo Of(const std::string& uri) {
    CertificateInfo certificate;
    certificate.uris = {uri};
    return certificate;
  }

  std::string dir_, path_;
  std::filesystem::file_time_type written_ = std::filesystem::file_time_type::clock::now();
};

const char kFirst[] = "spiffe://muster/agent/x0";
const char kSecond[] = "spiffe://muster/agent/x1";

TEST_F(RevokedFileTest, WithoutAFileNothingIsRevoked) {
  RevokedFile file("");
  EXPECT_TRUE(file.Reload().ok());
  EXPECT_FALSE(file.IsRevoked(Of(kFirst)));
}

TEST_F(RevokedFileTest, AFileThatIsNamedMustBeThere) {
  RevokedFile file(path_);
  const absl::Status status = file.Reload();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(Message(status), testing::HasSubstr(path_));
}

TEST_F(RevokedFileTest, ItFollowsTheFile) {
  Write(std::string(kFirst) + "\n");
  RevokedFile file(path_);
  ASSERT_TRUE(file.Reload().ok());
  EXPECT_TRUE(file.IsRevoked(Of(kFirst)));
  EXPECT_FALSE(file.IsRevoked(Of(kSecond)));
  Write(std::string(kSecond) + "\n");
  EXPECT_FALSE(file.IsRevoked(Of(kSecond))) << "not before it is read again";
  ASSERT_TRUE(file.Reload().ok());
  EXPECT_TRUE(file.IsRevoked(Of(kSecond)));
  EXPECT_FALSE(file.IsRevoked(Of(kFirst)));
}

TEST_F(RevokedFileTest, AFileThatHasNotChangedIsNotReadAgain) {
  Write(std::string(kFirst) + "\n");
  RevokedFile file(path_);
  ASSERT_TRUE(file.Reload().ok());
  std::ofstream(path_) << "this would be an error\n";
  std::filesystem::last_write_time(path_, written_);
  EXPECT_TRUE(file.Reload().ok());
}

TEST_F(RevokedFileTest, AfterAnErrorTheListStaysAndTheFileIsTriedAgain) {
  Write(std::string(kFirst) + "\n");
  RevokedFile file(path_);
  ASSERT_TRUE(file.Reload().ok());
  Write("what is this?\n");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(file.Reload().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(file.IsRevoked(Of(kFirst)));
  std::filesystem::remove(path_);
  EXPECT_FALSE(file.Reload().ok());
  EXPECT_TRUE(file.IsRevoked(Of(kFirst)));
  Write(std::string(kSecond) + "\n");
  EXPECT_TRUE(file.Reload().ok());
  EXPECT_TRUE(file.IsRevoked(Of(kSecond)));
}

}  // namespace
}  // namespace muster
