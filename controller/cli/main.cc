// muster - the operators' command. What can be typed stands in command_line.cc; the verbs are files of their own.
#include <absl/synchronization/mutex.h>
#include <openssl/crypto.h>

#include <cstdio>
#include <cstdlib>

#include "controller/cli/command_line.h"
#include "controller/cli/exit_code.h"

int main(int argc, char** argv) {
  // Threads of gRPC may still be at work when the process exits, and OpenSSL would be cleaned up under them.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // Between two calls no thread drives a connection but gRPC's backup poller, each 5 s: a reconnect, with its TCP and TLS steps,
  // then takes 15 s (measured), and the operator waits for a controller that is long back.
  setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "50", /*overwrite=*/0);
  const int exit_code = muster::cli::CommandLine().Run(argc, argv);
  // A report that was not written is not a report.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  std::fputs("muster: the output could not be written whole; is the disk full?\n", stderr);
  return exit_code == 0 ? static_cast<int>(muster::cli::ExitCode::kFailure) : exit_code;
}
