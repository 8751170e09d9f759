#include "controller/cli/times.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace muster::cli {

Duration Between(const google::protobuf::Timestamp& from, const google::protobuf::Timestamp& to) {
  return std::max(Duration::zero(), std::chrono::seconds(to.seconds() - from.seconds()) +
                                        Duration(to.nanos() - from.nanos()));
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  const time_t seconds = time.seconds();
  tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "?";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace muster::cli
