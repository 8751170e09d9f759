// The kernel's table of mounts, from text in the format of proc_pid_mountinfo(5). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct Mount {
  int id = 0;
  int parent = 0;
  std::string device;  // "major:minor" of the file system
  std::string root;  // of the file system, what is seen here: "/", or the directory that was bound
  std::string target;
  std::string options;      // of this mount
  std::string propagation;  // the optional fields, as they are: "shared:7 master:2"
  std::string fstype;
  std::string source;
  std::string
      super_options;  // of the file system; escaped as in the table, for a value may have a comma in it
  bool operator==(const Mount&) const = default;
};

// In the order of the table. Lines that are not of the format are passed over: a kernel may add fields, and never does so in the middle.
std::vector<Mount> ParseMountinfo(std::string_view text);

// Of options as the table has them, escaped and separated by commas:
// whether one is `name`, as "ro" is;
bool HasOption(std::string_view options, std::string_view name);
// the values, no longer escaped, of those named `name`: of "lowerdir=/a" it is "/a".
std::vector<std::string> OptionValues(std::string_view options, std::string_view name);
// all of them, no longer escaped.
std::vector<std::string> SplitOptions(std::string_view options);

}  // namespace muster
