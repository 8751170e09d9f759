// One operation that brings every node's subscription to HMNFD back and shows it. Pure; owned by Operations.
//
// Its steps, one after the other; the status says where it is, and after a restart of the controller it goes on there:
//
//   baseline       who was subscribed before the loss, if that was saved
//   HMNFD          it takes subscriptions, or is restarted, or waited for
//   targets        who is subscribed now, and so who has to be restarted; makes the job
//   nodes          the job restarts them at HMNFD's pace; each list proves some, or gives them another try
//   other clients  BSS's own subscription, and HMNFD's at HSM
//
// What it knows of HMNFD's pace, of who was seen when, and of rollouts under way is not durable: it begins anew, which takes longer and is
// never wrong. So HMNFD may be restarted twice if the controller ends while it is.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/engine/live_job.h"
#include "controller/engine/record.h"
#include "controller/operation/action.h"
#include "controller/operation/operation.h"
#include "controller/operation/pace_controller.h"
#include "controller/operation/proof.h"
#include "controller/operation/service_news.h"

namespace muster {

// Between two looks at HMNFD's readiness, and at its list.
inline constexpr Duration kProbeInterval = 500ms;
inline constexpr Duration kListInterval = 5s;
// How long a step waits for HMNFD or HSM before it has failed. People have to type something meanwhile.
inline constexpr Duration kServiceDeadline = 30min;
// What an operator may have to type.
inline constexpr char kRestartHmnfdHint[] =
    "kubectl -n services rollout restart deployment/cray-hmnfd";
inline constexpr char kRestartBssHint[] = "kubectl -n services rollout restart deployment/cray-bss";
// How often an operation restarts HMNFD: its etcd can be lost again meanwhile, and there is an end to trying.
inline constexpr int kMaxHmnfdRestarts = 3;
// How long BSS's subscription may take after its restart.
inline constexpr Duration kBssDeadline = 2min;

class Resubscription {
 public:
  enum Step { kBaseline, kHmnfd, kTargets, kNodes, kOthers, kStepCount };

  static OperationStatus NewStatus();

  // Goes on where `status` says. `job` is the engine's, if it is under way.
  Resubscription(std::shared_ptr<const OperationSpec> spec, OperationStatus status,
                 const LiveJob* job, Time now);

  void Take(Time now, const ServiceNews& news, OperationActions* actions);
  // A change of its job, or of a task of it.
  void Take(Time now, const Record& record);
  // Starts nothing more; ends when its job has.
  void Cancel(Time now, const std::string& by, OperationActions* actions);

  // Does what follows from time, and from all that was taken; gives the status out if it has changed.
  void Advance(Time now, OperationActions* actions);
  std::optional<Time> NextDeadline() const;

  const OperationSpec& spec() const { return *spec_; }
  const OperationStatus& status() const { return status_; }

 private:
  void On(Time now, const HmnfdProbed& news, OperationActions* actions);
  void On(Time now, const SubscribersListed& news, OperationActions* actions);
  void On(Time now, const RolloutEnded& news, OperationActions* actions);
  void On(Time now, const HsmAsked& news, OperationActions* actions);
  // It asks neither CPS nor BOS.
  void On(Time, const CpsProbed&, OperationActions*) {}
  void On(Time, const BosSessionMade&, OperationActions*) {}
  void On(Time, const BosSessionSeen&, OperationActions*) {}

  void OnList(Time now, const Subscribers& subscribers, OperationActions* actions);
  void ChooseTargets(Time now, const Subscribers& subscribers, OperationActions* actions);
  void CheckBss(Time now, const Subscribers& subscribers, OperationActions* actions);
  void SetPace(OperationActions* actions);
  bool RestartHmnfd(Time now, const HmnfdProbed& news, OperationActions* actions);

  // Steps.
  OperationStep& step() { return status_.steps[current_]; }
  void Begin(Time now);
  void SayDetail(const std::string& detail);
  void Note(Time now, std::string text);
  void EndStep(Time now, OperationState state, std::string detail);
  void LookAtBaseline(Time now);
  void CheckJob(Time now);
  void JudgeOthers(Time now);
  bool MustStop() const;
  void CancelRest(Time now);
  void Finish(Time now);

  // Calls.
  bool IsUnderWay(ServiceCall call) const { return under_way_[static_cast<size_t>(call)]; }
  void Call(ServiceCall call, OperationActions* actions);
  void Ask(Time now, OperationActions* actions);
  bool WantsProbe() const;
  bool WantsList() const;

  const std::shared_ptr<const OperationSpec> spec_;
  OperationStatus status_;
  size_t current_ = 0;  // step
  Time step_began_;
  bool is_changed_ = false;
  bool is_cancelled_ = false;
  bool has_job_;
  std::array<bool, kServiceCallCount> under_way_{};
  Time next_probe_{};
  Time next_list_{};
  std::string trouble_;  // what the last probe or list said, if it was no success

  int hmnfd_restarts_ = 0;
  bool has_restarted_bss_ = false;
  std::optional<bool> has_bss_;
  std::optional<bool> has_hmnfd_in_hsm_;
  std::string hsm_trouble_;

  std::set<std::string> proven_;   // in this life of the controller, or when it began
  std::vector<std::string> lost_;  // of them, by the newest list

  Proof proof_;
  PaceController pace_;
  double told_rate_ = 0;
};

}  // namespace muster
