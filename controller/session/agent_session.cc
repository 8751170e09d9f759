#include "controller/session/agent_session.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "common/crash_point.h"
#include "common/limits.h"
#include "controller/edge/grpc_status.h"
#include "controller/session/hello_check.h"
#include "controller/session/session_table.h"
#include "proto/convert.h"

namespace muster {
namespace {

std::optional<Duration> AheadOfOurs(const Hello& hello) {
  // What does not fit a time of ours is no time: the years 1970 to 2262.
  if (hello.wall_clock_ns == 0 || hello.wall_clock_ns > INT64_MAX) return std::nullopt;
  const Duration ours = std::chrono::system_clock::now().time_since_epoch();
  return Duration(static_cast<int64_t>(hello.wall_clock_ns)) - ours;
}

}  // namespace

AgentSession* AgentSession::Start(grpc::CallbackServerContext& context, CertificateInfo certificate,
                                  std::vector<std::string> names, SessionTable& table) {
  std::shared_ptr<AgentSession> session(
      new AgentSession(context, std::move(certificate), std::move(names), table));
  session->started_ = table.Now();
  session->self_ = session;
  session->id_ = table.Add(session);
  session->StartRead(&session->incoming_);
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
    table_.refusals().Note(Refusal::kDoesNotRead, Source(), Message(*end_));
    if (!is_finished_) context_.TryCancel();  // the write in flight would never end
    return false;
  }
  if (!IsWorthSending(message)) return true;
  outbox_.push_back(std::move(message));
  if (!is_writing_) StartNextWrite();
  return true;
}

// Keeps what can wait, or gives the message all that has waited.
bool AgentSession::IsWorthSending(v1::ControllerMessage& message) {
  settled_.MergeFrom(message.settled());
  const bool is_alone = message.message_case() == v1::ControllerMessage::MESSAGE_NOT_SET;
  if (is_alone && settled_.size() < kMaxSettledAlone) return false;
  message.mutable_settled()->Swap(&settled_);
  settled_.Clear();
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
  settled_.Clear();
  if (is_delayed_) alarm_->Cancel();  // OnAlarm comes all the same
  FinishIfQuiet();
}

void AgentSession::FinishIfQuiet() {
  if (!end_ || is_finished_ || is_writing_ || is_delayed_) return;
  is_finished_ = true;
  Finish(GrpcStatus(*end_));
}

void AgentSession::Check(Time now, std::chrono::system_clock::time_point wall) {
  const bool is_revoked = table_.IsRevoked(certificate_);
  const MutexLock lock(mutex_);
  if (is_finished_) return;
  if (is_writing_ && now - write_started_ > kWriteTimeout) {
    EndLocked(MakeStatus(absl::StatusCode::kUnavailable, "the agent does not read"));
    table_.refusals().Note(Refusal::kDoesNotRead, Source(), Message(*end_));
    context_.TryCancel();
  } else if (is_revoked) {
    EndLocked(MakeStatus(absl::StatusCode::kPermissionDenied, "the certificate is revoked"));
  } else if (wall >= certificate_.not_after) {
    EndLocked(MakeStatus(absl::StatusCode::kUnauthenticated, "the certificate has expired"));
  } else if (!has_hello_ && !is_delayed_ && now - started_ > limits::kHelloDeadline) {
    EndLocked(MakeStatus(absl::StatusCode::kDeadlineExceeded, "no Hello within {} s",
                         limits::kHelloDeadline / 1s));
    table_.refusals().Note(Refusal::kNoHello, Source(), Message(*end_));
  }
}

void AgentSession::OnReadDone(bool ok) {
  if (!ok) {
    End(absl::OkStatus());  // the agent has gone, or we are ending
    return;
  }
  AgentMessage message = FromProto(incoming_);
  if (const auto* hello = std::get_if<Hello>(&message)) clock_ahead_ = AheadOfOurs(*hello);
  const Duration wait = WaitFor(message);
  if (wait > Duration::zero()) {
    HandleLater(std::move(message), wait);
  } else {
    Handle(std::move(message));
  }
}

