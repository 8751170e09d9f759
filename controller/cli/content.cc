// muster content status | unmount | remount TARGETS, gate [NAME] - projected content before and after a rebuild of CPS's etcd.
#include <iostream>
#include <memory>
#include <optional>

#include "common/uuid.h"
#include "controller/cli/content_text.h"
#include "controller/cli/document.h"
#include "controller/cli/follow.h"
#include "controller/cli/job_id.h"
#include "controller/cli/policy_options.h"
#include "controller/cli/submit.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

constexpr char kContent[] = "Content";

struct ContentOptions {
  JobOptions job;
  std::string content;
  bool is_lazy = false;
  bool is_forced = false;
  std::string bos_template;
  std::optional<uint32_t> cps_servers;
};

ExitCode Status(const ContentOptions& options, const GlobalOptions& global) {
  v1::Work work;
  work.mutable_inspect_content();
  return SubmitJob(work, options.job, global);
}

v1::CreateOperationRequest RequestOf(const ContentOptions& options) {
  v1::CreateOperationRequest request;
  request.set_request_id(options.job.request_id.empty() ? NewUuid() : options.job.request_id);
  request.set_validate_only(options.job.dry_run);
  return request;
}

template <typename Phase>
void AddServices(const ContentOptions& options, Phase& phase) {
  phase.set_bos_template(options.bos_template);
  if (options.cps_servers) phase.set_cps_servers(*options.cps_servers);
}

ExitCode Submit(const char* what, v1::CreateOperationRequest request, const ContentOptions& options,
                const GlobalOptions& global) {
  v1::Targets targets;
  if (!options.job.targets.IsEmpty() || request.has_content_unmount()) {
    absl::StatusOr<v1::Targets> read = ReadTargets(options.job.targets, std::cin);
    if (!read.ok()) return Fail(read.status());
    targets = *std::move(read);
  }
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::Status found = ResolveJobIds(**connection, targets);
  if (!found.ok()) return Fail(found);
  if (!options.job.targets.IsEmpty()) *request.mutable_targets() = targets;
  return SubmitOperation(**connection, what, request, options.job, global.output);
}

ExitCode Unmount(const ContentOptions& options, const GlobalOptions& global) {
  v1::CreateOperationRequest request = RequestOf(options);
  v1::ContentUnmount& unmount = *request.mutable_content_unmount();
  unmount.set_content(options.content);
  *unmount.mutable_policy() = WithoutZeros(options.job.policy);
  unmount.set_lazy(options.is_lazy);
  unmount.set_force(options.is_forced);
  AddServices(options, unmount);
  return Submit("unmount content", std::move(request), options, global);
}

ExitCode Remount(const ContentOptions& options, const GlobalOptions& global) {
  v1::CreateOperationRequest request = RequestOf(options);
  v1::ContentRemount& remount = *request.mutable_content_remount();
  remount.set_content(options.content);
  *remount.mutable_policy() = WithoutZeros(options.job.policy);
  AddServices(options, remount);
  return Submit("mount content again", std::move(request), options, global);
}

ExitCode Gate(const std::string& name, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  v1::GetContentRequest request;
  request.set_name(name);
  v1::Content content;
  const absl::Status status =
      (*connection)->Call(&v1::Controller::Stub::GetContent, "look at the gate", request, content);
  if (!status.ok()) return Fail(status);
  if (global.output == OutputFormat::kTable) {
    Print(ContentText(content));
  } else {
    PrintDocument(ToJson(content), global.output, "/nodes");
  }
  return content.is_gate_open() ? ExitCode::kSuccess : ExitCode::kFailure;
}

void AddContentName(CLI::App& verb, ContentOptions& options, const char* help) {
  verb.add_option("--operation", options.content, help)->type_name("NAME")->group(kContent);
}

void AddServiceOptions(CLI::App& verb, ContentOptions& options, bool is_unmount) {
  verb.add_option("--bos", options.bos_template,
                  is_unmount ? "Shut down nodes with their root on content, by a BOS session of "
                               "this template"
                             : "Boot nodes with their root on content, by a BOS session of this "
                               "template")
      ->type_name("TEMPLATE")
      ->group(kContent);
  verb.add_option("--cps-servers", options.cps_servers,
                  is_unmount ? "So many workers go on serving CPS while others of them are "
                               "unmounted; 0: CPS is not asked (2)"
                             : "So many workers must serve CPS before anything is mounted; 0: CPS "
                               "is not asked (2)")
      ->type_name("N")
      ->group(kContent);
}

void AddPhase(CLI::App& group, const char* name, const char* help,
              const std::shared_ptr<ContentOptions>& options,
              ExitCode (*run)(const ContentOptions&, const GlobalOptions&),
              const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = group.add_subcommand(name, help);
  AddTargetOptions(*verb, options->job.targets);
  const std::string what = name;
  if (what == "unmount") {
    AddContentName(
        *verb, *options,
        "The name of this rebuild, for remount and gate (the newest that is not mounted again "
        "yet, else content- and the date)");
    verb->add_flag("--lazy", options->is_lazy,
                   "Detach at the end what is still in use; it does not count as clean")
        ->group(kContent);
    verb->add_flag("--force", options->is_forced,
                   "Abort at the end the requests of what hangs; it does not count as clean")
        ->group(kContent);
  } else if (what == "remount") {
    AddContentName(*verb, *options, "Of which rebuild (the newest)");
  }
  if (what != "status") AddServiceOptions(*verb, *options, what == "unmount");
  AddJobOptions(*verb, options->job);
  verb->callback(
      [options, run, &global, &exit_code] { exit_code = static_cast<int>(run(*options, global)); });
}

}  // namespace

void AddContentVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* group = app.add_subcommand("content",
                                       "Projected content (CPS): unmount it before its "
                                       "etcd is rebuilt, and mount it again")
                        ->require_subcommand(1);
  AddPhase(*group, "status", "Who has content mounted; changes nothing",
           std::make_shared<ContentOptions>(), Status, global, exit_code);
  AddPhase(*group, "unmount", "Record what is mounted, then unmount it",
           std::make_shared<ContentOptions>(), Unmount, global, exit_code);
  AddPhase(*group, "remount", "Mount what is recorded again; without targets on all nodes of it",
           std::make_shared<ContentOptions>(), Remount, global, exit_code);
  CLI::App* gate = group->add_subcommand(
      "gate", "Exit code 0 only if the etcd of CPS may be rebuilt: nothing is mounted any more");
  const auto name = std::make_shared<std::string>();
  gate->add_option("NAME", *name, "Of which rebuild (the newest)")->type_name("");
  gate->callback(
      [name, &global, &exit_code] { exit_code = static_cast<int>(Gate(*name, global)); });
}

}  // namespace muster::cli
