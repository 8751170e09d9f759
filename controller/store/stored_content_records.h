// ContentRecords from the tasks of the jobs that recorded: a few rows for each node. Runner thread, with a reader of its own.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "controller/operation/content_records.h"
#include "controller/store/job_store.h"

namespace muster {

class StoredContentRecords final : public ContentRecords {
 public:
  // `reader` outlives it.
  explicit StoredContentRecords(JobReader& reader) : reader_(reader) {}
  absl::StatusOr<ContentRecord> Of(const std::string& content, const std::string& node) override;

 private:
  absl::StatusOr<std::shared_ptr<const OperationSpec>> SpecOf(const std::string& id);

  JobReader& reader_;
  // Of operations, by id: a spec never changes, and has the names of all its nodes.
  std::map<std::string, std::shared_ptr<const OperationSpec>> specs_;
};

}  // namespace muster
