#include "controller/operation/proof.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace muster {

bool IsSubscribed(const std::string& node, const Subscribers& baseline,
                  const Subscribers& subscribers, std::string* missing) {
  const auto has = subscribers.find(node);
  const auto needs = baseline.find(node);
  missing->clear();
  if (needs == baseline.end() || needs->second.empty()) return has != subscribers.end();
  for (const std::string& agent : needs->second) {
    const bool is_there =
        has != subscribers.end() &&
        std::find(has->second.begin(), has->second.end(), agent) != has->second.end();
    if (!is_there) *missing += (missing->empty() ? "" : ", ") + agent;
  }
  return missing->empty();
}

void Proof::Expect(const std::string& node, uint32_t attempt, Time now) {
  waiting_.insert_or_assign(node, Waiting{attempt, now, {}, {}});
}

std::vector<ProofVerdict> Proof::Take(Time asked, const Subscribers& subscribers) {
  std::vector<ProofVerdict> verdicts;
  overdue_ = due_ = 0;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    std::optional<ProofVerdict> verdict = Judge(asked, it->first, it->second, subscribers);
    if (verdict) {
      verdicts.push_back(std::move(*verdict));
      it = waiting_.erase(it);
    } else {
      ++it;
    }
  }
  return verdicts;
}

std::optional<ProofVerdict> Proof::Judge(Time asked, const std::string& node, Waiting& waiting,
                                         const Subscribers& subscribers) {
  if (asked < waiting.since) return std::nullopt;
  std::string missing;
  const bool is_there = IsSubscribed(node, baseline_, subscribers, &missing);
  if (asked - waiting.since > kOverdueAfter) {
    ++due_;
    if (!is_there && !waiting.first_seen) ++overdue_;
  }
  ProofVerdict verdict{node, waiting.attempt, is_there, {}, {}};
  const std::string of_whom = missing.empty() ? "" : " of " + missing;
  if (is_there) {
    if (!waiting.first_seen) waiting.first_seen = asked;
    if (asked - *waiting.first_seen < second_look_) return std::nullopt;
    verdict.reason = Reason::kSubscribed;
    verdict.detail =
        fmt::format("HMNFD has the subscription of {}, seen twice, {} s apart",
                    fmt::join(subscribers.at(node), ", "), (asked - *waiting.first_seen) / 1s);
    return verdict;
  }
  if (waiting.first_seen) {
    verdict.reason = Reason::kVanished;
    verdict.detail = fmt::format(
        "HMNFD had the subscription{} and dropped it within {} s; it does so when it could not "
        "reach "
        "the node while its unit was being restarted",
        of_whom, (asked - *waiting.first_seen) / 1s);
    return verdict;
  }
  if (!waiting.first_missed) waiting.first_missed = asked;
  if (asked - *waiting.first_missed < appear_within_) return std::nullopt;
  verdict.reason = Reason::kNotSubscribed;
  verdict.detail = fmt::format(
      "the unit runs, and HMNFD has no subscription{} of this node after {} s; look at "
      "the unit's journal and at spire-agent.service on the node",
      of_whom, (asked - waiting.since) / 1s);
  return verdict;
}

}  // namespace muster
