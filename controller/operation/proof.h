// Who of the restarted nodes is subscribed to HMNFD, as one list after the other shows it. Pure; owned by a Resubscription.
//
// HMNFD drops the subscription of a node that it could not reach while the unit was being restarted, and it does so up to ten
// seconds after the unit has subscribed anew. So a subscription counts when it is there twice, the second time at least `second_look`
// after the first. Nothing in a subscription says when it was made: one of before the restart counts as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/outcome.h"
#include "common/time.h"
#include "controller/operation/operation.h"

namespace muster {

// A node that was restarted longer ago than this and is not in the list slows the pace down.
inline constexpr Duration kOverdueAfter = 5s;

struct ProofVerdict {
  std::string node;
  uint32_t attempt = 0;
  bool holds = false;
  Reason reason{};
  std::string detail;
};

// The agents that a node must have, or any; and which of them it lacks.
bool IsSubscribed(const std::string& node, const Subscribers& baseline,
                  const Subscribers& subscribers, std::string* missing);

class Proof {
 public:
  Proof(Duration second_look, Duration appear_within, const Subscribers& baseline)
      : second_look_(second_look), appear_within_(appear_within), baseline_(baseline) {}

  // The node's unit runs since `now`, by that attempt.
  void Expect(const std::string& node, uint32_t attempt, Time now);
  void Forget(const std::string& node) { waiting_.erase(node); }

  // What a list that was asked for at `asked` says of those that are expected; they are expected no more.
  std::vector<ProofVerdict> Take(Time asked, const Subscribers& subscribers);

  size_t waiting() const { return waiting_.size(); }
  // By the last list: restarted more than kOverdueAfter before it and never in one; and how many of those that are waited for were restarted so
  // long before it.
  size_t overdue() const { return overdue_; }
  size_t due() const { return due_; }

 private:
  struct Waiting {
    uint32_t attempt = 0;
    Time since{};
    std::optional<Time> first_seen;
    std::optional<Time> first_missed;
  };

  std::optional<ProofVerdict> Judge(Time asked, const std::string& node, Waiting& waiting,
                                    const Subscribers& subscribers);

  Duration second_look_;
  Duration appear_within_;
  Subscribers baseline_;
  std::map<std::string, Waiting> waiting_;  // by node
  size_t overdue_ = 0;
  size_t due_ = 0;
};

}  // namespace muster
