// The statement that lists jobs. What a list is narrowed by is looked for in an index: the rows of 100,000 jobs are not read to find ten.
#pragma once

#include <string>

#include "controller/store/job_store.h"

namespace muster {

// The indexes of lists. They change nothing that is stored, so that an older musterd can do without them, and they are no version.
inline constexpr char kJobListIndexes[] =
    "CREATE INDEX IF NOT EXISTS job_listed ON job (id, created, created_by);"
    "CREATE INDEX IF NOT EXISTS job_status_state ON job_status (state, job) WHERE deleted = 0;";

// Gives `columns` of job and job_status for the jobs that `filter` lets through, the newest first. Parameters: 1 the id that they come before, 2 how
// many at most, and 3 the operator if one is asked for.
std::string JobListSql(const std::string& columns, const JobFilter& filter);

}  // namespace muster
