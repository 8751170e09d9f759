// What a shell is offered.
#include "controller/cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "controller/cli/command_line.h"
#include "group_dir.h"

namespace muster::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = Completion::Kind;

class CompletionTest : public ::testing::Test {
 protected:
  Completion At(const std::vector<std::string>& words) {
    return CompletionOf(tree_.app(), words, [this](Known what, const TypedConnection& where) {
      asked_.push_back(where.controller);
      return known_[what];
    });
  }
  std::vector<std::string> Words(const std::vector<std::string>& words) {
    std::vector<std::string> out;
    for (const Candidate& candidate : At(words).candidates) out.push_back(candidate.word);
    return out;
  }

  CommandLine tree_;
  std::map<Known, std::vector<Candidate>> known_ = {
      {Known::kNodes, {{"nid000001"}, {"x1000c0s0b0n0"}, {"x1000c0s0b0n1"}, {"x1001c0s0b0n0"}}},
      {Known::kRoles, {{"compute"}, {"worker"}}},
      {Known::kUnits, {{"cray-orca.service"}}},
      {Known::kJobs, {{"01a201df", "restart ORCA"}}},
      {Known::kOperations, {{"02b202ef"}}}};
  std::vector<std::string> asked_;
};

TEST_F(CompletionTest, VerbsAreOffered) {
  EXPECT_THAT(Words({"re"}), ElementsAre("resubscribe", "restart"));
  EXPECT_THAT(Words({"job", "re"}), ElementsAre("resume", "retry"));
  EXPECT_THAT(Words({"--output", "json", "job", "sh"}), ElementsAre("show"));
  EXPECT_THAT(Words({"job"}), ElementsAre("job"));
  EXPECT_FALSE(At({"re"}).candidates[0].about.empty());
  EXPECT_THAT(Words({"__"}), IsEmpty());
}

