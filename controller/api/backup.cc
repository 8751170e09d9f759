#include "controller/api/backup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "common/log.h"
#include "controller/edge/grpc_status.h"
#include "controller/pki/sha256.h"

namespace muster {

BackupReactor::BackupReactor(grpc::CallbackServerContext& context, CopyTheStore copy,
                             Duration piece_timeout, std::atomic<bool>& is_under_way)
    : context_(context),
      copy_(std::move(copy)),
      piece_timeout_(piece_timeout),
      is_under_way_(is_under_way),
      thread_([this] { Run(); }) {}

void BackupReactor::OnWriteDone(bool ok) {
  const MutexLock lock(mutex_);
  is_writing_ = false;
  is_cancelled_ |= !ok;
  changed_.notify_all();
}

void BackupReactor::OnCancel() {
  const MutexLock lock(mutex_);
  is_cancelled_ = true;
}

void BackupReactor::OnDone() {
  thread_.join();  // it has finished the call, and does nothing more
  is_under_way_ = false;
  delete this;
}

void BackupReactor::Run() {
  const absl::Status status = CopyAndSend();
  if (status.ok()) log::Info("backup sent bytes={}", piece_.size());
  if (!status.ok()) log::Warning("backup not sent reason=\"{}\"", Message(status));
  Finish(GrpcStatus(status));
}

absl::Status BackupReactor::CopyAndSend() {
  const absl::StatusOr<UniqueFd> file = copy_([this] { return !is_cancelled(); });
  MUSTER_RETURN_IF_ERROR(file.status());
  struct stat info {};
  if (fstat(file->get(), &info) != 0) return ErrnoStatus(errno, "look at the copy of the store");
  piece_.set_size(static_cast<uint64_t>(info.st_size));
  return SendFile(file->get());
}

absl::Status BackupReactor::SendFile(int file) {
  Sha256 digest;
  std::string& data = *piece_.mutable_data();
  while (true) {
    data.resize(kBackupPieceBytes);
    const ssize_t bytes = read(file, data.data(), data.size());
    if (bytes < 0) return ErrnoStatus(errno, "read the copy of the store");
    data.resize(static_cast<size_t>(bytes));
    if (bytes == 0) break;
    digest.Add(data);
    MUSTER_RETURN_IF_ERROR(Send());
  }
  piece_.set_sha256(digest.Finish());
  return Send();
}

absl::Status BackupReactor::Send() {
  {
    const MutexLock lock(mutex_);
    is_writing_ = true;
  }
  StartWrite(&piece_);
  const bool is_taken = IsTaken(std::chrono::steady_clock::now() + piece_timeout_);
  if (!is_taken) context_.TryCancel();  // Finish alone would wait behind the piece
  const MutexLock lock(mutex_);
  while (is_writing_) changed_.wait(mutex_);
  if (!is_taken)
    return MakeStatus(absl::StatusCode::kDeadlineExceeded,
                      "a piece was not taken within {} s: the network or the caller stands still",
                      std::chrono::round<std::chrono::seconds>(piece_timeout_).count());
  return is_cancelled_ ? absl::CancelledError("nobody takes it any more") : absl::OkStatus();
}

bool BackupReactor::IsTaken(std::chrono::steady_clock::time_point deadline) {
  const MutexLock lock(mutex_);
  while (is_writing_) {
    if (changed_.wait_until(mutex_, deadline) == std::cv_status::timeout) break;
  }
  return !is_writing_;
}

bool BackupReactor::is_cancelled() {
  const MutexLock lock(mutex_);
  return is_cancelled_;
}

}  // namespace muster
