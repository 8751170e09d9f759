// Two ways lead to a page. Jobs that have not ended are few: they are found by their state and sorted. Any others are found by
// going back from the page's beginning until it is full, and what is passed over costs an entry of an index, and where states are asked for a row of
// job_status, but no job. SQLite has no statistics to choose by, so the way is told to it (INDEXED BY, CROSS JOIN).
#include "controller/store/job_list_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "controller/store/rows.h"

namespace muster {
namespace {

bool AreUnended(const std::vector<JobState>& states) {
  return !states.empty() && std::none_of(states.begin(), states.end(), [](JobState state) {
    return static_cast<int64_t>(state) >= kFirstEndedState;
  });
}

std::string NumbersOf(const std::vector<JobState>& states) {
  std::vector<int> numbers;
  for (const JobState state : states) numbers.push_back(static_cast<int>(state));
  return fmt::format("{}", fmt::join(numbers, ", "));
}

}  // namespace

std::string JobListSql(const std::string& columns, const JobFilter& filter) {
  std::string sql = fmt::format("SELECT {} FROM ", columns);
  sql +=
      AreUnended(filter.states)
          ? "job_status INDEXED BY job_status_state CROSS JOIN job ON job.number = job_status.job"
          : "job INDEXED BY job_listed CROSS JOIN job_status ON job_status.job = job.number";
  sql += " WHERE deleted = 0 AND id < ?1";
  if (!filter.states.empty()) sql += fmt::format(" AND state IN ({})", NumbersOf(filter.states));
  if (filter.created_from)
    sql += fmt::format(" AND created >= {}", Nanoseconds(*filter.created_from));
  if (filter.created_before)
    sql += fmt::format(" AND created < {}", Nanoseconds(*filter.created_before));
  if (!filter.created_by.empty()) sql += " AND created_by = ?3";
  return sql + " ORDER BY id DESC LIMIT ?2";
}

}  // namespace muster
