// musterd: reads its settings, opens the store, wires the rooms and waits for SIGTERM.
#include <absl/synchronization/mutex.h>
#ifdef MUSTER_HAS_TCMALLOC
#include <gperftools/malloc_extension.h>
#endif
#include <signal.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "common/journal.h"
#include "common/log.h"
#include "common/version.h"
#include "controller/api/controller_service.h"
#include "controller/api/operator_server.h"
#include "controller/config.h"
#include "controller/csm.h"
#include "controller/edge/acceptor.h"
#include "controller/edge/refusals.h"
#include "controller/edge/server_credentials.h"
#include "controller/engine/engine.h"
#include "controller/fleet/fleet_watch.h"
#include "controller/fleet/subscriber_list.h"
#include "controller/inventory/node_registry.h"
#include "controller/metrics/metrics.h"
#include "controller/opened.h"
#include "controller/revoked_file.h"
#include "controller/runner/runner.h"
#include "controller/session/agent_gateway.h"
#include "controller/session/agent_server.h"
#include "controller/session/session_table.h"
#include "controller/store/stored_content_records.h"
#include "controller/web/web_server.h"
#include "controller/web_options.h"

namespace muster {
namespace {

// Between two looks at sessions that must end and files that may have changed.
constexpr timespec kSweepInterval = {5, 0};
// How long calls and sessions may take to end by themselves when the program stops.
constexpr Duration kShutdownGrace = 2s;

// What is free beyond a sixteenth of what is in use goes back to the system. Without it tcmalloc keeps nearly all that it ever had, in
// pieces that fit less and less, so that a fleet that comes back again and again takes more and more; the rest stays, for what is taken
// again costs page faults (tests/bench/bench.py --only soak).
void ReleaseFreeMemory() {
#ifdef MUSTER_HAS_TCMALLOC
  size_t used = 0;
  size_t free = 0;
  MallocExtension& malloc = *MallocExtension::instance();
  malloc.GetNumericProperty("generic.current_allocated_bytes", &used);
  malloc.GetNumericProperty("tcmalloc.pageheap_free_bytes", &free);
  if (free > used / 16) malloc.ReleaseToSystem(free - used / 16);
#endif
}

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

// As high as it may be: each agent takes one.
size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

// What listens. Who connects waits until somebody serves.
struct Ports {
  std::unique_ptr<Acceptor> agents;
  std::unique_ptr<Acceptor> operators;

  ConnectionCounts counts() const {
    return {agents->waiting() + operators->waiting(), agents->opening() + operators->opening()};
  }
};

absl::StatusOr<Ports> Listen(const ControllerConfig& config, Refusals& refusals,
                             const Clock& clock) {
  AcceptorOptions agent_connections;
  const size_t descriptors = RaiseDescriptorLimit();
  agent_connections.limits.waiting = descriptors / 2;
  agent_connections.limits.drops_unopened = true;
  agent_connections.max_streams = kMaxStreamsOfAConnection;
  absl::StatusOr<std::unique_ptr<Acceptor>> agents =
      Acceptor::Listen(config.listen, agent_connections, refusals, clock);
  MUSTER_RETURN_IF_ERROR(agents.status());
  AcceptorOptions operator_connections;
  operator_connections.limits.waiting = std::min<size_t>(1024, descriptors / 8);
  absl::StatusOr<std::unique_ptr<Acceptor>> operators =
      Acceptor::Listen(config.operator_listen, operator_connections, refusals, clock);
  MUSTER_RETURN_IF_ERROR(operators.status());
  return Ports{*std::move(agents), *std::move(operators)};
}

// What the serving stands on, and does not outlive.
struct Ground {
  const ControllerConfig& config;
  const RevokedFile& revoked;
  const Clock& clock;
  Opened& opened;
  NodeRegistry& registry;
  Refusals& refusals;
  Ports& ports;

