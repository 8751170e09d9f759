#include "controller/cli/policy_options.h"

#include <vector>

#include "controller/cli/duration.h"
#include "controller/cli/policy_text.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

constexpr char kGroup[] = "Rollout";

// A value that is read by `parse`; CLI11 wants its own exceptions for wrong ones.
template <typename Value>
CLI::Option* AddParsed(CLI::App& app, const std::string& name, const std::string& type,
                       const std::string& help, absl::StatusOr<Value> (*parse)(const std::string&),
                       std::function<void(const Value&)> set) {
  const auto read = [name, parse, set = std::move(set)](const std::string& text) {
    const absl::StatusOr<Value> value = parse(text);
    if (!value.ok()) throw CLI::ValidationError(name, Message(value.status()));
    set(*value);
  };
  return app.add_option_function<std::string>(name, read, help)->type_name(type);
}

void AddDeadlines(CLI::App& verb, v1::Policy& policy) {
  AddDuration(verb, "--timeout", "The job's deadline: every task has ended by then", false,
              [&policy](Duration d) { *policy.mutable_deadline() = ToProto(d); });
  AddDuration(verb, "--delivery-deadline", "How long a node that is away is waited for (2min)",
              false, [&policy](Duration d) { *policy.mutable_delivery_deadline() = ToProto(d); });
  AddDuration(verb, "--execution-deadline", "From a node's receipt to its outcome (5min)", false,
              [&policy](Duration d) { *policy.mutable_execution_deadline() = ToProto(d); });
}

void AddPace(CLI::App& verb, v1::Policy& policy) {
  verb.add_option_function<uint32_t>(
          "--max-parallel", [&policy](uint32_t n) { policy.set_max_parallel(n); },
          "Nodes at once (1000)")
      ->check(CLI::Range(1u, 100'000u))
      ->type_name("N")
      ->group(kGroup);
  AddParsed<v1::Rate>(verb, "--rate", "N/s|N/min|N/h", "Starts, spread evenly over time (no limit)",
                      ParseRate, [&policy](const v1::Rate& r) { *policy.mutable_rate() = r; })
      ->group(kGroup);
  // Two flags that take no value: CLI11 lets the error of "--ramp=x" through when one callback gets a number.
  CLI::Option* ramp = verb.add_flag_callback(
      "--ramp", [&policy] { policy.set_ramp(true); },
      "Begin with one node at once, then 2, 4 … up to --max-parallel");
  CLI::Option* no_ramp = verb.add_flag_callback(
      "--no-ramp", [&policy] { policy.set_ramp(false); }, "Up to --max-parallel at once (default)");
  for (CLI::Option* flag : {ramp, no_ramp}) flag->disable_flag_override()->group(kGroup);
  no_ramp->excludes(ramp);
}

void AddCanary(CLI::App& verb, v1::Policy& policy) {
  CLI::Option* canary = AddParsed<v1::CountOrPercent>(
      verb, "--canary", "N|P%",
      "So many nodes, spread over the cabinets, go first; the others when all of these have "
      "succeeded",
      ParseAmount, [&policy](const v1::CountOrPercent& a) { *policy.mutable_canary() = a; });
  canary->group(kGroup);
  AddDuration(verb, "--min-healthy", "How long a canary's unit must stay up (10s)", true,
              [&policy](Duration d) { *policy.mutable_min_healthy() = ToProto(d); })
      ->needs(canary)
      ->group(kGroup);
}

void AddFailures(CLI::App& verb, v1::Policy& policy) {
  AddParsed<v1::CountOrPercent>(
      verb, "--max-failures", "N|P%",
      "With more failed, timed out or lost than this nothing more is started (10%; among canaries "
      "0)",
      ParseAmount, [&policy](const v1::CountOrPercent& a) { *policy.mutable_max_failures() = a; })
      ->group(kGroup);
  verb.add_option_function<uint32_t>(
          "--retries", [&policy](uint32_t n) { policy.set_retries(n); },
          "More tries for a node, 10 s and more apart, where trying again can help (0)")
      ->check(CLI::Range(0u, 10u))
      ->type_name("N")
      ->group(kGroup);
}

void AddSkips(CLI::App& verb, v1::Policy& policy) {
  const auto set_since = [&policy](const Since& since) {
    if (since.time) *policy.mutable_since() = *since.time;
    if (since.age) *policy.mutable_since_age() = ToProto(*since.age);
  };
  AddParsed<Since>(verb, "--since", "TIME",
                   "Leave a unit alone that was started at or after this: 2026-11-21T08:04:11Z, "
                   "\"2026-11-21 08:04\" in local time, or how long ago, 30min",
                   ParseSince, set_since)
      ->group(kGroup);
  verb.add_option_function<std::string>(
          "--on-conflict",
          [&policy](const std::string& what) {
            policy.set_on_conflict(what == "refuse" ? v1::ON_CONFLICT_REFUSE
                                                    : v1::ON_CONFLICT_WAIT);
          },
          "While another job is at the same unit of a node: wait (default), or refuse it")
      ->check(CLI::IsMember({"wait", "refuse"}))
      ->type_name("WHAT")
      ->group(kGroup);
}

}  // namespace

CLI::Option* AddDuration(CLI::App& app, const std::string& name, const std::string& help,
                         bool zero_allowed, std::function<void(Duration)> set) {
  const auto check = [name, zero_allowed, set = std::move(set)](const Duration& duration) {
    if (!zero_allowed && duration == Duration::zero())
      throw CLI::ValidationError(name, "must be more than 0, such as 30s");
    set(duration);
  };
  return AddParsed<Duration>(app, name, "DURATION", help, ParseDuration, check);
}

void AddPolicyOptions(CLI::App& verb, v1::Policy& policy) {
  AddDeadlines(verb, policy);
  AddPace(verb, policy);
  AddCanary(verb, policy);
  AddFailures(verb, policy);
  AddSkips(verb, policy);
}

v1::Policy Overridden(v1::Policy base, const v1::Policy& typed) {
  // Merging alone would join both texts of a field: an amount of 5 would stay beside one of 10 %.
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  typed.GetReflection()->ListFields(typed, &fields);
  for (const auto* field : fields) base.GetReflection()->ClearField(&base, field);
  if (typed.has_since() || typed.has_since_age()) {
    base.clear_since();
    base.clear_since_age();
  }
  base.MergeFrom(typed);
  return base;
}

v1::Policy WithoutZeros(v1::Policy policy) {
  const v1::CountOrPercent& canary = policy.canary();
  if (canary.count() == 0 && canary.percent() == 0) policy.clear_canary();
  if (policy.rate().starts() == 0) policy.clear_rate();
  return policy;
}

}  // namespace muster::cli
