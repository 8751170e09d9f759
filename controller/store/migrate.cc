// Version 1 had a job's policy, then four numbers, and its nodes in the job's row. The transitions are as they were, so that a
// migration takes as long as there are jobs, not tasks.
#include "controller/store/migrate.h"

#include <utility>

#include "controller/store/policy_proto.h"

namespace muster {
namespace {

constexpr char kBefore[] = R"sql(
ALTER TABLE job RENAME TO job_of_1;
ALTER TABLE meta ADD COLUMN gone_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_status ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_status ADD COLUMN tidied INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr char kAfter[] = R"sql(
INSERT INTO job_nodes SELECT number, nodes FROM job_of_1;
DROP TABLE job_of_1;
)sql";

// What such a job was asked to keep to: no limit of failures, which version 1 did not know.
Policy PolicyOf(const SqliteStatement& row) {
  Policy policy;
  policy.max_parallel = static_cast<uint32_t>(row.Integer(1));
  policy.delivery_deadline = Duration(row.Integer(2));
  policy.execution_deadline = Duration(row.Integer(3));
  if (!row.IsNull(4)) policy.deadline = Duration(row.Integer(4));
  policy.max_failures = {0, 10'000};
  return policy;
}

absl::Status CopyJobs(SqliteDatabase& database) {
  auto select = database.Prepare(
      "SELECT number, max_parallel, delivery_deadline, execution_deadline, deadline FROM job_of_1 "
      "ORDER BY number");
  MUSTER_RETURN_IF_ERROR(select.status());
  auto copy = database.Prepare(
      "INSERT INTO job SELECT number, id, request_id, request_digest, work, ?2, created_by, "
      "created, revision FROM job_of_1 WHERE number = ?1");
  MUSTER_RETURN_IF_ERROR(copy.status());
  while (true) {
    const absl::StatusOr<bool> row = (*select)->Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return absl::OkStatus();
    (*copy)->Bind(1, (*select)->Integer(0));
    (*copy)->BindBlob(2, ToProto(PolicyOf(**select)).SerializeAsString());
    MUSTER_RETURN_IF_ERROR((*copy)->Run());
  }
}

}  // namespace

absl::Status MigrateFrom1(SqliteDatabase& database, const std::string& new_tables) {
  MUSTER_RETURN_IF_ERROR(database.Execute(kBefore));
  MUSTER_RETURN_IF_ERROR(database.Execute(new_tables));
  MUSTER_RETURN_IF_ERROR(CopyJobs(database));
  return database.Execute(kAfter);
}

}  // namespace muster
