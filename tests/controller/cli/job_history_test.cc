// The history of a job is a function of how its tasks have ended and when, however it came to be known.
#include "controller/cli/job_history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// 2026-11-22 20:11:00 in UTC.
constexpr int64_t kEight11 = 1'795'378'260;

v1::Task Ended(const std::string& node, int64_t second, v1::TaskState state,
               v1::Reason reason = v1::REASON_UNSPECIFIED, const std::string& detail = "") {
  v1::Task task;
  task.set_node(node);
  task.set_state(state);
  task.set_reason(reason);
  task.set_detail(detail);
  task.mutable_update_time()->set_seconds(second);
  return task;
}

v1::Task Masked(const std::string& node, int64_t second) {
  return Ended(node, second, v1::TASK_STATE_FAILED, v1::REASON_UNIT_MASKED, "it is masked");
}

std::vector<std::string> Texts(const std::vector<ScreenLine>& lines) {
  std::vector<std::string> texts;
  for (const ScreenLine& line : lines) texts.push_back(PlainText(line));
  return texts;
}

v1::Job EndedJob(int64_t second) {
  v1::Job job;
  job.set_name("jobs/7");
  job.set_state(v1::JOB_STATE_FAILED);
  job.set_detail("1 of 3 tasks succeeded");
  job.mutable_end_time()->set_seconds(second);
  return job;
}

TEST(JobHistory, TellsABadEndOnceItsSecondIsOver) {
  JobHistory history;
  history.Add(Masked("x1", kEight11 + 3));
  EXPECT_FALSE(history.HasLinesBefore(kEight11 + 3));
  EXPECT_THAT(history.TellBefore(kEight11 + 3), IsEmpty()) << "another may end in that second";
  history.Add(Masked("x2", kEight11 + 3));
  history.Add(Ended("x3", kEight11 + 3, v1::TASK_STATE_LOST, v1::REASON_JOB_DEADLINE, "no word"));
  EXPECT_TRUE(history.HasLinesBefore(kEight11 + 4));
  EXPECT_THAT(
      Texts(history.TellBefore(kEight11 + 4)),
      ElementsAre("2026-11-22, times in UTC", "20:11:03Z  LOST       JOB_DEADLINE  x3: no word",
                  "20:11:03Z  FAILED     UNIT_MASKED  2 nodes x[1-2]: it is masked"));
  EXPECT_FALSE(history.HasLinesBefore(kEight11 + 4));
  EXPECT_THAT(history.TellBefore(kEight11 + 10), IsEmpty());
}

TEST(JobHistory, TellsGoodEndsWhenTheMinuteIsOver) {
  JobHistory history;
  for (int i = 0; i < 3; ++i)
    history.Add(Ended(fmt::format("x{}", i), kEight11 + i, v1::TASK_STATE_SUCCEEDED,
                      v1::REASON_SUBSCRIBED, "seen twice"));
  EXPECT_FALSE(history.HasLinesBefore(kEight11 + 59));
  EXPECT_THAT(Texts(history.TellBefore(kEight11 + 59)), ElementsAre("2026-11-22, times in UTC"));
  EXPECT_TRUE(history.HasLinesBefore(kEight11 + 60));
  EXPECT_THAT(Texts(history.TellBefore(kEight11 + 60)),
              ElementsAre("20:11Z     SUCCEEDED  SUBSCRIBED  3 nodes x[0-2]"));
}

TEST(JobHistory, EndsWithTheRestAndTheJob) {
  JobHistory history;
  history.Add(Ended("x1", kEight11, v1::TASK_STATE_SUCCEEDED));
  history.Add(Ended("x2", kEight11 + 1, v1::TASK_STATE_FAILED, v1::REASON_EXIT_CODE, "code 1"));
  history.Add(Ended("x3", kEight11 + 1, v1::TASK_STATE_FAILED, v1::REASON_EXIT_CODE, "code 2"));
  EXPECT_THAT(Texts(history.TellEnd(EndedJob(kEight11 + 2))),
              ElementsAre("2026-11-22, times in UTC",
                          "20:11:01Z  FAILED     EXIT_CODE  2 nodes x[2-3]; e.g. x2: code 1",
                          "20:11Z     SUCCEEDED  x1",
                          "20:11:02Z  FAILED     jobs/7: 1 of 3 tasks succeeded"));
}

