#include "controller/cli/help_text.h"

#include <fmt/format.h>

#include <map>
#include <sstream>

#include "controller/cli/command_line.h"
#include "controller/cli/help_format.h"

namespace muster::cli {
namespace {

constexpr size_t kFooterWidth = 110;

using Examples = std::map<std::string, std::vector<Example>>;

const Examples& AllExamples() {
  static const Examples kExamples = {
      {"muster resubscribe",
       {{"muster resubscribe --all --canary 2 --ramp --dry-run",
         "what would be done, and how long it takes at least"},
        {"muster resubscribe --role compute --restart-hmnfd", "after HMNFD's etcd was rebuilt"},
        {"muster resubscribe --all --only-missing", "whom HMNFD does not have any more"},
        {"muster resubscribe --from-job last --state failed,timed-out",
         "those again that did not end well"}}},
      {"muster restart",
       {{"muster restart cray-orca.service -w 'x1000c[0-7]s[0-7]b[0-1]n[0-1]' -x x1000c0s0b0n0",
         "all of a cabinet but one"},
        {"muster restart spire-agent.service --role uan --detach",
         "come back with `muster job watch last`"}}},
      {"muster job list",
       {{"muster job list --limit 5", "the five newest"},
        {"muster job list --state running --by me", "yours that are under way"}}},
      {"muster job show", {{"muster job show last -o json", "your newest job, evidence included"}}},
      {"muster job watch",
       {{"muster job watch last --wait 10min", "at most so long; the job goes on"}}},
      {"muster job cancel", {{"muster job cancel last", "your newest job"}}},
      {"muster job pause",
       {{"muster job pause 01a201df", "a beginning that no other id has is enough"}}},
      {"muster job resume", {{"muster job resume 01a201df", "go on where it was paused"}}},
      {"muster job retry",
       {{"muster job retry last", "the nodes of your newest job that did not end well"},
        {"muster job retry last --state undelivered", "only those whose agent was away"}}},
      {"muster job delete", {{"muster job delete 01a201df", "one that has ended"}}},
      {"muster node list",
       {{"muster node list", "all of them"},
        {"muster node list --role worker --hsm-state ready", "the workers that HSM calls Ready"}}},
      {"muster node show", {{"muster node show nid000001", "by any of its names"}}},
      {"muster operation list", {{"muster operation list", "the newest first"}}},
      {"muster operation show", {{"muster operation show last", "its steps, and its nodes"}}},
      {"muster operation watch", {{"muster operation watch last", "until it has ended"}}},
      {"muster operation cancel",
       {{"muster operation cancel last", "what has started ends as it truly ends"}}},
      {"muster subscriptions status",
       {{"muster subscriptions status --role compute", "which compute nodes are missing"}}},
      {"muster subscriptions save",
       {{"muster subscriptions save before.json", "before HMNFD is worked at"}}},
      {"muster subscriptions diff",
       {{"muster subscriptions diff before.json", "who has lost what since"}}},
      {"muster content status",
       {{"muster content status --role compute", "what is mounted, and what lies on it"}}},
      {"muster content unmount",
       {{"muster content unmount --role compute --role worker --operation rebuild-7",
         "before the etcd of CPS is rebuilt"}}},
      {"muster content gate",
       {{"muster content gate rebuild-7 && ./rebuild-cps-etcd", "only if nothing is mounted"}}},
      {"muster content remount",
       {{"muster content remount --operation rebuild-7", "after it, on the nodes of the record"}}},
      {"muster health",
       {{"muster health", "all nodes, on one screen"},
        {"muster health --by cabinet --watch", "drawn anew each second"},
        {"muster health --events -w nid000001", "what has happened to one node"}}},
      {"muster backup",
       {{"muster backup muster-2026-11-21.db", "the store, while musterd goes on"}}},
      {"muster nodeset expand",
       {{"muster nodeset expand 'nid[000001-000003]'", "one name a line"}}},
      {"muster nodeset fold", {{"muster nodeset fold nid000001,nid000002", "one short text"}}},
      {"muster nodeset count",
       {{"muster nodeset count '@compute!x1000c0s[0-7]b0n0'", "of a group but some"}}},
      {"muster nodeset diff", {{"muster nodeset diff ^before ^after", "who is in one file only"}}},
      {"muster nodeset split",
       {{"muster nodeset split 4 @compute", "four parts, as even as may be"}}},
      {"muster status", {{"muster status", "how many are attached, and whom it refused"}}},
      {"muster pki init", {{"muster pki init ca", "makes ca/ca.pem and ca/ca-key.pem"}}},
      {"muster pki issue",
       {{"muster pki issue --dir ca --role controller --san mgmt-nmn --out controller musterd",
         "musterd's own"},
        {"muster pki issue --dir ca --role agent --out nodes 'x1000c0s[0-7]b[0-1]n[0-1]'",
         "a directory for each node"},
        {"muster pki issue --dir ca --role operator --out alice alice", "an operator's"}}}};
  return kExamples;
}

// Where an option stands that does not say it itself.
const std::map<std::string, std::string>& OptionGroups() {
  static const std::map<std::string, std::string> kGroups = {{"nodes", "Targets"},
                                                             {"exclude", "Targets"},
                                                             {"role", "Targets"},
                                                             {"group", "Targets"},
                                                             {"partition", "Targets"},
                                                             {"hsm-state", "Targets"},
                                                             {"sat", "Targets"},
                                                             {"all", "Targets"},
                                                             {"from-job", "Targets"},
                                                             {"state", "Targets"},
                                                             {"include-disabled", "Targets"},
                                                             {"settle", "Rollout"},
                                                             {"timeout", "Deadlines"},
                                                             {"delivery-deadline", "Deadlines"},
                                                             {"execution-deadline", "Deadlines"},
                                                             {"dry-run", "Job"},
                                                             {"detach", "Job"},
                                                             {"wait", "Job"},
                                                             {"request-id", "Job"}};
  return kGroups;
}

bool Has(const CLI::App& verb, const char* option) {
  return verb.get_option_no_throw(option) != nullptr;
}

std::vector<CLI::App*> VerbsOf(CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

bool IsGroup(const CLI::App& app) {
  return !app.get_subcommands([](const CLI::App*) { return true; }).empty();
}

// Options that have these names without being about nodes, such as --state of a list, stay where they are.
void GroupOptions(CLI::App& verb) {
  const bool has_nodes = Has(verb, "--exclude");
  for (CLI::Option* option : verb.get_options()) {
    if (option->get_lnames().empty() || option->get_group() != "Options") continue;
    const auto found = OptionGroups().find(option->get_lnames().front());
    if (found == OptionGroups().end()) continue;
    const bool is_target = found->second == "Targets";
    if (!is_target || (has_nodes && verb.get_name() != "issue")) option->group(found->second);
  }
}

// What a verb itself has to say; each of its lines is a paragraph.
std::string NotesInLines(const CLI::App& verb) {
  std::istringstream lines(verb.get_footer());
  std::string notes;
  for (std::string line; std::getline(lines, line);) notes += Wrapped(line, kFooterWidth, 0) + "\n";
  while (notes.ends_with('\n')) notes.pop_back();
  return notes;
}

std::string FooterOf(const CLI::App& verb) {
  std::string footer = NotesInLines(verb);
  if (!footer.empty()) footer += "\n\n";
  if (const std::vector<Example> examples = ExamplesOf(PathOf(verb)); !examples.empty()) {
    footer += "Examples:\n";
    for (const Example& example : examples)
      footer += fmt::format("  {}\n      {}\n", example.command, example.what);
    footer += "\n";
  }
  footer += "Exit codes:\n";
  for (const auto& [code, meaning] : ExitCodesOf(verb))
    footer += fmt::format("  {}  {}\n", code, Wrapped(meaning, kFooterWidth - 5, 5));
  footer +=
      verb.get_parent() == nullptr
          ? "\nEach verb has its own --help; muster(1) and muster-VERB(1) are the manual pages."
          : "\nOptions of all verbs, such as --controller and -o json: `muster --help`.";
  return footer;
}

void AddFooters(CLI::App& app) {
  for (CLI::App* verb : VerbsOf(app)) {
    verb->group("Verbs");
    AddFooters(*verb);
  }
  GroupOptions(app);
  app.footer(FooterOf(app));
}

constexpr char kUsage[] = "bad usage, unknown target or job; nothing was sent to a node";
constexpr char kUnreachable[] =
    "the controller is not reachable, or the certificate is not an operator's";
constexpr char kAllWell[] =
    "every task succeeded, was satisfied or not applicable, and at least one succeeded or was "
    "satisfied";

}  // namespace

std::vector<Example> ExamplesOf(const std::string& path) {
  const auto found = AllExamples().find(path);
  return found == AllExamples().end() ? std::vector<Example>() : found->second;
}

std::vector<std::pair<int, std::string>> ExitCodesOf(const CLI::App& verb) {
  const std::string path = PathOf(verb);
  if (path == "muster nodeset diff")
    return {{0, "the same"}, {1, "not the same"}, {2, "bad usage"}};
  if (path.starts_with("muster nodeset")) return {{0, "done"}, {2, "bad usage, or no node set"}};
  if (path.starts_with("muster pki"))
    return {{0, "it was made"}, {1, "it could not be made"}, {2, "bad usage"}};
  if (path == "muster health")
    return {{0, "no node is degraded, and at least one is well; always with --events"},
            {1, "a node is degraded"},
            {2, kUsage},
            {3, std::string("no node is known to be well; or ") + kUnreachable},
            {4, "--watch was ended (Ctrl-C)"}};
  if (path == "muster content gate")
    return {{0, "open: the etcd of CPS may be rebuilt"},
            {1, "closed: something is mounted, or it is not known"},
            {2, "bad usage, or nobody has recorded content"},
            {3, kUnreachable}};
  if (path == "muster subscriptions status" || path == "muster subscriptions diff")
    return {{0, "nobody is missing"}, {1, "somebody is missing"}, {2, kUsage}, {3, kUnreachable}};
  if (Has(verb, "--wait") || IsGroup(verb)) {
    std::string good = kAllWell;
    if (Has(verb, "--detach"))
      good += "; with --detach, the job is durable; with --dry-run, it could be made";
    if (IsGroup(verb)) good += "; or the verb waits for no job, and did what it says";
    return {{0, good},
            {1, "the job or operation has ended otherwise, or does not allow what was asked"},
            {2, kUsage},
            {3, kUnreachable},
            {4, "stopped waiting (--wait, Ctrl-C); the job goes on"}};
  }
  if (verb.get_name() == "show" && path != "muster node show")
    return {{0, std::string(kAllWell) + "; or it has not ended yet"},
            {1, "it has ended otherwise"},
            {2, kUsage},
            {3, kUnreachable}};
  return {{0, "done"}, {1, "it does not allow what was asked"}, {2, kUsage}, {3, kUnreachable}};
}

std::string NotesOf(const CLI::App& verb) {
  const std::string footer = verb.get_footer();
  const size_t end = std::min(footer.find("Examples:\n"), footer.find("Exit codes:\n"));
  std::string notes = footer.substr(0, end);
  while (!notes.empty() && notes.back() == '\n') notes.pop_back();
  return notes;
}

void AddHelpText(CLI::App& app) { AddFooters(app); }

}  // namespace muster::cli
