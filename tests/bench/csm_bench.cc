// csm_bench - what CSM's services answer of a large system, read: milliseconds of one core. No network.
//
//   csm_bench [NODES]                                            default 10000
//
// The answers are as HSM 2.12 and HMNFD 1.21 write them: a component has about 170 bytes, a subscription of one node 270. Each is read kRuns
// times, and the median is shown. The aim is 200 ms for all that is read of 10,000 nodes in one go.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "controller/csm/hmnfd_client.h"
#include "controller/csm/hsm_client.h"
#include "controller/csm/hsm_json.h"

namespace muster {
namespace {

constexpr int kRuns = 9;

std::string NodeName(uint32_t i) {
  return fmt::format("x{}c{}s{}b{}n{}", 1000 + i / 256, i / 32 % 8, i / 4 % 8, i / 2 % 2, i % 2);
}

// "before entry,entry,… after".
std::string List(uint32_t nodes, const char* before, const char* after,
                 const std::function<std::string(uint32_t)>& entry) {
  std::string text = before;
  for (uint32_t i = 0; i < nodes; ++i) text += (i == 0 ? "" : ",") + entry(i);
  return text + after;
}

std::string Components(uint32_t nodes) {
  return List(nodes, R"({"Components":[)", "]}", [](uint32_t i) {
    return fmt::format(
        R"({{"ID":"{}","Type":"Node","State":"Ready","Flag":"OK","Enabled":true,)"
        R"("SoftwareStatus":"DvsAvailable","Role":"Compute","NID":{},"NetType":"Sling",)"
        R"("Arch":"X86","Class":"Mountain"}})",
        NodeName(i), i + 1);
  });
}

std::string MembershipList(uint32_t nodes) {
  return List(nodes, "[", "]", [](uint32_t i) {
    return fmt::format(R"({{"id":"{}","groupLabels":["blue"],"partitionName":""}})", NodeName(i));
  });
}

std::string Hardware(uint32_t nodes) {
  return List(nodes, "[", "]", [](uint32_t i) {
    const std::string xname = NodeName(i);
    return fmt::format(
        R"({{"Parent":"{}","Xname":"{}","Type":"comptype_node","Class":"Mountain",)"
        R"("TypeString":"Node","LastUpdated":1604432151,"ExtraProperties":{{"NID":{},)"
        R"("Role":"Compute","Aliases":["nid{:06}"]}}}})",
        xname.substr(0, xname.size() - 2), xname, i + 1, i + 1);
  });
}

std::string SubscriptionList(uint32_t nodes) {
  return List(nodes, R"({"SubscriptionList":[)", "]}", [](uint32_t i) {
    return fmt::format(
        R"({{"Components":["{0}"],"Subscriber":"orca@{0}","SubscriberComponent":"{0}",)"
        R"("SubscriberAgent":"orca","Enabled":true,)"
        R"("States":["ready","standby","off","empty","unknown"],"Url":"http://{0}:7000/scn"}})",
        NodeName(i));
  });
}

// Prints and returns the median of what `read` takes.
double Measure(const char* what, size_t bytes, const std::function<size_t()>& read) {
  std::vector<double> runs;
  size_t count = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto began = std::chrono::steady_clock::now();
    count = read();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    runs.push_back(took.count());
  }
  std::sort(runs.begin(), runs.end());
  fmt::print("{:<14} {:>7} entries {:>6.2f} MB {:>8.1f} ms\n", what, count,
             static_cast<double>(bytes) / 1e6, runs[kRuns / 2]);
  return runs[kRuns / 2];
}

void Run(uint32_t nodes) {
  const std::string components = Components(nodes);
  const std::string memberships = MembershipList(nodes);
  const std::string hardware = Hardware(nodes);
  const std::string subscriptions = SubscriptionList(nodes);
  double all = 0;
  all +=
      Measure("components", components.size(), [&] { return ParseComponents(components)->size(); });
  all += Measure("memberships", memberships.size(),
                 [&] { return ParseMemberships(memberships)->size(); });
  all += Measure("sls", hardware.size(), [&] { return ParseSlsNodes(hardware)->size(); });
  const auto parsed = ParseComponents(components);
  const auto groups = ParseMemberships(memberships);
  const auto sls = ParseSlsNodes(hardware);
  all += Measure("join", 0, [&] { return Join(*parsed, *groups, *sls).size(); });
  all += Measure("subscriptions", subscriptions.size(),
                 [&] { return ParseSubscriptions(subscriptions)->size(); });
  fmt::print("all {:.1f} ms, aim 200 ms for 10000 nodes\n", all);
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  const int nodes = argc > 1 ? std::atoi(argv[1]) : 10'000;
  if (nodes < 1 || nodes > 1'000'000) {
    fmt::print(stderr, "usage: csm_bench [NODES]\n");
    return 2;
  }
  muster::Run(static_cast<uint32_t>(nodes));
  return 0;
}