TEST_F(CompletionTest, OptionsOfTheVerbAndOfAllVerbsAreOffered) {
  EXPECT_THAT(Words({"restart", "--can"}), ElementsAre("--canary"));
  EXPECT_THAT(Words({"restart", "--contr"}), ElementsAre("--controller"));
  EXPECT_THAT(Words({"job", "list", "--can"}), IsEmpty());
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(CompletionTest, ValuesAreOffered) {
  EXPECT_THAT(Words({"-o", "j"}), Contains("json"));
  EXPECT_THAT(Words({"--output=j"}), Contains("--output=json"));
  EXPECT_THAT(Words({"restart", "--on-conflict", ""}), ElementsAre("wait", "refuse"));
  EXPECT_THAT(Words({"restart", "--role", "w"}), ElementsAre("worker"));
  EXPECT_THAT(Words({"restart", "cray"}), ElementsAre("cray-orca.service"));
  EXPECT_THAT(Words({"pki", "issue", "--role", "o"}), ElementsAre("operator"));
  EXPECT_THAT(Words({"restart", "--timeout", ""}), IsEmpty());
}

TEST_F(CompletionTest, JobsAndOperationsAreOffered) {
  EXPECT_THAT(Words({"job", "show", ""}), ElementsAre("last", "01a201df"));
  EXPECT_THAT(Words({"restart", "--from-job", "0"}), ElementsAre("01a201df"));
  EXPECT_THAT(Words({"operation", "watch", "0"}), ElementsAre("02b202ef"));
}

TEST_F(CompletionTest, ASetOfNodesGoesOnAfterAComma) {
  EXPECT_THAT(Words({"restart", "u", "-w", "x1000"}),
              ElementsAre("x1000c0s0b0n0", "x1000c0s0b0n1"));
  EXPECT_THAT(Words({"restart", "-w", "x1[2,3],nid"}), ElementsAre("x1[2,3],nid000001"));
  EXPECT_THAT(Words({"restart", "--nodes=nid"}), ElementsAre("--nodes=nid000001"));
  EXPECT_THAT(Words({"restart", "-w", "'x1001"}), ElementsAre("x1001c0s0b0n0"));
  EXPECT_THAT(Words({"restart", "-w", "x1000c[0"}), IsEmpty()) << "in a bracket nothing is known";
  EXPECT_EQ(At({"restart", "-w", "x"}).kind, Kind::kOpen);
  EXPECT_THAT(Words({"restart", "--from-job", "last", "--state", "failed,ti"}),
              ElementsAre("failed,timed-out"));
}

TEST_F(CompletionTest, ASetGoesOnAfterEachOperator) {
  for (const std::string before : {"x1!", "x1&", "x1^", "(", "x1,(x2 ", "x[1-2]!(", "^a!"})
    EXPECT_THAT(Words({"restart", "u", "-w", before + "nid"}), ElementsAre(before + "nid000001"));
}

TEST_F(CompletionTest, GroupsOfClusterShellAreOffered) {
  const GroupDir dir;
  dir.Write("groups.conf", "[Main]\ndefault: local\n");
  dir.Write("groups.d/a.yaml",
            "local:\n  compute: n[1-4]\n  cold: n4\n  'not this': n1\nracks:\n  rack1: n[1-2]\n");
  setenv("CLUSTERSHELL_CFGDIR", dir.path().c_str(), 1);
  EXPECT_THAT(Words({"restart", "u", "-w", "@co"}), ElementsAre("@cold", "@compute"));
  EXPECT_THAT(Words({"restart", "u", "-w", "x1!@com"}), ElementsAre("x1!@compute"));
  EXPECT_THAT(Words({"restart", "u", "-x", "x1,(x2&@r"}), ElementsAre("x1,(x2&@racks:rack1"));
  EXPECT_THAT(Words({"nodeset", "fold", "@racks:"}), ElementsAre("@racks:rack1"));
  EXPECT_THAT(Words({"nodeset", "count", "@cold", "@local:co"}),
              ElementsAre("@local:cold", "@local:compute"));
  EXPECT_THAT(Words({"nodeset", "split", "4", "@com"}), ElementsAre("@compute"));
  EXPECT_THAT(Words({"nodeset", "diff", "a", "@com"}), ElementsAre("@compute"));
  EXPECT_EQ(At({"nodeset", "diff", "@com"}).kind, Kind::kOpen);
  EXPECT_THAT(Words({"nodeset", "fold", "x"}), IsEmpty());
  EXPECT_THAT(asked_, IsEmpty()) << "no controller knows them";
  dir.Write("groups.d/b.yaml", "[");
  EXPECT_THAT(Words({"restart", "u", "-w", "@co"}), IsEmpty());
  unsetenv("CLUSTERSHELL_CFGDIR");
}

TEST_F(CompletionTest, StatesAreThoseOfWhatIsListed) {
  EXPECT_THAT(Words({"job", "list", "--state", ""}),
              ElementsAre("running", "paused", "cancelling", "succeeded", "failed", "cancelled"));
  EXPECT_THAT(Words({"job", "list", "--state", "failed,pau"}), ElementsAre("failed,paused"));
  EXPECT_THAT(Words({"job", "retry", "last", "--state", "ti"}), ElementsAre("timed-out"));
}

TEST_F(CompletionTest, OfManyNodesTheNextPartOfTheirNamesIsOffered) {
  known_[Known::kNodes].clear();
  for (int cabinet = 1000; cabinet < 1003; ++cabinet)
    for (int slot = 0; slot < 40; ++slot)
      known_[Known::kNodes].push_back(
          {"x" + std::to_string(cabinet) + "c0s" + std::to_string(slot) + "b0n0"});
  EXPECT_THAT(Words({"restart", "-w", "x"}), ElementsAre("x1000", "x1001", "x1002"));
  EXPECT_THAT(Words({"restart", "-w", "x1001c0s1"}), Contains("x1001c0s19b0n0"));
}

TEST_F(CompletionTest, FilesAreTheShellsButForThoseOfASet) {
  EXPECT_EQ(At({"resubscribe", "--sat", "a"}).kind, Kind::kFile);
  EXPECT_EQ(At({"resubscribe", "--baseline=a"}).kind, Kind::kFile);
  EXPECT_EQ(At({"subscriptions", "diff", ""}).kind, Kind::kFile);
  EXPECT_EQ(At({"--tls-dir", ""}).kind, Kind::kFile);
  const std::filesystem::path dir = std::filesystem::path(::testing::TempDir()) / "completion_test";
  std::filesystem::create_directories(dir / "folder");
  for (const char* name : {"nodes", "not this one", ".hidden"}) std::ofstream(dir / name) << "x1";
  const std::string path = dir.string();
  EXPECT_THAT(Words({"restart", "-w", "^" + path + "/n"}), ElementsAre("^" + path + "/nodes"));
  EXPECT_THAT(Words({"nodeset", "fold", "@a!^" + path + "/n"}),
              ElementsAre("@a!^" + path + "/nodes"));
  EXPECT_THAT(
      Words({"restart", "-w", "x1,^" + path + "/"}),
      ::testing::UnorderedElementsAre("x1,^" + path + "/nodes", "x1,^" + path + "/folder/"));
  std::filesystem::remove_all(dir);
}

TEST_F(CompletionTest, TheControllerThatWasTypedIsAsked) {
  Words({"--controller", "mgmt", "job", "show", ""});
  Words({"--controller=other", "job", "show", ""});
  Words({"job", "show", ""});
  EXPECT_THAT(asked_, ElementsAre("mgmt", "other", ""));
}

}  // namespace
}  // namespace muster::cli
