#include "tests/sim/world/memory_disk.h"

#include <utility>

namespace muster::sim {
namespace {

absl::Status Dead() { return absl::UnavailableError("the process is dead"); }
absl::Status Full() { return absl::ResourceExhaustedError("no space left on device"); }
absl::Status None(const std::string& name) { return absl::NotFoundError(name); }

}  // namespace

class MemoryFile final : public File {
 public:
  MemoryFile(MemoryDisk& disk, std::shared_ptr<MemoryDisk::Inode> inode)
      : disk_(disk), inode_(std::move(inode)) {}
  absl::Status Write(const std::string& content) override {
    if (!disk_.step_()) return Dead();
    if (disk_.is_full_) {
      inode_->content += content.substr(0, disk_.random_.Below(content.size() + 1));
      return Full();
    }
    inode_->content += content;
    inode_->modified = ++disk_.clock_;
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    if (!disk_.step_()) return Dead();
    inode_->synced = inode_->content;
    return absl::OkStatus();
  }

 private:
  MemoryDisk& disk_;
  const std::shared_ptr<MemoryDisk::Inode> inode_;
};

class MemoryDirectory final : public Directory {
 public:
  MemoryDirectory(MemoryDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  const std::string& path() const override { return path_; }

  absl::StatusOr<std::unique_ptr<File>> Create(const std::string& name) override {
    if (!disk_.step_()) return Dead();
    if (disk_.is_full_ && disk_.random_.Chance(50)) return Full();
    auto inode = std::make_shared<MemoryDisk::Inode>();
    if (absl::Status status = disk_.Do({"", "", path_, name, inode}); !status.ok()) return status;
    return std::make_unique<MemoryFile>(disk_, std::move(inode));
  }
  absl::StatusOr<std::string> Read(const std::string& name, size_t max_bytes) override {
    const MemoryDisk::Names_& names = disk_.now_[path_];
    const auto it = names.find(name);
    if (it == names.end()) return None(name);
    if (it->second->content.size() > max_bytes) return absl::OutOfRangeError(name);
    return it->second->content;
  }
  absl::Status Rename(const std::string& name, Directory& to,
                      const std::string& new_name) override {
    if (!disk_.step_()) return Dead();
    const MemoryDisk::Names_& names = disk_.now_[path_];
    const auto it = names.find(name);
    if (it == names.end()) return None(name);
    return disk_.Do({path_, name, to.path(), new_name, it->second});
  }
  absl::Status Link(const std::string& name, Directory& to) override {
    if (!disk_.step_()) return Dead();
    const MemoryDisk::Names_& names = disk_.now_[path_];
    const auto it = names.find(name);
    if (it == names.end()) return None(name);
    if (disk_.now_[to.path()].contains(name)) return absl::AlreadyExistsError(name);
    return disk_.Do({"", "", to.path(), name, it->second});
  }
  absl::Status Unlink(const std::string& name) override {
    if (!disk_.step_()) return Dead();
    if (!disk_.now_[path_].contains(name)) return None(name);
    return disk_.Do({path_, name, "", "", nullptr});
  }
  void Touch(const std::string& name) override {
    MemoryDisk::Names_& names = disk_.now_[path_];
    if (const auto it = names.find(name); it != names.end()) it->second->modified = ++disk_.clock_;
  }
  absl::StatusOr<std::vector<std::string>> Names() override { return disk_.Names(path_); }
  int64_t ModifiedNs(const std::string& name) override {
    const MemoryDisk::Names_& names = disk_.now_[path_];
    const auto it = names.find(name);
    return it == names.end() ? 0 : it->second->modified;
  }
  absl::Status Sync() override {
    if (!disk_.step_()) return Dead();
    disk_.SyncNames();
    return absl::OkStatus();
  }
  absl::Status CheckOwner() override { return absl::OkStatus(); }
  absl::Status Lock(const std::string&) override { return absl::OkStatus(); }

 private:
  MemoryDisk& disk_;
  const std::string path_;
};

absl::StatusOr<std::unique_ptr<Directory>> MemoryDisk::Open(const std::string& path) {
  now_[path];
  durable_[path];
  return std::make_unique<MemoryDirectory>(*this, path);
}

absl::Status MemoryDisk::FillRandom(unsigned char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(random_.Next());
  return absl::OkStatus();
}

absl::Status MemoryDisk::Do(Change change) {
  Apply(change, now_);
  journal_.push_back(std::move(change));
  return absl::OkStatus();
}

void MemoryDisk::Apply(const Change& change, std::map<std::string, Names_>& directories) {
  if (!change.name.empty()) directories[change.from].erase(change.name);
  if (!change.new_name.empty()) directories[change.to][change.new_name] = change.inode;
}

void MemoryDisk::SyncNames() {
  for (const Change& change : journal_) Apply(change, durable_);
  journal_.clear();
}

void MemoryDisk::CutPower() {
  journal_.resize(random_.Below(journal_.size() + 1));
  SyncNames();
  now_ = durable_;
  for (auto& [path, names] : now_) {
    for (auto& [name, inode] : names) {
      if (inode->synced == inode->content) continue;
      const std::string& whole = inode->content;
      inode->content = inode->synced.value_or("");
      if (random_.Chance(50)) inode->content = whole.substr(0, random_.Below(whole.size() + 1));
      inode->synced = inode->content;
    }
  }
}

void MemoryDisk::Wipe() {
  now_.clear();
  durable_.clear();
  journal_.clear();
}

std::vector<std::string> MemoryDisk::Names(const std::string& path) const {
  std::vector<std::string> result;
  const auto it = now_.find(path);
  if (it == now_.end()) return result;
  for (const auto& [name, inode] : it->second) result.push_back(name);
  return result;
}

}  // namespace muster::sim
