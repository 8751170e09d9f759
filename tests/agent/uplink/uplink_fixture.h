// What the tests of the uplink share: an event loop with a deadline, a handler that remembers, certificates, and servers.
#pragma once

#include <gtest/gtest.h>
#include <systemd/sd-event.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "agent/uplink/h2_uplink.h"
#include "tests/fakes/test_certificates.h"

namespace muster {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  sd_event* get() const { return event_; }
  // Runs until `done` or for at most a minute; says whether it is done.
  [[nodiscard]] bool RunUntil(const std::function<bool()>& done);
  // How many things happened within `duration`.
  int CountWakeups(Duration duration);

 private:
  sd_event* event_ = nullptr;
};

class RecordingHandler final : public UplinkHandler {
 public:
  void OnUp() override;
  void OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) override;
  bool OnRefused() override {
    ++refusals;
    return false;
  }
  void OnDown(const std::string& why) override;

  // The tasks of the Settled messages.
  std::vector<std::string> settled;
  std::vector<Welcome> welcomes;
  std::vector<std::string> downs;
  int ups = 0;
  int refusals = 0;
  uint64_t last_sender_clock_ns = 0;
  // Called after the above.
  std::function<void()> on_up = [] {};
  std::function<void()> on_message = [] {};
  std::function<void()> on_down = [] {};
};

// The real gRPC server in its own process (peer_server.cc).
class PeerServer {
 public:
  explicit PeerServer(const std::string& tls_dir);
  ~PeerServer();
  PeerServer(const PeerServer&) = delete;
  PeerServer& operator=(const PeerServer&) = delete;

  std::string address() const;
  void Signal(int signal) const;

 private:
  int pid_ = -1;
  int port_ = 0;
};

class UplinkTest : public testing::Test {
 protected:
  UplinkTest();

  // An uplink of this fixture's agent to `addresses`.
  std::unique_ptr<H2Uplink> NewUplink(const std::string& addresses);
  std::unique_ptr<H2Uplink> NewUplink(const std::string& addresses,
                                      const std::function<void(UplinkConfig&)>& change);
  // The Hello whose aliases tell PeerServer what to do.
  static Hello HelloWith(std::vector<std::string> orders);
  static Report ReportWith(std::string detail);
  // Says Hello with `orders` as soon as the stream is up.
  void SayHello(H2Uplink& uplink, std::vector<std::string> orders);

  static Leaf ControllerLeaf();
  static Leaf AgentLeaf();
  std::string Dir(const std::string& name) const { return temp_.path() + "/" + name; }

  TempDir temp_;
  TestCa ca_;
  Loop loop_;
  RecordingHandler handler_;
  std::mt19937_64 random_{7};
};

}  // namespace muster
