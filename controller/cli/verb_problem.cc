#include "controller/cli/verb_problem.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/edit_distance.h"
#include "controller/cli/printable.h"

namespace muster::cli {
namespace {

// A word that is further from every verb than this is no typing mistake.
constexpr size_t kNear = 2;

std::vector<std::string> VerbsOf(const CLI::App& app) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    verbs.push_back(verb->get_name());
  return verbs;
}

// The verb that was probably meant; empty if none.
std::string Nearest(const std::string& word, const std::vector<std::string>& verbs) {
  std::string nearest;
  size_t least = kNear + 1;
  for (const std::string& verb : verbs) {
    const bool is_beginning = word.size() >= 3 && verb.starts_with(word);
    const size_t distance = is_beginning ? 0 : EditDistance(word, verb);
    if (distance >= least || distance >= word.size()) continue;
    least = distance;
    nearest = verb;
  }
  return nearest;
}

// Whether the option takes the next word for its value.
bool TakesNext(const CLI::App& app, const std::string& word) {
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
    const CLI::Option* option = at->get_option_no_throw(word);
    if (option != nullptr) return option->get_expected_max() > 0;
  }
  return false;
}

}  // namespace

std::string VerbProblem(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* at = &app;
  std::string path;  // "job "
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::vector<std::string> verbs = VerbsOf(*at);
    if (verbs.empty()) return "";
    const std::string& word = arguments[i];
    if (word.starts_with('-')) {
      if (TakesNext(*at, word)) ++i;
      continue;
    }
    if (std::find(verbs.begin(), verbs.end(), word) != verbs.end()) {
      path += word + " ";
      at = at->get_subcommand(word);
      continue;
    }
    const std::string nearest = Nearest(word, verbs);
    const std::string hint = nearest.empty()
                                 ? fmt::format("; there are {}", fmt::join(verbs, ", "))
                                 : fmt::format(" (did you mean `muster {}{}`?)", path, nearest);
    return fmt::format("there is no verb `{}{}`{}", path, Printable(word), hint);
  }
  const std::vector<std::string> verbs = VerbsOf(*at);
  if (verbs.empty()) return "";
  return fmt::format("`muster{}{}` needs a verb: {}", path.empty() ? "" : " ",
                     path.substr(0, path.empty() ? 0 : path.size() - 1), fmt::join(verbs, ", "));
}

}  // namespace muster::cli
