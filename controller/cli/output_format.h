// What -o takes. Plain data.
#pragma once

namespace muster::cli {

// All but the first are documents: everything that is known, for programs.
enum class OutputFormat { kTable, kJson, kJsonl, kYaml, kToml };

}  // namespace muster::cli
