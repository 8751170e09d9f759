// What the controller did not do, or did later, for peers that ask too much or may not ask at all: counted by reason for `muster status`, and
// told in the log without letting them fill it. Of each reason and source the first is a line at once; those that follow
// within a minute are counted in one line after it.
//
// One for the process, owned by main; outlives both servers. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "common/time.h"

namespace muster {

enum class Refusal {
  kSilentConnection,    // sent nothing after it was accepted
  kCrowdedConnection,   // its source had more than its share when there was no room
  kUnopenedConnection,  // no stream came on it
  kStalledHandshake,  // its source had more than its share of handshakes, and this one did not end
  kUnauthorized,      // a certificate that is of no agent or operator, revoked or expired
  kTooManyStreams,    // opened stream after stream on one connection, which was cut
  kNoHello,           // a stream that did not say whose it is
  kAttachesTooOften,  // a node that was made to wait
  kReportsTooMuch,    // likewise
  kDoesNotRead,       // a node whose messages pile up
  kStaleStore,        // agents that have seen a later life of this store
};
inline constexpr int kRefusalKinds = 11;

// "SILENT_CONNECTION"
std::string Name(Refusal reason);

struct RefusalCount {
  Refusal reason{};
  uint64_t count = 0;
  std::string last_source;
  std::string last_detail;
  Time last{};
};

class Refusals {
 public:
  static constexpr Duration kLogInterval = 1min;
  // Sources that are told apart in the log; those beyond are one, "others".
  static constexpr size_t kMaxSources = 1000;

  explicit Refusals(const Clock& clock) : clock_(clock) {}

  // `source` is an address without its port, or "node x…".
  void Note(Refusal reason, const std::string& source, const std::string& detail);
  // Says what waits to be said. Called now and then.
  void Flush();

  // In the order of Refusal; what never happened is left out.
  std::vector<RefusalCount> Counts() const;

 private:
  struct Story {
    Time said{};
    uint64_t unsaid = 0;
    std::string detail;
  };
  using Key = std::pair<Refusal, std::string>;

  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<Refusal, RefusalCount> counts_ MUSTER_GUARDED_BY(mutex_);
  std::map<Key, Story> stories_ MUSTER_GUARDED_BY(mutex_);  // of the last minute
};

}  // namespace muster
