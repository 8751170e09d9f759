// musterd: reads its settings, opens the store, wires the rooms and waits for SIGTERM.
#include <absl/synchronization/mutex.h>
#include <signal.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <utility>

#include "common/log.h"
#include "common/version.h"
#include "controller/api/controller_service.h"
#include "controller/api/operator_server.h"
#include "controller/config.h"
#include "controller/edge/acceptor.h"
#include "controller/edge/refusals.h"
#include "controller/edge/server_credentials.h"
#include "controller/engine/engine.h"
#include "controller/inventory/file_inventory.h"
#include "controller/inventory/node_registry.h"
#include "controller/revoked_file.h"
#include "controller/runner/runner.h"
#include "controller/session/agent_gateway.h"
#include "controller/session/agent_server.h"
#include "controller/session/session_table.h"
#include "controller/store/sqlite_job_reader.h"
#include "controller/store/sqlite_job_store.h"

namespace muster {
namespace {

// Between two looks at sessions that must end and files that may have changed.
constexpr timespec kSweepInterval = {5, 0};
// How long calls and sessions may take to end by themselves when the program stops.
constexpr Duration kShutdownGrace = 2s;

// SIGTERM and SIGINT, for the main thread alone: blocked before any other thread starts.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  // True when one has come, false after the interval.
  bool Wait(const timespec& interval) const { return sigtimedwait(&set_, nullptr, &interval) > 0; }

 private:
  sigset_t set_;
};

// Events of sessions go to the runner, which is made after the table of sessions that it sends through.
class LateSessionEvents final : public SessionEvents {
 public:
  void Bind(SessionEvents& events) { events_ = &events; }
  bool Post(Event event) override { return events_ != nullptr && events_->Post(std::move(event)); }

