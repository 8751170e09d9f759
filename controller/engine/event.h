// What happens to the engine. Each comes with the time at which the runner takes it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/messages.h"
#include "controller/engine/job.h"

namespace muster {

// Numbers one live session of one node; never used twice in a process.
using SessionId = uint64_t;
using RequestId = uint64_t;

// An operator's job, checked and resolved. Answered by Reply.
struct JobSubmitted {
  RequestId request = 0;
  JobSpec spec;  // but for the id of an earlier job with the same request_id, which wins
  std::vector<std::string> nodes;  // not empty
};

enum class JobAction { kCancel, kPause, kResume, kDelete };

// Answered by Reply, with FAILED_PRECONDITION where the job's state does not allow it.
struct JobActionRequested {
  RequestId request = 0;
  JobAction action{};
  std::string job;
  std::string by;
};

// A node attached: `hello` is checked against the certificate.
struct SessionUp {
  SessionId session = 0;
  Hello hello;
};

struct SessionDown {
  SessionId session = 0;
  std::string node;
};

struct ReportReceived {
  SessionId session = 0;
  Report report;
};

// How fast a guided job may start tasks, beside its own policy.
struct PaceSet {
  std::string job;
  Rate rate;  // 0 starts: none at all, and the clocks of delivery stand still
};

// What an operation has found out about the work of an attempt whose task is VERIFYING. Others are ignored.
struct ProofGiven {
  std::string job;
  std::string node;
  uint32_t attempt = 0;
  bool holds = false;  // else the try has failed
  Reason reason{};
  std::string detail;
};

using Event = std::variant<JobSubmitted, JobActionRequested, SessionUp, SessionDown, ReportReceived,
                           PaceSet, ProofGiven>;

}  // namespace muster
