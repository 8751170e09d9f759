// What an agent may send to the controller: one message, converted, and its Hello judged.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/limits.h"
#include "controller/nodeset/node_name.h"
#include "controller/session/hello_check.h"
#include "proto/convert.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

void CheckHelloOf(const Hello& hello) {
  // The certificate is the node's own, or another's.
  const absl::Status own = CheckHello(hello, {"x1", hello.node});
  if (hello.node != "x1") {
    Require(CheckHello(hello, {"x1"}).code() == absl::StatusCode::kPermissionDenied,
            "nobody speaks for another node");
  }
  if (!own.ok()) {
    Require(Message(own).size() < 1000, "an error is a sentence");
    return;
  }
  Require(IsNodeName(hello.node), "who is let in has a node's name", hello.node);
  Require(hello.held.size() <= limits::kMaxHeldAttempts, "who is let in keeps the limits");
}

void Check(const std::string& bytes) {
  v1::AgentMessage proto;
  if (!proto.ParseFromString(bytes)) return;
  const AgentMessage message = FromProto(proto);
  const std::string once = ToProto(message).SerializeAsString();
  Require(proto.ParseFromString(once), "a converted message can be sent");
  Require(ToProto(FromProto(proto)).SerializeAsString() == once,
          "converting twice changes nothing");
  if (const auto* hello = std::get_if<Hello>(&message)) return CheckHelloOf(*hello);
  const auto* report = std::get_if<Report>(&message);
  if (report == nullptr || !report->outcome) return;
  Require(CutDetail(report->outcome->detail).size() <= limits::kMaxDetailBytes,
          "a sentence that is kept has a limit");
  Require(!Name(report->outcome->state).empty(), "unknown states have names, too");
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
