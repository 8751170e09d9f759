// muster status - the controller itself: how many are attached, and what it refused, to whom last.
#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/printable.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

std::string StatusText(const v1::ControllerStatus& status) {
  TextTable table;
  table.AddRow({"version", Printable(status.version())});
  table.AddRow({"store", fmt::format("{}, epoch {}", Printable(status.epoch().store_id()),
                                     status.epoch().counter())});
  table.AddRow({"up since", FormatTime(status.start_time())});
  table.AddRow({"nodes", fmt::format("{} known, {} attached", status.known_nodes(),
                                     status.attached_nodes())});
  if (status.has_hsm_time()) table.AddRow({"HSM read", FormatTime(status.hsm_time())});
  table.AddRow({"connections", fmt::format("{} wait, {} are opening", status.waiting_connections(),
                                           status.opening_connections())});
  std::string text = table.Text();
  if (status.refusals().empty()) return text + "Nothing was refused since then.\n";
  TextTable refusals;
  refusals.AddRow({"REFUSED", "COUNT", "LAST", "TO", "WHY"});
  for (const v1::RefusalCount& refusal : status.refusals()) {
    refusals.AddRow({Printable(refusal.reason()), std::to_string(refusal.count()),
                     FormatTime(refusal.last_time()), Printable(refusal.last_source()),
                     Printable(refusal.last_detail())});
  }
  return text + "\n" + refusals.Text();
}

ExitCode ShowStatus(const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  v1::ControllerStatus status;
  const absl::Status got =
      (*connection)
          ->Call(&v1::Controller::Stub::GetStatus, "show the controller's status",
                 v1::GetStatusRequest(), status);
  if (!got.ok()) return Fail(got);
  if (global.output == OutputFormat::kTable) {
    Print(StatusText(status));
  } else {
    PrintDocument(FromMessage(status), global.output);
  }
  return ExitCode::kSuccess;
}

}  // namespace

void AddStatus(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb =
      app.add_subcommand("status", "The controller itself: how many are attached, what it refused");
  verb->callback([&global, &exit_code] { exit_code = static_cast<int>(ShowStatus(global)); });
}

}  // namespace muster::cli
