// Any sets and any operators do what std::set does with the names, and what is folded is read as the same.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>

#include "controller/nodeset/node_set_expression.h"

namespace muster {
namespace {

using Names = std::set<std::string, NaturalOrder>;

std::vector<std::string> ListOf(const Names& names) { return {names.begin(), names.end()}; }

// 7, 07, 007: few values in several paddings, so that sets meet.
rc::Gen<std::string> AnyNumber() {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, 120), rc::gen::inRange(0, 5)),
                      [](const std::tuple<int, int>& drawn) {
                        return fmt::format("{:0{}}", std::get<0>(drawn), std::get<1>(drawn));
                      });
}

rc::Gen<std::string> AnyName() {
  return rc::gen::exec([] {
    const std::string shape = *rc::gen::element<std::string>(
        "n#", "n#", "n#-ib", "x#c#", "#", "a#b#c#", "login", "n12345678901234567890");
    std::string name;
    for (const char c : shape) {
      if (c == '#') {
        name += *AnyNumber();
      } else {
        name += c;
      }
    }
    return name;
  });
}

struct Model {
  std::string text;
  Names names;
};

// "n[3-9/2]", "x[1,01]c[0-2]", or one name, with its names made by hand.
rc::Gen<Model> AnyPattern() {
  return rc::gen::exec([] {
    if (*rc::gen::inRange(0, 3) == 0) {
      const std::string name = *AnyName();
      return Model{name, {name}};
    }
    const int first = *rc::gen::inRange(0, 30);
    const int last = first + *rc::gen::inRange(0, 30);
    const int step = *rc::gen::inRange(1, 4);
    const int width = *rc::gen::inRange(0, 4);
    const std::string single = *AnyNumber();
    const std::string suffix = *rc::gen::element<std::string>("", "-ib", "c[0-1]", "0", "[7,8]");
    const std::vector<std::string> ends = suffix == "c[0-1]"  ? std::vector<std::string>{"c0", "c1"}
                                          : suffix == "[7,8]" ? std::vector<std::string>{"7", "8"}
                                                              : std::vector<std::string>{suffix};
    // Both ends have as many digits if there are zeros before the first.
    const std::string begin = fmt::format("{:0{}}", first, width);
    const bool is_padded = begin.size() > 1 && begin[0] == '0';
    const int pad = is_padded ? static_cast<int>(begin.size()) : 0;
    Model model;
    model.text = fmt::format("n[{}-{:0{}}/{},{}]{}", begin, last, pad, step, single, suffix);
    for (const std::string& end : ends) {
      for (int i = first; i <= last; i += step)
        model.names.insert(fmt::format("n{:0{}}{}", i, pad, end));
      model.names.insert("n" + single + end);
    }
    return model;
  });
}

void Apply(char op, const Names& other, Names& names) {
  Names result;
  const auto into = std::inserter(result, result.end());
  const NaturalOrder order;
  if (op == ',')
    std::set_union(names.begin(), names.end(), other.begin(), other.end(), into, order);
  if (op == '!')
    std::set_difference(names.begin(), names.end(), other.begin(), other.end(), into, order);
  if (op == '&')
    std::set_intersection(names.begin(), names.end(), other.begin(), other.end(), into, order);
  if (op == '^')
    std::set_symmetric_difference(names.begin(), names.end(), other.begin(), other.end(), into,
                                  order);
  names = std::move(result);
}

// Operands and operators from left to right, some operands in parentheses.
Model DrawExpression(int depth) {
  Model model;
  const int terms = *rc::gen::inRange(1, 6);
  for (int i = 0; i < terms; ++i) {
    Model operand;
    if (depth > 0 && *rc::gen::inRange(0, 4) == 0) {
      operand = DrawExpression(depth - 1);
      operand.text = "(" + operand.text + ")";
    } else {
      operand = *AnyPattern();
    }
    const char op = i == 0 ? ',' : *rc::gen::element(',', '!', '&', '^');
    const std::string blank = *rc::gen::element<std::string>("", " ");
    model.text += i == 0 ? operand.text : blank + op + blank + operand.text;
    Apply(op, operand.names, model.names);
  }
  return model;
}

