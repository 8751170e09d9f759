// Backup: the store, copied and sent in pieces. A gRPC reactor with a thread of its own, which copies, reads and waits for each piece to be
// taken, so that neither gRPC's threads nor the worker wait for the disk. A peer that takes nothing for too long is let go: it holds the disk
// that the copy takes, and the next backup. It deletes itself in OnDone.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "common/unique_fd.h"
#include "muster/v1/controller.pb.h"

namespace muster {

// As of CopyStore.
using CopyTheStore = std::function<absl::StatusOr<UniqueFd>(const std::function<bool()>& goes_on)>;

inline constexpr size_t kBackupPieceBytes = 1 << 20;
// For one piece: 4 KB/s.
inline constexpr Duration kBackupPieceTimeout = 5min;

class BackupReactor final : public grpc::ServerWriteReactor<v1::BackupPiece> {
 public:
  // `is_under_way` is true, and false again when this is done; it outlives the reactor.
  BackupReactor(grpc::CallbackServerContext& context, CopyTheStore copy, Duration piece_timeout,
                std::atomic<bool>& is_under_way);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Run();
  absl::Status CopyAndSend();
  absl::Status SendFile(int file);
  // Waits until it was taken. CANCELLED if nobody takes it any more, DEADLINE_EXCEEDED if that lasts too long: the call is then cancelled.
  absl::Status Send();
  bool IsTaken(std::chrono::steady_clock::time_point deadline);
  bool is_cancelled();

  grpc::CallbackServerContext& context_;  // gRPC's, until OnDone
  const CopyTheStore copy_;
  const Duration piece_timeout_;
  std::atomic<bool>& is_under_way_;
  v1::BackupPiece piece_;  // gRPC's while a write is in flight

  Mutex mutex_;
  CondVar changed_;
  bool is_writing_ MUSTER_GUARDED_BY(mutex_) = false;
  bool is_cancelled_ MUSTER_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace muster
