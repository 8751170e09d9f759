#include "controller/session/agent_session.h"

#include <utility>
#include <variant>

#include "common/crash_point.h"
#include "common/limits.h"
#include "controller/edge/grpc_status.h"
#include "controller/session/hello_check.h"
#include "controller/session/session_table.h"
#include "proto/convert.h"

namespace muster {

AgentSession* AgentSession::Start(grpc::CallbackServerContext& context, CertificateInfo certificate,
                                  std::vector<std::string> names, SessionTable& table) {
  std::shared_ptr<AgentSession> session(
      new AgentSession(context, std::move(certificate), std::move(names), table));
  session->started_ = table.Now();
  session->self_ = session;
  session->id_ = table.Add(session);
  session->ReadNext();
  return session.get();
}

AgentSession::AgentSession(grpc::CallbackServerContext& context, CertificateInfo certificate,
                           std::vector<std::string> names, SessionTable& table)
    : context_(context),
      certificate_(std::move(certificate)),
      names_(std::move(names)),
      peer_(context.peer()),
      table_(table) {}

bool AgentSession::Queue(v1::ControllerMessage message) {
  const MutexLock lock(mutex_);
  if (end_) return false;
  if (outbox_.size() >= kMaxSessionOutbox) {
    EndLocked(MakeStatus(absl::StatusCode::kResourceExhausted,
                         "{} messages wait for this agent, which does not read", outbox_.size()));
    if (!is_finished_) context_.TryCancel();  // the write in flight would never end
    return false;
  }
  outbox_.push_back(std::move(message));
  if (!is_writing_) StartNextWrite();
  return true;
}

void AgentSession::End(const absl::Status& status) {
  const MutexLock lock(mutex_);
  EndLocked(status);
}

void AgentSession::EndLocked(const absl::Status& status) {
  if (end_) return;
  end_ = status;
  outbox_.clear();
  if (is_writing_) return;  // OnWriteDone finishes
  is_finished_ = true;
  Finish(GrpcStatus(*end_));
}

void AgentSession::Check(Time now, std::chrono::system_clock::time_point wall) {
  const bool is_revoked = table_.IsRevoked(certificate_);
  const MutexLock lock(mutex_);
  if (is_finished_) return;
  if (is_writing_ && now - write_started_ > kWriteTimeout) {
    EndLocked(MakeStatus(absl::StatusCode::kUnavailable, "the agent does not read"));
    context_.TryCancel();
  } else if (is_revoked) {
    EndLocked(MakeStatus(absl::StatusCode::kPermissionDenied, "the certificate is revoked"));
  } else if (wall >= certificate_.not_after) {
    EndLocked(MakeStatus(absl::StatusCode::kUnauthenticated, "the certificate has expired"));
  } else if (!has_hello_ && now - started_ > limits::kHelloDeadline) {
    EndLocked(MakeStatus(absl::StatusCode::kDeadlineExceeded, "no Hello within {} s",
                         limits::kHelloDeadline / 1s));
  }
}

void AgentSession::ReadNext() {
  const MutexLock lock(mutex_);
  if (!end_) StartRead(&incoming_);
}

void AgentSession::OnReadDone(bool ok) {
  if (!ok) {
    End(absl::OkStatus());  // the agent has gone, or we are ending
    return;
  }
  if (const absl::Status status = Take(FromProto(incoming_)); !status.ok()) {
    End(status);
    return;
  }
  ReadNext();
}

void AgentSession::StartNextWrite() {
  writing_ = std::move(outbox_.front());
  outbox_.pop_front();
  is_writing_ = true;
  write_started_ = table_.Now();
  StartWrite(&writing_);
}

void AgentSession::OnWriteDone(bool ok) {
  if (ok && writing_.has_command()) CrashPoint("controller.sent");
  if (ok && writing_.has_settled()) CrashPoint("controller.settled-sent");
  const MutexLock lock(mutex_);
  is_writing_ = false;
  if (end_) {
    is_finished_ = true;
    Finish(GrpcStatus(*end_));
  } else if (!ok) {
    EndLocked(absl::OkStatus());  // the agent has gone
  } else if (!outbox_.empty()) {
    StartNextWrite();
  }
}

void AgentSession::OnDone() {
  table_.Remove(*this, node_);
  // The last reference, unless somebody just looks at us; nothing of this object is used after it.
  const std::shared_ptr<AgentSession> self = std::move(self_);
}

absl::Status AgentSession::Take(AgentMessage message) {
  if (node_.empty() && !std::holds_alternative<Hello>(message)) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "the first message of a stream must be Hello");
  }
  return std::visit(
      [this](auto&& one) -> absl::Status {
        using Message = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Message, UnknownMessage>) {
          return absl::OkStatus();  // of a newer agent, which must do without an answer
        } else {
          return Take(std::forward<decltype(one)>(one));
        }
      },
      std::move(message));
}

absl::Status AgentSession::Take(const Hello& hello) {
  if (!node_.empty()) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "this stream is node {}'s already: one stream for each node", node_);
  }
  MUSTER_RETURN_IF_ERROR(CheckHello(hello, names_));
  MUSTER_RETURN_IF_ERROR(table_.CheckEpoch(hello));
  {
    const MutexLock lock(mutex_);
    has_hello_ = true;
  }
  MUSTER_RETURN_IF_ERROR(table_.Attach(*this, hello));
  node_ = hello.node;
  return absl::OkStatus();
}

absl::Status AgentSession::Take(Report report) {
  MUSTER_RETURN_IF_ERROR(CheckNode(report.node));
  if (const size_t size = incoming_.ByteSizeLong(); size > limits::kMaxReportBytes) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "node {} reports {} bytes at once; at most {} are taken", node_, size,
                      limits::kMaxReportBytes);
  }
  if (report.outcome) report.outcome->detail = CutDetail(std::move(report.outcome->detail));
  return table_.Post(ReportReceived{id_, std::move(report)});
}

absl::Status AgentSession::Take(const NodeStatus& status) { return CheckNode(status.node); }

absl::Status AgentSession::CheckNode(const std::string& node) const {
  if (node == node_) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kPermissionDenied,
                    "this stream is node {}'s and cannot speak for '{:.{}}'", node_, node,
                    limits::kMaxNameBytes);
}

}  // namespace muster
