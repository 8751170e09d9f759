#include "controller/cli/ask_controller.h"

#include <map>
#include <string>

#include "common/time.h"
#include "controller/cli/environment.h"
#include "controller/cli/job_view.h"
#include "controller/cli/paging.h"
#include "controller/cli/printable.h"

namespace muster::cli {
namespace {

constexpr Duration kPatience = 1s;
// The most that the controller gives at once.
constexpr uint32_t kNodesPage = 10'000;
constexpr uint32_t kNewest = 20;

// One connection, and one try of each call, without a word about how it went. Nothing is waited for any more after kPatience.
class Asker {
 public:
  explicit Asker(const ConnectionOptions& where)
      : until_(std::chrono::system_clock::now() + kPatience) {
    absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Open(where);
    if (connection.ok()) connection_ = std::move(*connection);
  }

  template <typename Method, typename Request, typename Response>
  bool Ask(Method method, const Request& request, Response* response) {
    if (connection_ == nullptr) return false;
    grpc::ClientContext context;
    context.set_deadline(until_);
    if ((connection_->stub().*method)(&context, request, response).ok()) return true;
    response->Clear();
    return false;
  }

 private:
  std::chrono::system_clock::time_point until_;
  std::unique_ptr<Connection> connection_;  // null: it cannot be asked
};

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

std::vector<Candidate> FromNodes(Known what, const ConnectionOptions& where) {
  Asker asker(where);
  v1::ListNodesRequest request;
  request.set_page_size(kNodesPage);
  std::map<std::string, std::string> words;
  for (int page = 0; page < kMaxPages; ++page) {
    v1::ListNodesResponse response;
    if (!asker.Ask(&v1::Controller::Stub::ListNodes, request, &response)) break;
    for (const v1::Node& node : response.nodes()) AddWhatIsKnown(what, node, &words);
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  std::vector<Candidate> candidates;
  for (const auto& [word, about] : words) candidates.push_back({word, about});
  return candidates;
}

std::string IdIn(const std::string& name) { return Printable(name.substr(name.find('/') + 1)); }

std::vector<Candidate> Jobs(const ConnectionOptions& where) {
  v1::ListJobsRequest request;
  request.set_page_size(kNewest);
  v1::ListJobsResponse response;
  Asker(where).Ask(&v1::Controller::Stub::ListJobs, request, &response);
  std::vector<Candidate> jobs;
  for (const v1::Job& job : response.jobs())
    jobs.push_back(
        {IdIn(job.name()), Printable(WorkInWords(job.work()) + ", by " + job.created_by())});
  return jobs;
}

std::vector<Candidate> Operations(const ConnectionOptions& where) {
  v1::ListOperationsRequest request;
  request.set_page_size(kNewest);
  v1::ListOperationsResponse response;
  Asker(where).Ask(&v1::Controller::Stub::ListOperations, request, &response);
  std::vector<Candidate> operations;
  for (const v1::Operation& operation : response.operations())
    operations.push_back({IdIn(operation.name()), "by " + Printable(operation.created_by())});
  return operations;
}

}  // namespace

ConnectionOptions WithTyped(const ConnectionOptions& settings, const TypedConnection& typed) {
  const auto first = [](const std::string& word, const char* variable, const std::string& setting) {
    const std::string of_environment = Environment(variable);
    return !word.empty() ? word : !of_environment.empty() ? of_environment : setting;
  };
  ConnectionOptions where = settings;
  where.controller = first(typed.controller, "MUSTER_CONTROLLER", settings.controller);
  where.tls_dir = first(typed.tls_dir, "MUSTER_TLS_DIR", settings.tls_dir);
  return where;
}

std::vector<Candidate> KnownByController(Known what, const ConnectionOptions& where) {
  if (what == Known::kJobs) return Jobs(where);
  if (what == Known::kOperations) return Operations(where);
  return FromNodes(what, where);
}

}  // namespace muster::cli
