#include "controller/cli/help_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace muster::cli {
namespace {

constexpr char kGeneral[] = "Options";
constexpr size_t kColumn = 30;
constexpr size_t kWidth = 110;

// Characters, as a terminal counts them: the texts have dashes and dots beyond ASCII.
size_t LengthOf(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// What CLI11 puts behind a type's name: ":{table,json}", ":UINT in [1 - 10]".
size_t EndOfName(const std::string& type) {
  for (const char* mark : {":{", ":UINT in [", ":INT in ["}) {
    if (const size_t at = type.find(mark); at != std::string::npos) return at;
  }
  return type.size();
}

std::string RangeOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find(" in [", EndOfName(type));
  if (begin == std::string::npos) return "";
  const size_t end = type.find(']', begin);
  std::string range = type.substr(begin + 5, end - begin - 5);
  if (const size_t dash = range.find(" - "); dash != std::string::npos)
    range.replace(dash, 3, " to ");
  return range;
}

std::string Row(const std::string& head, const std::string& text) {
  std::string row = "  " + head;
  const size_t length = LengthOf(row);
  row +=
      length + 1 > kColumn ? "\n" + std::string(kColumn, ' ') : std::string(kColumn - length, ' ');
  return row + Wrapped(text, kWidth - kColumn, kColumn) + "\n";
}

}  // namespace

HelpFormat::HelpFormat() {
  label("SUBCOMMAND", "VERB");
  label("Positionals", "Arguments");
}

std::string HelpFormat::make_help(const CLI::App* app, std::string name,
                                  CLI::AppFormatMode mode) const {
  std::string out =
      make_description(app) + make_usage(app, std::move(name)) + make_positionals(app);
  for (const OptionGroup& group : GroupsOf(*app))
    out += make_group(group.name, false, group.options);
  return out + make_subcommands(app, mode) + "\n" + make_footer(app);
}

std::string HelpFormat::make_option(const CLI::Option* option, bool is_positional) const {
  return Row(Signature(*option, is_positional), Explanation(*option));
}

std::string HelpFormat::make_subcommand(const CLI::App* verb) const {
  return Row(verb->get_name(), verb->get_description());
}

std::vector<OptionGroup> GroupsOf(const CLI::App& app) {
  std::vector<OptionGroup> groups;
  for (const std::string& name : app.get_groups()) {
    if (name.empty()) continue;
    const auto is_in = [&name](const CLI::Option* option) {
      return option->nonpositional() && option->get_group() == name;
    };
    OptionGroup group{name, app.get_options(is_in)};
    if (!group.options.empty()) groups.push_back(std::move(group));
  }
  std::stable_partition(groups.begin(), groups.end(),
                        [](const OptionGroup& group) { return group.name != kGeneral; });
  return groups;
}

std::string ValueName(const CLI::Option& option) {
  if (option.get_type_size() == 0 || option.get_expected_max() == 0) return "";
  const std::string type = option.get_type_name();
  return type.substr(0, EndOfName(type));
}

std::vector<std::string> Choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find(":{");
  if (begin == std::string::npos) return {};
  std::istringstream list(type.substr(begin + 2, type.find('}', begin) - begin - 2));
  std::vector<std::string> choices;
  for (std::string choice; std::getline(list, choice, ',');) choices.push_back(choice);
  return choices;
}

std::string Signature(const CLI::Option& option, bool is_positional) {
  if (is_positional) {
    const bool is_many = option.get_expected_max() > 1;
    return option.get_name(true, false) + (is_many ? " …" : "");
  }
  std::string names;
  for (const std::string& name : option.get_snames()) names += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) names += "--" + name + ", ";
  names.resize(names.size() - 2);
  const std::string value = ValueName(option);
  return value.empty() ? names : names + " " + value;
}

std::string Explanation(const CLI::Option& option) {
  std::vector<std::string> more;
  const std::vector<std::string> choices = Choices(option);
  const auto is_told = [&option](const std::string& choice) {
    return option.get_description().find(choice) != std::string::npos;
  };
  if (!choices.empty() && !std::all_of(choices.begin(), choices.end(), is_told))
    more.push_back(fmt::format("{}", fmt::join(choices, ", ")));
  if (const std::string range = RangeOf(option); !range.empty()) more.push_back(range);
  if (!option.get_default_str().empty()) more.push_back("default " + option.get_default_str());
  if (option.nonpositional() && option.get_required()) more.emplace_back("required");
  if (option.nonpositional() && option.get_expected_max() > 1) more.emplace_back("repeatable");
  for (const CLI::Option* other : option.get_needs()) more.push_back("with " + other->get_name());
  if (!option.get_envname().empty()) more.push_back("or " + option.get_envname());
  if (more.empty()) return option.get_description();
  return fmt::format("{} [{}]", option.get_description(), fmt::join(more, "; "));
}

std::string Wrapped(const std::string& text, size_t width, size_t indent) {
  std::istringstream words(text);
  std::string out;
  size_t length = 0;
  for (std::string word; words >> word;) {
    const size_t more = LengthOf(word);
    if (length > 0 && length + 1 + more > width) {
      out += "\n" + std::string(indent, ' ');
      length = 0;
    } else if (length > 0) {
      out += " ";
      ++length;
    }
    out += word;
    length += more;
  }
  return out;
}

}  // namespace muster::cli
