// The line that is drawn over: what stands in it, and what goes first when there is little room.
#include "controller/cli/live_line.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LiveModel TwentyNodes() {
  LiveModel model;
  model.total = 20;
  model.counts = {{v1::TASK_STATE_SUCCEEDED, 9},
                  {v1::TASK_STATE_FAILED, 2},
                  {v1::TASK_STATE_LOST, 1},
                  {v1::TASK_STATE_RUNNING, 3},
                  {v1::TASK_STATE_PENDING, 5}};
  std::vector<std::string> waiting;
  for (int i = 0; i < 8; ++i) waiting.push_back(fmt::format("x1000c0s{}b0n0", i));
  model.waiting = FoldedNodes(std::move(waiting));
  return model;
}

const Pace kPace{1.25, 6400ms};

std::string Fitted(LiveModel model, size_t columns, const Pace& pace = kPace) {
  return PlainText(FitLiveLine(model, pace, columns));
}

TEST(LiveLine, HasEverythingOnAWideScreen) {
  EXPECT_EQ(Fitted(TwentyNodes(), 200),
            "12 of 20 ended; 1 lost, 2 failed; 9 succeeded; 3 running, 5 pending; 1.2/s; about 7 s "
            "left; waiting for x1000c0s[0-7]b0n0");
}

TEST(LiveLine, LeavesOutWhatMattersLeastFirst) {
  const LiveModel model = TwentyNodes();
  EXPECT_EQ(Fitted(model, 110),
            "12 of 20 ended; 1 lost, 2 failed; 9 succeeded; 3 running, 5 pending; 1.2/s; about 7 s "
            "left")
      << "a piece of the waiting ones would be too short to tell anything";
  EXPECT_EQ(Fitted(model, 80),
            "12 of 20 ended; 1 lost, 2 failed; 9 succeeded; 1.2/s; about 7 s left");
  EXPECT_EQ(Fitted(model, 62), "12 of 20 ended; 1 lost, 2 failed; 9 succeeded; about 7 s left");
  EXPECT_EQ(Fitted(model, 50), "12 of 20 ended; 1 lost, 2 failed; about 7 s left");
  EXPECT_EQ(Fitted(model, 40), "12 of 20 ended; 1 lost, 2 failed; 7 s");
  EXPECT_EQ(Fitted(model, 24), "12 of 20 ended; 3 bad");
  EXPECT_EQ(Fitted(model, 20), "12/20; 3 bad; 7 s");
}

TEST(LiveLine, NeverIsWiderThanTheScreen) {
  LiveModel model = TwentyNodes();
  model.remark = "cancelling";
  for (size_t columns = 5; columns < 250; ++columns)
    EXPECT_LE(Columns(Fitted(model, columns)), columns);
}

TEST(LiveLine, CutsWhoIsWaitedForAtTheEdge) {
  const std::string text = Fitted(TwentyNodes(), 118);
  EXPECT_THAT(text, HasSubstr("waiting for x1000c0s"));
  EXPECT_TRUE(text.ends_with("…")) << text;
  EXPECT_EQ(Columns(text), 118u);
}

TEST(LiveLine, HasATonePerState) {
  LiveModel model = TwentyNodes();
  const ScreenLine line = FitLiveLine(model, {}, 60);
  EXPECT_THAT(line, ::testing::Contains(Span{"2 failed", Tone::kBad}));
  EXPECT_THAT(line, ::testing::Contains(Span{"9 succeeded", Tone::kGood}));
  EXPECT_THAT(ColouredText(line), HasSubstr("\033[31m2 failed\033[0m"));
  EXPECT_THAT(PlainText(line), Not(HasSubstr("\033")));
}

TEST(FoldedNodes, HaveNoTextOfOthers) {
  FoldedNodes two({"x1", "x2"});
  EXPECT_EQ(two.Text(), "x[1-2]");
  FoldedNodes others({"x1", "x3"});
  others.TakeTextOf(std::move(two));
  EXPECT_EQ(others.Text(), "x[1,3]");
  FoldedNodes same({"x1", "x3"});
  same.TakeTextOf(std::move(others));
  EXPECT_EQ(same.Text(), "x[1,3]");
}

TEST(RateMeter, SaysNothingThatItDoesNotKnow) {
  const RateMeter::Time start{};
  RateMeter meter;
  EXPECT_EQ(meter.Rate(start), std::nullopt);
  meter.Add(start, 500);
  EXPECT_EQ(meter.Rate(start + 10s), std::nullopt) << "nothing has ended since it looks";
  meter.Add(start + 1s, 510);
  EXPECT_EQ(meter.Rate(start + 1s), std::nullopt) << "too little to tell";
  meter.Add(start + 4s, 540);
  EXPECT_EQ(meter.Rate(start + 4s), 10);
  EXPECT_EQ(meter.TimeLeft(start + 4s, 600), Duration(6s));
  EXPECT_EQ(meter.TimeLeft(start + 4s, 540), std::nullopt) << "all have ended";
  EXPECT_EQ(meter.Rate(start + 40s), std::nullopt) << "nothing for a whole window";
}

TEST(RateMeter, ForgetsWhatIsLongerAgoThanItsWindow) {
  const RateMeter::Time start{};
  RateMeter meter;
  for (int second = 0; second <= 60; ++second) meter.Add(start + second * 1s, second * 100);
  for (int second = 61; second <= 120; ++second) meter.Add(start + second * 1s, 6000 + second - 60);
  EXPECT_NEAR(meter.Rate(start + 120s).value_or(0), 1.0, 0.05);
}

TEST(ScreenText, CountsCharactersAndCutsBetweenThem) {
  EXPECT_EQ(Columns("a…ü"), 3u);
  EXPECT_EQ(Shortened("größer", 6), "größer");
  EXPECT_EQ(Shortened("größer", 5), "größ…");
  EXPECT_EQ(Shortened("größer", 4), "grö…");
  EXPECT_EQ(Shortened("größer", 1), "…");
  EXPECT_EQ(Shortened("größer", 0), "");
}

}  // namespace
}  // namespace muster::cli
