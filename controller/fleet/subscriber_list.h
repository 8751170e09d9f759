// HMNFD's list of subscribers as it was last read: asked for when somebody wants a newer one, by one caller at a time, and left alone for
// a while when it cannot be read. One for the process; any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"

namespace muster {

class SubscriberList {
 public:
  // By xname: its agents.
  using Subscribers = std::map<std::string, std::vector<std::string>>;
  using List = std::shared_ptr<const Subscribers>;
  using ListDone = std::function<void(absl::StatusOr<List>)>;
  // Reads it, and tells it on any thread.
  using Read = std::function<void(ListDone)>;

  // Nodes are judged by a list for so long if there is no newer one.
  static constexpr Duration kUsable = 10min;
  // After one that came to nothing.
  static constexpr Duration kRetry = 30s;

  struct Known {
    List list;  // null: none, or too old
    Time asked{};
    std::string problem;         // of the last reading; empty if it went well
    std::optional<Time> failed;  // when
  };

  // `read` may be empty: the controller knows no HMNFD. The clock is lent and outlives it.
  SubscriberList(Read read, const Clock& clock) : read_(std::move(read)), clock_(clock) {}

  // `done` comes when the list is no older than `max_age`, or will not become so now: inside the call, or later on another thread. Who comes
  // while another waits gets what is known.
  void Refresh(Duration max_age, const std::function<void()>& done);
  Known Get() const;
  bool has_hmnfd() const { return read_ != nullptr; }

  // Called after a list that says another thing than the one before; any thread. Once, before anybody calls the others.
  void OnChange(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  // True: the caller asks, and nobody else until it has learnt the answer.
  bool BeginToAsk(Time now, Duration max_age);
  // True: it says another thing than the one before.
  bool Learn(Time asked, absl::StatusOr<List> list);

  const Read read_;
  const Clock& clock_;
  std::function<void()> changed_;
  mutable Mutex mutex_;
  Known known_ MUSTER_GUARDED_BY(mutex_);
  bool is_asking_ MUSTER_GUARDED_BY(mutex_) = false;
};

}  // namespace muster
