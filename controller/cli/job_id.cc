#include "controller/cli/job_id.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "common/uuid.h"
#include "controller/cli/names.h"
#include "controller/pki/certificate.h"

namespace muster::cli {
namespace {

// Jobs that are named when a beginning is not enough.
constexpr size_t kShown = 3;

absl::StatusOr<std::string> NewestOwn(Connection& connection) {
  const std::vector<std::string> names = OwnNames(connection.options().tls_dir);
  std::string found;
  for (const std::string& name : names) {
    v1::ListJobsRequest request;
    request.set_page_size(1);
    request.set_created_by(name);
    v1::ListJobsResponse response;
    MUSTER_RETURN_IF_ERROR(
        connection.Call(&v1::Controller::Stub::ListJobs, "list jobs", request, response));
    // Ids are in the order of time.
    for (const v1::Job& job : response.jobs()) found = std::max(found, job.name());
  }
  if (!found.empty()) return found;
  return MakeStatus(absl::StatusCode::kNotFound,
                    "last: there is no job of {}; see `muster job list`",
                    names.empty() ? "yours" : fmt::format("{}", fmt::join(names, " or ")));
}

absl::StatusOr<std::string> NameThatBegins(Connection& connection, const std::string& beginning) {
  std::vector<std::string> found;
  v1::ListJobsRequest request;
  request.set_page_size(kShown + 1);
  // A page begins after its token, and after every id that begins so comes one with a 'g'.
  request.set_page_token(beginning.substr(beginning.find('/') + 1) + "g");
  v1::ListJobsResponse response;
  MUSTER_RETURN_IF_ERROR(
      connection.Call(&v1::Controller::Stub::ListJobs, "list jobs", request, response));
  for (const v1::Job& job : response.jobs()) {
    if (job.name().starts_with(beginning)) found.push_back(job.name());
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return MakeStatus(absl::StatusCode::kNotFound,
                      "no job's id begins so: {}; see `muster job list`", beginning);
  }
  const bool has_more = found.size() > kShown;
  if (has_more) found.resize(kShown);
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "{} is the beginning of several jobs' ids: {}{}; type more of it", beginning,
                    fmt::join(found, ", "), has_more ? " …" : "");
}

bool IsBeginning(const std::string& id) {
  return id.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

}  // namespace

std::vector<std::string> OwnNames(const std::string& tls_dir) {
  std::ifstream file(tls_dir + "/cert.pem");
  const auto certificate = ReadCertificate({std::istreambuf_iterator<char>(file), {}});
  std::vector<std::string> names;
  if (!certificate.ok()) return names;
  for (const std::string& uri : certificate->uris) names.push_back(uri.substr(uri.rfind('/') + 1));
  return names;
}

absl::StatusOr<std::string> FindJobName(Connection& connection, const std::string& text) {
  if (text == "last") return NewestOwn(connection);
  const absl::StatusOr<std::string> name = JobName(text);
  MUSTER_RETURN_IF_ERROR(name.status());
  const std::string id = name->substr(std::string("jobs/").size());
  if (IsUuid(id)) return name;
  if (IsBeginning(id)) return NameThatBegins(connection, *name);
  return MakeStatus(
      absl::StatusCode::kInvalidArgument,
      "\"{}\" is no job's id, nor the beginning of one, nor `last`; see `muster job list`", text);
}

absl::Status ResolveJobIds(Connection& connection, v1::Targets& targets) {
  for (v1::TasksOfJob& from : *targets.mutable_from_jobs()) {
    const absl::StatusOr<std::string> name = FindJobName(connection, from.job());
    MUSTER_RETURN_IF_ERROR(name.status());
    from.set_job(*name);
  }
  return absl::OkStatus();
}

}  // namespace muster::cli
