// Which nodes an operator means: sets, files, standard input.
#include "controller/cli/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace muster::cli {
namespace {

class TargetsTest : public ::testing::Test {
 protected:
  TargetsTest() {
    std::string pattern = ::testing::TempDir() + "targets_test.XXXXXX";
    dir_ = mkdtemp(pattern.data());
  }
  ~TargetsTest() override { std::filesystem::remove_all(dir_); }

  std::string File(const std::string& text) {
    const std::string path = dir_ + "/nodes";
    std::ofstream(path) << text;
    return path;
  }
  absl::StatusOr<v1::Targets> Read(const TargetOptions& options, const std::string& input = "") {
    std::istringstream in(input);
    return ReadTargets(options, in);
  }

  std::string dir_;
};

TEST_F(TargetsTest, SetsOfAllOptionsAreOne) {
  const auto targets = Read({.with = {"nid[000001-000002],nid000004", "nid000003"},
                             .without = {"nid000002"},
                             .roles = {"compute"}});
  ASSERT_TRUE(targets.ok()) << targets.status();
  ASSERT_EQ(targets->node_sets_size(), 1);
  EXPECT_EQ(targets->node_sets(0), "nid[000001-000004]");
  ASSERT_EQ(targets->exclude_size(), 1);
  EXPECT_EQ(targets->exclude(0), "nid000002");
  ASSERT_EQ(targets->roles_size(), 1);
  EXPECT_EQ(targets->roles(0), "compute");
  EXPECT_FALSE(targets->all());
}

TEST_F(TargetsTest, FilesHaveNamesSetsAndComments) {
  const std::string path = File("# rack 7\nnid[000001,000003]  nid000002\n\nnid000009 # gone\n");
  const auto targets = Read({.with = {"ncn-w001,^" + path}});
  ASSERT_TRUE(targets.ok()) << targets.status();
  EXPECT_EQ(targets->node_sets(0), "ncn-w001,nid[000001-000003,000009]");
}

TEST_F(TargetsTest, ADashIsStandardInput) {
  const auto targets = Read({.with = {"-"}}, "nid000001\nnid000002\n");
  ASSERT_TRUE(targets.ok()) << targets.status();
  EXPECT_EQ(targets->node_sets(0), "nid[000001-000002]");
}

TEST_F(TargetsTest, OperatorsAreSentAndPlainSetsAreOne) {
  const std::string path = File("nid000002 nid000003\nnid[000005-000009]!nid000007\n");
  const auto targets = Read({.with = {"nid000001", "x[1-4]!nid000002", "(a,b)", "c!^" + path},
                             .without = {"nid[000001-000003]&x2"}});
  ASSERT_TRUE(targets.ok()) << targets.status();
  EXPECT_THAT(targets->node_sets(),
              testing::ElementsAre("a,b,nid000001", "x[1-4]!nid000002",
                                   "c!(nid[000002-000003],(nid[000005-000009]!nid000007))"));
  EXPECT_THAT(targets->exclude(), testing::ElementsAre("nid[000001-000003]&x2"));
}

TEST_F(TargetsTest, GroupsOfClusterShellAreLookedUpHere) {
  std::filesystem::create_directory(dir_ + "/groups.d");
  std::ofstream(dir_ + "/groups.conf") << "[Main]\ndefault: roles\nautodir: $CFGDIR/groups.d\n";
  std::ofstream(dir_ + "/groups.d/a.yaml")
      << "roles: {compute: 'nid[000001-000004]', down: nid000002, spare: ''}";
  setenv("CLUSTERSHELL_CFGDIR", dir_.c_str(), 1);
  const auto targets = Read({.with = {"@compute", "@roles:down"}, .without = {"@spare"}});
  const auto operators = Read({.with = {"@compute!@down"}});
  const absl::Status empty = Read({.with = {"@spare"}}).status();
  const absl::Status unknown = Read({.with = {"@compote"}}).status();
  unsetenv("CLUSTERSHELL_CFGDIR");
  ASSERT_TRUE(targets.ok()) << targets.status();
  EXPECT_THAT(targets->node_sets(), testing::ElementsAre("nid[000001-000004]"));
  EXPECT_EQ(targets->exclude_size(), 0);
  EXPECT_THAT(operators->node_sets(), testing::ElementsAre("nid[000001-000004]!nid000002"));
  EXPECT_EQ(Message(empty), "-w @spare: there is no node in it");
  EXPECT_THAT(Message(unknown),
              testing::StartsWith("-w @compote: there is no group @roles:compote"));
}

TEST_F(TargetsTest, AllNeedsNoSet) {
  const auto targets = Read({.all = true});
  ASSERT_TRUE(targets.ok());
  EXPECT_TRUE(targets->all());
  EXPECT_EQ(targets->node_sets_size(), 0);
}

TEST_F(TargetsTest, AllIsNotNarrowedByASet) {
  for (const TargetOptions& options : {TargetOptions{.with = {"nid000001"}, .all = true},
                                       TargetOptions{.roles = {"Compute"}, .all = true},
                                       TargetOptions{.groups = {"blue"}, .all = true},
                                       TargetOptions{.partitions = {"p1"}, .all = true},
                                       TargetOptions{.sat = {"-"}, .all = true}}) {
    EXPECT_EQ(Read(options).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(TargetsTest, WhatHsmKnowsOfNodesIsSentAsTyped) {
  const auto targets = Read({.roles = {"Worker"},
                             .groups = {"blue", "green"},
                             .partitions = {"p1"},
                             .hsm_states = {"ready", "standby"},
                             .include_disabled = true});
  ASSERT_TRUE(targets.ok()) << targets.status();
  EXPECT_EQ(targets->roles(0), "Worker");
  EXPECT_EQ(targets->groups(1), "green");
  EXPECT_EQ(targets->partitions(0), "p1");
  EXPECT_EQ(targets->states(1), "standby");
  EXPECT_TRUE(targets->include_disabled());
  EXPECT_TRUE(Read({.hsm_states = {"ready"}, .all = true}).ok());
  EXPECT_TRUE(Read({.groups = {"blue"}}).ok());
}

TEST_F(TargetsTest, AStateOfHsmDoesNotNarrowWhatIsNamed) {
  for (const TargetOptions& options :
       {TargetOptions{.with = {"nid1"}, .hsm_states = {"ready"}},
        TargetOptions{.hsm_states = {"ready"}, .from_jobs = {"last"}}}) {
    const absl::Status status = Read(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Message(status),
              "--hsm-state narrows --all, --role, --group and --partition; nodes that are named "
              "are taken in any state");
  }
}

TEST_F(TargetsTest, WhatSatPrintedIsASetOfNodesAndCounted) {
  const std::string path = File("| x1000c0s0b0n1 | Ready |\n| x1000c0s0b0n0 | Ready |\n");
  testing::internal::CaptureStderr();
  const auto targets =
      Read({.with = {"nid000001"}, .sat = {path, "-"}}, "[{\"xname\": \"x3000c0s7b0n0\"}]\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "muster: --sat " + path + ": 2 nodes\nmuster: --sat -: 1 node\n");
  ASSERT_TRUE(targets.ok()) << targets.status();
  ASSERT_EQ(targets->node_sets_size(), 2);
  EXPECT_EQ(targets->node_sets(0), "nid000001");
  EXPECT_EQ(targets->node_sets(1), "x1000c0s0b0n[0-1],x3000c0s7b0n0");
}

TEST_F(TargetsTest, WhatIsNotFromSatIsAnErrorWithItsFileAndLine) {
  const std::string path = File("x1000c0s0b0n1\nx1000c0s0b0\n");
  EXPECT_EQ(Message(Read({.sat = {path}}).status()),
            "--sat " + path +
                ": line 2: \"x1000c0s0b0\" is no xname of a node; sat status --types Node prints "
                "nodes alone");
  EXPECT_EQ(Message(Read({.sat = {dir_ + "/missing"}}).status()),
            "--sat " + dir_ + "/missing cannot be opened: No such file or directory");
  EXPECT_EQ(Read({.sat = {"-"}}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TargetsTest, WhatNamesNothingIsAnError) {
  const std::string empty = File("# nothing\n");
  for (const TargetOptions& options :
       {TargetOptions{}, TargetOptions{.without = {"nid1"}}, TargetOptions{.with = {""}},
        TargetOptions{.with = {","}}, TargetOptions{.with = {"^" + empty}},
        TargetOptions{.with = {"^" + dir_ + "/missing"}}, TargetOptions{.with = {"-"}},
        TargetOptions{.with = {"nid[1-"}}, TargetOptions{.with = {"nid[3-1]"}}}) {
    EXPECT_EQ(Read(options).status().code(), absl::StatusCode::kInvalidArgument)
        << (options.with.empty() ? "" : options.with[0]);
  }
}

TEST_F(TargetsTest, AMissingFileIsNamed) {
  const std::string path = dir_ + "/missing";
  const std::string message(Read({.with = {"^" + path}}).status().message());
  EXPECT_NE(message.find(path + " cannot be opened: No such file"), std::string::npos) << message;
}

}  // namespace
}  // namespace muster::cli
