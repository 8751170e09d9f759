// What an operator is told who mistypes a verb.
#include "controller/cli/verb_problem.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

class VerbProblemTest : public ::testing::Test {
 protected:
  VerbProblemTest() {
    app_.add_option("--controller", controller_);
    app_.add_flag("--quiet");
    app_.add_subcommand("restart", "");
    CLI::App* job = app_.add_subcommand("job", "");
    for (const char* verb : {"list", "show", "pause"}) job->add_subcommand(verb, "");
  }
  std::string Problem(const std::vector<std::string>& arguments) {
    return VerbProblem(app_, arguments);
  }

  CLI::App app_;
  std::string controller_;
};

TEST_F(VerbProblemTest, NamesTheVerbAndTheNearest) {
  EXPECT_EQ(Problem({"restrat"}), "there is no verb `restrat` (did you mean `muster restart`?)");
  EXPECT_EQ(Problem({"job", "lst"}),
            "there is no verb `job lst` (did you mean `muster job list`?)");
  EXPECT_EQ(Problem({"rest"}), "there is no verb `rest` (did you mean `muster restart`?)");
  EXPECT_EQ(Problem({"frobnicate"}), "there is no verb `frobnicate`; there are restart, job");
}

TEST_F(VerbProblemTest, ValuesOfOptionsAreNoVerbs) {
  EXPECT_EQ(Problem({"--controller", "host", "--quiet", "job", "--controller", "host", "shw"}),
            "there is no verb `job shw` (did you mean `muster job show`?)");
}

TEST_F(VerbProblemTest, NamesWhatThereIsIfTheVerbIsMissing) {
  EXPECT_EQ(Problem({}), "`muster` needs a verb: restart, job");
  EXPECT_EQ(Problem({"job"}), "`muster job` needs a verb: list, show, pause");
}

TEST_F(VerbProblemTest, AVerbThatThereIsIsNoProblem) {
  EXPECT_EQ(Problem({"restart", "nonsense"}), "");
  EXPECT_EQ(Problem({"job", "show"}), "");
}

}  // namespace
}  // namespace muster::cli
