// What musterd's settings say of the web port, read. Used by main.
#pragma once

#include <string>

#include "common/status.h"
#include "controller/config.h"
#include "controller/web/web_server.h"

namespace muster {

// With the controller's own certificate. FAILED_PRECONDITION if it cannot be read.
absl::StatusOr<WebServer::Options> WebOptionsOf(const WebConfig& web,
                                                const ControllerConfig& config);
// Empty if the settings name none. As of ReadToken.
absl::StatusOr<std::string> WebTokenOf(const WebConfig& web);

}  // namespace muster
