#include "controller/edge/refusals.h"

#include "common/log.h"

namespace muster {

std::string Name(Refusal reason) {
  switch (reason) {
    case Refusal::kSilentConnection:
      return "SILENT_CONNECTION";
    case Refusal::kCrowdedConnection:
      return "CROWDED_CONNECTION";
    case Refusal::kUnopenedConnection:
      return "UNOPENED_CONNECTION";
    case Refusal::kStalledHandshake:
      return "STALLED_HANDSHAKE";
    case Refusal::kUnauthorized:
      return "UNAUTHORIZED";
    case Refusal::kTooManyStreams:
      return "TOO_MANY_STREAMS";
    case Refusal::kNoHello:
      return "NO_HELLO";
    case Refusal::kAttachesTooOften:
      return "ATTACHES_TOO_OFTEN";
    case Refusal::kReportsTooMuch:
      return "REPORTS_TOO_MUCH";
    case Refusal::kDoesNotRead:
      return "DOES_NOT_READ";
    case Refusal::kStaleStore:
      return "STALE_STORE";
  }
  return "REFUSAL_" + std::to_string(static_cast<int>(reason));
}

void Refusals::Note(Refusal reason, const std::string& source, const std::string& detail) {
  const Time now = clock_.Now();
  const MutexLock lock(mutex_);
  RefusalCount& count = counts_[reason];
  count = {reason, count.count + 1, source, detail, now};

  Key key(reason, source);
  auto it = stories_.find(key);
  if (it == stories_.end() && stories_.size() >= kMaxSources) {
    key.second = "others";
    it = stories_.find(key);
  }
  if (it != stories_.end()) {
    ++it->second.unsaid;
    it->second.detail = detail;
    return;
  }
  log::Warning("refused reason={} source=\"{}\" detail=\"{}\"", Name(reason), key.second, detail);
  stories_.emplace(std::move(key), Story{now, 0, detail});
}

void Refusals::Flush() {
  const Time now = clock_.Now();
  const MutexLock lock(mutex_);
  std::erase_if(stories_, [now](const auto& entry) {
    return entry.second.unsaid == 0 && now - entry.second.said >= kLogInterval;
  });
  for (auto& [key, story] : stories_) {
    if (story.unsaid == 0 || now - story.said < kLogInterval) continue;
    log::Warning("refused reason={} source=\"{}\" detail=\"{}\" again={}", Name(key.first),
                 key.second, story.detail, story.unsaid);
    story.said = now;
    story.unsaid = 0;
  }
}

std::vector<RefusalCount> Refusals::Counts() const {
  const MutexLock lock(mutex_);
  std::vector<RefusalCount> counts;
  for (const auto& [reason, count] : counts_) counts.push_back(count);
  return counts;
}

}  // namespace muster
