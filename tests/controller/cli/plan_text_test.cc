// What a dry run shows.
#include "controller/cli/plan_text.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

void SetNodes(const std::vector<std::string>& nodes, v1::Job& job) {
  job.mutable_plan()->mutable_nodes()->Assign(nodes.begin(), nodes.end());
}

v1::Plan MakePlan(int canaries, const std::vector<uint32_t>& waves) {
  v1::Plan plan;
  for (int i = 0; i < canaries; ++i) plan.add_canaries("x1000c0s0b0n" + std::to_string(i));
  plan.mutable_waves()->Assign(waves.begin(), waves.end());
  return plan;
}

TEST(Waves, EqualOnesAreToldOnce) {
  EXPECT_EQ(WavesInWords(MakePlan(0, {20})), "20");
  EXPECT_EQ(WavesInWords(MakePlan(2, {2, 18})), "2, then 18");
  EXPECT_EQ(WavesInWords(MakePlan(3, {1, 2, 4, 8, 8, 8, 3})), "1, 2, then 4, 8 (3 times), 3");
  EXPECT_EQ(WavesInWords(MakePlan(2, {1, 1, 1, 1})), "1, 1, then 1 (2 times)");
}

TEST(PlanText, SaysWhoIsFirstAndWhoIsAway) {
  v1::Job job;
  job.mutable_work()->mutable_restart_unit()->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
  job.mutable_policy()->set_max_parallel(1000);
  job.mutable_policy()->mutable_canary()->set_count(1);
  job.mutable_policy()->mutable_min_healthy()->set_seconds(10);
  *job.mutable_plan() = MakePlan(1, {1, 2});
  job.mutable_plan()->add_away("x1000c0s0b0n2");
  job.mutable_plan()->mutable_least_duration()->set_seconds(15);
  const std::vector<std::string> nodes = {"x1000c0s0b0n0", "x1000c0s0b0n1", "x1000c0s0b0n2"};
  SetNodes(nodes, job);
  EXPECT_EQ(PlanText(job),
            "dry run   nothing was made\n"
            "work      restart ORCA\n"
            "policy    at most 1000 at once, canary 1 healthy for 10 s\n"
            "nodes     3  x1000c0s0b0n[0-2]\n"
            "canaries  1  x1000c0s0b0n0\n"
            "away      1  x1000c0s0b0n2\n"
            "waves     1, then 2\n"
            "wave 1    1  x1000c0s0b0n0\n"
            "wave 2    2  x1000c0s0b0n[1-2]\n"
            "at least  15 s\n"
            "at most   not limited; --timeout limits it\n");
  const Json json = PlanToJson(job);
  EXPECT_EQ(json["nodes"].size(), 3u);
  EXPECT_EQ(json["plan"]["canaries"][0], "x1000c0s0b0n0");
  EXPECT_EQ(json["plan"]["order"], Json(nodes));
  EXPECT_EQ(json["plan"]["least_duration"], "15s");
  EXPECT_EQ(json["policy"]["canary"]["count"], 1);
}

TEST(PlanText, TellsTheFirstWavesWithTheirNodesAndHowManyMoreThereAre) {
  v1::Job job;
  job.mutable_policy()->mutable_deadline()->set_seconds(1800);
  *job.mutable_plan() = MakePlan(0, {1, 2, 4, 4, 4, 4, 4, 4, 3});
  job.mutable_plan()->add_canaries("x1000c0s0b0n7");
  job.add_remarks("jobs/7 of bob\nis there");
  std::vector<std::string> nodes;
  for (int i = 0; i < 30; ++i) nodes.push_back("x1000c0s0b0n" + std::to_string(i));
  SetNodes(nodes, job);
  const std::string text = PlanText(job);
  EXPECT_NE(text.find("\nwave 1    1  x1000c0s0b0n7\nwave 2    2  x1000c0s0b0n[0-1]\n"
                      "wave 3    4  x1000c0s0b0n[2-5]\nwave 4    4  x1000c0s0b0n[6,8-10]\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("          and 3 more waves with 11 nodes\n"), std::string::npos) << text;
  EXPECT_NE(text.find("at most   30 min, then what is not done is given up\n"
                      "note      jobs/7 of bob is there\n"),
            std::string::npos)
      << text;
  // Of waves that are not of these nodes no order is told that could be wrong.
  nodes.pop_back();
  SetNodes(nodes, job);
  EXPECT_EQ(PlanText(job).find("wave 1"), std::string::npos);
}

TEST(PlanText, SaysWhoHasNoAgentAndWhoIsLeftOut) {
  v1::Job job;
  job.mutable_work()->mutable_restart_unit()->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
  *job.mutable_plan() = MakePlan(0, {2});
  for (const char* node : {"x1000c0s0b0n0", "x1000c0s0b0n1"})
    job.mutable_plan()->add_no_agent(node);
  job.mutable_plan()->add_disabled("x1000c0s1b0n0");
  job.mutable_plan()->add_uans("x3000c0s7b0n0");
  SetNodes({"x1000c0s0b0n0", "x1000c0s0b0n1"}, job);
  const std::string text = PlanText(job);
  EXPECT_NE(text.find("\nno agent  2  x1000c0s0b0n[0-1]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nleft out  1  x1000c0s1b0n0  disabled in HSM; --include-disabled takes "
                      "them\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("\nbeside    1  x3000c0s7b0n0  UANs, which subscribe to HMNFD, too; --role uan "
                "takes them\n"),
      std::string::npos)
      << text;
  const Json json = PlanToJson(job);
  EXPECT_EQ(json["plan"]["no_agent"].size(), 2u);
  EXPECT_EQ(json["plan"]["disabled"][0], "x1000c0s1b0n0");
}

}  // namespace
}  // namespace muster::cli
