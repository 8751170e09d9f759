// What a shell offers for the word at the cursor. `muster __complete WORD…`, with the words up to the cursor, answers in lines: first how the
// candidates are meant, then one each, with a tab and what it is behind it. packaging/completions has what the shells make of it. Main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "controller/cli/connection.h"

namespace muster::cli {

struct Candidate {
  std::string word;
  std::string about = {};  // may be empty
};

struct Completion {
  enum class Kind {
    kWord,  // "word": a blank follows
    kOpen,  // "open": one may go on typing, a comma for example
    kFile,  // "file": the shell knows files better
  };
  Kind kind = Kind::kWord;
  std::vector<Candidate> candidates;
};

// What the controller knows.
enum class Known { kNodes, kRoles, kGroups, kPartitions, kUnits, kJobs, kOperations };
// What was typed of where the controller is; empty: by the environment and the settings.
struct TypedConnection {
  std::string controller;
  std::string tls_dir;
};
using AskController =
    std::function<std::vector<Candidate>(Known what, const TypedConnection& where)>;

// `words`: what was typed after the program's name, the last one being that at the cursor, possibly empty.
Completion CompletionOf(const CLI::App& app, const std::vector<std::string>& words,
                        const AskController& ask);

bool IsCompletion(int argc, char** argv);
// Never fails: what cannot be known is not offered. `settings` are those of the files. The exit code.
int Complete(const CLI::App& app, const ConnectionOptions& settings, int argc, char** argv);

}  // namespace muster::cli
