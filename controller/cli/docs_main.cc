// muster-docs - writes the manual pages, at build time: muster-docs DIR MUSTERD_HELP AGENT_HELP. DIR gets man1, man5 and man8; the two files
// hold what the daemons print for --help. Not installed.
#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "agent/runner/config.h"
#include "controller/cli/cli_settings.h"
#include "controller/cli/command_line.h"
#include "controller/cli/man_page.h"
#include "controller/controller_settings.h"

namespace muster::cli {
namespace {

class Pages {
 public:
  explicit Pages(std::string dir) : dir_(std::move(dir)) {}

  void Write(const std::string& name, int section, const std::string& text) {
    const std::string folder = fmt::format("{}/man{}", dir_, section);
    std::filesystem::create_directories(folder);
    std::ofstream file(fmt::format("{}/{}.{}", folder, name, section), std::ios::trunc);
    file << text;
    file.close();
    has_failed_ = has_failed_ || !file;
  }
  bool has_failed() const { return has_failed_; }

 private:
  const std::string dir_;
  bool has_failed_ = false;
};

void WriteAll(const CLI::App& verb, Pages& pages) {
  pages.Write(PageName(verb), 1, ManPage(verb));
  for (const CLI::App* next : verb.get_subcommands([](const CLI::App*) { return true; }))
    WriteAll(*next, pages);
}

void WriteSettings(Pages& pages) {
  ControllerConfig controller;
  pages.Write("musterd.toml", 5,
              ManPageOfSettings("musterd.toml", "/etc/muster/musterd.toml",
                                ControllerSettings(&controller), {"musterd(8)"}));
  AgentConfig agent;
  pages.Write("agent.toml", 5,
              ManPageOfSettings("agent.toml", "/etc/muster/agent.toml", AgentSettings(&agent),
                                {"muster-agent(8)"}));
  GlobalOptions cli;
  pages.Write("muster.toml", 5,
              ManPageOfSettings("muster.toml", "/etc/muster/muster.toml", CliSettings(&cli),
                                {"muster(1)"}));
}

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

int Main(char** argv) {
  const std::string musterd_help = ReadFile(argv[2]);
  const std::string agent_help = ReadFile(argv[3]);
  if (musterd_help.empty() || agent_help.empty()) {
    std::fprintf(stderr, "muster-docs: %s and %s must have what the daemons print for --help\n",
                 argv[2], argv[3]);
    return 1;
  }
  Pages pages(argv[1]);
  CommandLine command_line;
  WriteAll(command_line.app(), pages);
  pages.Write("musterd", 8,
              ManPageOfHelp("musterd", "the controller of Muster", musterd_help,
                            {"musterd.toml(5)", "muster(1)", "muster-agent(8)"}));
  pages.Write("muster-agent", 8,
              ManPageOfHelp("muster-agent", "the agent of Muster, on each node", agent_help,
                            {"agent.toml(5)", "muster(1)", "musterd(8)"}));
  WriteSettings(pages);
  if (pages.has_failed()) std::fprintf(stderr, "muster-docs: %s cannot be written\n", argv[1]);
  return pages.has_failed() ? 1 : 0;
}

}  // namespace
}  // namespace muster::cli

int main(int argc, char** argv) {
  if (argc == 4) return muster::cli::Main(argv);
  std::fputs("usage: muster-docs DIR MUSTERD_HELP AGENT_HELP\n", stderr);
  return 2;
}
