#include "tests/agent/uplink/uplink_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace muster {
namespace {

constexpr Duration kPatience = 60s;

uint64_t Microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

Loop::Loop() {
  if (sd_event_new(&event_) < 0) std::abort();
}

Loop::~Loop() { sd_event_unref(event_); }

bool Loop::RunUntil(const std::function<bool()>& done) {
  const SystemClock clock;
  const Time deadline = clock.Now() + kPatience;
  while (!done()) {
    if (clock.Now() > deadline) return false;
    if (sd_event_run(event_, Microseconds(1s)) < 0) return false;
  }
  return true;
}

int Loop::CountWakeups(Duration duration) {
  const SystemClock clock;
  const Time deadline = clock.Now() + duration;
  int count = 0;
  for (Time now = clock.Now(); now < deadline; now = clock.Now()) {
    if (sd_event_run(event_, Microseconds(deadline - now)) > 0) ++count;
  }
  return count;
}

void RecordingHandler::OnUp() {
  ++ups;
  on_up();
}

void RecordingHandler::OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) {
  last_sender_clock_ns = sender_clock_ns;
  if (const auto* one = std::get_if<Settled>(&message)) settled.push_back(one->key.task);
  if (const auto* welcome = std::get_if<Welcome>(&message)) welcomes.push_back(*welcome);
  on_message();
}

void RecordingHandler::OnDown(const std::string& why) {
  downs.push_back(why);
  on_down();
}

PeerServer::PeerServer(const std::string& tls_dir) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(PEER_SERVER_PATH, "peer_server", tls_dir.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  FILE* output = fdopen(ends[0], "r");
  if (std::fscanf(output, "%d", &port_) != 1) std::abort();
  std::fclose(output);
}

PeerServer::~PeerServer() {
  Signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string PeerServer::address() const { return fmt::format("127.0.0.1:{}", port_); }

void PeerServer::Signal(int signal) const { kill(pid_, signal); }

UplinkTest::UplinkTest() {
  ca_.WriteTlsDir(Dir("agent"), AgentLeaf());
  ca_.WriteTlsDir(Dir("controller"), ControllerLeaf());
}

std::unique_ptr<H2Uplink> UplinkTest::NewUplink(const std::string& addresses) {
  return NewUplink(addresses, [](UplinkConfig&) {});
}

std::unique_ptr<H2Uplink> UplinkTest::NewUplink(const std::string& addresses,
                                                const std::function<void(UplinkConfig&)>& change) {
  UplinkConfig config;
  config.controllers = ParseControllers(addresses).value();
  config.stream.tls_dir = Dir("agent");
  change(config);
  return std::make_unique<H2Uplink>(loop_.get(), config, handler_, random_);
}

Hello UplinkTest::HelloWith(std::vector<std::string> orders) {
  Hello hello;
  hello.node = "x1";
  hello.aliases = std::move(orders);
  return hello;
}

Report UplinkTest::ReportWith(std::string detail) {
  Report report;
  report.node = "x1";
  report.outcome = Outcome{};
  report.outcome->detail = std::move(detail);
  return report;
}

void UplinkTest::SayHello(H2Uplink& uplink, std::vector<std::string> orders) {
  handler_.on_up = [&uplink, orders = std::move(orders)] { uplink.Send(HelloWith(orders)); };
}

Leaf UplinkTest::ControllerLeaf() {
  Leaf leaf;
  leaf.uris = {"spiffe://muster/controller/main"};
  return leaf;
}

Leaf UplinkTest::AgentLeaf() {
  Leaf leaf;
  leaf.uris = {"spiffe://muster/agent/x1"};
  return leaf;
}

}  // namespace muster
