// Judges a session of BOS by its nodes. Blocks; any thread.
#pragma once

#include "controller/csm/bos_client.h"
#include "controller/operation/service_news.h"

namespace muster {

// What has become of each of the session's nodes. NOT_FOUND if the session is gone; errors of BosClient.
absl::StatusOr<BosProgress> LookAtSession(BosClient& bos, const BosSession& session);

// `components` are whom BOS knows of the session's nodes. One that another session has taken over, or that this one never had, has failed.
BosProgress Judge(const BosSession& session, const BosSessionState& state,
                  const std::vector<BosComponent>& components);

}  // namespace muster