TEST(JobHistory, WhatIsHeardTwiceIsToldOnce) {
  JobHistory history;
  history.Add(Ended("x1", kEight11, v1::TASK_STATE_RUNNING));
  history.Add(Masked("x1", kEight11 + 1));
  EXPECT_EQ(history.TellBefore(kEight11 + 2).size(), 2u);
  v1::Task late = Masked("x1", kEight11 + 1);
  late.mutable_late_outcome()->set_state(v1::OUTCOME_STATE_SUCCEEDED);
  late.set_revision(99);
  history.Add(late);
  EXPECT_FALSE(history.HasLinesBefore(kEight11 + 600));
}

// A node that fails each second for an hour, and never for the same reason twice in a row.
TEST(JobHistory, AnHourOfFailuresIsBounded) {
  JobHistory history;
  for (int i = 0; i < 3600; ++i)
    history.Add(Ended(fmt::format("x{}", i), kEight11 + i, v1::TASK_STATE_FAILED,
                      i % 2 == 0 ? v1::REASON_EXIT_CODE : v1::REASON_SIGNAL, fmt::format("{}", i)));
  const std::vector<ScreenLine> lines = history.TellEnd(EndedJob(kEight11 + 3600));
  EXPECT_EQ(lines.size(), 2u + 60 * (JobHistory::kMaxAlone + 2));
  EXPECT_THAT(PlainText(lines[11]), HasSubstr("20:11Z     FAILED     "));
  EXPECT_THAT(PlainText(lines[11]), HasSubstr("25 more nodes x"));
}

TEST(JobHistory, ALineIsBoundedWhateverTheAgentsSay) {
  JobHistory history;
  for (int i = 0; i < 1000; ++i)
    history.Add(Ended(fmt::format("node{}a{}", i, i * 7 % 1000), kEight11, v1::TASK_STATE_FAILED,
                      v1::REASON_EXIT_CODE, std::string(5000, 'y') + "\033[2J"));
  const auto texts = Texts(history.TellBefore(kEight11 + 1));
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_LT(Columns(texts[1]), 250u);
  EXPECT_EQ(texts[1].find('\033'), std::string::npos);
}

// One watch: it joins when so many have ended, and hears the others in batches of any size, some of them twice.
std::vector<std::string> Watched(const std::vector<v1::Task>& ends, std::mt19937& random) {
  JobHistory history;
  std::vector<std::string> told;
  const auto tell = [&](int64_t second) {
    for (const std::string& text : Texts(history.TellBefore(second))) told.push_back(text);
  };
  size_t known = random() % (ends.size() + 1);
  std::vector<v1::Task> first(ends.begin(), ends.begin() + known);
  std::shuffle(first.begin(), first.end(), random);  // a list is by node
  for (const v1::Task& task : first) history.Add(task);
  while (known < ends.size()) {
    const size_t again = random() % 5;
    for (size_t i = known - std::min(known, again); i < known; ++i) history.Add(ends[i]);
    for (size_t batch = 1 + random() % 20; batch > 0 && known < ends.size(); --batch)
      history.Add(ends[known++]);
    if (random() % 3 != 0) tell(ends[known - 1].update_time().seconds());
  }
  const int64_t end = ends.back().update_time().seconds() + 1;
  if (random() % 2 == 0) tell(end + random() % 100);
  for (const std::string& text : Texts(history.TellEnd(EndedJob(end)))) told.push_back(text);
  return told;
}

TEST(JobHistory, IsTheSameForEveryWatch) {
  std::mt19937 random(20);
  constexpr v1::TaskState kStates[] = {v1::TASK_STATE_SUCCEEDED, v1::TASK_STATE_SUCCEEDED,
                                       v1::TASK_STATE_FAILED, v1::TASK_STATE_LOST,
                                       v1::TASK_STATE_CANCELLED};
  for (int round = 0; round < 100; ++round) {
    std::vector<v1::Task> ends;
    int64_t second = kEight11 + static_cast<int64_t>(random() % 90'000);
    const int count = 1 + static_cast<int>(random() % 200);
    for (int i = 0; i < count; ++i) {
      ends.push_back(Ended(fmt::format("x{}", (i * 37) % 211), second, kStates[random() % 5],
                           static_cast<v1::Reason>(random() % 4),
                           fmt::format("detail {}", random() % 3)));
      if (random() % 3 == 0) second += static_cast<int64_t>(random() % (round % 2 == 0 ? 3 : 40));
    }
    const std::vector<std::string> first = Watched(ends, random);
    for (int i = 0; i < 5; ++i) ASSERT_EQ(Watched(ends, random), first) << "round " << round;
  }
}

}  // namespace
}  // namespace muster::cli
