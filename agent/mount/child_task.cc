#include "agent/mount/child_task.h"

namespace muster {

std::string Describe(const ChildTask& task) {
  if (const auto* unmount = std::get_if<UnmountOne>(&task)) return "unmount " + unmount->target;
  if (const auto* mount = std::get_if<MountOne>(&task)) return "mount " + mount->mount.target;
  if (const auto* read = std::get_if<ReadDirectory>(&task)) return "read " + read->target;
  if (const auto* hook = std::get_if<RunHook>(&task)) return "run " + hook->hook.argv.front();
  if (std::holds_alternative<FindHung>(task)) return "find out what hangs";
  return "find out who uses content";
}

}  // namespace muster
