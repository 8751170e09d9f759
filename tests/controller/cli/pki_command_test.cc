#include "controller/cli/pki_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "controller/pki/certificate.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class PkiCommand : public testing::Test {
 protected:
  PkiCommand() {
    std::string pattern = testing::TempDir() + "/pki_command.XXXXXX";
    dir_ = mkdtemp(pattern.data());
  }
  ~PkiCommand() override { std::filesystem::remove_all(dir_); }

  std::string At(const std::string& path) const { return dir_ + "/" + path; }

  // The exit code of `muster ARGUMENTS`.
  int Run(std::vector<std::string> arguments) {
    CLI::App app;
    int exit_code = 0;
    AddPkiCommands(app, exit_code);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& error) {
      exit_code = -1;
    }
    output_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  std::vector<std::string> UrisIn(const std::string& path) {
    std::ifstream file(At(path));
    std::ostringstream pem;
    pem << file.rdbuf();
    const absl::StatusOr<CertificateInfo> info = ReadCertificate(pem.str());
    EXPECT_TRUE(info.ok()) << path << ": " << info.status();
    return info.ok() ? info->uris : std::vector<std::string>();
  }

  std::string dir_;
  std::string output_;
  std::string error_;
};

TEST_F(PkiCommand, OneNameGoesToTheDirectoryItself) {
  EXPECT_EQ(Run({"pki", "init", At("ca")}), 0) << error_;
  EXPECT_THAT(output_, HasSubstr("ca-key.pem"));
  EXPECT_EQ(Run({"pki", "issue", "--dir", At("ca"), "--role", "controller", "--san", "localhost",
                 "--san", "127.0.0.1", "--out", At("musterd"), "musterd"}),
            0)
      << error_;
  EXPECT_THAT(UrisIn("musterd/cert.pem"), ElementsAre("spiffe://muster/controller/musterd"));
}

TEST_F(PkiCommand, ASetGetsADirectoryForEachName) {
  ASSERT_EQ(Run({"pki", "init", At("ca")}), 0) << error_;
  EXPECT_EQ(Run({"pki", "issue", "--dir", At("ca"), "--role", "agent", "--out", At("agents"),
                 "x1000c0s0b0n[0-1]", "x3000c0s1b0n0"}),
            0)
      << error_;
  EXPECT_THAT(output_, HasSubstr("3 certificates, agent x1000c0s0b0n[0-1],x3000c0s1b0n0"));
  EXPECT_THAT(UrisIn("agents/x1000c0s0b0n1/cert.pem"),
              ElementsAre("spiffe://muster/agent/x1000c0s0b0n1"));
  EXPECT_THAT(UrisIn("agents/x3000c0s1b0n0/cert.pem"),
              ElementsAre("spiffe://muster/agent/x3000c0s1b0n0"));
}

TEST_F(PkiCommand, WhatCouldNotBeMadeIsExitCode1AndBadUsage2) {
  ASSERT_EQ(Run({"pki", "init", At("ca")}), 0) << error_;
  EXPECT_EQ(Run({"pki", "init", At("ca")}), 1);
  EXPECT_THAT(error_, StartsWith("muster: "));
  EXPECT_EQ(std::count(error_.begin(), error_.end(), '\n'), 1) << error_;
  EXPECT_EQ(output_, "");

  const std::vector<std::string> issue = {"pki", "issue", "--dir", At("ca"), "--out", At("out")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), issue.begin(), issue.end());
    return more;
  };
  EXPECT_EQ(Run(with({"--role", "king", "x1"})), 2);
  EXPECT_THAT(error_, HasSubstr("role 'king'"));
  EXPECT_EQ(Run(with({"--role", "agent", "x[1"})), 2);
  EXPECT_THAT(error_, HasSubstr("'[' has no ']'"));
  EXPECT_EQ(Run(with({"--role", "agent", "--san", "localhost", "x[1-2]"})), 2);
  EXPECT_THAT(error_, HasSubstr("--san is for one name"));
  EXPECT_EQ(Run({"pki", "issue", "--dir", At("none"), "--role", "agent", "--out", At("out"), "x1"}),
            1);
  EXPECT_THAT(error_, HasSubstr(At("none")));
  EXPECT_FALSE(std::filesystem::exists(At("out")));
  std::ofstream(At("file")) << "in the way";
  EXPECT_EQ(Run({"pki", "init", At("file/ca")}), 1) << error_;
}

}  // namespace
}  // namespace muster
