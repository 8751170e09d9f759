// What sat status printed, or something like it. What is read are names that stand in the text; and a text that is cut off never means
// a node that the whole one does not mean.
#include "controller/cli/sat_status.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "controller/nodeset/node_name.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

// Places where a text is cut.
constexpr size_t kCuts = 8;

size_t Sum(const std::map<std::string, size_t>& counts) {
  size_t sum = 0;
  for (const auto& [word, count] : counts) sum += count;
  return sum;
}

void CheckCut(const std::string& text, size_t length, const std::vector<std::string>& whole) {
  const auto cut = cli::ReadSatStatus(text.substr(0, length));
  if (!cut.ok()) return;
  Require(std::includes(whole.begin(), whole.end(), cut->xnames.begin(), cut->xnames.end(),
                        NaturalLess),
          "a part means no other nodes than the whole", text.substr(0, length));
}

void CheckPlainList(const std::vector<std::string>& xnames) {
  std::string list;
  for (const std::string& xname : xnames) list += xname + "\n";
  const auto again = cli::ReadSatStatus(list);
  Require(again.ok() && again->xnames == xnames, "a list of the nodes means the nodes", list);
}

void Check(const std::string& text) {
  const auto status = cli::ReadSatStatus(text);
  if (!status.ok()) {
    const std::string message = Message(status.status());
    Require(status.status().code() == absl::StatusCode::kInvalidArgument,
            "bad input is the user's");
    Require(!message.empty() && message.size() < 500, "an error is a sentence", message);
    return;
  }
  const std::vector<std::string>& xnames = status->xnames;
  Require(!xnames.empty(), "at least one node", text);
  Require(std::is_sorted(xnames.begin(), xnames.end(), NaturalLess) &&
              std::adjacent_find(xnames.begin(), xnames.end()) == xnames.end(),
          "in order, each once", text);
  for (const std::string& xname : xnames) Require(IsNodeName(xname), "only names of nodes", xname);
  Require(Sum(status->states) <= xnames.size() && Sum(status->roles) <= xnames.size(),
          "each node is counted once", text);
  Require(!cli::SatInWords(*status).empty(), "it can be shown");
  CheckPlainList(xnames);
  for (size_t i = 1; i <= kCuts; ++i)
    CheckCut(text, text.size() - text.size() * i / (kCuts + 1), xnames);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