RC_GTEST_PROP(NodeSetProperty, AUnionOfManyIsTheirUnionOneByOne, ()) {
  std::vector<NodeSet> sets;
  NodeSet one_by_one;
  for (const auto& names : *rc::gen::container<std::vector<std::vector<std::string>>>(
           rc::gen::container<std::vector<std::string>>(AnyName()))) {
    sets.emplace_back(names);
    one_by_one.Apply(NodeSetOperator::kUnion, sets.back());
  }
  RC_ASSERT(NodeSet::UnionOf(sets) == one_by_one);
}

RC_GTEST_PROP(NodeSetProperty, ExpressionsDoWhatSetsDo, ()) {
  const Model model = DrawExpression(2);
  const absl::StatusOr<NodeSetExpression> parsed = ParseNodeSetExpression(model.text);
  RC_LOG() << model.text;
  RC_ASSERT(parsed.ok());
  RC_ASSERT(Evaluate(*parsed).Names() == ListOf(model.names));
  RC_ASSERT(Evaluate(*parsed).size() == model.names.size());
}

RC_GTEST_PROP(NodeSetProperty, AnExpressionsTextIsTheSameExpression, ()) {
  const Model model = DrawExpression(2);
  const absl::StatusOr<NodeSetExpression> parsed = ParseNodeSetExpression(model.text);
  RC_ASSERT(parsed.ok());
  if (parsed->empty()) return;
  const std::string text = TextOf(*parsed);
  RC_LOG() << model.text << " is " << text;
  const absl::StatusOr<NodeSetExpression> again = ParseNodeSetExpression(text);
  RC_ASSERT(again.ok());
  RC_ASSERT(TextOf(*again) == text);
  RC_ASSERT(Evaluate(*again).Names() == ListOf(model.names));
}

RC_GTEST_PROP(NodeSetProperty, AFoldedSetIsReadAsItself, ()) {
  const auto drawn = *rc::gen::container<std::vector<std::string>>(AnyName());
  const Names names(drawn.begin(), drawn.end());
  const std::string folded = FoldNodeSet(drawn);
  RC_LOG() << folded;
  if (names.empty()) {
    RC_ASSERT(folded.empty());
    return;
  }
  const absl::StatusOr<std::vector<std::string>> again = ExpandNodeSet(folded);
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == ListOf(names));
}

RC_GTEST_PROP(NodeSetProperty, OrderAndRepeatsDoNotChangeTheText, ()) {
  const auto drawn = *rc::gen::container<std::vector<std::string>>(AnyName());
  const uint32_t seed = *rc::gen::arbitrary<uint32_t>();
  std::vector<std::string> shuffled = drawn;
  shuffled.insert(shuffled.end(), drawn.begin(), drawn.begin() + drawn.size() / 2);
  std::sort(shuffled.begin(), shuffled.end(), [seed](const std::string& a, const std::string& b) {
    const std::hash<std::string> hash;
    return std::pair(hash(a) ^ seed, a) < std::pair(hash(b) ^ seed, b);
  });
  RC_ASSERT(FoldNodeSet(shuffled) == FoldNodeSet(drawn));
}

RC_GTEST_PROP(NodeSetProperty, PartsAreEvenAndAreTheSet, ()) {
  const auto drawn = *rc::gen::container<std::vector<std::string>>(AnyName());
  const size_t count = *rc::gen::inRange<size_t>(1, 20);
  const NodeSet nodes(drawn);
  std::vector<std::string> joined;
  size_t least = drawn.size();
  size_t most = 0;
  const std::vector<NodeSet> parts = nodes.Split(count);
  for (const NodeSet& part : parts) {
    const std::vector<std::string> names = part.Names();
    joined.insert(joined.end(), names.begin(), names.end());
    least = std::min(least, names.size());
    most = std::max(most, names.size());
  }
  RC_ASSERT(parts.size() == std::min(count, nodes.size()));
  RC_ASSERT(parts.empty() || (least > 0 && most - least <= 1));
  RC_ASSERT(joined == nodes.Names());
}

RC_GTEST_PROP(NodeSetProperty, AnyTextIsReadOrRefusedInOneLine, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("abn0129[],-/!&^() \n@.\x01")));
  const absl::StatusOr<NodeSetExpression> parsed =
      ParseNodeSetExpression(text, {.max_names = 1000});
  if (parsed.ok()) {
    for (const std::string& name : Evaluate(*parsed).Names()) RC_ASSERT(IsNodeName(name));
    return;
  }
  RC_ASSERT(parsed.status().code() == absl::StatusCode::kInvalidArgument);
  RC_ASSERT(Message(parsed.status()).find('\n') == std::string::npos);
}

}  // namespace
}  // namespace muster