  std::function<bool(const CertificateInfo&)> is_revoked() const {
    return [&list = revoked](const CertificateInfo& certificate) {
      return list.IsRevoked(certificate);
    };
  }
};

SessionOptions SessionOptionsOf(const Ground& ground) {
  SessionOptions options;
  options.epoch = ground.opened.store->epoch();
  options.patterns = ground.config.patterns;
  options.is_revoked = ground.is_revoked();
  return options;
}

// Nothing if the controller knows no HMNFD.
SubscriberList::Read SubscriberReadOf(CsmCaller* caller) {
  if (caller == nullptr || !caller->has_hmnfd()) return nullptr;
  return [caller](const SubscribersDone& done) { caller->ListSubscribers(done); };
}

// `caller` may be null.
ControllerServiceOptions ServiceOptionsOf(const Ground& ground, CsmCaller* caller) {
  ControllerServiceOptions options;
  options.patterns = ground.config.patterns;
  options.epoch = ground.opened.store->epoch();
  options.is_revoked = ground.is_revoked();
  options.on_call = [&ports = ground.ports](const std::string& peer) {
    ports.operators->OnStream(peer);
  };
  options.connections = [&ports = ground.ports] { return ports.counts(); };
  if (caller != nullptr) {
    options.has_cps = caller->has_cps();
    options.has_bos = caller->has_bos();
  }
  options.list_subscribers = SubscriberReadOf(caller);
  return options;
}

FleetWatchOptions WatchOptionsOf(const ControllerConfig& config) {
  FleetWatchOptions options;
  // Whoever looks at the map or at metrics must not have to ask for it: that HMNFD has lost its state is what they look for.
  if (config.web) options.subscribers_interval = 1min;
  options.awaits_hsm = config.csm && !config.csm->hsm.empty();
  return options;
}

// What serves, each of which uses those before it; what is opened is used up. Main thread only.
class Serving {
 public:
  // `csm` may be null.
  Serving(const Ground& ground, std::unique_ptr<Csm> csm)
      : ground_(ground),
        csm_(std::move(csm)),
        sessions_(SessionOptionsOf(ground), session_events_, ground.registry, ground.refusals,
                  ground.clock),
        records_(*ground.opened.runners_jobs),
        runner_(
            Engine(EngineConfig(), std::move(ground.opened.loaded), ground.clock.Now()),
            *ground.opened.store, sessions_, ground.registry, ground.clock,
            [this](bool store_works) {
              if (GrpcServer* server = operators_) server->SetServing(store_works);
            },
            caller(), std::move(ground.opened.operations), &records_),
        gateway_(sessions_, *ground.ports.agents),
        subscribers_(SubscriberReadOf(caller()), ground.clock),
        health_(subscribers_, ground.registry, ground.clock),
        fleet_(WatchOptionsOf(ground.config), ground.registry, subscribers_, *ground.opened.history,
               std::move(ground.opened.stored_history), ground.clock),
        metrics_(ground.clock),
        service_(ServiceOptionsOf(ground, caller()), runner_, *ground.opened.operators.jobs,
                 {ground.registry, health_, *ground.opened.operators.history}, ground.refusals,
                 ground.clock) {}

  // After an error it has been stopped.
  absl::Status Start() {
    session_events_.Bind(runner_);
    if (caller() != nullptr) caller()->Bind(runner_);
    runner_.Observe(metrics_.jobs());
    if (absl::Status status = StartWeb(); !status.ok()) {
      Stop();
      return status;
    }
    fleet_.Start();
    runner_.Start();
    const std::shared_ptr<grpc::ServerCredentials>& credentials = ground_.opened.credentials;
    absl::StatusOr<std::unique_ptr<GrpcServer>> operators =
        StartOperatorServer(*ground_.ports.operators, credentials, service_);
    if (!operators.ok()) {
      Stop();
      return operators.status();
    }
    operator_server_ = *std::move(operators);
    operators_ = operator_server_.get();
    absl::StatusOr<std::unique_ptr<GrpcServer>> agents =
        StartAgentServer(*ground_.ports.agents, credentials, gateway_);
    if (!agents.ok()) {
      Stop();
      return agents.status();
    }
    agent_server_ = *std::move(agents);
    return absl::OkStatus();
  }

  void Sweep() { sessions_.Sweep(ground_.clock.Now(), std::chrono::system_clock::now()); }

  // The runner goes between the two: it hears of the sessions' ends, and it answers what operators have asked. Their server waits
  // for every call, which the runner of a full disk would never answer otherwise.
  void Stop() {
    fleet_.Stop();  // before the agents go, which would be news
    if (agent_server_) agent_server_->Shutdown(kShutdownGrace);
    runner_.Stop();
    if (csm_)
      csm_->Stop();  // answers whoever asked for HMNFD's list; it must still be there for who asks now
    if (operator_server_) operator_server_->Shutdown(kShutdownGrace);
    web_.reset();
    csm_.reset();  // between the runner's last call and its end
  }

 private:
  // Nothing unless the settings say where.
  absl::Status StartWeb() {
    if (!ground_.config.web) return absl::OkStatus();
    absl::StatusOr<WebServer::Options> options = WebOptionsOf(*ground_.config.web, ground_.config);
    MUSTER_RETURN_IF_ERROR(options.status());
    absl::StatusOr<std::string> token = WebTokenOf(*ground_.config.web);
    MUSTER_RETURN_IF_ERROR(token.status());
    options->started = ground_.clock.Now();
    options->metrics = [this] { return metrics_.Text(MetricSourcesOf()); };
    Opened& opened = ground_.opened;
    web_ = std::make_unique<WebServer>(
        *std::move(options),
        WebAccess(ground_.config.patterns, ground_.is_revoked(), *std::move(token)),
        WebSources{ground_.registry, health_, fleet_, *opened.web.jobs, *opened.web.history},
        runner_, *opened.feed_jobs, ground_.refusals);
    fleet_.OnChange([this] { web_->Wake(); });
    return web_->Start();
  }

