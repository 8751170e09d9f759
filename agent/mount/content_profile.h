// What counts as projected content on this node, and how it is mounted again. The defaults are those of CPS; a site may have more.
// Plain data, from the agent's file (agent/runner/config.h).
#pragma once

#include <string>
#include <vector>

#include "common/time.h"

namespace muster {

// A program of the site's that is run before everything is unmounted, or after all is mounted again.
struct ContentHook {
  std::vector<std::string> argv;  // the path of the program is absolute; there is no shell
  Duration deadline = std::chrono::seconds(60);
  bool operator==(const ContentHook&) const = default;
};

struct ContentProfile {
  // Types of projected file systems.
  std::vector<std::string> types = {"dvs"};
  // Where CPS's artifacts are on its servers. The source of content is this and 32 hexadecimal digits, and maybe a path below that.
  std::vector<std::string> sources = {"/var/lib/cps-local/"};
  // File systems in a file that may lie on content.
  std::vector<std::string> loop_types = {"squashfs", "erofs"};
  // How content is mounted. {source}, {target}, {fstype} and {options} are put in; there is no shell.
  std::vector<std::string> mount_helper = {"/bin/mount", "-t",       "{fstype}", "-o",
                                           "{options}",  "{source}", "{target}"};
  // Options that a projected file system shows and does not take.
  std::vector<std::string> dropped_options = {"statsfile", "nodefile", "nnodes"};
  std::vector<ContentHook> before_unmount;
  std::vector<ContentHook> after_remount;
};

}  // namespace muster
