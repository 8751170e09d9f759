// The methods of ControllerService that are about operations, and about HMNFD's subscribers.
#include <algorithm>
#include <utility>

#include "common/uuid.h"
#include "controller/api/controller_service.h"
#include "controller/api/create_reactor.h"
#include "controller/api/names.h"
#include "controller/api/preview.h"
#include "controller/api/targets.h"
#include "controller/api/validate.h"
#include "controller/api/watch.h"
#include "controller/edge/grpc_status.h"
#include "controller/operation/proof.h"
#include "controller/store/operation_proto.h"
#include "proto/convert.h"

namespace muster {
namespace {

constexpr size_t kMaxSubscribers = 10'000;

absl::Status NoHmnfd() {
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    "this controller knows no HMNFD, so it can prove nothing there: give it the "
                    "address in [csm] of musterd.toml, or restart without proof (--no-verify)");
}

// To the operator who asked us, UNAUTHENTICATED or UNAVAILABLE would speak of their own way to us.
absl::Status OfHmnfd(const absl::Status& status) {
  if (status.ok() || status.code() == absl::StatusCode::kResourceExhausted) return status;
  return MakeStatus(absl::StatusCode::kFailedPrecondition, "HMNFD's list cannot be read: {}",
                    Message(status));
}

// A page of them: after `token`, which is a node.
void AddPage(const Subscribers& subscribers, const v1::ListSubscribersRequest& request,
             v1::ListSubscribersResponse& response) {
  const size_t size = PageSize(request.page_size(), kMaxSubscribers, kMaxSubscribers);
  auto it = request.page_token().empty() ? subscribers.begin()
                                         : subscribers.upper_bound(request.page_token());
  for (; it != subscribers.end(); ++it) {
    if (static_cast<size_t>(response.subscribers_size()) == size) {
      response.set_next_page_token(response.subscribers().rbegin()->node());
      return;
    }
    v1::Subscriber& subscriber = *response.add_subscribers();
    subscriber.set_node(it->first);
    subscriber.mutable_agents()->Assign(it->second.begin(), it->second.end());
  }
}

}  // namespace

JobDone ControllerService::AnswerWithOperation(grpc::ServerUnaryReactor* reactor,
                                               v1::Operation* response) {
  return AnswerBy(reactor, [this, response](const std::string& id) { return Get(id, *response); });
}

grpc::ServerUnaryReactor* ControllerService::CreateOperation(
    grpc::CallbackServerContext* context, const v1::CreateOperationRequest* request,
    v1::Operation* response) {
  auto* reactor = new CreateReactor;
  Schedule(*context, reactor, [this, request, response, reactor](const std::string& operator_name) {
    Create(operator_name, *request, response, reactor);
  });
  return reactor;
}

void ControllerService::Create(const std::string& operator_name,
                               const v1::CreateOperationRequest& request, v1::Operation* response,
                               grpc::ServerUnaryReactor* reactor) {
  absl::StatusOr<CheckedOperation> checked = CheckRequest(request, clock_.Now());
  if (!checked.ok()) return reactor->Finish(GrpcStatus(checked.status()));
  if (checked->content)
    return CreateContent(operator_name, request, *std::move(checked), response, reactor);
  if (!options_.list_subscribers) return reactor->Finish(GrpcStatus(NoHmnfd()));
  absl::StatusOr<Resolved> targets = ResolveTargets(request.targets(), registry_, reader_);
  if (!targets.ok()) return reactor->Finish(GrpcStatus(targets.status()));
  OperationSpec spec;
  spec.resubscription = std::move(checked->resubscription);
  if (request.validate_only()) {
    return PreviewResubscription(operator_name, std::move(spec.resubscription), *std::move(targets),
                                 response, reactor);
  }
  spec.id = NewUuid();
  spec.created_by = operator_name;
  spec.created = clock_.Now();
  spec.request_id = std::move(checked->request_id);
  spec.request_digest = std::move(checked->digest);
  spec.resubscription.job = NewUuid();
  std::vector<std::string> remarks = RemarksOn(*targets, registry_);
  if (const auto uans = UansBeside(*targets, registry_); !uans.empty())
    remarks.push_back(RemarkOnUans(uans));
  spec.resubscription.nodes = std::move(targets->xnames);
  control_.SubmitOperation(std::move(spec), std::move(remarks),
                           AnswerWithOperation(reactor, response));
}

