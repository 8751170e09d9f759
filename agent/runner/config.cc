#include "agent/runner/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "common/host_port.h"

namespace muster {
namespace {

constexpr int64_t kMaxHookSeconds = 3600;

// The policy says what may be done as root, so it must be root's.
absl::Status CheckOwner(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "read " + path);
  const bool is_ours = info.st_uid == 0 || info.st_uid == geteuid();
  if (is_ours && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    "{}: it holds this node's policy, so only root may be able to write it "
                    "(chown root, chmod go-w)",
                    path);
}

std::string CheckControllers(const Texts& controllers) {
  for (const std::string& controller : controllers) {
    if (!ParseHostPort(controller).ok())
      return "must be HOST:PORT each, such as \"mgmt-nmn:7420\", or [ADDRESS]:PORT for IPv6";
  }
  return controllers.empty() ? "must name at least one" : "";
}

// There is no shell, and no search for a program.
std::string CheckProgram(const Texts& argv) {
  const bool is_program = !argv.empty() && argv.front().starts_with('/');
  return is_program ? "" : "must begin with the path of a program";
}

std::string CheckSources(const Texts& sources) {
  for (const std::string& source : sources) {
    if (!source.starts_with('/') || !source.ends_with('/'))
      return "must begin and end with a slash";
  }
  return "";
}

Settings::Take<std::vector<Texts>> HooksInto(std::vector<ContentHook>* hooks) {
  return [hooks](const std::vector<Texts>& commands) {
    hooks->clear();
    for (const Texts& command : commands) {
      if (std::string problem = CheckProgram(command); !problem.empty()) return problem;
      hooks->push_back({.argv = command});
    }
    return std::string();
  };
}

void DeclarePlaces(Settings& settings, AgentConfig* config) {
  settings.List({"controllers",
                 "HOST:PORT of the controller; of several, in the order in which they are tried. "
                 "Needed, here or on the command line. Another list counts from the next "
                 "connection on.",
                 "mgmt-nmn:7420"},
                &config->controllers, CheckControllers);
  settings.Text({"tls_dir",
                 "The directory with ca.pem, cert.pem and key.pem of this node; read at each "
                 "connection.",
                 "", false},
                &config->tls_dir);
  settings.Text(
      {"state_dir",
       "The ledger of what was done: it must outlive the agent, and need not outlive a boot.", "",
       false},
      &config->state_dir);
  settings.List(
      {"aliases", "Other names of this node; told at the next connection. Default: its host name.",
       "nid000001"},
      &config->aliases);
}

void DeclareUnits(Settings& settings, AgentConfig* config) {
  settings.Table({"policy", "What may be done to this node."});
  settings.ListBy({"units", "The units that may be restarted."},
                  {config->policy_units.begin(), config->policy_units.end()}, true,
                  [config](const Texts& units) {
                    config->policy_units = {units.begin(), units.end()};
                    return "";
                  });
  settings.Table({"watch", "What is told of this node."});
  settings.ListBy({"units",
                   "Units whose state is told beside that of ORCA and of spire-agent.service. "
                   "Default: none."},
                  {"slurmd.service"}, false, [config](const Texts& units) -> std::string {
                    if (units.size() > kMaxWatchedUnits)
                      return fmt::format("must be at most {}", kMaxWatchedUnits);
                    config->watched_units = UsualUnits();
                    config->watched_units.insert(config->watched_units.end(), units.begin(),
                                                 units.end());
                    return "";
                  });
}

void DeclareContent(Settings& settings, ContentProfile* content) {
  settings.Table({"content",
                  "What counts as projected content, and how it is mounted again. What has begun "
                  "goes on as it began."});
  settings.List({"types", "The types of projected file systems."}, &content->types);
  settings.List({"sources", "Where their sources begin; 32 hexadecimal digits follow."},
                &content->sources, CheckSources);
  settings.List({"loop_types", "File systems in a file that may lie on content."},
                &content->loop_types);
  settings.List({"mount_helper",
                 "How content is mounted: the path of a program, and its arguments. There is no "
                 "shell."},
                &content->mount_helper, CheckProgram);
  settings.List(
      {"dropped_options", "Options that the file system shows, and that the helper does not take."},
      &content->dropped_options);
  settings.Commands(
      {"before_unmount", "Programs that are run before everything is unmounted. Default: none."},
      {{"/bin/bash", "/etc/cray-pe.d/pe_cleanup.sh"}}, HooksInto(&content->before_unmount));
  settings.Commands(
      {"after_remount", "Programs that are run when all is mounted again. Default: none."},
      {{"/opt/site/after-remount"}}, HooksInto(&content->after_remount));
}

// After before_unmount and after_remount, in whatever order the file has them.
void DeclareHookTime(Settings& settings, AgentConfig* config) {
  settings.Number({"hook_seconds", "How long each of these programs may take."},
                  config->hook_deadline / 1s, {1, kMaxHookSeconds},
                  [config](int64_t seconds) { config->hook_deadline = seconds * 1s; });
}

void DeclareIdentity(Settings& settings, IdentityPatterns* patterns) {
  settings.Table({"identity", "The URI names of certificates, with <name> at their end."});
  settings.TextBy({"agent", "This node's own, in which its xname stands.", "", false},
                  patterns->agent, true, PatternInto(&patterns->agent));
  settings.TextBy({"controller", "What the certificate of a controller must have.", "", false},
                  patterns->controller, true, PatternInto(&patterns->controller));
}

}  // namespace

Settings AgentSettings(AgentConfig* config) {
  Settings settings(
      "The settings of muster-agent; only root may be able to write this file. Each key stands "
      "here with its default, or with an example, and counts when the # before it is taken away. "
      "muster-agent --check-config --config FILE says whether they are right; the agent reads the "
      "file again at SIGHUP.");
  DeclarePlaces(settings, config);
  DeclareUnits(settings, config);
  DeclareContent(settings, &config->content);
  DeclareHookTime(settings, config);
  DeclareIdentity(settings, &config->patterns);
  return settings;
}

absl::Status ReadAgentConfig(const std::string& path, AgentConfig* config) {
  MUSTER_RETURN_IF_ERROR(CheckOwner(path));
  Settings settings = AgentSettings(config);
  MUSTER_RETURN_IF_ERROR(settings.Read(path));
  config->given = settings.given();
  for (auto* hooks : {&config->content.before_unmount, &config->content.after_remount})
    for (ContentHook& hook : *hooks) hook.deadline = config->hook_deadline;
  return absl::OkStatus();
}

}  // namespace muster
