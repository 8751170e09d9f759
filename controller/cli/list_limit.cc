#include "controller/cli/list_limit.h"

#include <fmt/format.h>

#include <cstdio>
#include <limits>

namespace muster::cli {
namespace {

constexpr size_t kForAPerson = 20;
constexpr size_t kLargestLimit = 100'000;

}  // namespace

size_t ListLimit::CountFor(OutputFormat output) const {
  if (typed) return *typed;
  return all || output != OutputFormat::kTable ? std::numeric_limits<size_t>::max() : kForAPerson;
}

void AddLimitOptions(CLI::App& verb, ListLimit& limit) {
  CLI::Option* option =
      verb.add_option("--limit", limit.typed, "At most so many; 20 in a table, else all")
          ->check(CLI::Range(size_t{1}, kLargestLimit))
          ->type_name("N");
  verb.add_flag("--all", limit.all, "Every one")->excludes(option);
}

void TellThereIsMore(size_t shown) {
  fmt::print(stderr, "muster: there are more than these {}; --limit N or --all lists them\n",
             shown);
}

}  // namespace muster::cli
