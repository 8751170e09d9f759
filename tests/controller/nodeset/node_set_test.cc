#include "controller/nodeset/node_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::string> Expanded(const std::string& text) {
  absl::StatusOr<std::vector<std::string>> names = ExpandNodeSet(text);
  EXPECT_TRUE(names.ok()) << text << ": " << names.status();
  return names.ok() ? *names : std::vector<std::string>();
}

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<std::vector<std::string>> names = ExpandNodeSet(text);
  EXPECT_EQ(names.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return Message(names.status());
}

std::string Refolded(const std::string& text) { return FoldNodeSet(Expanded(text)); }

TEST(ExpandNodeSet, TakesNamesSeparatedByCommasSpacesAndLines) {
  EXPECT_THAT(Expanded("ncn-w002,ncn-w001"), ElementsAre("ncn-w001", "ncn-w002"));
  EXPECT_THAT(Expanded("\nncn-w002\r\nncn-w001, ncn-m001\n"),
              ElementsAre("ncn-m001", "ncn-w001", "ncn-w002"));
  EXPECT_THAT(Expanded("a,a,a"), ElementsAre("a"));
}

TEST(ExpandNodeSet, KeepsPaddingAndOrdersByValue) {
  EXPECT_THAT(Expanded("nid[000009-000011,7]-nmn"),
              ElementsAre("nid7-nmn", "nid000009-nmn", "nid000010-nmn", "nid000011-nmn"));
  EXPECT_THAT(Expanded("n[8-11]"), ElementsAre("n8", "n9", "n10", "n11"));
  EXPECT_THAT(Expanded("n[098-101]"), ElementsAre("n098", "n099", "n100", "n101"));
  EXPECT_THAT(Expanded("n[1,01,001]"), ElementsAre("n1", "n01", "n001"));
  EXPECT_THAT(Expanded("n[00-01]"), ElementsAre("n00", "n01"));
}

TEST(ExpandNodeSet, MultipliesBracketsAndTakesSteps) {
  EXPECT_THAT(Expanded("x[1000-1001]c0s[0,3]"),
              ElementsAre("x1000c0s0", "x1000c0s3", "x1001c0s0", "x1001c0s3"));
  EXPECT_THAT(Expanded("n[0-10/4]"), ElementsAre("n0", "n4", "n8"));
  EXPECT_THAT(Expanded("[1-2]a"), ElementsAre("1a", "2a"));
  EXPECT_THAT(Expanded("x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]"), SizeIs(1024));
}

