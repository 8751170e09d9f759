// What is wrong with the verb that was typed. Pure; any thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace muster::cli {

// "there is no verb `job lst` (did you mean `muster job list`?)"; "`muster job` needs a verb: list, show …". Empty if the verb in
// `arguments`, which are those of a whole command line that could not be parsed, is one of `app`'s.
std::string VerbProblem(const CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace muster::cli
