// Operators, parentheses, words that somebody else knows, and what is said of mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/nodeset/node_set_expression.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

NodeSetExpression Parsed(const std::string& text, const NodeSetSyntax& syntax = {}) {
  const absl::StatusOr<NodeSetExpression> parsed = ParseNodeSetExpression(text, syntax);
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  return parsed.ok() ? *parsed : NodeSetExpression();
}

std::string Evaluated(const std::string& text, const NodeSetSyntax& syntax = {}) {
  return Evaluate(Parsed(text, syntax)).Folded();
}

std::string ErrorIn(const std::string& text, const NodeSetSyntax& syntax = {}) {
  const absl::Status status = ParseNodeSetExpression(text, syntax).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  return Message(status);
}

// Knows @rack1, @none, and a file ^f.
NodeSetSyntax WithWords() {
  NodeSetSyntax syntax;
  syntax.words = [](const std::string& word) -> absl::StatusOr<NodeSetExpression> {
    if (word == "@rack1") return Parsed("a[1-4]");
    if (word == "@none") return NodeSetExpression();
    if (word == "^f") return Parsed("b1,b2!b1");
    if (word == "-") return Parsed("c");
    return MakeStatus(absl::StatusCode::kInvalidArgument, "no {}", word);
  };
  return syntax;
}

TEST(NodeSetExpression, OperatorsWorkFromLeftToRight) {
  EXPECT_EQ(Evaluated("a[1-9]!a[3-4]"), "a[1-2,5-9]");
  EXPECT_EQ(Evaluated("a[1-9]&a[3-12]"), "a[3-9]");
  EXPECT_EQ(Evaluated("a[1-4]^a[3-6]"), "a[1-2,5-6]");
  EXPECT_EQ(Evaluated("a,b&b,c"), "b,c");
  EXPECT_EQ(Evaluated("a,b!b,b"), "a,b");
  EXPECT_EQ(Evaluated("a!b!c,b"), "a,b");
  EXPECT_EQ(Evaluated("a!a"), "");
  EXPECT_EQ(Evaluated("a!a^b"), "b");
  EXPECT_EQ(Evaluated("a!a&b,c"), "c");
}

TEST(NodeSetExpression, BlanksAndLinesStandAroundOperators) {
  EXPECT_EQ(Evaluated(" a[1-3] ! a1\n& a[2-9] "), "a[2-3]");
  EXPECT_EQ(Evaluated("a b\tc\r\nd!b"), "a,c,d");
  EXPECT_EQ(Evaluated("a ^ b"), "a,b");
  EXPECT_EQ(Evaluated("n[ 1 - 3 , 7 - 9 / 2 ]"), "n[1-3,7,9]");
}

TEST(NodeSetExpression, ParenthesesAreOneOperand) {
  EXPECT_EQ(Evaluated("a[1-9]!(a1,a2)"), "a[3-9]");
  EXPECT_EQ(Evaluated("a[1-9]!(a[1-5]!a3)"), "a[3,6-9]");
  EXPECT_EQ(Evaluated("(a,b)&(b,c)"), "b");
  EXPECT_EQ(Evaluated("a[1-3]&(a1!a1),b"), "b");
  EXPECT_EQ(Evaluated("((a))"), "a");
  EXPECT_EQ(Evaluated("a (b) c"), "a,b,c");
}

TEST(NodeSetExpression, ItsTextIsReadAsTheSame) {
  for (const char* text : {"a,b", "a,b!b", "a!(b,c)", "a&(b,c),d", "a^(b!c)", "(a!b),c", "a,(b!c)",
                           "x[1-3]!x2&(x1,y)", "(a&b)!(c&d)", "a!a", "n[1,01]!n1"}) {
    const NodeSetExpression parsed = Parsed(text);
    const std::string shown = TextOf(parsed);
    if (parsed.empty()) continue;
    EXPECT_EQ(TextOf(Parsed(shown)), shown) << text;
    EXPECT_EQ(Evaluate(Parsed(shown)), Evaluate(parsed)) << text;
  }
  EXPECT_EQ(TextOf(Parsed("a!b!c & d,e")), "a!(b,c)&d,e");
}

TEST(NodeSetExpression, WhatIsOnlyAListIsOneSet) {
  EXPECT_TRUE(IsOneSet(Parsed("a,b (c)\nd")));
  EXPECT_TRUE(IsOneSet(Parsed("@rack1,a", WithWords())));
  EXPECT_FALSE(IsOneSet(Parsed("a!b")));
  EXPECT_FALSE(IsOneSet(Parsed("a,(b!c)")));
}

