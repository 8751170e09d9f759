// muster backup FILE - a copy of the controller's store, as it is at one moment, while it goes on. The file is there whole, with the digest
// that the controller has told, or not at all.
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>

#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/part_file.h"
#include "controller/cli/printable.h"
#include "controller/cli/verbs.h"
#include "controller/cli/write_all.h"
#include "controller/pki/sha256.h"

namespace muster::cli {
namespace {

constexpr char kAbout[] =
    "It holds all jobs, operations and their tasks, and which nodes were ever seen. What happened "
    "to the nodes (muster health --events) is in a file of its own, history.db, and not in it.\n"
    "To restore: stop musterd; put the file as muster.db into a new, empty state directory; start "
    "musterd once with --restored, so that agents accept it. What was done since the backup is not "
    "known to it, and is not done again: agents tell.";

// Any store is copied by then; a controller that has died is noticed.
constexpr std::chrono::hours kLongest(1);

struct BackupOptions {
  std::string file;
  bool force = false;
};

// Where the pieces go.
class Target {
 public:
  static absl::StatusOr<Target> Open(const BackupOptions& options) {
    Target target;
    if (options.file == "-") {
      if (isatty(STDOUT_FILENO) == 0) return target;
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "a backup is no text for a terminal: name a file, or send it on");
    }
    absl::StatusOr<PartFile> part = PartFile::Create(options.file, options.force);
    MUSTER_RETURN_IF_ERROR(part.status());
    target.part_.emplace(*std::move(part));
    return target;
  }

  absl::Status Write(const std::string& bytes) {
    return part_ ? part_->Write(bytes) : WriteAll(STDOUT_FILENO, bytes, "write to standard output");
  }
  absl::Status Finish() { return part_ ? part_->Finish() : absl::OkStatus(); }

 private:
  std::optional<PartFile> part_;  // nothing: standard output
};

absl::Status Broken(const std::string& how) {
  return MakeStatus(absl::StatusCode::kDataLoss, "back up the store: {}; try again", how);
}

// How many bytes it was.
absl::StatusOr<uint64_t> Receive(Connection& connection, Target& target) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kLongest);
  const Interrupt::Cancels cancels(connection.interrupt(), context);
  const auto stream = connection.stub().Backup(&context, v1::BackupRequest());
  Sha256 digest;
  uint64_t bytes = 0;
  std::string told;
  absl::Status written;
  for (v1::BackupPiece piece; written.ok() && stream->Read(&piece);) {
    digest.Add(piece.data());
    bytes += piece.data().size();
    told = piece.sha256();
    written = target.Write(piece.data());
  }
  if (!written.ok()) context.TryCancel();
  const grpc::Status status = stream->Finish();
  if (connection.interrupt().IsRaised())
    return MakeStatus(absl::StatusCode::kCancelled,
                      "back up the store: interrupted; no file was left");
  MUSTER_RETURN_IF_ERROR(written);
  if (!status.ok()) return connection.Explain("back up the store", status);
  if (told.empty()) return Broken("it ended before its end");
  if (told != digest.Finish()) return Broken("what came is not what was sent");
  return bytes;
}

void Tell(const BackupOptions& options, uint64_t bytes, OutputFormat format) {
  if (options.file == "-") return;
  if (format != OutputFormat::kTable)
    return PrintDocument({{"file", options.file}, {"bytes", bytes}}, format);
  Print(
      fmt::format("{}: {} bytes\nto restore: stop musterd, put it as muster.db into an empty state "
                  "directory, start musterd once with --restored\n",
                  Printable(options.file), bytes));
}

ExitCode Backup(const BackupOptions& options, const GlobalOptions& global) {
  // First, for from then on Ctrl-C leaves no piece of a file.
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  absl::StatusOr<Target> target = Target::Open(options);
  if (!target.ok()) return Fail(target.status());
  // A controller that is being restarted is waited for, as by every verb.
  v1::ControllerStatus nothing;
  absl::Status status = (*connection)
                            ->Call(&v1::Controller::Stub::GetStatus, "back up the store",
                                   v1::GetStatusRequest(), nothing);
  if (!status.ok()) return Fail(status);
  const absl::StatusOr<uint64_t> bytes = Receive(**connection, *target);
  if (!bytes.ok()) return Fail(bytes.status());
  if (status = target->Finish(); !status.ok()) return Fail(status);
  Tell(options, *bytes, global.output);
  return ExitCode::kSuccess;
}

}  // namespace

void AddBackup(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = app.add_subcommand("backup", "Copy the controller's store while it goes on");
  const auto options = std::make_shared<BackupOptions>();
  verb->add_option("FILE", options->file, "Where to; - for standard output")->required();
  verb->add_flag("--force", options->force, "Replace FILE if it is there");
  verb->footer(kAbout);
  verb->callback(
      [options, &global, &exit_code] { exit_code = static_cast<int>(Backup(*options, global)); });
}

}  // namespace muster::cli
