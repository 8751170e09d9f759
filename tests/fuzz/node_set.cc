// Node sets as operators type them. What expands, folds to a text that expands to the same names, in an order that is one.
#include "controller/inventory/node_set.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

// More names are more of the same, and take the time of thousands of inputs.
constexpr size_t kMaxNames = 3000;
// Of these every three are compared.
constexpr size_t kMaxOrdered = 12;

bool IsBefore(const std::string& a, const std::string& b) { return NaturalLess(a, b); }

void CheckOrder(const std::vector<std::string>& names) {
  const size_t count = std::min(names.size(), kMaxOrdered);
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = 0; b < count; ++b) {
      Require(IsBefore(names[a], names[b]) == (a < b), "the names are sorted, each once",
              names[a] + " " + names[b]);
    }
  }
}

void CheckFold(const std::vector<std::string>& names) {
  const std::string folded = FoldNodeSet(names);
  const auto again = ExpandNodeSet(folded);
  Require(again.ok(), "a folded set expands", folded);
  Require(*again == names, "a folded set stands for the same names", folded);
  std::vector<std::string> shuffled(names.rbegin(), names.rend());
  shuffled.push_back(names.front());
  Require(FoldNodeSet(shuffled) == folded, "order and repetition do not matter", folded);
}

void Check(const std::string& text) {
  const auto names = ExpandNodeSet(text, kMaxNames);
  if (!names.ok()) {
    const std::string message = Message(names.status());
    Require(names.status().code() == absl::StatusCode::kInvalidArgument,
            "bad input is the caller's");
    Require(message.find('\n') == std::string::npos, "an error is one line", message);
    return;
  }
  Require(!names->empty() && names->size() <= kMaxNames, "at least one name, at most the limit");
  Require(std::all_of(names->begin(), names->end(), IsNodeName), "only node names", text);
  CheckOrder(*names);
  CheckFold(*names);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
