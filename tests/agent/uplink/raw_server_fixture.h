// The uplink, and controllers that follow a script frame by frame.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "proto/convert.h"
#include "tests/agent/uplink/raw_server.h"
#include "tests/agent/uplink/uplink_fixture.h"

namespace muster {

inline std::string SettledFrame(const std::string& task) {
  Settled settled;
  settled.key.task = task;
  return GrpcFrame(ToProto(ControllerMessage(settled), 1).SerializeAsString());
}

inline std::string WelcomeFrame(Duration ping_interval) {
  Welcome welcome;
  welcome.fleet_size = 1;
  welcome.ping_interval = ping_interval;
  return GrpcFrame(ToProto(ControllerMessage(welcome), 1).SerializeAsString());
}

class RawServerTest : public UplinkTest {
 protected:
  // What the uplink says about a controller that follows `script`, after the words "the controller at ADDRESS".
  std::string EndAgainst(const RawServer::Script& script, const std::string& alpn = "h2") {
    RawServer server(Dir("controller"), script, alpn);
    auto uplink = NewUplink(server.address(),
                            [](UplinkConfig& config) { config.stream.attach_timeout = 10s; });
    SayHello(*uplink, {});
    uplink->Start();
    if (!loop_.RunUntil([this] { return !handler_.downs.empty(); })) return "(no end)";
    uplink->Stop();
    const std::string subject = "the controller at " + server.address() + " ";
    const std::string& why = handler_.downs[0];
    return why.starts_with(subject) ? why.substr(subject.size()) : why;
  }
};

}  // namespace muster
