// Node sets mean what they mean to ClusterShell: what its NodeSet 1.9.1 makes of each text, as its `nodeset -e` and `nodeset -f` print it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "controller/nodeset/node_set_expression.h"

namespace muster {
namespace {

struct Fact {
  const char* text;
  const char* expanded;
  const char* folded;
};

// clang-format off
constexpr Fact kFacts[] = {
    {"n[9-10]", "n9,n10", "n[9-10]"},
    {"n[009-010]", "n009,n010", "n[009-010]"},
    {"n[1,01]", "n1,n01", "n[1,01]"},
    {"n[1,01,001]", "n1,n01,n001", "n[1,01,001]"},
    {"n[2-3,010-012]", "n2,n3,n010,n011,n012", "n[2-3,010-012]"},
    {"n[9-10,009-010]", "n9,n10,n009,n010", "n[9-10,009-010]"},
    {"n[1-10]!n[5-6]", "n1,n2,n3,n4,n7,n8,n9,n10", "n[1-4,7-10]"},
    {"a,b!b,c", "a,c", "a,c"},
    {"a!b&c", "", ""},
    {"a,b&b,c", "b,c", "b,c"},
    {"a,b^b,c", "a,c", "a,c"},
    {"a[1-5] ^ a[3-7]", "a1,a2,a6,a7", "a[1-2,6-7]"},
    {"a[1-5] & a[3-7] , b", "a3,a4,a5,b", "a[3-5],b"},
    {"n[0-10/2]", "n0,n2,n4,n6,n8,n10", "n[0,2,4,6,8,10]"},
    {"n[0-10/3]", "n0,n3,n6,n9", "n[0,3,6,9]"},
    {"n5[0-3]", "n50,n51,n52,n53", "n[50-53]"},
    {"n[0-3]5", "n05,n15,n25,n35", "n[05,15,25,35]"},
    {"n[1-3]0", "n10,n20,n30", "n[10,20,30]"},
    {"0[1-2]", "01,02", "[01-02]"},
    {"n[1 - 3]", "n1,n2,n3", "n[1-3]"},
    {"n[ 1, 3]", "n1,n3", "n[1,3]"},
    {"n[098-101]", "n098,n099,n100,n101", "n[098-101]"},
    {"[1-3]", "1,2,3", "[1-3]"},
    {"x[1-2]c[0-1]", "x1c0,x1c1,x2c0,x2c1", "x[1-2]c[0-1]"},
    {"x1c1,x1c2,x2c1", "x1c1,x1c2,x2c1", "x1c[1-2],x2c1"},
    {"n[0-1,1-2]", "n0,n1,n2", "n[0-2]"},
    {"n[3,1,2]", "n1,n2,n3", "n[1-3]"},
    {"n08,n09,n10,n8", "n8,n08,n09,n10", "n[8,08-10]"},
    {"n00", "n00", "n00"},
    {"n[00-02]", "n00,n01,n02", "n[00-02]"},
    {"n[5]", "n5", "n5"},
    {"a[1-2]b,a[1-2]", "a1,a2,a1b,a2b", "a[1-2],a[1-2]b"},
    {"n[01-02]5", "n015,n025", "n[015,025]"},
    {"n1[01-02]", "n101,n102", "n[101-102]"},
    {"n0[1-3]", "n01,n02,n03", "n[01-03]"},
    {"n5[1-9/2]", "n51,n53,n55,n57,n59", "n[51,53,55,57,59]"},
    {"n[1-3]&n2,n3", "n2,n3", "n[2-3]"},
    {"nid[000001-000004,7]", "nid7,nid000001,nid000002,nid000003,nid000004", "nid[7,000001-000004]"},
    {"a[8-12]b[1-2]!a10b1", "a8b1,a8b2,a9b1,a9b2,a11b1,a11b2,a12b1,a12b2,a10b2", "a[8-9,11-12]b[1-2],a10b2"},
    {"a[1-3]-[1-2]", "a1-1,a1-2,a2-1,a2-2,a3-1,a3-2", "a[1-3]-[1-2]"},
    {"n[1-4]^n[2-3]!n4", "n1", "n1"},
    {"node[1-3],node[2-4]&node[3-9]", "node3,node4", "node[3-4]"},
    {"n[0-3]0!n10", "n00,n20,n30", "n[00,20,30]"},
    {"n001,n01,n1", "n1,n01,n001", "n[1,01,001]"},
    {"99,100", "99,100", "[99-100]"},
    {"n!n", "", ""},
    {"n[1-2]!n[1-3]", "", ""},
    {"n[99-100,099]", "n99,n099,n100", "n[99,099-100]"},
    {"n[1-3],n[01-03]!n2", "n1,n3,n01,n02,n03", "n[1,3,01-03]"},
    {"n[1-3],n[01-03]!n02", "n1,n2,n3,n01,n03", "n[1-3,01,03]"},
    {"n[08-10]&n[8-10]", "n10", "n10"},
    {"a[1-4]!a[2-3]^a[3-5]", "a1,a3,a5", "a[1,3,5]"},
    {"x[1000-1001]c0s[0-1]b0n[0-1]!x1001c0s1b0n1", "x1000c0s0b0n0,x1000c0s0b0n1,x1000c0s1b0n0,x1000c0s1b0n1,x1001c0s0b0n0,x1001c0s0b0n1,x1001c0s1b0n0", "x1000c0s[0-1]b0n[0-1],x1001c0s0b0n[0-1],x1001c0s1b0n0"},
    {"x[1-4]c[0-3]&x[2-3]c[1-2]", "x2c1,x2c2,x3c1,x3c2", "x[2-3]c[1-2]"},
    {"nid[000001-000010/3]", "nid000001,nid000004,nid000007,nid000010", "nid[000001,000004,000007,000010]"},
    {"a[01-03]b[1-2],a[1-3]b[1-2]", "a1b1,a1b2,a2b1,a2b2,a3b1,a3b2,a01b1,a01b2,a02b1,a02b2,a03b1,a03b2", "a[1-3,01-03]b[1-2]"},
    {"n[1-5]!n[2,4]", "n1,n3,n5", "n[1,3,5]"},
    {"n[1-5]!n[2-4/2]", "n1,n3,n5", "n[1,3,5]"},
    {"b2,a1,b1,a2", "a1,a2,b1,b2", "a[1-2],b[1-2]"},
    {"ncn-w[001-003],ncn-m001!ncn-w002", "ncn-m001,ncn-w001,ncn-w003", "ncn-m001,ncn-w[001,003]"},
    {"n[000-002,00-02,0-2]", "n0,n1,n2,n00,n01,n02,n000,n001,n002", "n[0-2,00-02,000-002]"},
};
// clang-format on

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) words.push_back(word);
  std::sort(words.begin(), words.end());
  return words;
}

