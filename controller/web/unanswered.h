// The requests that wait for their answer. It is shared by all who owe one, and so outlives the server: an answer that comes after the end
// goes to nobody. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "common/mutex.h"
#include "controller/web/web_exchange.h"

namespace muster {

class Unanswered {
 public:
  // What answers the request in place of `done`, from now on. Once; of two answers the first counts.
  static WebHandler::Done Add(const std::shared_ptr<Unanswered>& self, WebHandler::Done done);
  // Gives `answer` to all that wait. When it returns, none is being given.
  void End(const WebAnswer& answer);

 private:
  // Empty: it was answered.
  WebHandler::Done Take(uint64_t number);
  void Give(uint64_t number, WebAnswer answer);

  Mutex mutex_;
  uint64_t last_ MUSTER_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, WebHandler::Done> waiting_ MUSTER_GUARDED_BY(mutex_);
  size_t being_given_ MUSTER_GUARDED_BY(mutex_) = 0;
  CondVar given_;
};

}  // namespace muster