TEST(NodeSetExpression, WordsAreWhatTheirReaderSays) {
  EXPECT_EQ(Evaluated("@rack1!a2", WithWords()), "a[1,3-4]");
  EXPECT_EQ(Evaluated("a[2-9]!@rack1", WithWords()), "a[5-9]");
  EXPECT_EQ(Evaluated("@rack1!@none", WithWords()), "a[1-4]");
  EXPECT_EQ(Evaluated("@rack1&@none", WithWords()), "");
  EXPECT_EQ(Evaluated("a,-", WithWords()), "a,c");
  // A '^' is a file where no operator can be, and before a word alone.
  EXPECT_EQ(Evaluated("^f", WithWords()), "b2");
  EXPECT_EQ(Evaluated("a,^f", WithWords()), "a,b2");
  EXPECT_EQ(Evaluated("a ^f", WithWords()), "a,b2");
  EXPECT_EQ(Evaluated("a,b2!^f", WithWords()), "a");
  EXPECT_EQ(Evaluated("a,b2^^f", WithWords()), "a");
  EXPECT_EQ(Evaluated("a^a", WithWords()), "");
  EXPECT_EQ(Evaluated("a ^ a", WithWords()), "");
  EXPECT_EQ(ErrorIn("a,@rack2", WithWords()), "no @rack2");
}

TEST(NodeSetExpression, MistakesAreToldWithTheirPlace) {
  EXPECT_EQ(ErrorIn("a!"), "node set 'a!': '!' has no set after it, at character 2 ('!')");
  EXPECT_EQ(ErrorIn("&a"), "node set '&a': '&' has no set before it, at character 1 ('&')");
  EXPECT_THAT(ErrorIn("a,!b"), HasSubstr("'!' has no set before it, at character 3"));
  EXPECT_THAT(ErrorIn("a!,b"), HasSubstr("'!' has no set after it"));
  EXPECT_THAT(ErrorIn("a!^b"), HasSubstr("'!' has no set after it"));
  EXPECT_THAT(ErrorIn("^a"), HasSubstr("'^' has no set before it"));
  EXPECT_THAT(ErrorIn("(a"), HasSubstr("'(' has no ')', at character 1"));
  EXPECT_THAT(ErrorIn("a)"), HasSubstr("')' has no '(', at character 2"));
  EXPECT_THAT(ErrorIn(")"), HasSubstr("')' has no '(', at character 1"));
  EXPECT_THAT(ErrorIn("("), HasSubstr("'(' has no ')'"));
  EXPECT_THAT(ErrorIn("()"), HasSubstr("expected a name, at character 2"));
  EXPECT_THAT(ErrorIn("a(b)"), HasSubstr("expected an operator before '('"));
  EXPECT_THAT(ErrorIn("(a)b"), HasSubstr("expected an operator after ')'"));
  EXPECT_THAT(ErrorIn("(a)(b)"), HasSubstr("expected an operator after ')'"));
  EXPECT_THAT(ErrorIn("a,@compute"),
              HasSubstr("@compute is a group, and groups are not known here"));
  EXPECT_THAT(ErrorIn("a*"), HasSubstr("in no name"));
  EXPECT_THAT(ErrorIn("-"), HasSubstr("begins with a letter or a digit"));
}

TEST(NodeSetExpression, WhatATextCanAskForIsBounded) {
  EXPECT_THAT(ErrorIn("x[0-999999]!x[0-9]"), HasSubstr("more than 1000000 names"));
  EXPECT_THAT(ErrorIn("@rack1,a", {.max_names = 4, .words = WithWords().words}),
              HasSubstr("more than 4 names"));
  EXPECT_THAT(ErrorIn(std::string(1'000'000, '(')), HasSubstr("at most 16 deep"));
  std::string many = "a";
  for (int i = 0; i < 2000; ++i) many += i % 2 == 0 ? "!b" : "^b";
  EXPECT_THAT(ErrorIn(many), HasSubstr("more than 1000 operators"));
}

TEST(ParseNodeSet, AnEmptyResultIsAnError) {
  const absl::Status status = ParseNodeSet("a!a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(status), "node set 'a!a': no node is left of it");
  EXPECT_THAT(ExpandNodeSet("a,b!a").value(), ElementsAre("b"));
}

TEST(NodeSet, SplitsEvenlyInOrder) {
  const NodeSet nodes = *ParseNodeSet("x1c[0-9],login");
  std::vector<std::string> parts;
  for (const NodeSet& part : nodes.Split(3)) parts.push_back(part.Folded());
  EXPECT_THAT(parts, ElementsAre("login,x1c[0-2]", "x1c[3-6]", "x1c[7-9]"));
  EXPECT_EQ(nodes.Split(100).size(), 11u);
  EXPECT_THAT(NodeSet().Split(3), IsEmpty());
  EXPECT_THAT(nodes.Split(0), IsEmpty());
}

}  // namespace
}  // namespace muster
