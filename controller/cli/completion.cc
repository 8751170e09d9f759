// The words before the cursor are followed through the tree of verbs: a word is a verb, an option, its value, or an argument. What is at the cursor is
// then completed by what the tree says of it; only values that nobody can know beforehand are asked of the controller.
#include "controller/cli/completion.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>

#include "controller/cli/ask_controller.h"
#include "controller/cli/command_line.h"
#include "controller/cli/help_format.h"
#include "muster/v1/job.pb.h"

namespace muster::cli {
namespace {

// More than these are shortened to what comes next in their names.
constexpr size_t kMaxOffered = 60;

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

std::vector<Candidate> TaskStates() {
  std::vector<Candidate> states;
  for (int state = v1::TASK_STATE_PENDING; v1::TaskState_IsValid(state); ++state) {
    std::string name =
        v1::TaskState_Name(static_cast<v1::TaskState>(state)).substr(sizeof "TASK_STATE");
    for (char& c : name) c = c == '_' ? '-' : static_cast<char>(std::tolower(c));
    states.push_back({name});
  }
  return states;
}

// What a list has before its last comma outside of brackets stays as it is.
size_t BeginOfLast(const std::string& list) {
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    depth += list[i] == '[' ? 1 : list[i] == ']' ? -1 : 0;
    if (list[i] == ',' && depth == 0) begin = i + 1;
  }
  return begin;
}

// Files of a ^FILE that need no quotes.
std::vector<Candidate> FilesAt(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  std::vector<Candidate> files;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder.empty() ? "." : folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool is_hidden = name.starts_with(".") && path.size() == folder.size();
    if (is_hidden || name.find_first_of(" \t\n'\"\\$`*?[](){};&|<>,#") != std::string::npos)
      continue;
    std::error_code ignored;
    files.push_back({"^" + folder + name + (entry.is_directory(ignored) ? "/" : "")});
  }
  return files;
}

// A node's name up to the end of the number after what is typed.
std::string NextPart(const std::string& name, size_t typed) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t end = typed;
  while (end < name.size() && !is_digit(name[end])) ++end;
  while (end < name.size() && is_digit(name[end])) ++end;
  return name.substr(0, end);
}

// Ten thousand names are no help; those of the cabinets are.
std::vector<Candidate> Shortened(std::vector<Candidate> nodes, const std::string& word) {
  std::erase_if(nodes, [&](const Candidate& node) { return !node.word.starts_with(word); });
  if (nodes.size() <= kMaxOffered) return nodes;
  std::vector<std::string> parts;
  for (const Candidate& node : nodes) {
    std::string part = NextPart(node.word, word.size());
    if (parts.empty() || parts.back() != part) parts.push_back(std::move(part));
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  return Words(parts);
}

std::vector<Candidate> Nodes(const Cursor& cursor, const AskController& ask) {
  if (cursor.word.starts_with("^")) return FilesAt(cursor.word.substr(1));
  // Groups of ClusterShell, @NAME, would be named here.
  if (cursor.word.starts_with("@") || cursor.word.find('[') != std::string::npos) return {};
  return Shortened(ask(Known::kNodes, cursor.where), cursor.word);
}

void CompleteValue(Cursor& cursor, const AskController& ask, Completion* out) {
  const CLI::Option& option = *cursor.value_of;
  const std::string name =
      option.get_lnames().empty() ? option.get_name(true) : option.get_lnames().front();
  const std::string verb = PathOf(*cursor.verb);
  const auto is = [&name](std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto take_list = [&] {
    out->kind = Completion::Kind::kOpen;
    const size_t begin = BeginOfLast(cursor.word);
    cursor.before += cursor.word.substr(0, begin);
    cursor.word.erase(0, begin);
  };
  const auto known = [&](Known what) { out->candidates = ask(what, cursor.where); };
  if (const std::vector<std::string> choices = Choices(option); !choices.empty()) {
    out->candidates = Words(choices);
  } else if (verb == "muster pki issue" && name == "role") {
    out->candidates = Words({"controller", "agent", "operator"});
  } else if (is({"sat", "baseline", "tls-dir", "dir", "out", "FILE", "DIR"})) {
    out->kind = Completion::Kind::kFile;
  } else if (is({"nodes", "exclude"})) {
    take_list();
    out->candidates = Nodes(cursor, ask);
  } else if (is({"state"}) && cursor.verb->get_option_no_throw("--exclude") != nullptr) {
    take_list();
    out->candidates = TaskStates();
  } else if (is({"hsm-state"})) {
    take_list();
    out->candidates =
        Words({"ready", "standby", "on", "off", "halt", "populated", "empty", "unknown"});
  } else if (is({"role"})) {
    known(Known::kRoles);
  } else if (is({"group"})) {
    known(Known::kGroups);
  } else if (is({"partition"})) {
    known(Known::kPartitions);
  } else if (is({"UNIT"})) {
    known(Known::kUnits);
  } else if (is({"NODE"})) {
    out->candidates = Shortened(ask(Known::kNodes, cursor.where), cursor.word);
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

int Complete(const CLI::App& app, int argc, char** argv) {
  const Completion completion = CompletionOf(app, {argv + 2, argv + argc}, KnownByController);
  fmt::print("{}\n", Name(completion.kind));
  for (const Candidate& one : completion.candidates)
    fmt::print("{}{}{}\n", one.word, one.about.empty() ? "" : "\t", one.about);
  return 0;
}

}  // namespace muster::cli
