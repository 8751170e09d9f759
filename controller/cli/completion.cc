// The words before the cursor are followed through the tree of verbs: a word is a verb, an option, its value, or an argument. What is at the cursor is
// then completed by what the tree says of it; only values that nobody can know beforehand are asked of the controller.
#include "controller/cli/completion.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>

#include "controller/cli/ask_controller.h"
#include "controller/cli/command_line.h"
#include "controller/cli/help_format.h"
#include "controller/cli/job_view.h"
#include "controller/cli/node_completion.h"

namespace muster::cli {
namespace {

// What is at the cursor.
struct Cursor {
  const CLI::App* verb = nullptr;
  const CLI::Option* value_of = nullptr;  // an option, or an argument; null: a verb or an option
  std::string before = {};                // what stays in front of the candidates: "--role="
  std::string word = {};
  TypedConnection where = {};
};

const CLI::Option* FindOption(const CLI::App& verb, const std::string& name) {
  for (const CLI::App* at = &verb; at != nullptr; at = at->get_parent())
    if (const CLI::Option* option = at->get_option_no_throw(name)) return option;
  return nullptr;
}

const CLI::App* FindVerb(const CLI::App& verb, const std::string& name) {
  for (const CLI::App* next : verb.get_subcommands([](const CLI::App*) { return true; }))
    if (next->get_name() == name) return next;
  return nullptr;
}

bool TakesValue(const CLI::Option& option) {
  return option.get_type_size() != 0 && option.get_expected_max() > 0;
}

void Remember(const CLI::Option& option, const std::string& value, TypedConnection* where) {
  if (option.check_lname("controller")) where->controller = value;
  if (option.check_lname("tls-dir")) where->tls_dir = value;
}

// The argument that comes after so many.
const CLI::Option* ArgumentAfter(const CLI::App& verb, size_t count) {
  const auto arguments = verb.get_options([](const CLI::Option* o) { return o->get_positional(); });
  if (count < arguments.size()) return arguments[count];
  const bool goes_on = !arguments.empty() && arguments.back()->get_expected_max() > 1;
  return goes_on ? arguments.back() : nullptr;
}

Cursor Follow(const CLI::App& app, const std::vector<std::string>& words) {
  Cursor cursor{.verb = &app};
  size_t arguments = 0;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    const size_t equals = word.find('=');
    if (word.starts_with("-") && word != "-") {
      const CLI::Option* option = FindOption(*cursor.verb, word.substr(0, equals));
      if (option == nullptr || !TakesValue(*option)) continue;
      const bool is_whole = equals != std::string::npos;
      if (!is_whole && i + 2 == words.size()) cursor.value_of = option;
      if (!is_whole) ++i;
      if (i + 1 < words.size())
        Remember(*option, is_whole ? word.substr(equals + 1) : words[i], &cursor.where);
    } else if (const CLI::App* next = FindVerb(*cursor.verb, word)) {
      cursor.verb = next;
    } else {
      ++arguments;
    }
  }
  cursor.word = words.empty() ? "" : words.back();
  if (cursor.value_of != nullptr) return cursor;
  const size_t equals = cursor.word.find('=');
  if (cursor.word.starts_with("--") && equals != std::string::npos) {
    cursor.value_of = FindOption(*cursor.verb, cursor.word.substr(0, equals));
    cursor.before = cursor.word.substr(0, equals + 1);
    cursor.word.erase(0, equals + 1);
  } else if (!cursor.word.starts_with("-") && FindVerb(*cursor.verb, cursor.word) == nullptr) {
    cursor.value_of = ArgumentAfter(*cursor.verb, arguments);
  }
  return cursor;
}

void AddOptions(const CLI::App& verb, std::set<std::string>* seen, std::vector<Candidate>* out) {
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames())
      if (seen->insert(name).second) out->push_back({"--" + name, option->get_description()});
  }
  if (verb.get_parent() != nullptr) AddOptions(*verb.get_parent(), seen, out);
}

std::vector<Candidate> VerbsAndOptions(const Cursor& cursor) {
  std::vector<Candidate> candidates;
  if (!cursor.word.starts_with("-")) {
    for (const CLI::App* verb : cursor.verb->get_subcommands([](const CLI::App*) { return true; }))
      candidates.push_back({verb->get_name(), verb->get_description()});
    if (!candidates.empty()) return candidates;
  }
  std::set<std::string> seen;
  AddOptions(*cursor.verb, &seen, &candidates);
  return candidates;
}

std::vector<Candidate> Words(const std::vector<std::string>& words) {
  std::vector<Candidate> candidates;
  for (const std::string& word : words) candidates.push_back({word});
  return candidates;
}

