#include "controller/csm_caller.h"

#include <algorithm>
#include <utility>

#include "controller/bos_progress.h"
#include "controller/inventory/xname.h"

namespace muster {
namespace {

HmnfdProbed::State StateOf(HmnfdState::Kind kind) {
  switch (kind) {
    case HmnfdState::Kind::kReady:
      return HmnfdProbed::State::kReady;
    case HmnfdState::Kind::kNotReady:
      return HmnfdProbed::State::kNotReady;
    case HmnfdState::Kind::kNoHealthKey:
      return HmnfdProbed::State::kNoHealthKey;
    case HmnfdState::Kind::kDenied:
      return HmnfdProbed::State::kDenied;
    case HmnfdState::Kind::kUnreachable:
      break;
  }
  return HmnfdProbed::State::kUnreachable;
}

}  // namespace

CsmCaller::CsmCaller(CsmServices& services, std::set<std::string> agents, XnameOf xname_of,
                     const Clock& clock)
    : services_(services),
      agents_(std::move(agents)),
      xname_of_(std::move(xname_of)),
      clock_(clock) {}

Worker& CsmCaller::WorkerFor(ServiceCall call) {
  switch (call) {
    case ServiceCall::kProbeHmnfd:
      return probe_;
    case ServiceCall::kListSubscribers:
      return list_;
    case ServiceCall::kProbeCps:
    case ServiceCall::kMakeBosSession:
    case ServiceCall::kLookAtBosSession:
      return content_;
    default:
      return slow_;
  }
}

void CsmCaller::Start(const ServiceCallWanted& call) {
  WorkerFor(call.call).PostReserved([this, call] { Make(call); });
}

void CsmCaller::Make(const ServiceCallWanted& wanted) {
  ServiceNews news{wanted.operation, HmnfdProbed{}};
  switch (wanted.call) {
    case ServiceCall::kProbeHmnfd:
      news.news = Probe();
      break;
    case ServiceCall::kListSubscribers:
      news.news = List();
      break;
    case ServiceCall::kRestartHmnfd:
      news.news = RolloutEnded{wanted.call, Restart("cray-hmnfd")};
      break;
    case ServiceCall::kRestartBss:
      news.news = RolloutEnded{wanted.call, Restart("cray-bss")};
      break;
    case ServiceCall::kFindHmnfdInHsm:
      news.news = HsmAsked{HasHmnfd()};
      break;
    case ServiceCall::kProbeCps:
      news.news = ProbeCps();
      break;
    case ServiceCall::kMakeBosSession:
      news.news = BosSessionMade{MakeSession(*wanted.session)};
      break;
    case ServiceCall::kLookAtBosSession:
      news.news = BosSessionSeen{LookAtSession(*services_.bos(), *wanted.session)};
      break;
  }
  listener_->Tell(std::move(news));
}

HmnfdProbed CsmCaller::Probe() {
  HmnfdState state = services_.subscriptions()->Probe();
  return {StateOf(state.kind), std::move(state.detail), state.latency};
}

SubscribersListed CsmCaller::List() {
  const Time asked = clock_.Now();
  const absl::StatusOr<std::vector<Subscription>> list = services_.subscriptions()->List();
  if (!list.ok()) return {asked, list.status()};
  auto subscribers = std::make_shared<Subscribers>();
  for (const Subscription& entry : *list) {
    // BSS and the like are no nodes, and have agents of their own.
    if (!agents_.empty() && IsNodeXname(entry.node) && !agents_.contains(entry.agent)) continue;
    std::vector<std::string>& agents = (*subscribers)[entry.node];
    if (std::find(agents.begin(), agents.end(), entry.agent) == agents.end())
      agents.push_back(entry.agent);
  }
  return {asked, std::shared_ptr<const Subscribers>(std::move(subscribers))};
}

absl::Status CsmCaller::Restart(const std::string& deployment) {
  MUSTER_RETURN_IF_ERROR(services_.rollout().Restart(deployment));
  return services_.rollout().AwaitReady(deployment, kRolloutTimeout);
}

absl::StatusOr<bool> CsmCaller::HasHmnfd() {
  if (services_.nodes() == nullptr) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "[csm] of musterd.toml names no hsm");
  }
  const absl::StatusOr<std::vector<ScnSubscription>> list = services_.nodes()->ScnSubscriptions();
  MUSTER_RETURN_IF_ERROR(list.status());
  return std::any_of(list->begin(), list->end(), IsOfHmnfd);
}

CpsProbed CsmCaller::ProbeCps() {
  absl::StatusOr<std::vector<std::string>> servers = services_.cps()->Servers();
  if (!servers.ok()) return {servers.status()};
  for (std::string& server : *servers) {
    std::optional<std::string> xname = xname_of_(server);
    // Else it would be unmounted with all others.
    if (!xname) {
      return {MakeStatus(absl::StatusCode::kFailedPrecondition,
                         "CPS is served by {}, and no node of the inventory or of SLS is called so",
                         server)};
    }
    server = *std::move(xname);
  }
  std::sort(servers->begin(), servers->end());
  return {*std::move(servers)};
}

absl::Status CsmCaller::MakeSession(const BosSession& session) {
  return services_.bos()->MakeSession(
      {session.name, session.is_boot ? "boot" : "shutdown", session.template_name, session.nodes});
}

void CsmCaller::ListSubscribers(SubscribersDone done) {
  const bool is_taken = list_.Post([this, done] { done(List().subscribers); });
  if (!is_taken) {
    done(MakeStatus(absl::StatusCode::kResourceExhausted,
                    "many ask for HMNFD's list at once: try again"));
  }
}

}  // namespace muster
