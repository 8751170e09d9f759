// gRPC's own log lines: not for operators, but for one thing that no status tells, why the controller closed the
// connection on our certificate. Any thread.
#pragma once

#include <string>

namespace muster::cli {

// From now on gRPC prints nothing, unless GRPC_VERBOSITY or GRPC_TRACE is in the environment. Before the first channel.
void TakeGrpcLog();

// What TLS said about our own certificate, such as "tlsv1 alert unknown ca"; empty if nothing.
std::string OwnCertificateProblem();

}  // namespace muster::cli