// An argument of `muster nodeset`; that of split may be the number of parts, too.
bool IsSet(const CLI::Option& option, const std::string& verb) {
  return verb.starts_with("muster nodeset") && option.get_positional();
}

void CompleteValue(Cursor& cursor, const AskController& ask, Completion* out) {
  const CLI::Option& option = *cursor.value_of;
  const std::string name =
      option.get_lnames().empty() ? option.get_name(true) : option.get_lnames().front();
  const std::string verb = PathOf(*cursor.verb);
  const auto is = [&name](std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  // What stands before its last part stays as it is.
  const auto go_on_at = [&](size_t begin) {
    out->kind = Completion::Kind::kOpen;
    cursor.before += cursor.word.substr(0, begin);
    cursor.word.erase(0, begin);
  };
  const auto take_list = [&](const std::vector<std::string>& words) {
    go_on_at(cursor.word.rfind(',') + 1);
    out->candidates = Words(words);
  };
  const auto take_set = [&](const std::function<std::vector<Candidate>()>& nodes) {
    go_on_at(BeginOfOperand(cursor.word));
    out->candidates = OperandCandidates(cursor.word, nodes);
  };
  const auto known = [&](Known what) { out->candidates = ask(what, cursor.where); };
  if (const std::vector<std::string> choices = Choices(option); !choices.empty()) {
    out->candidates = Words(choices);
  } else if (verb == "muster pki issue" && name == "role") {
    out->candidates = Words({"controller", "agent", "operator"});
  } else if (is({"sat", "baseline", "tls-dir", "dir", "out", "FILE", "DIR"})) {
    out->kind = Completion::Kind::kFile;
  } else if (is({"nodes", "exclude"})) {
    take_set([&] { return ask(Known::kNodes, cursor.where); });
  } else if (IsSet(option, verb)) {
    // It speaks to no controller.
    take_set([] { return std::vector<Candidate>(); });
  } else if (is({"state"})) {
    const bool has_nodes = cursor.verb->get_option_no_throw("--exclude") != nullptr;
    take_list(has_nodes ? TaskStateWords() : JobStateWords());
  } else if (is({"hsm-state"})) {
    take_list({"ready", "standby", "on", "off", "halt", "populated", "empty", "unknown"});
  } else if (is({"role"})) {
    known(Known::kRoles);
  } else if (is({"group"})) {
    known(Known::kGroups);
  } else if (is({"partition"})) {
    known(Known::kPartitions);
  } else if (is({"UNIT"})) {
    known(Known::kUnits);
  } else if (is({"NODE"})) {
    out->candidates = NodeCandidates(ask(Known::kNodes, cursor.where), cursor.word);
    if (out->candidates.size() > 1) out->kind = Completion::Kind::kOpen;
  } else if (is({"from-job", "ID"})) {
    known(verb.starts_with("muster operation") ? Known::kOperations : Known::kJobs);
    out->candidates.insert(out->candidates.begin(), {"last", "your newest"});
  }
}

const char* Name(Completion::Kind kind) {
  switch (kind) {
    case Completion::Kind::kWord:
      return "word";
    case Completion::Kind::kOpen:
      return "open";
    case Completion::Kind::kFile:
      return "file";
  }
  return "";
}

}  // namespace

Completion CompletionOf(const CLI::App& app, const std::vector<std::string>& words,
                        const AskController& ask) {
  Cursor cursor = Follow(app, words);
  // A quote that the shell has not closed yet.
  if (cursor.word.starts_with('\'') || cursor.word.starts_with('"')) cursor.word.erase(0, 1);
  Completion completion;
  if (cursor.value_of != nullptr) {
    CompleteValue(cursor, ask, &completion);
  } else {
    completion.candidates = VerbsAndOptions(cursor);
  }
  std::erase_if(completion.candidates,
                [&](const Candidate& one) { return !one.word.starts_with(cursor.word); });
  for (Candidate& candidate : completion.candidates) candidate.word.insert(0, cursor.before);
  return completion;
}

bool IsCompletion(int argc, char** argv) {
  return argc >= 2 && std::strcmp(argv[1], "__complete") == 0;
}

int Complete(const CLI::App& app, const ConnectionOptions& settings, int argc, char** argv) {
  const auto ask = [&settings](Known what, const TypedConnection& typed) {
    return KnownByController(what, WithTyped(settings, typed));
  };
  const Completion completion = CompletionOf(app, {argv + 2, argv + argc}, ask);
  fmt::print("{}\n", Name(completion.kind));
  for (const Candidate& one : completion.candidates)
    fmt::print("{}{}{}\n", one.word, one.about.empty() ? "" : "\t", one.about);
  return 0;
}

}  // namespace muster::cli
