#include "controller/csm/rollout.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "controller/csm/child.h"
#include "controller/csm/problem.h"

namespace muster {
namespace {

// One PATCH of a deployment.
constexpr Duration kRestartTimeout = 30s;
// kubectl keeps its own time; beyond it and this it is stuck.
constexpr Duration kGrace = 10s;

// A DNS label, RFC 1123: nothing that kubectl could take for an option.
bool IsDeployment(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && is_letter(name.front()) && is_letter(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || c == '-'; });
}

std::string LastLine(const std::string& text) {
  std::istringstream lines(text);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    if (std::string printable = PrintableLine(line, 2 * kMaxShownBytes); !printable.empty())
      last = std::move(printable);
  }
  return last;
}

// kubectl has one exit code for all that goes wrong; what it was stands in its words.
absl::StatusCode CodeOf(const std::string& line) {
  const auto says = [&](const char* words) { return line.find(words) != std::string::npos; };
  if (says("(NotFound)")) return absl::StatusCode::kNotFound;
  if (says("(Forbidden)") || says("(Unauthorized)")) return absl::StatusCode::kPermissionDenied;
  if (says("timed out waiting") || says("exceeded its progress deadline"))
    return absl::StatusCode::kDeadlineExceeded;
  return absl::StatusCode::kUnavailable;
}

}  // namespace

absl::Status KubectlRollout::Restart(const std::string& deployment) {
  return Run("restart", deployment,
             {"rollout", "restart", "deployment/" + deployment, "--request-timeout=20s"},
             kRestartTimeout);
}

absl::Status KubectlRollout::AwaitReady(const std::string& deployment, Duration timeout) {
  // 0s would mean to wait for ever.
  const auto seconds = std::max<int64_t>(1, timeout / 1s);
  return Run(
      "await", deployment,
      {"rollout", "status", "deployment/" + deployment, fmt::format("--timeout={}s", seconds)},
      seconds * 1s + kGrace);
}

absl::Status KubectlRollout::Run(const std::string& what, const std::string& deployment,
                                 const std::vector<std::string>& arguments,
                                 Duration timeout) const {
  if (!IsDeployment(deployment)) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} a deployment: '{}' is no name of one",
                      what, PrintableLine(deployment));
  }
  ChildRun run{{options_.path, "-n", options_.name_space}, timeout, options_.is_stopped};
  run.arguments.insert(run.arguments.end(), arguments.begin(), arguments.end());
  const absl::StatusOr<ChildResult> result = RunChild(run);
  const std::string tried = fmt::format("{} deployment/{}", what, deployment);
  if (!result.ok())
    return MakeStatus(result.status().code(), "{}: {}", tried, Message(result.status()));
  if (result->exit_code == 0) return absl::OkStatus();
  const std::string line = LastLine(result->errors);
  return MakeStatus(CodeOf(line), "{}: {} exited with {}{}{}", tried, options_.path,
                    result->exit_code, line.empty() ? "" : ", ", line);
}

}  // namespace muster
