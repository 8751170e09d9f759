#include "controller/cli/connection.h"

#include <grpcpp/create_channel.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <random>

#include "controller/cli/credentials.h"
#include "controller/cli/duration.h"
#include "controller/cli/grpc_log.h"
#include "controller/cli/printable.h"

namespace muster::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A page of a thousand tasks with the longest sentences is 5 MiB; gRPC's default is 4.
constexpr int kMaxMessageBytes = 64 << 20;

bool IsPort(const std::string& text) {
  int port = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && rest == text.data() + text.size() && port > 0 && port < 65536;
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  // http_proxy in the environment would redirect us.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // A controller whose host has gone dark says nothing; musterd takes a PING each 20 s.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // as many as it takes
  // gRPC tries again on its own and fails calls at once in between; its pauses stay below ours.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return arguments;
}

// Waiting does not help against a certificate: OpenSSL's words, and those of our verifier.
bool IsCertificateProblem(const std::string& message) {
  if (!OwnCertificateProblem().empty()) return true;
  for (const char* words : {"certificate verify failed", "it is no controller"}) {
    if (message.find(words) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> ControllerAddress(const std::string& text) {
  if (text.empty()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "no controller was named; give --controller HOST[:PORT] or set "
                      "MUSTER_CONTROLLER");
  }
  const size_t colon = text.rfind(':');
  const bool has_one_colon = colon != std::string::npos && text.find(':') == colon;
  const bool is_bracketed = text.front() == '[';
  const bool has_port =
      (has_one_colon || (is_bracketed && text.back() != ']')) && colon != std::string::npos;
  const std::string host = has_port ? text.substr(0, colon) : text;
  const std::string port = has_port ? text.substr(colon + 1) : std::to_string(kOperatorPort);
  const bool is_host = !host.empty() && host.find_first_of(", /\t") == std::string::npos &&
                       (!is_bracketed || host.back() == ']');
  if (!is_host || !IsPort(port)) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "--controller {}: not HOST or HOST:PORT, such as ncn-m001:7421", text);
  }
  const bool is_bare_ipv6 = !is_bracketed && !has_one_colon && colon != std::string::npos;
  return is_bare_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Duration Backoff::Next() {
  static std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<int64_t> upto(0, limit_.count());
  limit_ = std::min(2 * limit_, kLargest);
  return Duration(upto(random));
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const ConnectionOptions& options) {
  const absl::StatusOr<std::string> address = ControllerAddress(options.controller);
  MUSTER_RETURN_IF_ERROR(address.status());
  std::unique_ptr<Connection> connection(new Connection(options, *address));
  const auto credentials = OperatorCredentials(options.tls_dir);
  MUSTER_RETURN_IF_ERROR(credentials.status());
  TakeGrpcLog();
  connection->stub_ =
      v1::Controller::NewStub(grpc::CreateCustomChannel(*address, *credentials, Arguments()));
  return connection;
}

Connection::Connection(ConnectionOptions options, std::string address)
    : options_(std::move(options)), address_(std::move(address)) {}

absl::Status Connection::Retry(const std::string& what,
                               const std::function<grpc::Status(grpc::ClientContext&)>& call) {
  const auto deadline = SteadyClock::now() + options_.connect_timeout;
  Backoff backoff;
  for (bool is_first = true;; is_first = false) {
    grpc::ClientContext context;
    const auto left = std::chrono::duration_cast<Duration>(deadline - SteadyClock::now());
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::microseconds>(
                             std::clamp<Duration>(left, 100ms, kCallTimeout)));
    const Interrupt::Cancels cancels(interrupt_, context);
    const grpc::Status status = call(context);
    if (status.ok()) return absl::OkStatus();
    const bool is_refused = status.error_code() == grpc::StatusCode::PERMISSION_DENIED ||
                            status.error_code() == grpc::StatusCode::UNAUTHENTICATED;
    may_have_arrived_ |=
        !is_refused && status.error_message().find("failed to connect") == std::string::npos;
    if (interrupt_.IsRaised()) {
      return MakeStatus(absl::StatusCode::kCancelled, "{}: interrupted", what);
    }
    const Duration pause = backoff.Next();
    if (!IsTransient(status) || SteadyClock::now() + pause >= deadline) {
      return Explain(what, status);
    }
    if (is_first) {
      fmt::print(stderr, "muster: {}: {} does not answer ({}); trying for {}\n", what, address_,
                 Printable(status.error_message()), FormatDuration(options_.connect_timeout));
    }
    interrupt_.SleepFor(pause);
  }
}

absl::Status Connection::Explain(const std::string& what, const grpc::Status& status) const {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  const std::string& message = status.error_message();
  const bool is_failed_connection = code == absl::StatusCode::kUnavailable;
  if (const std::string problem = OwnCertificateProblem();
      is_failed_connection && !problem.empty()) {
    return MakeStatus(absl::StatusCode::kUnauthenticated,
                      "{}: the certificate in {} does not work at {}: {}", what, options_.tls_dir,
                      address_, problem);
  }
  if (is_failed_connection && IsCertificateProblem(message)) {
    return MakeStatus(absl::StatusCode::kUnauthenticated,
                      "{}: no trust between {} and the certificates in {}: {}; check ca.pem and "
                      "cert.pem, and that the address is the controller's",
                      what, address_, options_.tls_dir, message);
  }
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return MakeStatus(code,
                        "{}: the controller at {} cannot be reached: {}; check the address, that "
                        "musterd runs, and that {} holds a valid operator's certificate",
                        what, address_, message, options_.tls_dir);
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return MakeStatus(code,
                        "{}: the controller at {} refused: {}; {} must hold an operator's "
                        "certificate",
                        what, address_, message, options_.tls_dir);
    case absl::StatusCode::kUnimplemented:
      return MakeStatus(
          absl::StatusCode::kUnavailable,
          "{}: what listens at {} is an older musterd, which does not know how, or no operators' "
          "port of one; that is by default 7421, and 7420 the agents'",
          what, address_);
    default:
      return MakeStatus(code, "{}: {}", what, message);
  }
}

bool IsHopeless(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::UNIMPLEMENTED:
      return true;
    default:
      return !status.ok() && status.error_code() == grpc::StatusCode::UNAVAILABLE &&
             !IsTransient(status);
  }
}

bool IsTransient(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    return !IsCertificateProblem(status.error_message());
  }
  return status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
}

}  // namespace muster::cli
