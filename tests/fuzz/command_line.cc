// What is typed after `muster`: one argument a line, then an empty line and standard input. The line is parsed into a request as a verb
// that makes a job does it; nothing connects.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "controller/cli/duration.h"
#include "controller/cli/job_view.h"
#include "controller/cli/options.h"
#include "controller/cli/policy_text.h"
#include "controller/nodeset/node_set_expression.h"
#include "proto/convert.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

constexpr size_t kMaxArguments = 32;

struct Input {
  std::vector<std::string> arguments;
  std::string standard_input;
};

Input InputOf(const std::string& text) {
  Input input;
  size_t begin = 0;
  while (begin < text.size() && input.arguments.size() < kMaxArguments) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const size_t next = std::min(end + 1, text.size());
    if (end == begin) {
      input.standard_input = text.substr(next);
      break;
    }
    input.arguments.push_back(text.substr(begin, end - begin));
    begin = next;
  }
  return input;
}

// Any file of this machine would be read, and a million names take the time of a thousand inputs.
bool IsTooMuch(const std::string& text) {
  const auto brackets = std::count(text.begin(), text.end(), '[');
  size_t digits = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (brackets > 0 && digits > 3) return true;
  }
  return brackets > 1 || text.find_first_of("^@") != std::string::npos;
}

void CheckDuration(const google::protobuf::Duration& proto) {
  const Duration duration = FromProto(proto);
  Require(duration >= Duration::zero() && duration <= cli::kMaxDuration,
          "a duration is one that may be", std::to_string(duration.count()));
  Require(ToProto(duration).nanos() == proto.nanos(), "a duration is converted as it is");
}

void CheckPolicy(const v1::Policy& policy) {
  CheckDuration(policy.deadline());
  CheckDuration(policy.delivery_deadline());
  CheckDuration(policy.execution_deadline());
  CheckDuration(policy.min_healthy());
  CheckDuration(policy.since_age());
  Require(!(policy.has_since() && policy.has_since_age()), "since is told once");
  Require(!cli::PolicyInWords(policy).empty(), "a policy can be shown");
}

void CheckRate(const std::string& text) {
  const auto rate = cli::ParseRate(text);
  if (!rate.ok()) return;
  CheckDuration(rate->per());
  // "0/s" is no rate: it takes an older job's away.
  Require(FromProto(rate->per()) > Duration::zero(), "a rate is per some time", text);
}

void CheckAmount(const std::string& text) {
  const auto amount = cli::ParseAmount(text);
  if (!amount.ok()) return;
  Require(amount->percent() >= 0 && amount->percent() <= 100, "a share is one of all", text);
}

void CheckSince(const std::string& text) {
  const auto since = cli::ParseSince(text);
  if (!since.ok()) return;
  Require(since->time.has_value() != since->age.has_value(), "a time is told in one way", text);
  if (since->time)
    Require(since->time->nanos() >= 0 && since->time->nanos() <= 999'999'999, "a time is one",
            text);
}

void CheckTargets(const cli::TargetOptions& options, const std::string& standard_input) {
  // Any file of this machine would be read.
  if (std::any_of(options.sat.begin(), options.sat.end(), [](const auto& f) { return f != "-"; }))
    return;
  std::istringstream in(standard_input);
  const auto targets = cli::ReadTargets(options, in);
  if (!targets.ok()) {
    Require(targets.status().code() == absl::StatusCode::kInvalidArgument,
            "bad input is the user's");
    return;
  }
  const int named = targets->node_sets_size() + targets->roles_size() + targets->groups_size() +
                    targets->partitions_size() + targets->from_jobs_size();
  Require(targets->all() != (named > 0), "somebody is meant, and all is not narrowed");
  for (const std::string& set : targets->node_sets()) {
    Require(ParseNodeSetExpression(set).ok(), "what is sent is a node set", set);
  }
}

void CheckText(const std::string& text) {
  CheckRate(text);
  CheckAmount(text);
  CheckSince(text);
  const auto states = cli::ParseTaskStates(text);
  Require(!states.ok() || !states->empty(), "some states are meant", text);
  const auto duration = cli::ParseDuration(text);
  if (!duration.ok()) return;
  Require(*duration >= Duration::zero() && *duration <= cli::kMaxDuration,
          "a duration is one that may be", text);
  Require(!cli::FormatDuration(*duration).empty(), "a duration can be shown");
}

void Check(const std::string& text) {
  if (IsTooMuch(text)) return;
  Input input = InputOf(text);
  for (const std::string& argument : input.arguments) CheckText(argument);

  cli::GlobalOptions global;
  cli::JobOptions options;
  std::string unit;
  CLI::App app("", "muster");
  app.fallthrough();
  app.require_subcommand(1);
  cli::AddGlobalOptions(app, global);
  CLI::App* verb = app.add_subcommand("restart", "");
  verb->add_option("UNIT", unit)->required();
  cli::AddTargetOptions(*verb, options.targets);
  cli::AddSettleOption(*verb, options);
  cli::AddJobOptions(*verb, options);
  std::vector<const char*> argv = {"muster"};
  for (const std::string& argument : input.arguments) argv.push_back(argument.c_str());
  try {
    app.parse(static_cast<int>(argv.size()), argv.data());
  } catch (const CLI::ParseError& error) {
    Require(error.get_exit_code() == 0 || error.what()[0] != '\0', "an error says something");
    return;
  }
  CheckPolicy(options.policy);
  CheckTargets(options.targets, input.standard_input);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
