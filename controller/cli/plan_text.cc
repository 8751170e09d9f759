#include "controller/cli/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "controller/cli/duration.h"
#include "controller/cli/job_view.h"
#include "controller/cli/policy_text.h"
#include "controller/cli/printable.h"
#include "controller/cli/report.h"
#include "controller/cli/text_table.h"
#include "controller/nodeset/node_set.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

// "3  x1000c0s0b0n[0-2]", or "none".
std::string CountAndSet(const std::vector<std::string>& nodes) {
  if (nodes.empty()) return "none";
  return fmt::format("{}  {}", nodes.size(), Printable(FoldNodeSet(nodes)));
}

// Waves that are told with their nodes; nobody reads more.
constexpr int kToldWaves = 6;
constexpr size_t kMostWaveText = 200;

// The nodes in the order in which they would be started if all were there: the canaries, then the others.
std::vector<std::string> StartOrder(const v1::Plan& plan) {
  std::vector<std::string> order(plan.canaries().begin(), plan.canaries().end());
  const std::set<std::string> canaries(order.begin(), order.end());
  std::copy_if(plan.nodes().begin(), plan.nodes().end(), std::back_inserter(order),
               [&canaries](const std::string& node) { return !canaries.contains(node); });
  return order;
}

// A row for each of the first waves. Nothing if the waves are not of these nodes, or there is one and so no order.
void AddOrder(const v1::Plan& plan, TextTable& table) {
  const std::vector<std::string> order = StartOrder(plan);
  uint64_t all = 0;
  for (const uint32_t wave : plan.waves()) all += wave;
  if (all != order.size() || plan.waves_size() < 2) return;
  auto at = order.begin();
  for (int i = 0; i < std::min(kToldWaves, plan.waves_size()); ++i) {
    const auto end = at + plan.waves(i);
    table.AddRow({fmt::format("wave {}", i + 1),
                  fmt::format("{}  {}", plan.waves(i), ShortNodeSet({at, end}, kMostWaveText))});
    at = end;
  }
  if (plan.waves_size() > kToldWaves) {
    table.AddRow({"", fmt::format("and {} more waves with {} nodes", plan.waves_size() - kToldWaves,
                                  order.end() - at)});
  }
}

std::string MostInWords(const v1::Policy& policy) {
  if (policy.has_deadline())
    return FormatDuration(FromProto(policy.deadline())) + ", then what is not done is given up";
  return "not limited; --timeout limits it";
}

}  // namespace

std::string WavesInWords(const v1::Plan& plan) {
  std::string text;
  uint64_t before = 0;
  const auto canaries = static_cast<uint64_t>(plan.canaries_size());
  for (int i = 0; i < plan.waves_size();) {
    int same = 1;
    const bool is_canary = before < canaries;
    while (!is_canary && i + same < plan.waves_size() && plan.waves(i + same) == plan.waves(i))
      ++same;
    text += text.empty() ? "" : before == canaries && canaries > 0 ? ", then " : ", ";
    text += std::to_string(plan.waves(i));
    if (same > 1) text += fmt::format(" ({} times)", same);
    before += uint64_t{plan.waves(i)} * static_cast<uint64_t>(same);
    i += same;
  }
  return text;
}

std::string PlanText(const v1::Job& job, size_t width) {
  const v1::Plan& plan = job.plan();
  TextTable table;
  const auto add = [&table](const char* what, const std::string& text) {
    table.AddRow({what, text});
  };
  add("dry run", "nothing was made");
  add("work", Printable(WorkInWords(job.work())));
  add("policy", Printable(PolicyInWords(job.policy())));
  add("nodes", CountAndSet({plan.nodes().begin(), plan.nodes().end()}));
  if (job.policy().has_canary())
    add("canaries", CountAndSet({plan.canaries().begin(), plan.canaries().end()}));
  add("away", CountAndSet({plan.away().begin(), plan.away().end()}));
  if (!plan.no_agent().empty())
    add("no agent", CountAndSet({plan.no_agent().begin(), plan.no_agent().end()}));
  if (!plan.disabled().empty()) {
    add("left out", CountAndSet({plan.disabled().begin(), plan.disabled().end()}) +
                        "  disabled in HSM; --include-disabled takes them");
  }
  if (!plan.uans().empty()) {
    add("beside", CountAndSet({plan.uans().begin(), plan.uans().end()}) +
                      "  UANs, which subscribe to HMNFD, too; --role uan takes them");
  }
  add("waves", plan.waves().empty() ? "none" : WavesInWords(plan));
  AddOrder(plan, table);
  const Duration least = FromProto(plan.least_duration());
  const bool fits = !job.policy().has_deadline() || least <= FromProto(job.policy().deadline());
  add("at least",
      FormatDuration(least) + (fits ? "" : ", longer than --timeout: not all are tried"));
  add("at most", MostInWords(job.policy()));
  for (const std::string& remark : job.remarks()) add("note", Printable(remark));
  return table.Text(width);
}

Json PlanToJson(const v1::Job& job) {
  Json json = ToJson(job);
  json["nodes"] = std::vector<std::string>(job.plan().nodes().begin(), job.plan().nodes().end());
  json["plan"] = FromMessage(job.plan());
  json["plan"].erase("nodes");  // above
  json["plan"]["order"] = StartOrder(job.plan());
  return json;
}

}  // namespace muster::cli
