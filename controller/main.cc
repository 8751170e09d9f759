// musterd: reads its settings, opens the store, wires the rooms and waits for SIGTERM.
#include <absl/synchronization/mutex.h>
#ifdef MUSTER_HAS_TCMALLOC
#include <gperftools/malloc_extension.h>
#endif
#include <systemd/sd-daemon.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "common/journal.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/version.h"
#include "controller/api/controller_service.h"
#include "controller/api/operator_server.h"
#include "controller/config.h"
#include "controller/csm.h"
#include "controller/edge/refusals.h"
#include "controller/edge/server_credentials.h"
#include "controller/engine/engine.h"
#include "controller/fleet/fleet_watch.h"
#include "controller/fleet/subscriber_list.h"
#include "controller/inventory/node_registry.h"
#include "controller/metrics/metrics.h"
#include "controller/named_files.h"
#include "controller/opened.h"
#include "controller/ports.h"
#include "controller/reload.h"
#include "controller/revoked_file.h"
#include "controller/runner/runner.h"
#include "controller/session/agent_gateway.h"
#include "controller/session/agent_server.h"
#include "controller/session/session_table.h"
#include "controller/signals.h"
#include "controller/store/store_copy.h"
#include "controller/store/stored_content_records.h"
#include "controller/tls_files_look.h"
#include "controller/web/web_server.h"

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

// Events of sessions go to the runner, which is made after the table of sessions that it sends through.
class LateSessionEvents final : public SessionEvents {
 public:
  void Bind(SessionEvents& events) { events_ = &events; }
  bool Post(Event event) override { return events_ != nullptr && events_->Post(std::move(event)); }

 private:
  SessionEvents* events_ = nullptr;
};

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
  options.copy_store = [dir = ground.config.state_dir](const std::function<bool()>& goes_on) {
    return CopyStore(dir, goes_on);
  };
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
  if (config.has_web()) options.subscribers_interval = 1min;
  options.awaits_hsm = !config.csm.hsm.empty();
  return options;
}

