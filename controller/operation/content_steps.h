// The steps of a phase of projected content: which there are, in which order. Pure; any thread.
#pragma once

#include <vector>

#include "controller/operation/operation.h"

namespace muster {

enum class ContentStep {
  kRecord,          // a job: what is mounted
  kFindServers,     // CPS says which workers serve it
  kUnmount,         // a job
  kUnmountServers,  // a job: those workers, of which enough are left alone at any time
  kShutDown,        // a session of BOS: nodes with their root on content
  kCpsReady,        // CPS is well, and enough workers serve it
  kRemount,         // a job
  kBoot,            // a session of BOS
};

std::vector<ContentStep> StepsOf(const ContentSpec& spec);
// As it is shown: "content is unmounted".
const char* TitleOf(ContentStep step);

}  // namespace muster