// As the operation will do it, HMNFD is asked who is missing, where they alone are restarted.
void ControllerService::PreviewResubscription(const std::string& operator_name,
                                              ResubscriptionSpec asked, Resolved targets,
                                              v1::Operation* response,
                                              grpc::ServerUnaryReactor* reactor) {
  const std::vector<std::string> uans = UansBeside(targets, registry_);
  const auto show = [this, response, uans, operator_name](ResubscriptionSpec spec,
                                                          const Resolved& nodes) {
    v1::Job& job = *response->mutable_job() =
        Preview(spec.work, spec.policy, operator_name, nodes, registry_, reader_);
    v1::Plan& plan = *job.mutable_plan();
    if (!nodes.xnames.empty())
      *plan.mutable_least_duration() = ToProto(FromProto(plan.least_duration()) + spec.second_look);
    plan.mutable_uans()->Assign(uans.begin(), uans.end());
    spec.nodes = nodes.xnames;
    *response->mutable_resubscription() = ToProto(spec);
  };
  if (!asked.only_missing) {
    show(std::move(asked), targets);
    return reactor->Finish(grpc::Status::OK);
  }
  options_.list_subscribers([this, show, asked = std::move(asked), targets = std::move(targets),
                             reactor](const auto& subscribers) {
    if (!subscribers.ok()) return reactor->Finish(GrpcStatus(OfHmnfd(subscribers.status())));
    Resolved missing = targets;
    std::erase_if(missing.xnames, [&](const std::string& node) {
      std::string agents;
      return IsSubscribed(node, asked.baseline, **subscribers, &agents);
    });
    worker_.PostReserved([show, asked, missing = std::move(missing), reactor] {
      show(asked, missing);
      reactor->Finish(grpc::Status::OK);
    });
  });
}

grpc::ServerUnaryReactor* ControllerService::GetOperation(grpc::CallbackServerContext* context,
                                                          const v1::GetOperationRequest* request,
                                                          v1::Operation* response) {
  return Answer(context, [this, request, response]() -> absl::Status {
    const absl::StatusOr<std::string> id = ParseOperationName(request->name());
    MUSTER_RETURN_IF_ERROR(id.status());
    return Get(*id, *response);
  });
}

absl::Status ControllerService::Get(const std::string& id, v1::Operation& response) {
  absl::StatusOr<v1::Operation> operation = ReadOperation(id, reader_);
  MUSTER_RETURN_IF_ERROR(operation.status());
  response = *std::move(operation);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ControllerService::ListOperations(
    grpc::CallbackServerContext* context, const v1::ListOperationsRequest* request,
    v1::ListOperationsResponse* response) {
  return Answer(context, [this, request, response] { return List(*request, *response); });
}

absl::Status ControllerService::List(const v1::ListOperationsRequest& request,
                                     v1::ListOperationsResponse& response) {
  const size_t size = PageSize(request.page_size(), 100, 1000);
  const absl::StatusOr<std::vector<OperationRecord>> records =
      reader_.ListOperations(size + 1, request.page_token());
  MUSTER_RETURN_IF_ERROR(records.status());
  for (size_t i = 0; i < std::min(size, records->size()); ++i) {
    v1::Operation& operation = *response.add_operations() = ToProto((*records)[i]);
    if (operation.has_resubscription()) operation.mutable_resubscription()->clear_baseline();
    operation.clear_notes();
  }
  if (records->size() > size) response.set_next_page_token((*records)[size - 1].spec->id);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ControllerService::CancelOperation(
    grpc::CallbackServerContext* context, const v1::CancelOperationRequest* request,
    v1::Operation* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Schedule(*context, reactor, [this, request, response, reactor](const std::string& operator_name) {
    const absl::StatusOr<std::string> id = ParseOperationName(request->name());
    if (!id.ok()) return reactor->Finish(GrpcStatus(id.status()));
    const absl::Status found = reader_.GetOperation(*id).status();
    if (!found.ok()) return reactor->Finish(GrpcStatus(found));
    control_.CancelOperation(*id, operator_name, AnswerWithOperation(reactor, response));
  });
  return reactor;
}

grpc::ServerWriteReactor<v1::Operation>* ControllerService::WatchOperation(
    grpc::CallbackServerContext* context, const v1::WatchOperationRequest* request) {
  const absl::StatusOr<std::string> id = ParseOperationName(request->name());
  absl::StatusOr<WatchContext> watch = AdmitWatch(*context, id.status());
  if (!watch.ok()) return new RefusedWatch<v1::Operation>(watch.status());
  return OperationWatch::Start(*id, *std::move(watch));
}

grpc::ServerUnaryReactor* ControllerService::ListSubscribers(
    grpc::CallbackServerContext* context, const v1::ListSubscribersRequest* request,
    v1::ListSubscribersResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Schedule(*context, reactor, [this, request, response, reactor](const std::string&) {
    if (!options_.list_subscribers) return reactor->Finish(GrpcStatus(NoHmnfd()));
    options_.list_subscribers(
        [request, response,
         reactor](const absl::StatusOr<std::shared_ptr<const Subscribers>>& subscribers) {
          if (subscribers.ok()) AddPage(**subscribers, *request, *response);
          reactor->Finish(GrpcStatus(OfHmnfd(subscribers.status())));
        });
  });
  return reactor;
}

}  // namespace muster
