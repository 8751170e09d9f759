// What --help and the manual pages say of each verb beside its options: examples and exit codes; and which group each option belongs to. Pure.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

namespace muster::cli {

struct Example {
  std::string command;  // "muster job show last"
  std::string what;     // a sentence without its full stop
};

// Of the verb with this path, such as "muster job retry"; every verb that does something has one.
std::vector<Example> ExamplesOf(const std::string& path);

// In the order of the codes.
std::vector<std::pair<int, std::string>> ExitCodesOf(const CLI::App& verb);

// What stands in the footer beside these two; may be empty.
std::string NotesOf(const CLI::App& verb);

// Groups the options of all verbs, and gives each its footer. Once, when all verbs are there.
void AddHelpText(CLI::App& app);

}  // namespace muster::cli
