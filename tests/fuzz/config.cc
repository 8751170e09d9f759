// Every file that people write by hand: the agent's and the controller's settings, the inventory, the list of revoked certificates. Each
// input is read as each of them. What is refused is refused with one line that names the file.
#include "agent/runner/config.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "controller/config.h"
#include "controller/inventory/file_inventory.h"
#include "controller/nodeset/node_name.h"
#include "controller/pki/revocation.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

// A file in memory, private to this user as the agent wants it.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    Require(fd_ >= 0 && fchmod(fd_, S_IRUSR | S_IWUSR) == 0, "a file can be made");
    path_ = "/proc/self/fd/" + std::to_string(fd_);
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::string& path() const { return path_; }
  void Fill(const std::string& text) const {
    const bool is_filled = ftruncate(fd_, 0) == 0 && pwrite(fd_, text.data(), text.size(), 0) ==
                                                         static_cast<ssize_t>(text.size());
    Require(is_filled, "the file can be written");
  }

 private:
  int fd_;
  std::string path_;
};

void CheckRefusal(const absl::Status& status, const std::string& path) {
  const std::string message = Message(status);
  Require(status.code() == absl::StatusCode::kInvalidArgument, "a bad file is bad input", message);
  Require(message.starts_with(path + ":"), "an error names the file", message);
}

void CheckAgent(const std::string& path) {
  AgentConfig config;
  const absl::Status status = ReadAgentConfig(path, &config);
  if (!status.ok()) return CheckRefusal(status, path);
  Require(CheckPattern(config.patterns.agent).ok(), "patterns that are read are patterns");
  Require(!config.policy_units.contains(""), "no unit is nameless");
}

void CheckController(const std::string& path) {
  std::string words[] = {"musterd", "--listen",    "h:7420", "--operator-listen",
                         "h:7421",  "--state-dir", "s",      "--tls-dir",
                         "t",       "--config",    path};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const auto config = ParseCommandLine(static_cast<int>(argv.size()), argv.data());
  if (!config.ok()) return CheckRefusal(config.status(), path);
  Require(CheckPatterns(config->patterns).ok(), "patterns that are read are patterns");
  Require(config->operator_listen == "h:7421", "a file cannot change what was typed");
  for (const auto& [name, value] : config->given)
    Require(!value.empty(), "what is read is remembered", name);
}

void CheckInventory(const std::string& path) {
  const auto nodes = ReadInventoryFile(path);
  if (!nodes.ok()) return CheckRefusal(nodes.status(), path);
  for (const InventoryNode& node : *nodes) {
    Require(IsNodeName(node.xname), "a node has a node's name", node.xname);
    for (const std::string& alias : node.aliases) Require(IsNodeName(alias), "and aliases", alias);
  }
}

void CheckRevoked(const std::string& path) {
  const auto list = RevocationList::Read(path);
  if (!list.ok()) return CheckRefusal(list.status(), path);
  Require(list->size() <= kMaxRevocations, "no more entries than the limit");
}

void Check(const std::string& text) {
  static const MemoryFile file;
  file.Fill(text);
  CheckAgent(file.path());
  CheckController(file.path());
  CheckInventory(file.path());
  CheckRevoked(file.path());
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