TEST(ExpandNodeSet, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("names no node"));
  EXPECT_THAT(ErrorOf(" ,\n"), HasSubstr("names no node"));
  EXPECT_EQ(ErrorOf("nid[1-4"), "node set 'nid[1-4': '[' has no ']', at character 4 ('[')");
  EXPECT_THAT(ErrorOf("nid["), HasSubstr("'[' has no ']'"));
  EXPECT_THAT(ErrorOf("nid1-4]"), HasSubstr("']' has no '[', at character 7"));
  EXPECT_THAT(ErrorOf("nid[]"), HasSubstr("expected a number, at character 5"));
  EXPECT_THAT(ErrorOf("nid[1,]"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf("nid[1-]"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf("nid[a]"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf("nid[1 2]"), HasSubstr("expected ',' or ']', at character 7"));
  EXPECT_THAT(ErrorOf("nid[5-1]"), HasSubstr("5-1 runs backwards"));
  EXPECT_THAT(ErrorOf("nid[001-10]"), HasSubstr("not padded alike"));
  EXPECT_THAT(ErrorOf("nid[1-010]"), HasSubstr("not padded alike"));
  EXPECT_THAT(ErrorOf("nid[1-4/0]"), HasSubstr("at least 1"));
  EXPECT_THAT(ErrorOf("nid[1234567890123456789]"), HasSubstr("at most 18 digits"));
  EXPECT_THAT(ErrorOf("a;reboot"), HasSubstr("in no name, at character 2 (';')"));
  EXPECT_THAT(ErrorOf("-a"), HasSubstr("begins with a letter or a digit"));
  EXPECT_THAT(ErrorOf("a\x01"), HasSubstr("('?')"));
  EXPECT_THAT(ErrorOf(std::string(201, 'a')), HasSubstr("at most 200 characters"));
}

TEST(ExpandNodeSet, CountsBeforeItExpands) {
  EXPECT_THAT(Expanded("x[0-999999]"), SizeIs(1'000'000));
  EXPECT_THAT(ErrorOf("x[0-1000000]"), HasSubstr("more than 1000000 names"));
  EXPECT_THAT(ErrorOf("x[0-999999],y"), HasSubstr("more than 1000000 names, at character 13"));
  EXPECT_THAT(ErrorOf("x[0-999999999999999999]"), HasSubstr("more than"));
  // Products that would overflow 64 bits, also to a small number: 2^64 = 2^16 * 2^16 * 2^16 * 2^16.
  EXPECT_THAT(ErrorOf("x[0-65535]c[0-65535]s[0-65535]b[0-65535]"), HasSubstr("more than"));
  std::string many = "x[0-999999999999999999";
  for (int i = 0; i < 40; ++i) many += ",0-999999999999999999";
  EXPECT_THAT(ErrorOf(many + "]"), HasSubstr("more than"));
  // A million brackets are refused for their length, not followed.
  std::string deep = "x";
  for (int i = 0; i < 1'000'000; ++i) deep += "[1]";
  EXPECT_THAT(ErrorOf(deep), HasSubstr("at most 200 characters"));
}

TEST(FoldNodeSet, FoldsCompleteProductsToOneText) {
  EXPECT_EQ(Refolded("x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]"),
            "x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]");
  EXPECT_EQ(Refolded("x1000c0s[0-7]b0n0"), "x1000c0s[0-7]b0n0");
  EXPECT_EQ(Refolded("nid[000001-010000]-nmn"), "nid[000001-010000]-nmn");
}

TEST(FoldNodeSet, KeepsEachNamesPadding) {
  EXPECT_EQ(Refolded("nid[000001-000100,7]"), "nid[000001-000100,7]");
  EXPECT_EQ(Refolded("n[8-11]"), "n[8-11]");
  EXPECT_EQ(Refolded("n[098-101]"), "n[098-101]");
  EXPECT_EQ(Refolded("n[0-10/2]"), "n[0,2,4,6,8,10]");
  EXPECT_EQ(FoldNodeSet({"n99", "n099", "n100"}), "n[99-100,099]");
}

TEST(FoldNodeSet, KeepsShapesApart) {
  EXPECT_EQ(FoldNodeSet({"ncn-w002", "nid000001", "ncn-w001", "login", "nid000001-nmn"}),
            "login,ncn-w[001-002],nid000001,nid000001-nmn");
  EXPECT_EQ(FoldNodeSet({"a12345678901234567890", "a12345678901234567891"}),
            "a12345678901234567890,a12345678901234567891");
}

TEST(FoldNodeSet, RepeatsCountOnceAndNoneIsEmpty) {
  EXPECT_EQ(FoldNodeSet({}), "");
  EXPECT_EQ(FoldNodeSet({"n2", "n1", "n2"}), "n[1-2]");
  EXPECT_EQ(FoldNodeSet({"a", "a"}), "a");
}

TEST(FoldNodeSet, OneMissingNodeLeavesAFewTexts) {
  std::vector<std::string> names = Expanded("x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]");
  std::erase(names, "x1001c3s5b0n1");
  const std::string folded = FoldNodeSet(names);
  EXPECT_EQ(Expanded(folded), names);
  EXPECT_LE(folded.size(), 220u) << folded;
}

// Given any subset of names of several shapes, when it is folded and expanded, then it is the same.
class RandomSubset : public testing::TestWithParam<uint32_t> {};

TEST_P(RandomSubset, FoldsToATextThatExpandsToTheSame) {
  std::mt19937 random(GetParam());
  const std::vector<std::string> universes = {
      "x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]",
      "nid[000001-000300],nid[1-300],nid[01-99]-nmn",
      "n[0-12],n[00-12],n[000-120]",
      "a[0-3]b[00-03]c[0-3],a[0-3]b[0-3]c[0-3],uan[01-20],login,9[0-9]x",
  };
  for (const std::string& universe : universes) {
    const std::vector<std::string> all = Expanded(universe);
    // From almost none to almost all.
    for (const double share : {0.01, 0.3, 0.7, 0.99}) {
      std::bernoulli_distribution chosen(share);
      std::vector<std::string> names;
      for (const std::string& name : all) {
        if (chosen(random)) names.push_back(name);
      }
      if (names.empty()) continue;
      std::vector<std::string> shuffled = names;
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      const std::string folded = FoldNodeSet(shuffled);
      EXPECT_EQ(Expanded(folded), names) << folded;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSubset, testing::Range(1u, 21u));

TEST(FoldNodeSet, TakesLargeSets) {
  const std::string large = "x[1000-1024]c[0-7]s[0-63]b[0-3]n[0-1]";
  EXPECT_EQ(Refolded(large), large);  // 102,400 names

  // 10,000 names that have hardly anything in common.
  std::mt19937 random(7);
  std::vector<std::string> names;
  for (int i = 0; i < 10'000; ++i) {
    names.push_back(
        fmt::format("x{}c{}s{}", random() % 100'000, random() % 100'000, random() % 100'000));
  }
  std::sort(names.begin(), names.end(), NaturalLess);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  EXPECT_EQ(Expanded(FoldNodeSet(names)), names);
}

TEST(NaturalLess, OrdersByValueThenLengthThenCharacter) {
  // "a1b2" is before "a01": the shorter 1 decides before what follows it.
  const std::vector<std::string> ordered = {"",   "1a",  "a",  "a1",    "a1b2", "a01",
                                            "a2", "a10", "aa", "x1000", "x1001"};
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(NaturalLess(ordered[i], ordered[j]), i < j) << ordered[i] << " " << ordered[j];
    }
  }
}

}  // namespace
}  // namespace muster