 private:
  SessionEvents* events_ = nullptr;
};

absl::StatusOr<std::vector<InventoryNode>> ReadInventory(const std::string& file) {
  if (file.empty()) return std::vector<InventoryNode>();
  return ReadInventoryFile(file);
}

// As high as it may be: each agent takes one.
size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

absl::Status Run(const ControllerConfig& config, const StopSignals& stop) {
  absl::StatusOr<std::vector<InventoryNode>> inventory = ReadInventory(config.inventory_file);
  MUSTER_RETURN_IF_ERROR(inventory.status());
  RevokedFile revoked(config.revoked_file);
  MUSTER_RETURN_IF_ERROR(revoked.Reload());
  absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> credentials =
      MakeServerCredentials(config.tls_dir);
  MUSTER_RETURN_IF_ERROR(credentials.status());

  absl::StatusOr<std::unique_ptr<SqliteJobStore>> store = SqliteJobStore::Open(
      config.state_dir, {.retention = config.retention, .is_restored = config.is_restored});
  MUSTER_RETURN_IF_ERROR(store.status());
  absl::StatusOr<std::unique_ptr<SqliteJobReader>> reader = SqliteJobReader::Open(config.state_dir);
  MUSTER_RETURN_IF_ERROR(reader.status());
  absl::StatusOr<Loaded> loaded = (*store)->Load(EngineConfig().max_ended_jobs);
  MUSTER_RETURN_IF_ERROR(loaded.status());

  const SystemClock clock;
  NodeRegistry registry(*inventory);
  for (const NodeSeen& seen : loaded->nodes) registry.AddSeen(seen.node, seen.aliases);
  const size_t known_jobs = loaded->jobs.size();

  Refusals refusals(clock);
  AcceptorOptions agent_connections;
  const size_t descriptors = RaiseDescriptorLimit();
  agent_connections.limits.waiting = descriptors / 2;
  agent_connections.limits.drops_unopened = true;
  agent_connections.max_streams = kMaxStreamsOfAConnection;
  absl::StatusOr<std::unique_ptr<Acceptor>> agent_acceptor =
      Acceptor::Listen(config.listen, agent_connections, refusals, clock);
  MUSTER_RETURN_IF_ERROR(agent_acceptor.status());
  AcceptorOptions operator_connections;
  operator_connections.limits.waiting = std::min<size_t>(1024, descriptors / 8);
  absl::StatusOr<std::unique_ptr<Acceptor>> operator_acceptor =
      Acceptor::Listen(config.operator_listen, operator_connections, refusals, clock);
  MUSTER_RETURN_IF_ERROR(operator_acceptor.status());

  LateSessionEvents session_events;
  SessionOptions session_options;
  session_options.epoch = (*store)->epoch();
  session_options.patterns = config.patterns;
  session_options.inventory_size = inventory->size();
  session_options.is_revoked = [&revoked](const CertificateInfo& c) {
    return revoked.IsRevoked(c);
  };
  SessionTable sessions(session_options, session_events, registry, refusals, clock);

  std::atomic<GrpcServer*> operators = nullptr;
  Runner runner(Engine(EngineConfig(), std::move(*loaded), clock.Now()), **store, sessions,
                registry, clock, [&operators](bool store_works) {
                  if (GrpcServer* server = operators) server->SetServing(store_works);
                });
  session_events.Bind(runner);
  runner.Start();

  AgentGateway gateway(sessions, **agent_acceptor);
  ControllerServiceOptions service_options;
  service_options.patterns = config.patterns;
  service_options.epoch = session_options.epoch;
  service_options.is_revoked = session_options.is_revoked;
  service_options.on_call = [&operator_acceptor](const std::string& peer) {
    (*operator_acceptor)->OnStream(peer);
  };
  service_options.connections = [&agent_acceptor, &operator_acceptor]() -> ConnectionCounts {
    return {(*agent_acceptor)->waiting() + (*operator_acceptor)->waiting(),
            (*agent_acceptor)->opening() + (*operator_acceptor)->opening()};
  };
  ControllerService service(service_options, runner, **reader, registry, refusals, clock);
  absl::StatusOr<std::unique_ptr<GrpcServer>> operator_server =
      StartOperatorServer(**operator_acceptor, *credentials, service);
  MUSTER_RETURN_IF_ERROR(operator_server.status());
  operators = operator_server->get();
  absl::StatusOr<std::unique_ptr<GrpcServer>> agent_server =
      StartAgentServer(**agent_acceptor, *credentials, gateway);
  if (!agent_server.ok()) {
    runner.Stop();  // before the server goes that it tells how the store does
    return agent_server.status();
  }

  log::Info("started version={} agents={} operators={} epoch={} nodes={} jobs={}", kVersion,
            config.listen, config.operator_listen, (*store)->epoch().counter, registry.All().size(),
            known_jobs);
  sd_notify(0, "READY=1");
  while (!stop.Wait(kSweepInterval)) {
    if (absl::Status status = revoked.Reload(); !status.ok()) {
      log::Warning("the list of revoked certificates stays as it was: {}", Message(status));
    }
    sessions.Sweep(clock.Now(), std::chrono::system_clock::now());
    refusals.Flush();
    sd_notifyf(0, "STATUS=%zu agents attached", registry.attached_count());
  }

  sd_notify(0, "STOPPING=1");
  log::Info("stopping");
  // The runner goes between the two: it hears of the sessions' ends, and it answers what operators have asked. Their server waits
  // for every call, which the runner of a full disk would never answer otherwise.
  (*agent_server)->Shutdown(kShutdownGrace);
  runner.Stop();
  (*operator_server)->Shutdown(kShutdownGrace);
  return absl::OkStatus();
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  // Debian's Abseil would end the process at a potential deadlock inside gRPC, and looks for them at every lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const absl::StatusOr<muster::ControllerConfig> config = muster::ParseCommandLine(argc, argv);
  if (!config.ok()) {
    std::fprintf(stderr, "musterd: %s\n", muster::Message(config.status()).c_str());
    return 2;
  }
  muster::log::Init("musterd",
                    config->debug ? muster::log::Level::kDebug : muster::log::Level::kInfo);
  muster::SetTlsDefaults();
  const muster::StopSignals stop;
  if (absl::Status status = muster::Run(*config, stop); !status.ok()) {
    muster::log::Error("{}", muster::Message(status));
    return 1;
  }
  return 0;
}
