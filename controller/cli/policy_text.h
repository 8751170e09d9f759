// The words of a rollout as operators write and read them: rates, amounts, points in time, policies. But for the local time zone
// pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "common/status.h"
#include "common/time.h"
#include "muster/v1/job.pb.h"

namespace muster::cli {

// "100/s", "30/min", "600/h"; also over a longer time, "10/5s". INVALID_ARGUMENT with a sentence otherwise, as below.
absl::StatusOr<v1::Rate> ParseRate(const std::string& text);

// "5" or "10%", "0.5%".
absl::StatusOr<v1::CountOrPercent> ParseAmount(const std::string& text);

// A point in time, or how long ago; exactly one is set.
struct Since {
  std::optional<google::protobuf::Timestamp> time;
  std::optional<Duration> age;
};
// "2026-11-21T08:04:11Z" (RFC 3339), "2026-11-21 08:04[:11]" in the local time zone, or a duration: so long ago.
absl::StatusOr<Since> ParseSince(const std::string& text);

// "100/s", "10 in 5 s"; "5", "0.5 %".
std::string FormatRate(const v1::Rate& rate);
std::string FormatAmount(const v1::CountOrPercent& amount);

// "at most 1000 at once, 100/s, canary 5 healthy for 10 s, …"; what is not limited is not mentioned.
std::string PolicyInWords(const v1::Policy& policy);

}  // namespace muster::cli
