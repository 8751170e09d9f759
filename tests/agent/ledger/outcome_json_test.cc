#include "agent/ledger/outcome_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace muster {
namespace {

using nlohmann::json;

UnitState SomeUnit(const std::string& invocation) {
  UnitState state;
  state.unit = "cray-orca.service";
  state.load_state = "loaded";
  state.active_state = "failed";
  state.sub_state = "failed";
  state.result = "exit-code";
  state.invocation_id = invocation;
  state.exec_main_code = 1;
  state.exec_main_status = -7;
  state.restarts = 4'000'000'000;
  state.job_id = 37;
  state.need_daemon_reload = true;
  state.active_age = 90s;
  state.condition_result = true;
  return state;
}

Outcome SomeOutcome() {
  Outcome outcome;
  outcome.state = OutcomeState::kFailed;
  outcome.reason = Reason::kExitCode;
  outcome.detail = "cray-orca.service exited with status 3 \"\\\n\xc3\xa9";
  outcome.evidence.before = SomeUnit("A");
  outcome.evidence.after = SomeUnit("B");
  outcome.evidence.after->active_age = std::nullopt;
  outcome.evidence.spire = SomeUnit("S");
  outcome.evidence.job_result = "failed";
  outcome.evidence.error_name = "org.example.Error";
  outcome.evidence.foreign_restarts = 2;
  outcome.evidence.duration = 1234ms;
  outcome.evidence.recovered = true;
  outcome.evidence.content = ContentRecord{
      {{MountKind::kLoop, "squashfs", "/a/rootfs", "/sq", "ro", "ro", "shared", false},
       {MountKind::kOverlay, "overlay", "overlay", "/pe", "rw", "lowerdir=/sq", "private", true}}};
  return outcome;
}

// As the ledger reads it: through text.
json Reread(const json& value) { return json::parse(value.dump()); }

TEST(OutcomeJson, IsReadBackWhole) {
  const auto full = OutcomeFromJson(Reread(ToJson(SomeOutcome())));
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(*full, SomeOutcome());
  const Outcome empty;
  const auto reread = OutcomeFromJson(Reread(ToJson(empty)));
  ASSERT_TRUE(reread.ok()) << reread.status();
  EXPECT_EQ(*reread, empty);
}

TEST(OutcomeJson, AFieldThatIsMissingUnknownOrOfAnotherKindIsAnError) {
  const json good = Reread(ToJson(SomeOutcome()));
  for (const auto& [field, value] : good.items()) {
    json bad = good;
    bad.erase(field);
    EXPECT_FALSE(OutcomeFromJson(bad).ok()) << "without " << field;
    bad[field] = json::array();
    EXPECT_FALSE(OutcomeFromJson(bad).ok()) << field << " as an array";
  }
  json bad = good;
  bad["evidence"]["later"] = 1;
  EXPECT_FALSE(OutcomeFromJson(bad).ok()) << "unknown field";
  bad = good;
  bad["reason"] = "REASON_9999";
  EXPECT_FALSE(OutcomeFromJson(bad).ok()) << "unknown reason";
  bad = good;
  bad["evidence"]["after"]["restarts"] = 5'000'000'000;
  EXPECT_FALSE(OutcomeFromJson(bad).ok()) << "out of range";
  bad = good;
  bad["evidence"]["after"]["job_id"] = -1;
  EXPECT_FALSE(OutcomeFromJson(bad).ok()) << "negative";
  for (const json& other : {json(), json(1), json("x"), json::array({1})}) {
    EXPECT_FALSE(OutcomeFromJson(other).ok()) << other.dump();
  }
}

}  // namespace
}  // namespace muster
