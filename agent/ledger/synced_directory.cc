#include "agent/ledger/synced_directory.h"

#include <algorithm>
#include <utility>

namespace muster {
namespace {

// What is not there need not be done.
absl::Status IfThere(absl::Status status) {
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace

absl::StatusOr<SyncedDirectory> SyncedDirectory::Open(FileSystem& files, const std::string& path) {
  absl::StatusOr<std::unique_ptr<Directory>> directory = files.Open(path);
  MUSTER_RETURN_IF_ERROR(directory.status());
  return SyncedDirectory(*std::move(directory));
}

absl::Status SyncedDirectory::WriteTemporary(const std::string& name,
                                             const std::string& content) const {
  absl::StatusOr<std::unique_ptr<File>> file = directory_->Create(name);
  MUSTER_RETURN_IF_ERROR(file.status());
  MUSTER_RETURN_IF_ERROR((*file)->Write(content));
  return (*file)->Sync();
}

absl::Status SyncedDirectory::Write(const std::string& name, const std::string& content) const {
  const std::string temporary = name + kTemporarySuffix;
  absl::Status status = WriteTemporary(temporary, content);
  if (status.ok()) status = directory_->Rename(temporary, *directory_, name);
  if (!status.ok()) {
    (void)directory_->Unlink(temporary);
    // Somebody has removed what was just written: no NOT_FOUND of ours.
    return absl::IsNotFound(status) ? absl::UnavailableError(status.message()) : status;
  }
  return directory_->Sync();
}

absl::StatusOr<std::string> SyncedDirectory::Read(const std::string& name, size_t max_bytes) const {
  return directory_->Read(name, max_bytes);
}

absl::Status SyncedDirectory::Remove(const std::string& name) const {
  const absl::Status status = directory_->Unlink(name);
  return status.ok() ? directory_->Sync() : IfThere(status);
}

absl::Status SyncedDirectory::MoveTo(const SyncedDirectory& other, const std::string& name) const {
  // The time of the move is the file's age from now on. If it cannot be set the order is a little wrong.
  directory_->Touch(name);
  MUSTER_RETURN_IF_ERROR(IfThere(directory_->Rename(name, *other.directory_, name)));
  MUSTER_RETURN_IF_ERROR(other.directory_->Sync());
  return directory_->Sync();
}

absl::Status SyncedDirectory::LinkTo(const SyncedDirectory& other, const std::string& name) const {
  const absl::Status status = directory_->Link(name, *other.directory_);
  if (!status.ok() && !absl::IsAlreadyExists(status)) return status;
  return other.directory_->Sync();
}

absl::StatusOr<std::vector<std::string>> SyncedDirectory::AllNames() const {
  absl::StatusOr<std::vector<std::string>> names = directory_->Names();
  if (names.ok()) std::sort(names->begin(), names->end());
  return names;
}

absl::StatusOr<std::vector<std::string>> SyncedDirectory::Names() const {
  auto names = AllNames();
  if (names.ok()) {
    std::erase_if(*names, [](const std::string& name) { return name.back() == kTemporarySuffix; });
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> SyncedDirectory::NamesByAge() const {
  auto names = Names();
  if (!names.ok()) return names;
  std::vector<std::pair<int64_t, std::string>> aged;
  aged.reserve(names->size());
  for (std::string& name : *names) {
    const int64_t modified = directory_->ModifiedNs(name);
    aged.emplace_back(modified, std::move(name));
  }
  std::sort(aged.begin(), aged.end());
  names->clear();
  for (auto& entry : aged) names->push_back(std::move(entry.second));
  return names;
}

absl::Status SyncedDirectory::Recover() const {
  const auto names = AllNames();
  MUSTER_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (name.back() == kTemporarySuffix) (void)directory_->Unlink(name);
  }
  return directory_->Sync();
}

}  // namespace muster
