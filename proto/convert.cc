#include "proto/convert.h"

#include <limits>
#include <utility>

namespace muster {

// Steps of the conversions below: static rather than in an unnamed namespace, where they would hide those overloads.
static v1::AttemptKey ToProto(const AttemptKey& key) {
  v1::AttemptKey proto;
  proto.set_task(key.task);
  proto.set_attempt(key.attempt);
  return proto;
}

static AttemptKey FromProto(const v1::AttemptKey& proto) { return {proto.task(), proto.attempt()}; }

static v1::UnitState ToProto(const UnitState& unit) {
  v1::UnitState proto;
  proto.set_unit(unit.unit);
  proto.set_load_state(unit.load_state);
  proto.set_active_state(unit.active_state);
  proto.set_sub_state(unit.sub_state);
  proto.set_result(unit.result);
  proto.set_invocation_id(unit.invocation_id);
  proto.set_exec_main_code(unit.exec_main_code);
  proto.set_exec_main_status(unit.exec_main_status);
  proto.set_restarts(unit.restarts);
  proto.set_job_id(unit.job_id);
  proto.set_need_daemon_reload(unit.need_daemon_reload);
  if (unit.active_age) *proto.mutable_active_age() = ToProto(*unit.active_age);
  proto.set_condition_result(unit.condition_result);
  return proto;
}

static UnitState FromProto(const v1::UnitState& proto) {
  UnitState unit;
  unit.unit = proto.unit();
  unit.load_state = proto.load_state();
  unit.active_state = proto.active_state();
  unit.sub_state = proto.sub_state();
  unit.result = proto.result();
  unit.invocation_id = proto.invocation_id();
  unit.exec_main_code = proto.exec_main_code();
  unit.exec_main_status = proto.exec_main_status();
  unit.restarts = proto.restarts();
  unit.job_id = proto.job_id();
  unit.need_daemon_reload = proto.need_daemon_reload();
  if (proto.has_active_age()) unit.active_age = FromProto(proto.active_age());
  unit.condition_result = proto.condition_result();
  return unit;
}

static v1::ContentRecord ToProto(const ContentRecord& record) {
  v1::ContentRecord proto;
  for (const RecordedMount& mount : record.mounts) {
    v1::RecordedMount* out = proto.add_mounts();
    out->set_kind(static_cast<v1::MountKind>(mount.kind));
    out->set_fstype(mount.fstype);
    out->set_source(mount.source);
    out->set_target(mount.target);
    out->set_options(mount.options);
    out->set_super_options(mount.super_options);
    out->set_propagation(mount.propagation);
    out->set_stacked(mount.is_stacked);
  }
  return proto;
}

static ContentRecord FromProto(const v1::ContentRecord& proto) {
  ContentRecord record;
  for (const v1::RecordedMount& mount : proto.mounts()) {
    record.mounts.push_back({static_cast<MountKind>(mount.kind()), mount.fstype(), mount.source(),
                             mount.target(), mount.options(), mount.super_options(),
                             mount.propagation(), mount.stacked()});
  }
  return record;
}

static v1::Evidence ToProto(const Evidence& evidence) {
  v1::Evidence proto;
  if (evidence.before) *proto.mutable_before() = ToProto(*evidence.before);
  if (evidence.after) *proto.mutable_after() = ToProto(*evidence.after);
  proto.set_job_result(evidence.job_result);
  proto.set_error_name(evidence.error_name);
  proto.set_foreign_restarts(evidence.foreign_restarts);
  if (evidence.spire) *proto.mutable_spire() = ToProto(*evidence.spire);
  *proto.mutable_duration() = ToProto(evidence.duration);
  proto.set_recovered(evidence.recovered);
  if (evidence.content) *proto.mutable_content() = ToProto(*evidence.content);
  return proto;
}

static Evidence FromProto(const v1::Evidence& proto) {
  Evidence evidence;
  if (proto.has_before()) evidence.before = FromProto(proto.before());
  if (proto.has_after()) evidence.after = FromProto(proto.after());
  evidence.job_result = proto.job_result();
  evidence.error_name = proto.error_name();
  evidence.foreign_restarts = proto.foreign_restarts();
  if (proto.has_spire()) evidence.spire = FromProto(proto.spire());
  evidence.duration = FromProto(proto.duration());
  evidence.recovered = proto.recovered();
  if (proto.has_content()) evidence.content = FromProto(proto.content());
  return evidence;
}

static v1::Epoch ToProto(const Epoch& epoch) {
  v1::Epoch proto;
  proto.set_store_id(epoch.store_id);
  proto.set_counter(epoch.counter);
  return proto;
}

static Epoch FromProto(const v1::Epoch& proto) { return {proto.store_id(), proto.counter()}; }

static v1::Hello ToProto(const Hello& hello) {
  v1::Hello proto;
  proto.set_node(hello.node);
  proto.set_incarnation(hello.incarnation);
  proto.set_boot_id(hello.boot_id);
  proto.set_agent_version(hello.agent_version);
  proto.set_protocol_version(hello.protocol_version);
  for (const std::string& feature : hello.features) proto.add_features(feature);
  for (const std::string& alias : hello.aliases) proto.add_aliases(alias);
  for (const AttemptKey& key : hello.held) *proto.add_held() = ToProto(key);
  *proto.mutable_status() = ToProto(hello.status);
  if (hello.seen_epoch) *proto.mutable_seen_epoch() = ToProto(*hello.seen_epoch);
  proto.set_wall_clock_ns(hello.wall_clock_ns);
  return proto;
}

static Hello FromProto(const v1::Hello& proto) {
  Hello hello;
  hello.node = proto.node();
  hello.incarnation = proto.incarnation();
  hello.boot_id = proto.boot_id();
  hello.agent_version = proto.agent_version();
  hello.protocol_version = proto.protocol_version();
  hello.features.assign(proto.features().begin(), proto.features().end());
  hello.aliases.assign(proto.aliases().begin(), proto.aliases().end());
  for (const v1::AttemptKey& key : proto.held()) hello.held.push_back(FromProto(key));
  hello.status = FromProto(proto.status());
  if (proto.has_seen_epoch()) hello.seen_epoch = FromProto(proto.seen_epoch());
  hello.wall_clock_ns = proto.wall_clock_ns();
  return hello;
}

static v1::Report ToProto(const Report& report) {
  v1::Report proto;
  proto.set_node(report.node);
  *proto.mutable_key() = ToProto(report.key);
  if (report.outcome) {
    *proto.mutable_outcome() = ToProto(*report.outcome);
  } else {
    proto.mutable_running();
  }
  return proto;
}

static Report FromProto(const v1::Report& proto) {
  Report report{proto.node(), FromProto(proto.key()), std::nullopt};
  if (proto.has_outcome()) report.outcome = FromProto(proto.outcome());
  return report;
}

static v1::Welcome ToProto(const Welcome& welcome) {
  v1::Welcome proto;
  proto.set_node(welcome.node);
  *proto.mutable_epoch() = ToProto(welcome.epoch);
  proto.set_fleet_size(welcome.fleet_size);
  *proto.mutable_ping_interval() = ToProto(welcome.ping_interval);
  proto.set_protocol_version(welcome.protocol_version);
  return proto;
}

static Welcome FromProto(const v1::Welcome& proto) {
  return {proto.node(), FromProto(proto.epoch()), proto.fleet_size(),
          FromProto(proto.ping_interval()), proto.protocol_version()};
}

static v1::Command ToProto(const Command& command) {
  v1::Command proto;
  proto.set_node(command.node);
  *proto.mutable_key() = ToProto(command.key);
  proto.set_incarnation(command.incarnation);
  for (const std::string& feature : command.required_features) proto.add_required_features(feature);
  *proto.mutable_start_within() = ToProto(command.start_within);
  *proto.mutable_execution_deadline() = ToProto(command.execution_deadline);
  *proto.mutable_work() = ToProto(command.work);
  return proto;
}

static Command FromProto(const v1::Command& proto) {
  Command command;
  command.node = proto.node();
  command.key = FromProto(proto.key());
  command.incarnation = proto.incarnation();
  command.required_features.assign(proto.required_features().begin(),
                                   proto.required_features().end());
  command.start_within = FromProto(proto.start_within());
  command.execution_deadline = FromProto(proto.execution_deadline());
  command.work = FromProto(proto.work());
  return command;
}

template <typename Proto, typename Struct>
static Proto NodeAndKey(const Struct& message) {
  Proto proto;
  proto.set_node(message.node);
  *proto.mutable_key() = ToProto(message.key);
  return proto;
}

google::protobuf::Duration ToProto(Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(duration.count() / 1'000'000'000);
  proto.set_nanos(static_cast<int32_t>(duration.count() % 1'000'000'000));
  return proto;
}

// Durations beyond what fits (292 years) become the largest that does. On the wire the nanoseconds are any int32, so only the sum tells.
Duration FromProto(const google::protobuf::Duration& proto) {
  int64_t nanoseconds = 0;
  if (__builtin_mul_overflow(proto.seconds(), int64_t{1'000'000'000}, &nanoseconds) ||
      __builtin_add_overflow(nanoseconds, proto.nanos(), &nanoseconds)) {
    return proto.seconds() < 0 ? Duration::min() : Duration::max();
  }
  return Duration(nanoseconds);
}

v1::Work ToProto(const Work& work) {
  v1::Work proto;
  if (const auto* restart = std::get_if<RestartUnit>(&work)) {
    v1::RestartUnit* out = proto.mutable_restart_unit();
    if (restart->unit.empty()) {
      out->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
    } else {
      out->set_unit(restart->unit);
    }
    *out->mutable_settle() = ToProto(restart->settle);
    if (restart->satisfied_age) *out->mutable_satisfied_age() = ToProto(*restart->satisfied_age);
  } else if (const auto* inspect = std::get_if<Inspect>(&work)) {
    proto.mutable_inspect()->set_unit(inspect->unit);
  } else if (std::holds_alternative<InspectContent>(work)) {
    proto.mutable_inspect_content();
  } else if (const auto* unmount = std::get_if<UnmountContent>(&work)) {
    v1::UnmountContent* out = proto.mutable_unmount_content();
    out->set_content(unmount->content);
    *out->mutable_record() = ToProto(unmount->record);
    out->set_lazy(unmount->is_lazy);
    out->set_force(unmount->is_forced);
  } else if (const auto* remount = std::get_if<RemountContent>(&work)) {
    proto.mutable_remount_content()->set_content(remount->content);
    *proto.mutable_remount_content()->mutable_record() = ToProto(remount->record);
  }
  return proto;
}

Work FromProto(const v1::Work& proto) {
  switch (proto.work_case()) {
    case v1::Work::kRestartUnit: {
      const v1::RestartUnit& in = proto.restart_unit();
      const bool is_orca = in.target_case() == v1::RestartUnit::kWellKnown &&
                           in.well_known() == v1::WELL_KNOWN_UNIT_ORCA;
      if (!is_orca && in.unit().empty()) return UnknownWork{};
      RestartUnit restart{in.unit(), FromProto(in.settle())};
      if (in.has_satisfied_age()) restart.satisfied_age = FromProto(in.satisfied_age());
      return restart;
    }
    case v1::Work::kInspect:
      return Inspect{proto.inspect().unit()};
    case v1::Work::kInspectContent:
      return InspectContent{};
    case v1::Work::kUnmountContent: {
      const v1::UnmountContent& in = proto.unmount_content();
      return UnmountContent{in.content(), FromProto(in.record()), in.lazy(), in.force()};
    }
    case v1::Work::kRemountContent:
      return RemountContent{proto.remount_content().content(),
                            FromProto(proto.remount_content().record())};
    case v1::Work::WORK_NOT_SET:
      break;
  }
  return UnknownWork{};
}

v1::Outcome ToProto(const Outcome& outcome) {
  v1::Outcome proto;
  proto.set_state(static_cast<v1::OutcomeState>(outcome.state));
  proto.set_reason(static_cast<v1::Reason>(outcome.reason));
  proto.set_detail(outcome.detail);
  *proto.mutable_evidence() = ToProto(outcome.evidence);
  return proto;
}

Outcome FromProto(const v1::Outcome& proto) {
  return {static_cast<OutcomeState>(proto.state()), static_cast<Reason>(proto.reason()),
          proto.detail(), FromProto(proto.evidence())};
}

v1::NodeStatus ToProto(const NodeStatus& status) {
  v1::NodeStatus proto;
  proto.set_node(status.node);
  *proto.mutable_boot_age() = ToProto(status.boot_age);
  for (const UnitState& unit : status.units) *proto.add_units() = ToProto(unit);
  for (const MountedContent& mount : status.mounted) {
    v1::MountedContent* out = proto.add_mounted();
    out->set_source(mount.source);
    out->set_target(mount.target);
    out->set_fstype(mount.fstype);
  }
  return proto;
}

NodeStatus FromProto(const v1::NodeStatus& proto) {
  NodeStatus status;
  status.node = proto.node();
  status.boot_age = FromProto(proto.boot_age());
  for (const v1::UnitState& unit : proto.units()) status.units.push_back(FromProto(unit));
  for (const v1::MountedContent& mount : proto.mounted()) {
    status.mounted.push_back({mount.source(), mount.target(), mount.fstype()});
  }
  return status;
}

v1::AgentMessage ToProto(const AgentMessage& message) {
  v1::AgentMessage proto;
  if (const auto* hello = std::get_if<Hello>(&message)) {
    *proto.mutable_hello() = ToProto(*hello);
  } else if (const auto* report = std::get_if<Report>(&message)) {
    *proto.mutable_report() = ToProto(*report);
  } else if (const auto* status = std::get_if<NodeStatus>(&message)) {
    *proto.mutable_status() = ToProto(*status);
  }
  return proto;
}

AgentMessage FromProto(const v1::AgentMessage& proto) {
  switch (proto.message_case()) {
    case v1::AgentMessage::kHello:
      return FromProto(proto.hello());
    case v1::AgentMessage::kReport:
      return FromProto(proto.report());
    case v1::AgentMessage::kStatus:
      return FromProto(proto.status());
    case v1::AgentMessage::MESSAGE_NOT_SET:
      break;
  }
  return UnknownMessage{};
}

v1::ControllerMessage ToProto(const ControllerMessage& message, uint64_t sender_clock_ns) {
  v1::ControllerMessage proto;
  proto.set_sender_clock_ns(sender_clock_ns);
  if (const auto* welcome = std::get_if<Welcome>(&message)) {
    *proto.mutable_welcome() = ToProto(*welcome);
  } else if (const auto* command = std::get_if<Command>(&message)) {
    *proto.mutable_command() = ToProto(*command);
  } else if (const auto* settled = std::get_if<Settled>(&message)) {
    *proto.add_settled() = NodeAndKey<v1::Settled>(*settled);
  } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
    *proto.mutable_cancel() = NodeAndKey<v1::Cancel>(*cancel);
  }
  return proto;
}

std::vector<ControllerMessage> FromProto(const v1::ControllerMessage& proto) {
  std::vector<ControllerMessage> messages;
  for (const v1::Settled& settled : proto.settled())
    messages.push_back(Settled{settled.node(), FromProto(settled.key())});
  switch (proto.message_case()) {
    case v1::ControllerMessage::kWelcome:
      messages.push_back(FromProto(proto.welcome()));
      break;
    case v1::ControllerMessage::kCommand:
      messages.push_back(FromProto(proto.command()));
      break;
    case v1::ControllerMessage::kCancel:
      messages.push_back(Cancel{proto.cancel().node(), FromProto(proto.cancel().key())});
      break;
    case v1::ControllerMessage::MESSAGE_NOT_SET:
      break;
  }
  return messages;
}

}  // namespace muster
