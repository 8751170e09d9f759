// JSON from outside, good and bad.
#include "controller/csm/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ParseErrorOf(const std::string& text, const JsonLimits& limits = kAnswerLimits) {
  const absl::Status status = ParseJson(text, "the answer", limits).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << text;
  return Message(status);
}

TEST(ParseJson, WhatIsNoJsonIsSaidWithItsPlaceAndWithoutItsText) {
  EXPECT_EQ(ParseErrorOf(""), "the answer is no JSON: it is empty");
  const std::string error = ParseErrorOf(R"({"access_token": s3cret})");
  EXPECT_EQ(error, "the answer is no JSON: it goes wrong at byte 18 of 24");
  EXPECT_THAT(error, Not(HasSubstr("s3c")));
  EXPECT_THAT(ParseErrorOf("[1e999]"), HasSubstr("out of range"));
  EXPECT_THAT(ParseErrorOf("\"\xff\""), HasSubstr("byte"));
  EXPECT_THAT(ParseErrorOf("<html>"), HasSubstr("byte 1 of 6"));
}

TEST(ParseJson, IsBounded) {
  EXPECT_EQ(ParseErrorOf("[1,2,3]", {6, 4}),
            "the answer has 7 bytes, and more than 6 are not read");
  EXPECT_EQ(ParseErrorOf("[[[]]]", {100, 2}), "the answer has more than 2 levels");
  EXPECT_TRUE(ParseJson("[[],[]]", "it", {100, 2}).ok());
  EXPECT_TRUE(ParseJson(R"(["[[[[\"[["])", "it", {100, 1}).ok()) << "brackets in a string are none";
  EXPECT_THAT(ParseErrorOf(std::string(1'000'000, '[')), HasSubstr("levels"));
}

TEST(Fields, AbsentAndNullLeaveTheDefault) {
  const Json json = *ParseJson(R"({"a": null})", "it");
  const Fields fields(json, "it");
  std::string text = "as it was";
  bool is_enabled = true;
  std::optional<uint64_t> number;
  const Json* array = &json;
  EXPECT_TRUE(fields.Read("a", &text).ok());
  EXPECT_TRUE(fields.Read("b", &is_enabled).ok());
  EXPECT_TRUE(fields.Read("a", &number).ok());
  EXPECT_TRUE(fields.Read("a", &array).ok());
  EXPECT_EQ(text, "as it was");
  EXPECT_TRUE(is_enabled);
  EXPECT_EQ(number, std::nullopt);
  EXPECT_EQ(array, nullptr);
}

TEST(Fields, AreReadByType) {
  const Json json = *ParseJson(R"({"s":"x","b":false,"n":7,"minus":-1,"a":["p","q"]})", "it");
  const Fields fields(json, "it");
  std::string text;
  bool flag = true;
  std::optional<uint64_t> number;
  std::optional<uint64_t> minus;
  std::vector<std::string> array;
  EXPECT_TRUE(fields.Read("s", &text).ok());
  EXPECT_TRUE(fields.Read("b", &flag).ok());
  EXPECT_TRUE(fields.Read("n", &number).ok());
  EXPECT_TRUE(fields.Read("minus", &minus).ok());
  EXPECT_TRUE(fields.Read("a", &array).ok());
  EXPECT_EQ(text, "x");
  EXPECT_FALSE(flag);
  EXPECT_EQ(number, 7u);
  EXPECT_EQ(minus, std::nullopt) << "as if absent";
  EXPECT_THAT(array, ElementsAre("p", "q"));
}

TEST(Fields, AnotherTypeIsAnErrorThatSaysWhere) {
  const Json json = *ParseJson(R"({"NID":"7","Aliases":["a",1],"Enabled":1})", "it");
  const Fields fields(json, Element("HSM's answer, Components", 3));
  std::optional<uint64_t> number;
  std::vector<std::string> array;
  bool flag = false;
  EXPECT_EQ(Message(fields.Read("NID", &number)),
            "HSM's answer, Components[3].NID is of type string, not a number");
  EXPECT_EQ(Message(fields.Read("Aliases", &array)),
            "HSM's answer, Components[3].Aliases is of type number, not strings alone");
  EXPECT_EQ(Message(fields.Read("Enabled", &flag)),
            "HSM's answer, Components[3].Enabled is of type number, not true or false");
}

}  // namespace
}  // namespace muster
