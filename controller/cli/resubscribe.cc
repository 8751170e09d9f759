// muster resubscribe TARGETS - restarts ORCA, so that the node subscribes to HMNFD anew.
#include <memory>

#include "controller/cli/submit.h"
#include "controller/cli/verbs.h"
#include "proto/convert.h"

namespace muster::cli {

void AddResubscribe(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb =
      app.add_subcommand("resubscribe", "Restart ORCA on nodes and prove that it stays up");
  const auto options = std::make_shared<JobOptions>();
  AddTargetOptions(*verb, options->targets);
  AddJobOptions(*verb, *options);
  verb->callback([options, &global, &exit_code] {
    v1::Work work;
    work.mutable_restart_unit()->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
    if (options->settle) *work.mutable_restart_unit()->mutable_settle() = ToProto(*options->settle);
    exit_code = static_cast<int>(SubmitJob(work, *options, global));
  });
}

}  // namespace muster::cli
