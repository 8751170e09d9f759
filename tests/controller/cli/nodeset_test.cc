// `muster nodeset` as it is typed, with groups, files and standard input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "controller/cli/verbs.h"
#include "group_dir.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Answer {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class NodeSetVerbs : public testing::Test {
 protected:
  NodeSetVerbs() {
    setenv("CLUSTERSHELL_CFGDIR", dir_.path().c_str(), 1);
    // Whatever this machine has in /etc/clustershell is not read.
    dir_.Write("groups.conf", "[Main]\ndefault: roles\nautodir: $CFGDIR/groups.d\n");
    dir_.Write("groups.d/a.yaml", "roles: {compute: 'x[1-4]', gpu: 'x[3-4]', spare: ''}");
  }
  ~NodeSetVerbs() override { unsetenv("CLUSTERSHELL_CFGDIR"); }

  // What `muster nodeset ARGUMENTS` does.
  Answer Run(std::vector<std::string> arguments, const std::string& input = "") {
    GlobalOptions global;
    Answer answer;
    CLI::App app("", "muster");
    app.fallthrough();
    AddGlobalOptions(app, global);
    AddNodeSetVerbs(app, global, answer.exit_code);
    std::istringstream in(input);
    std::streambuf* const console = std::cin.rdbuf(in.rdbuf());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    arguments.insert(arguments.begin(), "nodeset");
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& error) {
      answer.exit_code = -1;
    }
    answer.out = testing::internal::GetCapturedStdout();
    answer.err = testing::internal::GetCapturedStderr();
    std::cin.rdbuf(console);
    return answer;
  }
  std::string OutOf(const std::vector<std::string>& arguments, const std::string& input = "") {
    const Answer answer = Run(arguments, input);
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    return answer.out;
  }

  GroupDir dir_;
};

TEST_F(NodeSetVerbs, ExpandPrintsNames) {
  EXPECT_EQ(OutOf({"expand", "x[9-10],a"}), "a\nx9\nx10\n");
  EXPECT_EQ(OutOf({"expand", "-S", " ", "x[9-10]", "a"}), "a x9 x10\n");
  EXPECT_EQ(OutOf({"expand", "x[1-2]", "-o", "jsonl"}), "\"x1\"\n\"x2\"\n");
  EXPECT_EQ(OutOf({"expand", "x1!x1"}), "");
}

TEST_F(NodeSetVerbs, FoldTakesSetsGroupsFilesAndStandardInput) {
  const std::string file = dir_.Write("nodes", "x9 # old\nx[1-8]!x2\n@gpu\n");
  EXPECT_EQ(OutOf({"fold", "x2", "x1"}), "x[1-2]\n");
  EXPECT_EQ(OutOf({"fold", "@compute!@roles:gpu"}), "x[1-2]\n");
  EXPECT_EQ(OutOf({"fold", "@*"}), "x[1-4]\n");
  EXPECT_EQ(OutOf({"fold", "@spare"}), "\n");
  EXPECT_EQ(OutOf({"fold", "^" + file}), "x[1,3-9]\n");
  EXPECT_EQ(OutOf({"fold", "@compute!^" + file}), "x2\n");
  EXPECT_EQ(OutOf({"fold", "x5", "-"}, "x1\nx2,x3\n"), "x[1-3,5]\n");
  EXPECT_EQ(OutOf({"fold"}, "x[1-4]!x2\n\nx2!x2 # none\n"), "x[1,3-4]\n");
  EXPECT_EQ(OutOf({"fold"}), "\n");
}

TEST_F(NodeSetVerbs, CountCounts) {
  EXPECT_EQ(OutOf({"count", "x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]"}), "1024\n");
  EXPECT_EQ(OutOf({"count", "x1", "x1"}), "1\n");
  EXPECT_EQ(OutOf({"count", "x1&x2"}), "0\n");
}

TEST_F(NodeSetVerbs, DiffIsOneWhereTheyDiffer) {
  EXPECT_EQ(OutOf({"diff", "x[1-4]", "@compute"}), "");
  const Answer both = Run({"diff", "x[1-4]", "x[3-6]"});
  EXPECT_EQ(both.exit_code, 1);
  EXPECT_EQ(both.out, "< x[1-2]\n> x[5-6]\n");
  EXPECT_EQ(Run({"diff", "x1", "-"}, "x1\nx2\n").out, "> x2\n");
  EXPECT_THAT(Run({"diff", "x1", "x2", "-o", "json"}).out, HasSubstr("\"only_second\""));
}

TEST_F(NodeSetVerbs, SplitMakesEvenParts) {
  EXPECT_EQ(OutOf({"split", "3", "x[0-9]"}), "x[0-3]\nx[4-6]\nx[7-9]\n");
  EXPECT_EQ(OutOf({"split", "--max", "4", "x[0-9]"}), "x[0-3]\nx[4-6]\nx[7-9]\n");
  EXPECT_EQ(OutOf({"split", "5", "x[0-1]"}), "x0\nx1\n");
  EXPECT_EQ(OutOf({"split", "2"}, "a\nb\n"), "a\nb\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"split"}, {"split", "x[0-9]"}, {"split", "0", "x1"}, {"split", "9999999999", "x1"}}) {
    const Answer answer = Run(arguments, "x1\n");
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_THAT(answer.err, HasSubstr("is no number of parts"));
  }
}

TEST_F(NodeSetVerbs, AMistakeIsOneSentenceAndExitCode2) {
  for (const auto& [set, sentence] : std::vector<std::pair<std::string, std::string>>{
           {"x[1", "muster: node set 'x[1': '[' has no ']'"},
           {"x1!", "muster: node set 'x1!': '!' has no set after it"},
           {"@cpmute", "muster: there is no group @roles:cpmute"},
           {"^" + dir_.path() + "/missing", "muster: the file of nodes "}}) {
    const Answer answer = Run({"fold", set});
    EXPECT_EQ(answer.exit_code, 2) << set;
    EXPECT_THAT(answer.err, StartsWith(sentence));
    EXPECT_EQ(std::count(answer.err.begin(), answer.err.end(), '\n'), 1) << answer.err;
    EXPECT_EQ(answer.out, "");
  }
  EXPECT_THAT(Run({"fold"}, "x1\nx[2\n").err, StartsWith("muster: standard input: node set 'x"));
}

}  // namespace
}  // namespace muster::cli