// Where the web port is, and by what it is known.
struct WebPlace {
  std::string listen;  // empty: nowhere
  WebListener::Tls tls;
  bool operator==(const WebPlace&) const = default;
};

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
                 ground.clock),
        web_access_(ground.config.patterns, ground.is_revoked(), ground.opened.files.web.token) {}

  // After an error it has been stopped.
  absl::Status Start() {
    session_events_.Bind(runner_);
    if (caller() != nullptr) caller()->Bind(runner_);
    runner_.Observe(metrics_.jobs());
    fleet_.OnChange([this] { WakeWeb(); });
    if (absl::Status status = StartWeb({ground_.config.web.listen, ground_.opened.files.web.tls});
        !status.ok()) {
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

  // Another address, certificate or token; after an error all is as it was. The web port is away while it moves, a new token moves nothing.
  absl::Status SetWeb(const std::string& listen, const WebFiles& files) {
    if (const WebPlace place{listen, files.tls}; place != web_place_)
      MUSTER_RETURN_IF_ERROR(MoveWeb(place));
    web_access_.SetToken(files.token);
    return absl::OkStatus();
  }

  // The runner goes between the two: it hears of the sessions' ends, and it answers what operators have asked. Their server waits
  // for every call, which the runner of a full disk would never answer otherwise.
  void Stop() {
    fleet_.Stop();  // before the agents go, which would be news
    if (agent_server_) agent_server_->Shutdown(kShutdownGrace);
    runner_.Stop();
    if (csm_)
      csm_->Stop();  // answers whoever asked for HMNFD's list; it must still be there for who asks now
    if (operator_server_) operator_server_->Shutdown(kShutdownGrace);
    TakeWeb().reset();
    csm_.reset();  // between the runner's last call and its end
  }

 private:
  absl::Status MoveWeb(const WebPlace& place) {
    const WebPlace before = web_place_;
    TakeWeb().reset();  // two at once would read by the same readers
    absl::Status status = StartWeb(place);
    if (status.ok()) return status;
    if (absl::Status back = StartWeb(before); !back.ok())
      log::Error("the web port is away, until the settings are read again: {}", Message(back));
    return status;
  }

  // Nothing unless the settings say where.
  absl::Status StartWeb(const WebPlace& place) {
    if (place.listen.empty()) return absl::OkStatus();
    WebServer::Options options{place.listen, place.tls, ground_.clock.Now(),
                               [this] { return metrics_.Text(MetricSourcesOf()); }};
    Opened& opened = ground_.opened;
    auto web = std::make_unique<WebServer>(
        std::move(options), web_access_,
        WebSources{ground_.registry, health_, fleet_, *opened.web.jobs, *opened.web.history},
        runner_, *opened.feed_jobs, ground_.refusals);
    MUSTER_RETURN_IF_ERROR(web->Start());
    web_place_ = place;
    const MutexLock lock(web_mutex_);
    web_ = std::move(web);
    return absl::OkStatus();
  }

  std::unique_ptr<WebServer> TakeWeb() {
    web_place_ = {};
    const MutexLock lock(web_mutex_);
    return std::move(web_);
  }

  // On the fleet's thread.
  void WakeWeb() {
    const MutexLock lock(web_mutex_);
    if (web_ != nullptr) web_->Wake();
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
  WebAccess web_access_;
  WebPlace web_place_;  // of web_
  Mutex web_mutex_;
  std::unique_ptr<WebServer> web_ MUSTER_GUARDED_BY(web_mutex_);  // null: it is off
  std::unique_ptr<GrpcServer> operator_server_;
  std::unique_ptr<GrpcServer> agent_server_;
};

// Reads the settings again.
using ReadAgain = std::function<absl::StatusOr<ControllerConfig>()>;

// Each kSweepInterval.
void Look(RevokedFile& revoked, TlsFilesLook& tls_files, Serving& serving, Refusals& refusals,
          const NodeRegistry& registry) {
  if (absl::Status status = revoked.Reload(); !status.ok()) {
    log::Warning("the list of revoked certificates stays as it was: {}", Message(status));
  }
  tls_files.Look();
  serving.Sweep();
  refusals.Flush();
  ReleaseFreeMemory();
  sd_notifyf(0, "STATUS=%zu agents attached", registry.attached_count());
}

absl::Status Run(const ControllerConfig& config, const ReadAgain& read_again,
                 const Signals& signals) {
  RevokedFile revoked(config.revoked_file);
  MUSTER_RETURN_IF_ERROR(revoked.Reload());
  absl::StatusOr<Opened> opened = Open(config);
  MUSTER_RETURN_IF_ERROR(opened.status());

  const SystemClock clock;
  NodeRegistry registry(opened->files.inventory);
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
  Reloader reloader(config, read_again,
                    {registry, revoked, *opened->store, *opened->history,
                     [&serving](const ControllerConfig& next, const WebFiles& files) {
                       return serving.SetWeb(next.web.listen, files);
                     }});
  TlsFilesLook tls_files(config.tls_dir);
  for (Signal signal; (signal = signals.Wait(kSweepInterval)) != Signal::kStop;) {
    if (signal == Signal::kReload) {
      NotifyReloading();
      reloader.Reload();
      sd_notify(0, "READY=1");
    }
    Look(revoked, tls_files, serving, refusals, registry);
  }

  sd_notify(0, "STOPPING=1");
  log::Info("stopping");
  serving.Stop();
  return absl::OkStatus();
}

// --check-config.
absl::Status Check(const ControllerConfig& config) {
  MUSTER_RETURN_IF_ERROR(ReadNamedFiles(config, config.tls_dir).status());
  return CheckOtherFiles(config);
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  // Debian's Abseil would end the process at a potential deadlock inside gRPC, and looks for them at every lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const muster::ReadAgain read = [argc, argv] { return muster::ParseCommandLine(argc, argv); };
  const absl::StatusOr<muster::ControllerConfig> config = read();
  absl::Status status = config.status();
  if (config.ok() && config->is_check) status = muster::Check(*config);
  if (!status.ok()) {
    std::fprintf(stderr, "musterd: %s\n", muster::Message(status).c_str());
    return 2;
  }
  if (config->is_check) {
    std::puts("ok");
    return 0;
  }
  muster::log::Init("musterd",
                    config->debug ? muster::log::Level::kDebug : muster::log::Level::kInfo);
  muster::log::SetJournal(&muster::SendToJournal);
  muster::SetTlsDefaults();
  const muster::Signals signals;
  if (status = muster::Run(*config, read, signals); !status.ok()) {
    muster::log::Error("{}", muster::Message(status));
    return 1;
  }
  return 0;
}
