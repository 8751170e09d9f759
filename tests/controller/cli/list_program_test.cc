// Lists as an operator asks for them: which jobs, in which format, and on a terminal.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "program_fixture.h"
#include "yaml-cpp/yaml.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ListTest : public ProgramTest {
 protected:
  // Jobs of alice and bob in turn, the newest is alice's; every third has failed.
  void MakeJobs(int count) {
    controller_.MakeJob(2);
    const v1::Job first = controller_.job;
    for (int i = 0; i < count; ++i) {
      v1::Job job = first;
      job.set_name("jobs/01a1fd4e-0000-7000-8000-" + std::to_string(100000000000 + count - i));
      job.set_created_by(i % 2 == 0 ? "alice" : "bob");
      job.set_state(i % 3 == 2 ? v1::JOB_STATE_FAILED : v1::JOB_STATE_RUNNING);
      if (i == 0) {
        controller_.job = job;
      } else {
        controller_.older_jobs.push_back(job);
      }
    }
  }
  static size_t CountOf(const std::string& text, const std::string& what) {
    size_t count = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
      ++count;
    return count;
  }
  // What a person sees on a terminal of that size.
  std::string OnTerminal(const std::string& arguments, const std::string& environment) {
    const std::string command = std::string(MUSTER_PROGRAM) + " --controller " + address_ +
                                " --tls-dir " + dir_ + "/operator " + arguments;
    const std::string out = dir_ + "/screen";
    const std::string line = environment + " script -qec '" + command + "' /dev/null <" + dir_ +
                             "/nothing >" + out + " 2>&1";
    std::ofstream(dir_ + "/nothing");
    EXPECT_EQ(std::system(line.c_str()), 0) << line;
    std::string seen = ReadFile(out);
    std::erase(seen, '\r');
    return seen;
  }
};

