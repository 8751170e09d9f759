#include "tests/controller/operation/world.h"

#include <algorithm>
#include <utility>

namespace muster {

// ---- the store

void MemoryStore::Commit(const std::vector<Record>& records,
                         const std::vector<OperationRecord>& operations) {
  for (const Record& record : records) {
    if (const auto* created = std::get_if<JobCreated>(&record)) {
      StoredJob& job = jobs_[created->spec.id];
      job.spec = created->spec;
      job.status.revision = created->revision;
      for (const std::string& node : created->nodes) job.tasks.emplace_back().node = node;
    } else if (const auto* changed = std::get_if<JobChanged>(&record)) {
      jobs_.at(changed->job).status = changed->status;
    } else if (const auto* task = std::get_if<TaskChanged>(&record)) {
      for (Task& known : jobs_.at(task->job).tasks) {
        if (known.node != task->task.node) continue;
        EXPECT_FALSE(IsTerminal(known.state)) << known.node << " had ended";
        known = task->task;
      }
    } else if (const auto* seen = std::get_if<NodeSeen>(&record)) {
      nodes_[seen->node] = *seen;
    }
  }
  for (const OperationRecord& record : operations) {
    EXPECT_EQ(operations_.contains(record.spec->id), !record.is_new);
    operations_[record.spec->id] = record;
    history_.push_back(record.status);
  }
}

Loaded MemoryStore::Load() const {
  Loaded loaded;
  for (const auto& [id, job] : jobs_) {
    loaded.revision = std::max(loaded.revision, job.status.revision);
    for (const Task& task : job.tasks) loaded.revision = std::max(loaded.revision, task.revision);
    loaded.requests.push_back({job.spec.request_id, job.spec.request_digest, id});
    if (!IsTerminal(job.status.state)) loaded.jobs.push_back(job);
  }
  for (const auto& [name, node] : nodes_) loaded.nodes.push_back(node);
  return loaded;
}

LoadedOperations MemoryStore::LoadOperations() const {
  LoadedOperations loaded;
  for (const auto& [id, record] : operations_) {
    loaded.requests.push_back({record.spec->request_id, record.spec->request_digest, id});
    if (IsTerminal(record.status.state)) continue;
    loaded.operations.push_back(record);
    loaded.operations.back().is_new = false;
  }
  return loaded;
}

// ---- the machine

World::World(std::vector<std::string> nodes) {
  std::vector<InventoryNode> inventory;
  for (const std::string& node : nodes) inventory.push_back({node, {}, "Compute"});
  registry_ = std::make_unique<NodeRegistry>(std::move(inventory));
  services.subscribers["x0"] = {"boot-script-service"};
  on_restart = [this](const std::string& node, uint32_t) {
    services.subscribers[node] = {"orca"};
    return Restarted{};
  };
  on_look_at_bos = [](const BosSession& session) {
    return BosProgress{true, session.nodes.size(), {}, {}};
  };
  StartCore();
  for (const std::string& node : nodes) Attach(node);
}

void World::Pass(Duration duration, const std::function<bool()>& is_enough) {
  const Time end = now_ + duration;
  while (now_ < end && !is_enough()) {
    Time next = std::min(end, core_->NextDeadline().value_or(end));
    if (!agenda_.empty()) next = std::min(next, agenda_.begin()->first);
    now_ = std::max(now_ + Duration(1000), next);  // what is due at once comes again a moment later
    while (!agenda_.empty() && agenda_.begin()->first <= now_) {
      const std::function<void()> what = std::move(agenda_.begin()->second);
      agenda_.erase(agenda_.begin());
      what();
    }
    Take({});
  }
}

void World::Take(std::vector<Mail> mails) {
  for (Mail& mail : mails) core_->Take(now_, std::move(mail));
  core_->Advance(now_);
  const Crash crash = on_batch();
  if (crash == Crash::kBeforeCommit) return RestartController();
  store_.Commit(core_->records(), core_->operations());
  if (crash == Crash::kBeforeDeliver) return RestartController();
  core_->Deliver();
}

World::Answer World::Submit(const ResubscriptionSpec& resubscription, const std::string& id,
                            const std::string& request_id, const std::string& digest) {
  OperationSpec spec;
  spec.id = id;
  spec.created_by = "alice";
  spec.created = now_;
  spec.request_id = request_id;
  spec.request_digest = digest;
  spec.resubscription = resubscription;
  return Submit(std::move(spec));
}

World::Answer World::Submit(const ContentSpec& content, const std::string& id) {
  OperationSpec spec;
  spec.id = id;
  spec.created_by = "alice";
  spec.created = now_;
  spec.request_id = "request of " + id;
  spec.content = content;
  return Submit(std::move(spec));
}

World::Answer World::Submit(OperationSpec spec) {
  const auto answer = std::make_shared<Answer>();
  Take({OperationRequest{OperationSubmitted{0, std::move(spec)},
                         [answer](const absl::StatusOr<std::string>& it) { *answer = it; }}});
  return *answer;
}

World::Answer World::Cancel(const std::string& id, const std::string& by) {
  const auto answer = std::make_shared<Answer>();
  Take({OperationRequest{OperationCancelled{0, id, by},
                         [answer](const absl::StatusOr<std::string>& it) { *answer = it; }}});
  return *answer;
}

World::Answer World::ActOnJob(JobAction action, const std::string& job) {
  const auto answer = std::make_shared<Answer>();
  Take({OperatorRequest{JobActionRequested{0, action, job, "alice"},
                        [answer](const absl::StatusOr<std::string>& it) { *answer = it; }}});
  return *answer;
}

// ---- the controller's lives

void World::StartCore() {
  ++life_;
  was_ready_ = false;
  core_ = std::make_unique<RunnerCore>(Engine(engine_config, store_.Load(), now_),
                                       static_cast<Transport&>(*this), *registry_,
                                       static_cast<ServiceCaller*>(this), store_.LoadOperations(),
                                       now_, static_cast<ContentRecords*>(this));
}

absl::StatusOr<ContentRecord> World::Of(const std::string& content, const std::string& node) {
  ContentRecord record;
  for (const auto& [id, operation] : store_.operations()) {
    const auto& phase = operation.spec->content;
    if (!phase || phase->content != content || !store_.jobs().contains(phase->record_job)) continue;
    for (const Task& task : store_.jobs().at(phase->record_job).tasks)
      if (task.node == node && task.outcome && task.outcome->evidence.content)
        Merge(*task.outcome->evidence.content, &record);
  }
  return record;
}

void World::RestartController() {
  StartCore();
  Duration later = 100ms;
  for (auto& [name, agent] : agents_) {
    if (agent.session == 0) continue;
    agent.session = 0;
    At(later, IfAlive([this, node = name] { Attach(node); }));
    later += 7ms;
  }
}

std::function<void()> World::IfAlive(std::function<void()> what) {
  return [this, life = life_, what = std::move(what)] {
    if (life == life_) what();
  };
}

// ---- agents

void World::Attach(const std::string& node) {
  Agent& agent = agents_[node];
  agent.session = ++last_session_;
  Hello hello;
  hello.node = node;
  hello.incarnation = "life-1";
  hello.features = {kRestartUnitFeature, kRestartSinceFeature, kContentFeature};
  std::vector<AttemptKey> done;
  for (const auto& [key, held] : agent.held) {
    hello.held.push_back(key);
    if (held.outcome) done.push_back(key);
  }
  Take({Event(SessionUp{agent.session, hello})});
  for (const AttemptKey& key : done) Report(node, key);
}

void World::Detach(const std::string& node) {
  Agent& agent = agents_.at(node);
  const SessionId session = std::exchange(agent.session, 0);
  if (session != 0) Take({Event(SessionDown{session, node})});
}

bool World::Send(SessionId session, const ControllerMessage& message) {
  if (std::holds_alternative<Command>(message) && !was_ready_) ++restarts_while_not_ready_;
  const auto arrive = [this, session, message] {
    for (auto& [name, agent] : agents_) {
      if (agent.session != session) continue;
      if (const auto* command = std::get_if<Command>(&message)) Execute(*command);
      if (const auto* settled = std::get_if<Settled>(&message)) agent.held.erase(settled->key);
      return;
    }
  };
  At(2ms, arrive);
  return true;
}

void World::Execute(const Command& command) {
  Agent& agent = agents_.at(command.node);
  if (agent.held.contains(command.key)) return Report(command.node, command.key);
  agent.held[command.key] = {};
  restarted_.insert(command.node);
  const bool is_restart = std::holds_alternative<RestartUnit>(command.work);
  const Restarted result =
      is_restart ? on_restart(command.node, command.key.attempt) : on_content(command);
  At(result.duration, [this, node = command.node, key = command.key, outcome = result.outcome] {
    Agent& at_end = agents_.at(node);
    if (!at_end.held.contains(key)) return;
    at_end.held[key].outcome = outcome;
    Report(node, key);
  });
}

void World::Report(const std::string& node, const AttemptKey& key) {
  const Agent& agent = agents_.at(node);
  if (agent.session == 0 || !agent.held.contains(key)) return;
  Take({Event(ReportReceived{agent.session, {node, key, agent.held.at(key).outcome}})});
}

// ---- services

void World::Start(const ServiceCallWanted& call) {
  calls_.push_back(call);
  const bool is_rollout =
      call.call == ServiceCall::kRestartHmnfd || call.call == ServiceCall::kRestartBss;
  const Duration duration = call.call == ServiceCall::kProbeHmnfd ? services.latency
                            : is_rollout                          ? services.rollout_duration
                                                                  : Duration(50ms);
  At(duration, IfAlive([this, call, asked = now_] { Answered(call, asked); }));
}

void World::Answered(const ServiceCallWanted& wanted, Time asked) {
  ServiceNews news{wanted.operation, HmnfdProbed{}};
  switch (wanted.call) {
    case ServiceCall::kProbeHmnfd: {
      const bool is_ready = services.hmnfd == HmnfdProbed::State::kReady;
      was_ready_ = is_ready;
      news.news = HmnfdProbed{services.hmnfd, is_ready ? "" : services.hmnfd_detail, now_ - asked};
      break;
    }
    case ServiceCall::kListSubscribers:
      if (services.list.ok()) {
        news.news =
            SubscribersListed{asked, std::make_shared<const Subscribers>(services.subscribers)};
      } else {
        news.news = SubscribersListed{asked, services.list};
      }
      break;
    case ServiceCall::kRestartHmnfd:
    case ServiceCall::kRestartBss:
      if (services.rollout.ok()) on_rollout(wanted.call);
      news.news = RolloutEnded{wanted.call, services.rollout};
      break;
    case ServiceCall::kFindHmnfdInHsm:
      news.news = HsmAsked{services.has_hmnfd_at_hsm};
      break;
    case ServiceCall::kProbeCps:
      news.news = CpsProbed{services.cps_servers};
      break;
    case ServiceCall::kMakeBosSession:
      if (services.bos_session.ok()) bos_sessions_[wanted.session->name] = *wanted.session;
      news.news = BosSessionMade{services.bos_session};
      break;
    case ServiceCall::kLookAtBosSession:
      news.news = BosSessionSeen{on_look_at_bos(*wanted.session)};
      break;
  }
  Take({std::move(news)});
}

// ---- what came of it

const Task& World::TaskOf(const std::string& node) const {
  for (const auto& [id, job] : store_.jobs()) {
    for (const Task& task : job.tasks) {
      if (task.node == node) return task;
    }
  }
  static const Task nothing;
  ADD_FAILURE() << "no task of " << node;
  return nothing;
}

size_t World::CallsOf(ServiceCall call) const {
  return static_cast<size_t>(
      std::count_if(calls_.begin(), calls_.end(),
                    [call](const ServiceCallWanted& each) { return each.call == call; }));
}

size_t World::NotesWith(const std::string& text) const {
  const std::vector<OperationNote>& notes = status().notes;
  return static_cast<size_t>(std::count_if(
      notes.begin(), notes.end(),
      [&text](const OperationNote& note) { return note.text.find(text) != std::string::npos; }));
}

ResubscriptionSpec Asked(std::vector<std::string> nodes) {
  ResubscriptionSpec spec;
  spec.job = "j1";
  spec.work = RestartUnit{"", 5s};
  spec.policy.retries = 3;
  spec.nodes = std::move(nodes);
  return spec;
}

std::vector<std::string> Names(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(fmt::format("x1000c0s{}b0n0", i));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace muster
