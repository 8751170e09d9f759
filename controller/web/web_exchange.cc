#include "controller/web/web_exchange.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace muster {

void WebStream::Put(std::string text) {
  const MutexLock lock(mutex_);
  if (!is_open_ || is_ending_) return;
  text_ = std::move(text);
  taken_ = 0;
  if (resume_) std::exchange(resume_, nullptr)();
}

void WebStream::End() {
  const MutexLock lock(mutex_);
  is_ending_ = true;
  if (resume_) std::exchange(resume_, nullptr)();
}

WebAnswer WebError(int status, const std::string& sentence) {
  const nlohmann::json body = {{"error", sentence}};
  return {.status = status,
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace muster
