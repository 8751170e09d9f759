// The JSON of the web port: the machine as a map, health, one node, jobs, what has happened, and who is meant by a node set. On one thread,
// which may wait for the store.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "controller/api/fleet_health.h"
#include "controller/fleet/fleet_watch.h"
#include "controller/fleet/history_store.h"
#include "controller/inventory/node_registry.h"
#include "controller/store/job_store.h"
#include "controller/web/web_exchange.h"

namespace muster {

struct WebSources {
  const NodeRegistry& registry;
  FleetHealth& health;
  const FleetWatch& fleet;
  JobReader& jobs;
  HistoryReader& history;
};

class WebApi {
 public:
  // All that is lent outlives it.
  WebApi(const WebSources& sources, Time started) : sources_(sources), started_(started) {}

  // Answers a path below "/api/", but for /api/events; `done` may come later, on any thread.
  void Handle(const WebRequest& request, const WebHandler::Done& done);

 private:
  WebAnswer Map() const;
  WebAnswer Node(const std::string& name) const;
  WebAnswer History() const;
  WebAnswer Jobs() const;
  WebAnswer Select(const std::map<std::string, std::string>& query) const;

  const WebSources sources_;
  const Time started_;
};

}  // namespace muster
