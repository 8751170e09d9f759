// How --help looks: options in groups, the verb's own first and general ones last, lines that fit a terminal. And what of an option is told
// to people, here and in manual pages. Pure.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace muster::cli {

class HelpFormat final : public CLI::Formatter {
 public:
  HelpFormat();

 private:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* verb) const override;
};

struct OptionGroup {
  std::string name;
  std::vector<const CLI::Option*> options;
};
// Those that are no positionals, in the order in which people read them.
std::vector<OptionGroup> GroupsOf(const CLI::App& app);
// "FORMAT"; empty for a flag.
std::string ValueName(const CLI::Option& option);
// What the value may be, if that is a list; else empty.
std::vector<std::string> Choices(const CLI::Option& option);
// "-o, --output FORMAT"; "UNIT".
std::string Signature(const CLI::Option& option, bool is_positional);
// With what else there is to know: choices, the range, whether it may be repeated, the variable of the environment.
std::string Explanation(const CLI::Option& option);
// In lines of at most `width` characters, each but the first indented.
std::string Wrapped(const std::string& text, size_t width, size_t indent);

}  // namespace muster::cli
