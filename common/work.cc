#include "common/work.h"

namespace muster {
namespace {

std::string UnitOrOrca(const std::string& unit) { return unit.empty() ? "ORCA" : unit; }

struct FeaturesOf {
  std::vector<std::string> operator()(const RestartUnit& work) const {
    if (work.satisfied_age) return {kRestartUnitFeature, kRestartSinceFeature};
    return {kRestartUnitFeature};
  }
  std::vector<std::string> operator()(const Inspect&) const { return {kInspectFeature}; }
  std::vector<std::string> operator()(const InspectContent&) const { return {kContentFeature}; }
  std::vector<std::string> operator()(const UnmountContent&) const { return {kContentFeature}; }
  std::vector<std::string> operator()(const RemountContent&) const { return {kContentFeature}; }
  std::vector<std::string> operator()(const UnknownWork&) const { return {"unknown"}; }
};

struct DescriptionOf {
  std::string operator()(const RestartUnit& w) const { return "restart " + UnitOrOrca(w.unit); }
  std::string operator()(const Inspect& w) const { return "inspect " + UnitOrOrca(w.unit); }
  std::string operator()(const InspectContent&) const { return "inspect content"; }
  std::string operator()(const UnmountContent&) const { return "unmount content"; }
  std::string operator()(const RemountContent&) const { return "remount content"; }
  std::string operator()(const UnknownWork&) const { return "unknown work"; }
};

}  // namespace

std::vector<std::string> RequiredFeatures(const Work& work) {
  return std::visit(FeaturesOf{}, work);
}

bool ChangesContent(const Work& work) {
  return std::holds_alternative<UnmountContent>(work) ||
         std::holds_alternative<RemountContent>(work);
}

std::string Describe(const Work& work) { return std::visit(DescriptionOf{}, work); }

}  // namespace muster
