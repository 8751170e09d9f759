#include "controller/store/rows.h"

#include <sstream>

#include "controller/store/policy_proto.h"
#include "proto/convert.h"

namespace muster {
namespace {

absl::Status Damaged(const char* what, const std::string& of) {
  return MakeStatus(absl::StatusCode::kDataLoss, "the store is damaged: {} of {} cannot be read",
                    what, of);
}

absl::Status ReadOutcome(const SqliteStatement& statement, int column, const std::string& node,
                         Boxed<Outcome>& outcome) {
  if (statement.IsNull(column)) return absl::OkStatus();
  v1::Outcome proto;
  if (!proto.ParseFromString(statement.Text(column))) return Damaged("the outcome", node);
  outcome = FromProto(proto);
  return absl::OkStatus();
}

}  // namespace

std::string JoinLines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  return lines;
}

std::string CountsText(const TaskCounts& counts) {
  return fmt::format("{}", fmt::join(counts, " "));
}

absl::StatusOr<TaskCounts> CountsFromText(const std::string& text) {
  TaskCounts counts{};
  std::istringstream in(text);
  for (uint32_t& count : counts) in >> count;
  if (in.fail()) return Damaged("the counts", "a job");
  return counts;
}

void BindOutcome(SqliteStatement& statement, int index, const Boxed<Outcome>& outcome) {
  if (outcome) {
    statement.BindBlob(index, ToProto(*outcome).SerializeAsString());
  } else {
    statement.BindNull(index);
  }
}

void BindTask(SqliteStatement& statement, int first, const Task& task) {
  int index = first;
  statement.Bind(index++, static_cast<int64_t>(task.revision));
  statement.BindText(index++, task.node);
  statement.Bind(index++, static_cast<int64_t>(task.state));
  statement.Bind(index++, task.attempt);
  statement.Bind(index++, static_cast<int64_t>(task.reason));
  statement.BindText(index++, task.detail);
  statement.BindText(index++, task.incarnation);
  statement.Bind(index++, Nanoseconds(task.first_sent));
  statement.Bind(index++, Nanoseconds(task.last_sent));
  statement.Bind(index++, task.execution_deadline.count());
  statement.Bind(index++, Nanoseconds(task.updated));
  BindOutcome(statement, index++, task.outcome);
  BindOutcome(statement, index++, task.late_outcome);
}

absl::StatusOr<Task> ReadTask(const SqliteStatement& statement, int first) {
  Task task;
  int column = first;
  task.revision = static_cast<uint64_t>(statement.Integer(column++));
  task.node = statement.Text(column++);
  task.state = static_cast<TaskState>(statement.Integer(column++));
  task.attempt = static_cast<uint32_t>(statement.Integer(column++));
  task.reason = static_cast<Reason>(statement.Integer(column++));
  task.detail = statement.Text(column++);
  task.incarnation = statement.Text(column++);
  task.first_sent = TimeOf(statement.Integer(column++));
  task.last_sent = TimeOf(statement.Integer(column++));
  task.execution_deadline = Duration(statement.Integer(column++));
  task.updated = TimeOf(statement.Integer(column++));
  MUSTER_RETURN_IF_ERROR(ReadOutcome(statement, column++, task.node, task.outcome));
  MUSTER_RETURN_IF_ERROR(ReadOutcome(statement, column++, task.node, task.late_outcome));
  return task;
}

void BindSpec(SqliteStatement& statement, int first, const JobSpec& spec) {
  int index = first;
  statement.BindText(index++, spec.id);
  statement.BindText(index++, spec.request_id);
  statement.BindBlob(index++, spec.request_digest);
  statement.BindBlob(index++, ToProto(spec.work).SerializeAsString());
  statement.BindBlob(index++, ToProto(spec.policy).SerializeAsString());
  statement.BindText(index++, spec.created_by);
  statement.Bind(index++, Nanoseconds(spec.created));
  statement.BindText(index++, spec.operation);
  statement.Bind(index++, spec.is_guided ? 1 : 0);
  statement.BindText(index++, JoinLines(spec.remarks));
}

absl::StatusOr<JobSpec> ReadSpec(const SqliteStatement& statement, int first) {
  JobSpec spec;
  int column = first;
  spec.id = statement.Text(column++);
  spec.request_id = statement.Text(column++);
  spec.request_digest = statement.Text(column++);
  v1::Work work;
  if (!work.ParseFromString(statement.Text(column++))) return Damaged("the work", spec.id);
  spec.work = FromProto(work);
  v1::Policy policy;
  if (!policy.ParseFromString(statement.Text(column++))) return Damaged("the policy", spec.id);
  spec.policy = FromProto(policy);
  spec.created_by = statement.Text(column++);
  spec.created = TimeOf(statement.Integer(column++));
  spec.operation = statement.Text(column++);
  spec.is_guided = statement.Integer(column++) != 0;
  spec.remarks = SplitLines(statement.Text(column++));
  return spec;
}

JobStatus ReadStatus(const SqliteStatement& statement, int first) {
  JobStatus status;
  status.state = static_cast<JobState>(statement.Integer(first));
  status.detail = statement.Text(first + 1);
  if (!statement.IsNull(first + 2)) status.ended = TimeOf(statement.Integer(first + 2));
  status.revision = static_cast<uint64_t>(statement.Integer(first + 3));
  return status;
}

Task PendingTask(const JobSpec& spec, const std::string& node, uint64_t creation_revision) {
  Task task;
  task.node = node;
  task.updated = spec.created;
  task.revision = creation_revision;
  return task;
}

int64_t Nanoseconds(Time time) { return time.time_since_epoch().count(); }
Time TimeOf(int64_t nanoseconds) { return Time(Duration(nanoseconds)); }

}  // namespace muster
