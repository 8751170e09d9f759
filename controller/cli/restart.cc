// muster restart UNIT TARGETS - restarts one systemd unit, if the nodes' policies list it.
#include <memory>

#include "controller/cli/submit.h"
#include "controller/cli/verbs.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

struct RestartOptions {
  std::string unit;
  JobOptions job;
};

}  // namespace

void AddRestart(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb =
      app.add_subcommand("restart", "Restart a systemd unit and prove that it stays up");
  const auto options = std::make_shared<RestartOptions>();
  verb->add_option("UNIT", options->unit,
                   "Such as cray-orca.service; the nodes' policy must list it")
      ->required()
      ->type_name("");
  AddTargetOptions(*verb, options->job.targets);
  AddSettleOption(*verb, options->job);
  AddJobOptions(*verb, options->job);
  verb->callback([options, &global, &exit_code] {
    v1::Work work;
    work.mutable_restart_unit()->set_unit(options->unit);
    if (options->job.settle)
      *work.mutable_restart_unit()->mutable_settle() = ToProto(*options->job.settle);
    exit_code = static_cast<int>(SubmitJob(work, options->job, global));
  });
}

}  // namespace muster::cli