  MetricSources MetricSourcesOf() {
    const auto queues = [this] {
      const ConnectionCounts counts = ground_.ports.counts();
      const Mailbox::Load load = runner_.load();
      return MetricSources::Queues{load.waiting, kMaxWaitingReports, load.refused, counts.waiting,
                                   counts.opening};
    };
    return {ground_.registry, fleet_, subscribers_, ground_.refusals, ground_.clock, queues};
  }

  // Null: none of the services is known that it calls.
  CsmCaller* caller() const { return csm_ ? csm_->caller() : nullptr; }

  const Ground ground_;
  std::unique_ptr<Csm> csm_;
  LateSessionEvents session_events_;
  SessionTable sessions_;
  std::atomic<GrpcServer*> operators_ = nullptr;  // for the runner's thread
  StoredContentRecords records_;
  Runner runner_;
  AgentGateway gateway_;
  SubscriberList subscribers_;
  FleetHealth health_;
  FleetWatch fleet_;
  Metrics metrics_;
  ControllerService service_;
  std::unique_ptr<WebServer> web_;  // null: it is off
  std::unique_ptr<GrpcServer> operator_server_;
  std::unique_ptr<GrpcServer> agent_server_;
};

// What an operation that is under way cannot go on without, and is not known any more; null if nothing.
const char* MissingService(const OperationSpec& spec, const CsmCaller* caller) {
  const bool asks_hmnfd = !spec.content;
  const bool asks_cps = spec.content && spec.content->min_servers > 0;
  const bool asks_bos = spec.content && !spec.content->bos_template.empty();
  if (asks_hmnfd && (caller == nullptr || !caller->has_hmnfd())) return "hmnfd";
  if (asks_cps && (caller == nullptr || !caller->has_cps())) return "cps";
  if (asks_bos && (caller == nullptr || !caller->has_bos())) return "bos";
  return nullptr;
}

// Null without [csm]. FAILED_PRECONDITION if an operation that is under way needs what it has not.
absl::StatusOr<std::unique_ptr<Csm>> ReachCsm(const ControllerConfig& config,
                                              const LoadedOperations& loaded,
                                              NodeRegistry& registry, const Clock& clock) {
  std::unique_ptr<Csm> csm;
  if (config.csm) csm = std::make_unique<Csm>(*config.csm, registry, clock);
  for (const OperationRecord& operation : loaded.operations) {
    const char* missing = MissingService(*operation.spec, csm ? csm->caller() : nullptr);
    if (missing == nullptr) continue;
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "{} is under way, and [csm] of the settings names no {} any more: put it "
                      "back",
                      OperationName(operation.spec->id), missing);
  }
  return csm;
}

absl::Status Run(const ControllerConfig& config, const StopSignals& stop) {
  RevokedFile revoked(config.revoked_file);
  MUSTER_RETURN_IF_ERROR(revoked.Reload());
  absl::StatusOr<Opened> opened = Open(config);
  MUSTER_RETURN_IF_ERROR(opened.status());

  const SystemClock clock;
  NodeRegistry registry(opened->inventory);
  for (const NodeSeen& seen : opened->loaded.nodes) registry.AddSeen(seen.node, seen.aliases);
  const size_t known_jobs = opened->loaded.jobs.size();

  Refusals refusals(clock);
  absl::StatusOr<Ports> ports = Listen(config, refusals, clock);
  MUSTER_RETURN_IF_ERROR(ports.status());
  absl::StatusOr<std::unique_ptr<Csm>> csm = ReachCsm(config, opened->operations, registry, clock);
  MUSTER_RETURN_IF_ERROR(csm.status());
  Serving serving({config, revoked, clock, *opened, registry, refusals, *ports}, *std::move(csm));
  MUSTER_RETURN_IF_ERROR(serving.Start());

  log::Info("started version={} agents={} operators={} epoch={} nodes={} jobs={}", kVersion,
            config.listen, config.operator_listen, opened->store->epoch().counter,
            registry.All().size(), known_jobs);
  sd_notify(0, "READY=1");
  while (!stop.Wait(kSweepInterval)) {
    if (absl::Status status = revoked.Reload(); !status.ok()) {
      log::Warning("the list of revoked certificates stays as it was: {}", Message(status));
    }
    serving.Sweep();
    refusals.Flush();
    ReleaseFreeMemory();
    sd_notifyf(0, "STATUS=%zu agents attached", registry.attached_count());
  }

  sd_notify(0, "STOPPING=1");
  log::Info("stopping");
  serving.Stop();
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
  muster::log::SetJournal(&muster::SendToJournal);
  muster::SetTlsDefaults();
  const muster::StopSignals stop;
  if (absl::Status status = muster::Run(*config, stop); !status.ok()) {
    muster::log::Error("{}", muster::Message(status));
    return 1;
  }
  return 0;
}
