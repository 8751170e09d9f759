// What an operator, or a script, is told about an operation.
#include "controller/cli/operation_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::cli {
namespace {

v1::Operation MakeOperation(v1::OperationState state) {
  v1::Operation operation;
  operation.set_name("operations/7");
  operation.set_state(state);
  operation.mutable_create_time()->set_seconds(1000);
  operation.mutable_resubscription()->set_target_count(20);
  const auto add = [&operation](const std::string& title, v1::OperationState step_state,
                                const std::string& detail) {
    v1::Operation::Step& step = *operation.add_steps();
    step.set_title(title);
    step.set_state(step_state);
    step.set_detail(detail);
  };
  add("HMNFD takes subscriptions", v1::OPERATION_STATE_SUCCEEDED, "ready");
  add("nodes restarted and subscribed", v1::OPERATION_STATE_RUNNING, "");
  add("other clients of HMNFD", v1::OPERATION_STATE_PENDING, "");
  return operation;
}

TEST(OperationText, ShowsTheStepsOfOneThatRuns) {
  EXPECT_EQ(OperationText(MakeOperation(v1::OPERATION_STATE_RUNNING)),
            "SUCCEEDED  HMNFD takes subscriptions       ready\n"
            "RUNNING    nodes restarted and subscribed\n"
            "PENDING    other clients of HMNFD\n"
            "operations/7: RUNNING\n");
}

TEST(OperationText, ShowsWhatHappenedAndHowItEnded) {
  v1::Operation operation = MakeOperation(v1::OPERATION_STATE_FAILED);
  operation.clear_steps();
  v1::Operation::Note& note = *operation.add_notes();
  note.mutable_time()->set_seconds(1010);
  note.set_text("HMNFD is ready again");
  operation.set_detail("3 of 20 nodes failed");
  operation.mutable_end_time()->set_seconds(1090);
  EXPECT_EQ(OperationText(operation),
            "1970-01-01 00:16:50Z  HMNFD is ready again\n"
            "operations/7: FAILED: 3 of 20 nodes failed, in 1 min 30 s\n");
}

TEST(OperationText, WhatComesFromElsewhereMovesNoCursor) {
  v1::Operation operation = MakeOperation(v1::OPERATION_STATE_FAILED);
  operation.set_detail("bad\x1b[2Jworse\n");
  operation.mutable_steps(0)->set_detail("\x1b[31mred");
  operation.add_notes()->set_text("one\ntwo");
  const std::string text = OperationText(operation);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5) << text;
}

TEST(OperationText, AStateOfANewerControllerIsANumber) {
  const auto state = static_cast<v1::OperationState>(42);
  EXPECT_EQ(StateName(state), "STATE_42");
  EXPECT_FALSE(IsEnded(state));
  EXPECT_EQ(StateName(v1::OPERATION_STATE_UNSPECIFIED), "");
}

TEST(OperationText, OnlySucceededFailedAndCancelledAreEnds) {
  EXPECT_FALSE(IsEnded(v1::OPERATION_STATE_PENDING));
  EXPECT_FALSE(IsEnded(v1::OPERATION_STATE_RUNNING));
  EXPECT_TRUE(IsEnded(v1::OPERATION_STATE_SUCCEEDED));
  EXPECT_TRUE(IsEnded(v1::OPERATION_STATE_FAILED));
  EXPECT_TRUE(IsEnded(v1::OPERATION_STATE_CANCELLED));
}

TEST(OperationText, BeginsWithHowManyNodes) {
  v1::Operation operation = MakeOperation(v1::OPERATION_STATE_RUNNING);
  EXPECT_EQ(StartLine(operation), "operations/7: resubscription of 20 nodes");
  operation.mutable_resubscription()->set_target_count(1);
  EXPECT_EQ(StartLine(operation), "operations/7: resubscription of 1 node");
}

TEST(OperationText, AStepIsALine) {
  const v1::Operation operation = MakeOperation(v1::OPERATION_STATE_RUNNING);
  EXPECT_EQ(StepLine(operation.steps(0)), "HMNFD takes subscriptions: succeeded: ready");
  EXPECT_EQ(StepLine(operation.steps(1)), "nodes restarted and subscribed: running");
}

Notes NotesOf(const std::vector<std::string>& texts) {
  Notes notes;
  for (const std::string& text : texts) {
    v1::Operation::Note& note = *notes.Add();
    note.mutable_time()->set_seconds(1010);
    note.set_text(text);
  }
  return notes;
}

TEST(OperationText, EachNoteIsToldOnceAlsoIfManyAreOfTheSameTime) {
  EXPECT_EQ(CountTold({}, NotesOf({"a", "b"})), 0);
  EXPECT_EQ(CountTold(NotesOf({"a", "b"}), NotesOf({"a", "b", "c"})), 2);
  EXPECT_EQ(CountTold(NotesOf({"a", "b"}), NotesOf({"b", "c"})), 1) << "the oldest was dropped";
  EXPECT_EQ(CountTold(NotesOf({"a", "b"}), NotesOf({"c", "d"})), 0);
  EXPECT_EQ(CountTold(NotesOf({"a", "b", "c"}), NotesOf({"a", "b"})), 2) << "an older answer";
  EXPECT_EQ(CountTold(NotesOf({"a", "a"}), NotesOf({"a", "a", "a"})), 2);
}

TEST(OperationText, TheDocumentHasStepsAndJob) {
  v1::Operation operation = MakeOperation(v1::OPERATION_STATE_RUNNING);
  EXPECT_FALSE(ToJson(operation).contains("job"));
  operation.mutable_job()->set_name("jobs/8");
  const Json json = ToJson(operation);
  EXPECT_EQ(json["name"], "operations/7");
  EXPECT_EQ(json["steps"].size(), 3u);
  EXPECT_EQ(json["job"]["name"], "jobs/8");
}

}  // namespace
}  // namespace muster::cli