// "" for the empty set.
NodeSet SetOf(const std::string& text) {
  const absl::StatusOr<NodeSetExpression> parsed = ParseNodeSetExpression(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  return parsed.ok() ? Evaluate(*parsed) : NodeSet();
}

TEST(ClusterShell, ATextStandsForTheSameNames) {
  for (const Fact& fact : kFacts) {
    std::vector<std::string> names = SetOf(fact.text).Names();
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, Words(fact.expanded)) << fact.text;
  }
}

TEST(ClusterShell, WhatItFoldsIsReadHere) {
  for (const Fact& fact : kFacts) {
    if (fact.folded[0] == '\0') continue;
    EXPECT_EQ(SetOf(fact.folded), SetOf(fact.text)) << fact.folded;
  }
}

// It orders by length first, where we order by value: nothing else differs.
TEST(ClusterShell, WhatIsFoldedHereIsTheSameTextButForTheOrderOfPaddings) {
  for (const Fact& fact : kFacts) {
    const std::string folded = SetOf(fact.text).Folded();
    std::string letters = folded;
    std::string its_letters = fact.folded;
    std::sort(letters.begin(), letters.end());
    std::sort(its_letters.begin(), its_letters.end());
    EXPECT_EQ(letters, its_letters) << fact.text << " is " << folded << ", not " << fact.folded;
  }
}

// It refuses these, too.
TEST(ClusterShell, ErrorsAreErrors) {
  for (const char* text : {"n[001-10]", "n[1-010]", "n[10-1]", "n[1-5/0]", "n[1-2,]", "a[1", "a]",
                           "!a", "a!", "a!&b", "a,!b", "&", "n[]", "n[a]", "n[1-2-3]"}) {
    EXPECT_FALSE(ParseNodeSetExpression(text).ok()) << text;
  }
}

}  // namespace
}  // namespace muster
