#include "controller/store/operation_table.h"

#include <utility>

#include "controller/store/operation_proto.h"
#include "controller/store/rows.h"
#include "proto/convert.h"

namespace muster {
namespace {

constexpr char kColumns[] =
    "id, request_id, request_digest, created_by, created, job, spec, work, nodes, state, status, "
    "content, record_job";
constexpr auto kFirstEnded = static_cast<int>(OperationState::kSucceeded);

absl::Status Damaged(const std::string& id) {
  return MakeStatus(absl::StatusCode::kDataLoss, "the store is damaged: {} cannot be read",
                    OperationName(id));
}

template <typename Proto>
absl::StatusOr<Proto> Parse(const std::string& bytes, const std::string& id) {
  Proto proto;
  if (!proto.ParseFromString(bytes)) return Damaged(id);
  return proto;
}

absl::Status ReadResubscription(const SqliteStatement& row, OperationSpec* spec) {
  const auto kind = Parse<v1::Resubscription>(row.Text(6), spec->id);
  MUSTER_RETURN_IF_ERROR(kind.status());
  const auto work = Parse<v1::Work>(row.Text(7), spec->id);
  MUSTER_RETURN_IF_ERROR(work.status());
  spec->resubscription = FromProto(*kind);
  spec->resubscription.job = row.Text(5);
  spec->resubscription.work = FromProto(*work);
  spec->resubscription.nodes = SplitLines(row.Text(8));
  return absl::OkStatus();
}

absl::Status ReadContent(const SqliteStatement& row, OperationSpec* spec) {
  const std::string record_job = row.Text(12);
  if (record_job.empty()) {
    const auto kind = Parse<v1::ContentRemount>(row.Text(6), spec->id);
    MUSTER_RETURN_IF_ERROR(kind.status());
    spec->content = FromProto(*kind);
  } else {
    const auto kind = Parse<v1::ContentUnmount>(row.Text(6), spec->id);
    MUSTER_RETURN_IF_ERROR(kind.status());
    spec->content = FromProto(*kind);
  }
  spec->content->record_job = record_job;
  spec->content->job = row.Text(5);
  spec->content->nodes = SplitLines(row.Text(8));
  return absl::OkStatus();
}

absl::StatusOr<OperationRecord> Read(const SqliteStatement& row) {
  OperationSpec spec;
  spec.id = row.Text(0);
  spec.request_id = row.Text(1);
  spec.request_digest = row.Text(2);
  spec.created_by = row.Text(3);
  spec.created = TimeOf(row.Integer(4));
  const bool is_content = !row.Text(11).empty();
  MUSTER_RETURN_IF_ERROR(is_content ? ReadContent(row, &spec) : ReadResubscription(row, &spec));
  const auto status = Parse<v1::Operation>(row.Text(10), spec.id);
  MUSTER_RETURN_IF_ERROR(status.status());
  return OperationRecord{std::make_shared<const OperationSpec>(std::move(spec)),
                         FromProto(*status)};
}

// What it does, as bytes.
std::string KindOf(const OperationSpec& spec) {
  if (!spec.content) return ToProto(spec.resubscription).SerializeAsString();
  return spec.content->is_unmount ? UnmountToProto(*spec.content).SerializeAsString()
                                  : RemountToProto(*spec.content).SerializeAsString();
}

absl::StatusOr<std::vector<OperationRecord>> ReadAll(SqliteStatement& rows) {
  std::vector<OperationRecord> records;
  while (true) {
    const absl::StatusOr<bool> more = rows.Step();
    MUSTER_RETURN_IF_ERROR(more.status());
    if (!*more) return records;
    absl::StatusOr<OperationRecord> record = Read(rows);
    MUSTER_RETURN_IF_ERROR(record.status());
    records.push_back(std::move(*record));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<OperationTable>> OperationTable::Make(SqliteDatabase& database) {
  std::unique_ptr<OperationTable> table(new OperationTable(database));
  const std::vector<std::pair<std::unique_ptr<SqliteStatement>*, std::string>> sources = {
      {&table->insert_,
       fmt::format("INSERT INTO operation ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", kColumns)},
      {&table->drop_old_, fmt::format("DELETE FROM operation WHERE state >= {} AND number <= "
                                      "(SELECT max(number) FROM operation) - {}",
                                      kFirstEnded, kMaxKeptOperations)},
      {&table->update_, "UPDATE operation SET state = ?, status = ? WHERE id = ?"},
      {&table->running_, fmt::format("SELECT {} FROM operation WHERE state < {} ORDER BY number",
                                     kColumns, kFirstEnded)},
      {&table->requests_, "SELECT request_id, request_digest, id FROM operation ORDER BY number"},
      {&table->get_, fmt::format("SELECT {} FROM operation WHERE id = ?", kColumns)},
      {&table->of_content_,
       "SELECT id FROM operation WHERE content <> '' AND (?1 = '' OR content = ?1) "
       "ORDER BY number"},
      {&table->list_,
       fmt::format("SELECT {} FROM operation WHERE ?1 = '' OR number < "
                   "(SELECT number FROM operation WHERE id = ?1) ORDER BY number DESC LIMIT ?2",
                   kColumns)},
  };
  for (const auto& [statement, sql] : sources) {
    absl::StatusOr<std::unique_ptr<SqliteStatement>> prepared = database.Prepare(sql);
    MUSTER_RETURN_IF_ERROR(prepared.status());
    *statement = std::move(*prepared);
  }
  return table;
}

absl::Status OperationTable::Write(const OperationRecord& record) {
  if (record.is_new) return Insert(record);
  update_->Bind(1, static_cast<int64_t>(record.status.state));
  update_->BindBlob(2, ToProto(record.status).SerializeAsString());
  MUSTER_RETURN_IF_ERROR(update_->BindText(3, record.spec->id).Run());
  if (database_.ChangedRows() > 0) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kInternal, "{} is not in the store",
                    OperationName(record.spec->id));
}

absl::Status OperationTable::Insert(const OperationRecord& record) {
  const OperationSpec& spec = *record.spec;
  insert_->BindText(1, spec.id);
  insert_->BindText(2, spec.request_id);
  insert_->BindBlob(3, spec.request_digest);
  insert_->BindText(4, spec.created_by);
  insert_->Bind(5, Nanoseconds(spec.created));
  insert_->BindText(6, spec.content ? spec.content->job : spec.resubscription.job);
  insert_->BindBlob(7, KindOf(spec));
  insert_->BindBlob(8, ToProto(spec.resubscription.work).SerializeAsString());
  insert_->BindText(9, JoinLines(NodesOf(spec)));
  insert_->Bind(10, static_cast<int64_t>(record.status.state));
  insert_->BindBlob(11, ToProto(record.status).SerializeAsString());
  insert_->BindText(12, spec.content ? spec.content->content : "");
  insert_->BindText(13, spec.content ? spec.content->record_job : "");
  MUSTER_RETURN_IF_ERROR(insert_->Run());
  return drop_old_->Run();
}

absl::StatusOr<LoadedOperations> OperationTable::Load() {
  LoadedOperations loaded;
  {
    const SqliteReset reset(*running_);
    absl::StatusOr<std::vector<OperationRecord>> running = ReadAll(*running_);
    MUSTER_RETURN_IF_ERROR(running.status());
    loaded.operations = std::move(*running);
  }
  const SqliteReset reset(*requests_);
  while (true) {
    const absl::StatusOr<bool> row = requests_->Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return loaded;
    loaded.requests.push_back({requests_->Text(0), requests_->Text(1), requests_->Text(2)});
  }
}

absl::StatusOr<OperationRecord> OperationTable::Get(const std::string& id) {
  const SqliteReset reset(*get_);
  const absl::StatusOr<bool> row = get_->BindText(1, id).Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  if (*row) return Read(*get_);
  return MakeStatus(absl::StatusCode::kNotFound,
                    "there is no {}; `muster operation list` shows the newest", OperationName(id));
}

absl::StatusOr<std::vector<std::string>> OperationTable::OfContent(const std::string& content) {
  const SqliteReset reset(*of_content_);
  of_content_->BindText(1, content);
  std::vector<std::string> ids;
  while (true) {
    const absl::StatusOr<bool> row = of_content_->Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return ids;
    ids.push_back(of_content_->Text(0));
  }
}

absl::StatusOr<std::vector<OperationRecord>> OperationTable::List(size_t limit,
                                                                  const std::string& before_id) {
  const SqliteReset reset(*list_);
  list_->BindText(1, before_id).Bind(2, static_cast<int64_t>(limit));
  return ReadAll(*list_);
}

}  // namespace muster
