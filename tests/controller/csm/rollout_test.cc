// Restarts by a kubectl that is a script, and says what kubectl says.
#include "controller/csm/rollout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fakes/test_certificates.h"

namespace muster {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class RolloutTest : public ::testing::Test {
 protected:
  // It writes down its arguments and then does as told.
  KubectlRollout Kubectl(const std::string& rest) {
    const std::string path = dir_.path() + "/kubectl";
    std::ofstream(path) << "#!/bin/sh\nprintf '%s\\n' \"$*\" >> " << dir_.path() << "/calls\n"
                        << rest << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return KubectlRollout({.path = path});
  }
  std::string Calls() const {
    std::ostringstream text;
    text << std::ifstream(dir_.path() + "/calls").rdbuf();
    return text.str();
  }

  TempDir dir_;
};

TEST_F(RolloutTest, RestartsAndAwaits) {
  KubectlRollout rollout = Kubectl("exit 0");
  EXPECT_TRUE(rollout.Restart("cray-hmnfd").ok());
  EXPECT_TRUE(rollout.AwaitReady("cray-hmnfd", 5min).ok());
  EXPECT_EQ(Calls(),
            "-n services rollout restart deployment/cray-hmnfd --request-timeout=20s\n"
            "-n services rollout status deployment/cray-hmnfd --timeout=300s\n");
}

TEST_F(RolloutTest, AShortWaitIsNotOneForEver) {
  EXPECT_TRUE(Kubectl("exit 0").AwaitReady("cray-bss", 10ms).ok());
  EXPECT_THAT(Calls(), EndsWith("--timeout=1s\n"));
}

TEST_F(RolloutTest, AFailureIsOneSentenceWithKubectlsLastLine) {
  const absl::Status error =
      Kubectl("echo Warning >&2; echo 'Unable to connect to the server: EOF' >&2; exit 1")
          .Restart("cray-hmnfd");
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Message(error), "restart deployment/cray-hmnfd: " + dir_.path() +
                                "/kubectl exited with 1, Unable to connect to the server: EOF");
}

TEST_F(RolloutTest, KubectlsWordsAreCodes) {
  const auto code = [&](const std::string& words) {
    return Kubectl("echo '" + words + "' >&2; exit 1").AwaitReady("cray-hmnfd", 1s).code();
  };
  EXPECT_EQ(code("Error from server (NotFound): deployments.apps \"cray-hmnfd\" not found"),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(code("Error from server (Forbidden): deployments.apps is forbidden"),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code("error: timed out waiting for the condition"),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code("error: deployment \"cray-hmnfd\" exceeded its progress deadline"),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RolloutTest, WhatIsNoDeploymentsNameIsNotPassedOn) {
  KubectlRollout rollout = Kubectl("exit 0");
  for (const char* name : {"", "--all", "a b", "a/b", "A", "a-"}) {
    EXPECT_EQ(rollout.Restart(name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(Calls(), "");
}

TEST_F(RolloutTest, NoKubectlIsSaid) {
  const absl::Status error = KubectlRollout({.path = dir_.path() + "/none"}).Restart("cray-hmnfd");
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(error), HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace muster
