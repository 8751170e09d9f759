// How much of a list is shown: a person sees the newest, a program gets all, for it would not see what is missing. Main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <optional>

#include "controller/cli/output_format.h"

namespace muster::cli {

struct ListLimit {
  std::optional<size_t> typed;  // --limit
  bool all = false;             // --all

  // The most elements that are shown.
  size_t CountFor(OutputFormat output) const;
};

// --limit and --all. `limit` outlives the parse.
void AddLimitOptions(CLI::App& verb, ListLimit& limit);

// On standard error, for a table that ends before its list does, be it on a terminal or in a pipe.
void TellThereIsMore(size_t shown);

}  // namespace muster::cli
