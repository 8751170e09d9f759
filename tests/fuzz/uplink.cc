// What a controller may send to an agent: the body of its response, in pieces of any size, and the messages in it, each
// converted and acted upon by the executor. The input is taken twice: as a body with its prefixes, and as one message without.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/executor/executor.h"
#include "agent/uplink/grpc_frame.h"
#include "common/limits.h"
#include "proto/convert.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

constexpr Time kNow{std::chrono::hours(100)};

struct Cut {
  std::vector<std::string> messages;
  absl::Status status;
};

Cut CutInPieces(std::string_view body, size_t piece) {
  Cut cut;
  FrameReader reader(limits::kMaxControllerMessageBytes);
  while (!body.empty() && cut.status.ok()) {
    const size_t count = std::min(piece, body.size());
    cut.status = reader.Feed(body.substr(0, count), cut.messages);
    body.remove_prefix(count);
  }
  return cut;
}

void CheckTexts(const std::string& text) {
  const std::string line = OneLine(PercentDecode(text));
  Require(
      std::none_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
      "a peer's text has no control characters");
  Require(PercentDecode(text).size() <= text.size(), "decoding makes no text longer");
  Require(!GrpcStatusName(text).empty(), "every status has a name");
}

// The agent's answer, whatever it is, can be told to the controller.
void Tell(const Actions& actions) {
  for (const Action& action : actions) {
    if (const auto* send = std::get_if<SendReport>(&action)) {
      const v1::AgentMessage proto = ToProto(AgentMessage(Report{"x1", send->key, send->outcome}));
      Require(proto.has_report() && proto.ByteSizeLong() <= limits::kMaxAgentMessageBytes,
              "a report fits a message");
    }
  }
}

void Obey(const ControllerMessage& message) {
  Executor executor({"x1", "life-1", "boot-1", {"cray-orca.service", "a.service"}}, {});
  Actions actions;
  executor.Start(kNow, &actions);
  if (const auto* command = std::get_if<Command>(&message)) {
    executor.Step(kNow, CommandReceived{*command, Duration::zero(), std::nullopt}, &actions);
    executor.Step(kNow, CommandReceived{*command, Duration::zero(), std::nullopt}, &actions);
    Require(executor.Held().size() <= 1, "a command that comes twice is held once");
  } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
    executor.Step(kNow, CancelReceived{cancel->key, std::nullopt}, &actions);
  } else if (const auto* settled = std::get_if<Settled>(&message)) {
    executor.Step(kNow, SettledReceived{settled->key}, &actions);
  }
  if (const auto deadline = executor.NextDeadline()) {
    executor.Step(*deadline, DeadlinePassed{}, &actions);
    Require(executor.NextDeadline() != deadline, "a deadline that has come is acted upon");
  }
  Tell(actions);
}

void CheckMessage(const std::string& bytes) {
  v1::ControllerMessage proto;
  if (!proto.ParseFromString(bytes)) return;
  for (const ControllerMessage& message : FromProto(proto)) {
    // What the conversion understands, it keeps.
    const std::string once = ToProto(message, 1).SerializeAsString();
    v1::ControllerMessage copy;
    Require(copy.ParseFromString(once), "a converted message can be sent");
    const std::vector<ControllerMessage> back = FromProto(copy);
    Require(back.size() == 1 && ToProto(back[0], 1).SerializeAsString() == once,
            "converting twice changes nothing");
    Obey(message);
  }
}

void Check(const std::string& input) {
  const Cut whole = CutInPieces(input, input.size());
  for (const size_t piece : {1, 2, 3, 7}) {
    const Cut pieces = CutInPieces(input, piece);
    Require(pieces.messages == whole.messages && pieces.status == whole.status,
            "it does not matter where DATA frames end");
  }
  for (const std::string& message : whole.messages) CheckMessage(message);
  CheckMessage(input);
  CheckTexts(input);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);  // it says of each bad input that it is bad
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