TEST_F(ListTest, JobsAreAskedForByStateTimeAndOperator) {
  MakeJobs(7);
  Serve();
  const Result result =
      Run({"job", "list", "--state", "Failed,RUNNING", "--since", "2026-11-21T08:04:11Z", "--until",
           "2026-11-22T08:04:11Z", "--by", "bob", "--limit", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(CountOf(result.out, "\njobs/"), 2u) << result.out;
  EXPECT_THAT(result.out, Not(HasSubstr("alice")));
  const v1::ListJobsRequest asked = controller_.JobLists().at(0);
  EXPECT_EQ(asked.states_size(), 2);
  EXPECT_EQ(asked.created_from().seconds(), 1795248251);
  EXPECT_EQ(asked.created_before().seconds(), 1795248251 + 86400);
  EXPECT_EQ(asked.created_by(), "bob");

  const Result mine = Run({"job", "list", "--by", "me", "--since", "7d"});
  EXPECT_EQ(CountOf(mine.out, "alice"), 4u) << mine.out;
  EXPECT_EQ(controller_.JobLists().at(1).created_by(), "alice");
  EXPECT_GT(controller_.JobLists().at(1).created_from().seconds(), 1'700'000'000);
}

TEST_F(ListTest, AllIsEveryJobPageByPage) {
  MakeJobs(1200);
  Serve();
  EXPECT_EQ(CountOf(Run({"job", "list"}).out, "\njobs/"), 20u);
  EXPECT_EQ(CountOf(Run({"job", "list", "--all"}).out, "\njobs/"), 1200u);
  EXPECT_EQ(CountOf(Run({"job", "list", "--limit", "1100"}).out, "\njobs/"), 1100u);
  EXPECT_EQ(Run({"job", "list", "--limit", "5", "--all"}).exit_code, 2);
}

TEST_F(ListTest, ATableThatEndsBeforeItsListSaysSoAndADocumentHasAll) {
  MakeJobs(30);
  Serve();
  const Result piped = Run({"job", "list"});
  EXPECT_EQ(CountOf(piped.out, "\njobs/"), 20u);
  EXPECT_EQ(piped.err, "muster: there are more than these 20; --limit N or --all lists them\n");
  EXPECT_EQ(Run({"job", "list", "--limit", "30"}).err, "");
  const Result document = Run({"job", "list", "-o", "json"});
  EXPECT_EQ(nlohmann::json::parse(document.out)["jobs"].size(), 30u);
  EXPECT_EQ(document.err, "");
  EXPECT_EQ(CountOf(Run({"job", "list", "-o", "jsonl", "--limit", "7"}).out, "\n"), 7u);
}

TEST_F(ListTest, ASettingTakesThePagerAway) {
  MakeJobs(30);
  Serve();
  std::ofstream(dir_ + "/muster.toml") << "pager = false\n";
  const std::string paged = "COLUMNS=200 LINES=10 PAGER=\"sed s/^/paged:/\" ";
  EXPECT_THAT(OnTerminal("job list", paged + "MUSTER_CONFIG=" + dir_ + "/muster.toml"),
              Not(HasSubstr("paged:")));
}

TEST_F(ListTest, WhatIsNoStateOrTimeIsSaidWithWhatIsOne) {
  Serve();
  const Result state = Run({"job", "list", "--state", "lost"});
  EXPECT_EQ(state.exit_code, 2);
  EXPECT_THAT(state.err, HasSubstr("\"lost\" is no state of a job; there are running, paused, "
                                   "cancelling, succeeded, failed, cancelled"));
  EXPECT_THAT(Run({"job", "list", "--until", "tomorrow"}).err,
              HasSubstr("\"tomorrow\" is not a time; "));
}

TEST_F(ListTest, EveryFormatHasTheSameJobs) {
  MakeJobs(3);
  Serve();
  const auto json = nlohmann::json::parse(Run({"-o", "json", "job", "list"}).out);
  ASSERT_EQ(json["jobs"].size(), 3u);
  std::istringstream lines(Run({"job", "list", "-o", "jsonl"}).out);
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_EQ(nlohmann::json::parse(line), json["jobs"][count]);
  EXPECT_EQ(count, 3u);
  const YAML::Node yaml = YAML::Load(Run({"-o", "yaml", "job", "list"}).out);
  EXPECT_EQ(yaml["jobs"][2]["name"].Scalar(), json["jobs"][2]["name"].get<std::string>());
  EXPECT_THAT(Run({"-o", "toml", "job", "list"}).out, HasSubstr("[[jobs]]\nname = \"jobs/"));
}

TEST_F(ListTest, AJobInJsonLinesIsItselfAndThenItsTasks) {
  controller_.MakeJob(3);
  Serve();
  std::istringstream lines(Run({"-o", "jsonl", "job", "show", "7"}).out);
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0]["name"].get<std::string>(), "jobs/7");
  EXPECT_FALSE(all[0].contains("tasks"));
  EXPECT_EQ(all[3]["node"].get<std::string>(), "x1000c0s0b0n3");
}

TEST_F(ListTest, AListLongerThanTheTerminalGoesThroughThePager) {
  MakeJobs(30);
  Serve();
  const std::string size = "COLUMNS=200 LINES=10 ";
  EXPECT_THAT(OnTerminal("job list", size + "MUSTER_PAGER=\"sed s/^/paged:/\""),
              HasSubstr("paged:jobs/"));
  EXPECT_THAT(OnTerminal("job list", size + "PAGER=\"sed s/^/other:/\""), HasSubstr("other:jobs/"));
  for (const char* pager : {"PAGER=cat", "MUSTER_PAGER= PAGER=false", "PAGER=/no/such/pager"}) {
    EXPECT_EQ(CountOf(OnTerminal("job list", size + pager), "jobs/"), 20u) << pager;
  }
  const std::string paged = size + "PAGER=\"sed s/^/paged:/\"";
  EXPECT_THAT(OnTerminal("job list --no-pager", paged), Not(HasSubstr("paged:")));
  EXPECT_THAT(OnTerminal("job list -o json", paged), Not(HasSubstr("paged:")));
  EXPECT_THAT(OnTerminal("job list --limit 3", paged), Not(HasSubstr("paged:")));
  EXPECT_THAT(OnTerminal("job list", paged), HasSubstr("--limit N or --all lists them"));
  // A pager that is left early is no failure of ours.
  EXPECT_THAT(OnTerminal("job list --all", size + "PAGER=\"head -n 1\""), HasSubstr("JOB"));
}

TEST_F(ListTest, ATableIsAsWideAsTheTerminalAndWholeInAPipe) {
  MakeJobs(2);
  Serve();
  const std::string narrow = OnTerminal("job list", "COLUMNS=80 LINES=50");
  EXPECT_THAT(narrow, HasSubstr("JOB"));
  EXPECT_THAT(narrow, Not(HasSubstr("CREATED")));
  EXPECT_THAT(narrow, HasSubstr("…"));
  setenv("COLUMNS", "80", 1);
  const Result piped = Run({"job", "list"});
  unsetenv("COLUMNS");
  EXPECT_THAT(piped.out, HasSubstr("CREATED"));
}

}  // namespace
}  // namespace muster::cli
