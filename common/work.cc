#include "common/work.h"

namespace muster {
namespace {

std::string UnitOrOrca(const std::string& unit) { return unit.empty() ? "ORCA" : unit; }

struct FeatureOf {
  std::string operator()(const RestartUnit&) const { return kRestartUnitFeature; }
  std::string operator()(const Inspect&) const { return kInspectFeature; }
  std::string operator()(const UnknownWork&) const { return "unknown"; }
};

struct DescriptionOf {
  std::string operator()(const RestartUnit& w) const { return "restart " + UnitOrOrca(w.unit); }
  std::string operator()(const Inspect& w) const { return "inspect " + UnitOrOrca(w.unit); }
  std::string operator()(const UnknownWork&) const { return "unknown work"; }
};

}  // namespace

std::string RequiredFeature(const Work& work) { return std::visit(FeatureOf{}, work); }
std::string Describe(const Work& work) { return std::visit(DescriptionOf{}, work); }

}  // namespace muster
