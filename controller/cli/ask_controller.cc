#include "controller/cli/ask_controller.h"

#include <cstdlib>
#include <map>
#include <string>

#include "common/time.h"
#include "controller/cli/connection.h"
#include "controller/cli/job_view.h"
#include "controller/cli/printable.h"

namespace muster::cli {
namespace {

constexpr Duration kPatience = 1s;
// The most that the controller gives at once: all nodes of a large system.
constexpr uint32_t kNodes = 10'000;
constexpr uint32_t kNewest = 20;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::unique_ptr<Connection> Connect(const TypedConnection& where) {
  ConnectionOptions options;
  options.controller =
      where.controller.empty() ? Environment("MUSTER_CONTROLLER") : where.controller;
  options.tls_dir = where.tls_dir.empty() ? Environment("MUSTER_TLS_DIR") : where.tls_dir;
  absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Open(options);
  return connection.ok() ? std::move(*connection) : nullptr;
}

// One try, without a word about how it went.
template <typename Method, typename Request, typename Response>
void AskOnce(const TypedConnection& where, Method method, const Request& request,
             Response* response) {
  const std::unique_ptr<Connection> connection = Connect(where);
  if (connection == nullptr) return;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::microseconds>(kPatience));
  const grpc::Status status = (connection->stub().*method)(&context, request, response);
  if (!status.ok()) response->Clear();
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void AddWhatIsKnown(Known what, const v1::Node& node, std::map<std::string, std::string>* out) {
  const auto add = [out](const std::string& word, const std::string& about) {
    if (!word.empty()) out->emplace(Printable(word), Printable(about));
  };
  switch (what) {
    case Known::kNodes: {
      const std::string xname = node.name().substr(node.name().find('/') + 1);
      add(xname, node.aliases().empty() ? node.role() : node.aliases(0));
      for (const std::string& alias : node.aliases()) add(alias, xname);
      break;
    }
    case Known::kRoles:
      add(Lower(node.role()), "");
      add(Lower(node.sub_role()), "");
      break;
    case Known::kGroups:
      for (const std::string& group : node.groups()) add(group, "");
      break;
    case Known::kPartitions:
      add(node.partition(), "");
      break;
    case Known::kUnits:
      for (const v1::UnitState& unit : node.status().units()) add(unit.unit(), "");
      break;
    case Known::kJobs:
    case Known::kOperations:
      break;
  }
}

std::vector<Candidate> FromNodes(Known what, const TypedConnection& where) {
  v1::ListNodesRequest request;
  request.set_page_size(kNodes);
  v1::ListNodesResponse response;
  AskOnce(where, &v1::Controller::Stub::ListNodes, request, &response);
  std::map<std::string, std::string> words;
  for (const v1::Node& node : response.nodes()) AddWhatIsKnown(what, node, &words);
  std::vector<Candidate> candidates;
  for (const auto& [word, about] : words) candidates.push_back({word, about});
  return candidates;
}

std::string IdIn(const std::string& name) { return Printable(name.substr(name.find('/') + 1)); }

std::vector<Candidate> Jobs(const TypedConnection& where) {
  v1::ListJobsRequest request;
  request.set_page_size(kNewest);
  v1::ListJobsResponse response;
  AskOnce(where, &v1::Controller::Stub::ListJobs, request, &response);
  std::vector<Candidate> jobs;
  for (const v1::Job& job : response.jobs())
    jobs.push_back(
        {IdIn(job.name()), Printable(WorkInWords(job.work()) + ", by " + job.created_by())});
  return jobs;
}

std::vector<Candidate> Operations(const TypedConnection& where) {
  v1::ListOperationsRequest request;
  request.set_page_size(kNewest);
  v1::ListOperationsResponse response;
  AskOnce(where, &v1::Controller::Stub::ListOperations, request, &response);
  std::vector<Candidate> operations;
  for (const v1::Operation& operation : response.operations())
    operations.push_back({IdIn(operation.name()), "by " + Printable(operation.created_by())});
  return operations;
}

}  // namespace

std::vector<Candidate> KnownByController(Known what, const TypedConnection& where) {
  if (what == Known::kJobs) return Jobs(where);
  if (what == Known::kOperations) return Operations(where);
  return FromNodes(what, where);
}

}  // namespace muster::cli
