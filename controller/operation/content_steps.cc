#include "controller/operation/content_steps.h"

namespace muster {

std::vector<ContentStep> StepsOf(const ContentSpec& spec) {
  using enum ContentStep;
  std::vector<ContentStep> steps;
  const auto add = [&steps](bool is_wanted, ContentStep step) {
    if (is_wanted) steps.push_back(step);
  };
  const bool asks_cps = spec.min_servers > 0;
  const bool asks_bos = !spec.bos_template.empty();
  add(spec.is_unmount, kRecord);
  add(spec.is_unmount && asks_cps, kFindServers);
  add(spec.is_unmount, kUnmount);
  add(spec.is_unmount && asks_cps, kUnmountServers);
  add(spec.is_unmount && asks_bos, kShutDown);
  add(!spec.is_unmount && asks_cps, kCpsReady);
  add(!spec.is_unmount, kRemount);
  add(!spec.is_unmount && asks_bos, kBoot);
  return steps;
}

const char* TitleOf(ContentStep step) {
  switch (step) {
    case ContentStep::kRecord:
      return "what is mounted is recorded";
    case ContentStep::kFindServers:
      return "which workers serve CPS is known";
    case ContentStep::kUnmount:
      return "content is unmounted";
    case ContentStep::kUnmountServers:
      return "content is unmounted on workers that serve CPS";
    case ContentStep::kShutDown:
      return "nodes with their root on it are shut down";
    case ContentStep::kCpsReady:
      return "CPS is ready";
    case ContentStep::kRemount:
      return "content is mounted again";
    case ContentStep::kBoot:
      return "nodes with their root on it are booted";
  }
  return "";
}

}  // namespace muster
