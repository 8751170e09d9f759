// A disk under an agent's ledger. What a process wrote outlives it; what was not synced does not outlive the machine: the content
// of a file since its last sync, and the changes of names, in their order as a journaling file system keeps it, since the last sync of any
// directory. A power cut leaves some of both.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/ledger/file_system.h"
#include "tests/sim/world/random.h"

namespace muster::sim {

class MemoryDisk final : public FileSystem {
 public:
  // `step` is called before each operation; the operation does nothing if it says no, for the process has died.
  MemoryDisk(Random random, std::function<bool()> step) : random_(random), step_(std::move(step)) {}

  absl::StatusOr<std::unique_ptr<Directory>> Open(const std::string& path) override;
  absl::Status FillRandom(unsigned char* bytes, size_t size) override;

  void CutPower();
  // A new, empty disk.
  void Wipe();
  void set_full(bool is_full) { is_full_ = is_full; }
  std::vector<std::string> Names(const std::string& path) const;

 private:
  friend class MemoryDirectory;
  friend class MemoryFile;
  struct Inode {
    std::string content;
    std::optional<std::string> synced;
    int64_t modified = 0;
  };
  using Names_ = std::map<std::string, std::shared_ptr<Inode>>;
  struct Change {
    std::string from, name;    // what goes, if it has a name
    std::string to, new_name;  // what comes, likewise
    std::shared_ptr<Inode> inode;
  };

  absl::Status Do(Change change);
  static void Apply(const Change& change, std::map<std::string, Names_>& directories);
  void SyncNames();

  Random random_;
  std::function<bool()> step_;
  bool is_full_ = false;
  int64_t clock_ = 0;
  std::map<std::string, Names_> now_;
  std::map<std::string, Names_> durable_;
  std::vector<Change> journal_;
};

}  // namespace muster::sim