Duration AgentSession::WaitFor(const AgentMessage& message) {
  if (const auto* hello = std::get_if<Hello>(&message)) {
    // Whose it is decides Take.
    if (std::find(names_.begin(), names_.end(), hello->node) == names_.end()) return {};
    const Duration wait = table_.AttachWait(hello->node);
    if (wait > Duration::zero())
      table_.refusals().Note(Refusal::kAttachesTooOften, Source(),
                             fmt::format("attaches again and again; waits {} ms", wait / 1ms));
    return wait;
  }
  const Duration wait = report_pace_.Take(table_.Now());
  if (wait > Duration::zero())
    table_.refusals().Note(
        Refusal::kReportsTooMuch, Source(),
        fmt::format("sends more than {} messages a second, which wait", 1s / kReportInterval));
  return wait;
}

// Nothing is read meanwhile, so that HTTP/2's flow control stops the agent.
void AgentSession::HandleLater(AgentMessage message, Duration wait) {
  const auto wake = std::chrono::system_clock::now() +
                    std::chrono::duration_cast<std::chrono::microseconds>(wait);
  const MutexLock lock(mutex_);
  if (end_) return;
  is_delayed_ = true;
  alarm_ = std::make_unique<grpc::Alarm>();
  // The alarm keeps its callback, and so whatever that has, as long as we keep the alarm.
  alarm_->Set(wake, [self = self_, message = std::move(message)](bool is_due) mutable {
    const std::shared_ptr<AgentSession> session = std::move(self);
    session->OnAlarm(std::move(message), is_due);
  });
}

void AgentSession::OnAlarm(AgentMessage message, bool is_due) {
  {
    const MutexLock lock(mutex_);
    if (!is_due || end_) {
      is_delayed_ = false;
      return FinishIfQuiet();
    }
  }
  Handle(std::move(message));
}

void AgentSession::Handle(AgentMessage message) {
  const absl::Status status = Take(std::move(message));
  const MutexLock lock(mutex_);
  is_delayed_ = false;
  if (!status.ok()) EndLocked(status);
  if (!end_) StartRead(&incoming_);
  FinishIfQuiet();
}

std::string AgentSession::Source() const { return "node " + names_.front(); }

void AgentSession::StartNextWrite() {
  writing_ = std::move(outbox_.front());
  outbox_.pop_front();
  is_writing_ = true;
  write_started_ = table_.Now();
  StartWrite(&writing_);
}

void AgentSession::OnWriteDone(bool ok) {
  if (ok && writing_.has_command()) CrashPoint("controller.sent");
  if (ok && writing_.settled_size() > 0) CrashPoint("controller.settled-sent");
  const MutexLock lock(mutex_);
  is_writing_ = false;
  if (end_) {
    FinishIfQuiet();
  } else if (!ok) {
    EndLocked(absl::OkStatus());  // the agent has gone
  } else if (!outbox_.empty()) {
    StartNextWrite();
  }
}

// No read may be under way to tell.
void AgentSession::OnCancel() { End(absl::OkStatus()); }

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
  const bool has_record = report.outcome && report.outcome->evidence.content;
  const size_t most = has_record ? limits::kMaxContentReportBytes : limits::kMaxReportBytes;
  if (const size_t size = incoming_.ByteSizeLong(); size > most) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "node {} reports {} bytes at once; at most {} are taken", node_, size, most);
  }
  if (report.outcome && report.outcome->evidence.after)
    table_.OnUnit(*this, node_, *report.outcome->evidence.after);
  if (report.outcome) report.outcome->detail = CutDetail(std::move(report.outcome->detail));
  return table_.Post(ReportReceived{id_, std::move(report)});
}

absl::Status AgentSession::Take(const NodeStatus& status) {
  MUSTER_RETURN_IF_ERROR(CheckNode(status.node));
  MUSTER_RETURN_IF_ERROR(CheckStatus(status));
  table_.OnStatus(*this, status);
  return absl::OkStatus();
}

absl::Status AgentSession::CheckNode(const std::string& node) const {
  if (node == node_) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kPermissionDenied,
                    "this stream is node {}'s and cannot speak for '{:.{}}'", node_, node,
                    limits::kMaxNameBytes);
}

}  // namespace muster
