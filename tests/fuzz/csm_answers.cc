// What CSM's services answer over HTTP: HMNFD's list and health, what HSM and SLS tell of nodes, BOS's and
// CPS's of theirs, and errors of any of them. Each input is
// read as each of them. What is read is in lower case and has names; what is refused is refused with one line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/csm/bos_client.h"
#include "controller/csm/cps_client.h"
#include "controller/csm/hmnfd_client.h"
#include "controller/csm/hsm_client.h"
#include "controller/csm/hsm_json.h"
#include "controller/csm/problem.h"
#include "controller/nodeset/node_name.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

bool IsPrintable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
}

bool IsLowerCase(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void CheckRefusal(const absl::Status& status) {
  const std::string message = Message(status);
  Require(status.code() == absl::StatusCode::kInternal, "a bad answer is the service's", message);
  Require(!message.empty() && message.size() < 500 && IsPrintable(message), "one line", message);
}

void CheckName(const std::string& name) {
  Require(IsNodeName(name) && IsLowerCase(name), "a node has a node's name", name);
}

void CheckHmnfd(const std::string& body) {
  const auto list = ParseSubscriptions(body);
  if (!list.ok()) return CheckRefusal(list.status());
  for (const Subscription& subscription : *list) {
    Require(!subscription.node.empty(), "every subscription has a node");
    Require(IsLowerCase(subscription.node + subscription.agent + subscription.url), "lower case");
  }
}

// Whatever of the three is not there is empty.
void CheckNodes(const std::string& body) {
  const auto components = ParseComponents(body);
  if (!components.ok()) CheckRefusal(components.status());
  const auto memberships = ParseMemberships(body);
  if (!memberships.ok()) CheckRefusal(memberships.status());
  const auto sls = ParseSlsNodes(body);
  if (!sls.ok()) CheckRefusal(sls.status());
  std::vector<InventoryNode> named;
  if (components.ok()) named = *components;
  if (sls.ok()) {
    for (const auto& [xname, node] : *sls) named.push_back({.xname = xname, .role = "Compute"});
  }
  const std::vector<InventoryNode> nodes =
      Join(named, memberships.value_or(Memberships()), sls.value_or(SlsNodes()));
  Require(nodes.size() <= named.size(), "no node is invented");
  for (size_t i = 0; i < nodes.size(); ++i) {
    CheckName(nodes[i].xname);
    for (const std::string& alias : nodes[i].aliases) CheckName(alias);
    Require(i == 0 || NaturalLess(nodes[i - 1].xname, nodes[i].xname), "in order, each once");
  }
}

void CheckBosAndCps(const std::string& body) {
  const auto components = ParseBosComponents(body);
  if (!components.ok()) CheckRefusal(components.status());
  for (const BosComponent& component : components.value_or(std::vector<BosComponent>())) {
    Require(IsLowerCase(component.xname), "lower case", component.xname);
    Require(IsPrintable(component.error), "one line", component.error);
  }
  const auto session = ParseBosSession(body);
  if (!session.ok()) CheckRefusal(session.status());
  Require(IsPrintable(session.value_or(BosSessionState()).error), "one line");
  const auto servers = ParseCpsServers(body);
  if (!servers.ok()) CheckRefusal(servers.status());
}

void CheckProblem(const std::string& body) {
  const std::string text = ProblemText(body);
  Require(IsPrintable(text) && text.size() <= 2 * (kMaxShownBytes + 5), "one short line", text);
  const std::string health = KvStoreHealth(body);
  Require(IsPrintable(health) && health.size() <= kMaxShownBytes + 3, "one short line", health);
}

void Check(const std::string& body) {
  CheckHmnfd(body);
  CheckNodes(body);
  CheckBosAndCps(body);
  CheckProblem(body);
  const auto scn = ParseScnSubscriptions(body);
  if (!scn.ok()) CheckRefusal(scn.status());
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
