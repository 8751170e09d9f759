// What every attempt has, whatever its work: its key, and what is known of its end. A base for the attempts; no virtual functions.
#pragma once

#include <optional>
#include <utility>

#include "common/messages.h"
#include "common/time.h"

namespace muster {

// What another boot's CLOCK_BOOTTIME says is no time of this one; an attempt of before has so long to find out how things are.
inline constexpr Duration kDeadlineAfterReboot = 60s;

class HeldAttempt {
 public:
  const AttemptKey& key() const { return key_; }
  // Its outcome is known, and written if it has to be.
  bool is_done() const { return is_done_; }
  // Whether it is in the ledger. From its synced intent on it may have had an effect.
  bool is_recorded() const { return is_recorded_; }
  // Whether it has lasted long enough to be reported as running.
  bool is_reported_running() const { return is_reported_running_; }
  const std::optional<Outcome>& outcome() const { return outcome_; }
  void set_settle_when_done() { settle_when_done_ = true; }
  bool settle_when_done() const { return settle_when_done_; }

 protected:
  explicit HeldAttempt(AttemptKey key) : key_(std::move(key)) {}
  // Of the ledger, after a crash.
  HeldAttempt(AttemptKey key, std::optional<Outcome> outcome)
      : key_(std::move(key)),
        is_done_(outcome.has_value()),
        is_recorded_(true),
        is_recovered_(true),
        outcome_(std::move(outcome)) {}

  AttemptKey key_;
  bool is_done_ = false;
  bool is_recorded_ = false;
  bool is_recovered_ = false;
  bool is_reported_running_ = false;
  bool settle_when_done_ = false;
  std::optional<Outcome> outcome_;
};

}  // namespace muster
