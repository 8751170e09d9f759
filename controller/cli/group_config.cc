#include "controller/cli/group_config.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/cli/text_file.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kLocal[] = "local";

// What is taken from groups.conf; a later file's word stands in for an earlier one's.
struct GroupsConf {
  std::string default_source;
  std::string autodir;
  std::vector<std::string> sections;  // sources that commands tell
};

std::string WithoutBlanks(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string> SplitAt(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    if (part = WithoutBlanks(part); !part.empty()) parts.push_back(part);
  }
  return parts;
}

void TakeOption(const std::string& line, GroupsConf& conf) {
  const size_t at = line.find_first_of(":=");
  if (at == std::string::npos) return;
  const std::string key = WithoutBlanks(line.substr(0, at));
  const std::string value = WithoutBlanks(line.substr(at + 1));
  if (key == "default") conf.default_source = value;
  if (key == "autodir") conf.autodir = value;
}

void ReadGroupsConf(const std::string& text, GroupsConf& conf) {
  std::istringstream lines(text);
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] != '[') {
      if (section == "Main") TakeOption(line, conf);
      continue;
    }
    section = line.substr(1, line.find(']') - 1);
    if (section == "Main") continue;
    for (const std::string& source : SplitAt(section, ',')) conf.sections.push_back(source);
  }
}

bool IsDirectory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// A path with $CFGDIR in it.
std::string InCfgdir(std::string path, const std::string& cfgdir) {
  for (const std::string name : {"${CFGDIR}", "$CFGDIR"}) {
    for (size_t at = path.find(name); at != std::string::npos;
         at = path.find(name, at + cfgdir.size()))
      path.replace(at, name.size(), cfgdir);
  }
  std::erase_if(path, [](char c) { return c == '"' || c == '\''; });
  return path;
}

// Each once, in their order.
std::vector<std::string> Autodirs(const GroupsConf& conf, const std::string& first,
                                  const std::string& cfgdir) {
  std::vector<std::string> dirs = {first + "/groups.d", cfgdir + "/groups.d"};
  if (!conf.autodir.empty()) dirs = SplitAt(conf.autodir, ' ');
  std::vector<std::string> once;
  for (const std::string& dir : dirs) {
    const std::string path = fs::path(InCfgdir(dir, cfgdir)).lexically_normal();
    if (std::find(once.begin(), once.end(), path) == once.end()) once.push_back(path);
  }
  return once;
}

std::vector<std::string> YamlFilesIn(const std::string& dir) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (entry->path().extension() == ".yaml" && name[0] != '.') files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

absl::Status AddYamlFile(const std::string& file, GroupSources& sources) {
  if (std::ifstream probe(file); !probe) {
    sources.AddProblem(fmt::format("{} cannot be read: {}", file, std::strerror(errno)));
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> text = ReadTextFile(file, "the file of groups " + file);
  MUSTER_RETURN_IF_ERROR(text.status());
  return sources.AddYaml(file, *text);
}

absl::Status AddLocal(const std::string& cfgdir, GroupSources& sources) {
  if (sources.HasSource(kLocal)) return absl::OkStatus();
  for (const char* name : {"/groups", "/groups.d/local.cfg"}) {
    const std::string file = cfgdir + name;
    if (!Exists(file) || IsDirectory(file)) continue;
    const absl::StatusOr<std::string> text = ReadTextFile(file, "the file of groups " + file);
    MUSTER_RETURN_IF_ERROR(text.status());
    sources.AddFlat(file, kLocal, *text);
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> GroupConfigDirs() {
  std::vector<std::string> dirs = {"/etc/clustershell"};
  const char* home = std::getenv("HOME");
  const char* xdg = std::getenv("XDG_CONFIG_HOME");
  const char* cfgdir = std::getenv("CLUSTERSHELL_CFGDIR");
  if (home != nullptr) dirs.push_back(std::string(home) + "/.local/etc/clustershell");
  if (xdg != nullptr) {
    dirs.push_back(std::string(xdg) + "/clustershell");
  } else if (home != nullptr) {
    dirs.push_back(std::string(home) + "/.config/clustershell");
  }
  if (cfgdir != nullptr) dirs.emplace_back(cfgdir);
  return dirs;
}

absl::StatusOr<GroupSources> LoadGroupSources(const std::vector<std::string>& dirs) {
  GroupsConf conf;
  std::string cfgdir = dirs.front();
  for (const std::string& dir : dirs) {
    const std::string file = dir + "/groups.conf";
    if (Exists(file)) {
      const absl::StatusOr<std::string> text = ReadTextFile(file, file);
      MUSTER_RETURN_IF_ERROR(text.status());
      ReadGroupsConf(*text, conf);
      cfgdir = dir;
    } else if (IsDirectory(dir + "/groups.d")) {
      cfgdir = dir;
    }
  }
  GroupSources sources;
  for (const std::string& dir : Autodirs(conf, dirs.front(), cfgdir)) {
    for (const std::string& file : YamlFilesIn(dir))
      MUSTER_RETURN_IF_ERROR(AddYamlFile(file, sources));
  }
  MUSTER_RETURN_IF_ERROR(AddLocal(cfgdir, sources));
  for (const std::string& section : conf.sections) sources.AddCommand(section);
  sources.SetDefault(conf.default_source);
  return sources;
}

}  // namespace muster::cli
