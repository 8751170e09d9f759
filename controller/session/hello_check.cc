#include "controller/session/hello_check.h"

#include <algorithm>

#include "common/limits.h"
#include "controller/nodeset/node_name.h"

namespace muster {
namespace {

// The wire's limits on what an agent says of itself, all kept in memory for each node. A version, a feature or a UUID is shorter;
// a node has a handful of names.
constexpr size_t kMaxWordBytes = 64;
constexpr size_t kMaxFeatures = 64;
constexpr size_t kMaxAliases = 32;
constexpr size_t kIncarnationDigits = 32;
constexpr char kTooManyUnits[] = "too many units";
// "jobs/{uuid}/tasks/{node}".
constexpr size_t kMaxTaskNameBytes = 48 + limits::kMaxNameBytes;

bool IsUpperCase(char c) { return c >= 'A' && c <= 'Z'; }

bool IsIncarnation(const std::string& text) {
  return text.size() == kIncarnationDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

template <typename Strings>
bool AllWithin(const Strings& strings, size_t max_count, size_t max_bytes) {
  return strings.size() <= max_count &&
         std::all_of(strings.begin(), strings.end(),
                     [max_bytes](const std::string& s) { return s.size() <= max_bytes; });
}

const char* BrokenLimit(const Hello& hello) {
  if (!IsIncarnation(hello.incarnation)) return "the incarnation is not 32 hexadecimal digits";
  if (hello.boot_id.size() > kMaxWordBytes) return "the boot id is too long";
  if (hello.agent_version.size() > kMaxWordBytes) return "the agent's version is too long";
  if (!AllWithin(hello.features, kMaxFeatures, kMaxWordBytes)) return "too many or long features";
  if (!AllWithin(hello.aliases, kMaxAliases, limits::kMaxNameBytes))
    return "too many or long aliases";
  if (hello.seen_epoch && hello.seen_epoch->store_id.size() > kMaxWordBytes)
    return "the store's id is too long";
  if (hello.status.units.size() > limits::kMaxStatusUnits) return kTooManyUnits;
  if (hello.held.size() > limits::kMaxHeldAttempts) return "too many attempts held";
  for (const AttemptKey& key : hello.held) {
    if (key.task.size() > kMaxTaskNameBytes) return "the name of a task held is too long";
  }
  return nullptr;
}

}  // namespace

absl::Status CheckHello(const Hello& hello, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), hello.node) == names.end()) {
    return MakeStatus(absl::StatusCode::kPermissionDenied,
                      "the certificate is not that of node '{:.{}}' but of {}", hello.node,
                      limits::kMaxNameBytes, fmt::join(names, ", "));
  }
  // What operators name is read in lower case, and the store writes names one a line.
  if (!IsNodeName(hello.node) || std::any_of(hello.node.begin(), hello.node.end(), IsUpperCase)) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "the node's name '{:.{}}' is none: at most {} lower-case letters, digits, "
                      "'.', '_' and '-'; give it another certificate",
                      hello.node, limits::kMaxNameBytes, limits::kMaxNameBytes);
  }
  if (hello.protocol_version > kProtocolVersion ||
      hello.protocol_version < kOldestProtocolVersion) {
    return MakeStatus(
        absl::StatusCode::kFailedPrecondition,
        "node {} speaks protocol version {}, this controller {}: update the older one", hello.node,
        hello.protocol_version, kProtocolVersion);
  }
  if (const char* broken = BrokenLimit(hello); broken != nullptr) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "Hello of node {}: {}", hello.node,
                      broken);
  }
  return absl::OkStatus();
}

absl::Status CheckStatus(const NodeStatus& status) {
  if (status.units.size() <= limits::kMaxStatusUnits) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kInvalidArgument, "status of node {}: {}", status.node,
                    kTooManyUnits);
}

absl::Status CheckSeenEpoch(const Hello& hello, const Epoch& ours) {
  const std::optional<Epoch>& seen = hello.seen_epoch;
  if (!seen || seen->store_id != ours.store_id || seen->counter <= ours.counter)
    return absl::OkStatus();
  return MakeStatus(
      absl::StatusCode::kFailedPrecondition,
      "node {} has seen epoch {} of store {}, and this controller is at epoch {}: its state "
      "directory is a restored backup or a copy. If it is the one that counts, start musterd once "
      "with --restored",
      hello.node, seen->counter, ours.store_id, ours.counter);
}

}  // namespace muster
