#include "controller/cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "common/version.h"
#include "controller/cli/command_line.h"
#include "controller/cli/help_format.h"
#include "controller/cli/help_text.h"

namespace muster::cli {
namespace {

// A dash that is typed, a backslash, and what would be a request at the start of a line.
std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::vector<const CLI::App*> VerbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> ArgumentsOf(const CLI::App& verb) {
  return verb.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

const CLI::App& ProgramOf(const CLI::App& verb) {
  return verb.get_parent() == nullptr ? verb : ProgramOf(*verb.get_parent());
}

std::string SynopsisOf(const CLI::App& verb) {
  std::string synopsis = PathOf(verb) + " [OPTION]…";
  for (const CLI::Option* argument : ArgumentsOf(verb)) {
    const std::string name = Signature(*argument, true);
    synopsis += argument->get_required() ? " " + name : " [" + name + "]";
  }
  return VerbsOf(verb).empty() ? synopsis : synopsis + " VERB …";
}

void AddOptions(Roff& page, const CLI::App& verb) {
  if (const auto arguments = ArgumentsOf(verb); !arguments.empty()) {
    page.Heading("ARGUMENTS");
    for (const CLI::Option* argument : arguments)
      page.Term(Signature(*argument, true), Explanation(*argument));
  }
  page.Heading("OPTIONS");
  for (const OptionGroup& group : GroupsOf(verb)) {
    page.Subheading(group.name);
    for (const CLI::Option* option : group.options)
      page.Term(Signature(*option, false), Explanation(*option));
  }
  if (verb.get_parent() != nullptr)
    page.Paragraph("Options of all verbs, such as --controller and -o, are in muster(1).");
}

// Below a group of verbs, those of it.
void AddVerbs(Roff& page, const CLI::App& app) {
  for (const CLI::App* verb : VerbsOf(app)) {
    if (VerbsOf(*verb).empty()) {
      page.Term(PathOf(*verb), fmt::format("{}; {}(1)", verb->get_description(), PageName(*verb)));
    } else {
      AddVerbs(page, *verb);
    }
  }
}

void AddExamples(Roff& page, const CLI::App& app) {
  for (const Example& example : ExamplesOf(PathOf(app))) page.Term(example.command, example.what);
  for (const CLI::App* verb : VerbsOf(app)) AddExamples(page, *verb);
}

void AddEnvironment(Roff& page, const CLI::App& program) {
  page.Heading("ENVIRONMENT");
  for (const CLI::Option* option : program.get_options()) {
    if (option->get_envname().empty()) continue;
    page.Term(option->get_envname(), fmt::format("Stands for {}.", option->get_name()));
  }
  page.Term("MUSTER_CONFIG", "The one file of settings, in place of both; empty: none.");
  page.Term("MUSTER_PAGER, PAGER",
            "A command of the shell that shows a list longer than the terminal; less without them, "
            "none if it is empty or cat.");
  page.Term("NO_COLOR", "Not empty: no colours. TERM is heeded, too: dumb has none.");
  page.Term("CLUSTERSHELL_CFGDIR",
            "A directory with ClusterShell's configuration, whose groups go before all others.");
}

void AddWords(Roff& page) {
  page.Heading("NODES, JOBS AND TIMES");
  page.Term("NODESET",
            "Names of nodes, folded or not: x1000c[0-7]s[0-7]b[0-1]n[0-1], "
            "nid[000001-000100,7]-nmn. Each "
            "node may be named by its xname, host name or NID. ^FILE is the names in a file, and - "
            "those of "
            "standard input, separated by white space or commas, with # for comments.");
  page.Term(
      "a,b a!b a&b a^b",
      "In a NODESET: both; those of a that are not in b; those in both; those in one of them. "
      "They are done from left to right; ( ) make one operand. A shell takes most of these "
      "for its own, so that such a set stands in quotes.");
  page.Term("@GROUP, @SOURCE:GROUP, @*",
            "In a NODESET: a group of ClusterShell, of its default source, of another one; all "
            "nodes of the default source. muster reads ClusterShell's files, and runs none of its "
            "commands.");
  page.Paragraph(
      "-w, --sat, --role, --group, --partition and --from-job add up, --hsm-state narrows what "
      "roles, "
      "groups and --all gave, -x takes away. A name that nobody knows is an error before anything "
      "is "
      "sent. Nodes that HSM has disabled are left out unless asked for.");
  page.Term("ID",
            "A job's or an operation's id; its beginning, if no other's begins so; or last, your "
            "newest.");
  page.Term("DURATION",
            "A number with ms, s, min, h or d, such as 30s; a number alone is seconds.");
}

void AddFiles(Roff& page) {
  page.Heading("FILES");
  page.Term("/etc/muster/muster.toml, ~/.config/muster/muster.toml",
            "What is not to be typed each time: muster.toml(5). The second, which is below "
            "$XDG_CONFIG_HOME if that is set, goes before the first; the environment goes before "
            "both, and what is typed before all.");
  page.Term(
      "DIR/ca.pem, DIR/cert.pem, DIR/key.pem",
      "In the directory of --tls-dir: whom to trust, and the operator's certificate with its key.");
  page.Term("/etc/clustershell/groups.conf, /etc/clustershell/groups.d/*.yaml",
            "Groups of nodes; also below ~/.config/clustershell and $CLUSTERSHELL_CFGDIR.");
}

std::vector<std::string> SeeAlso(const CLI::App& verb) {
  std::vector<std::string> pages;
  if (verb.get_parent() == nullptr) return {"muster.toml(5)", "musterd(8)", "muster-agent(8)"};
  for (const CLI::App* sibling : VerbsOf(*verb.get_parent())) {
    const bool is_near = verb.get_parent()->get_parent() != nullptr;
    if (sibling != &verb && is_near) pages.push_back(PageName(*sibling) + "(1)");
  }
  pages.insert(pages.begin(), "muster(1)");
  return pages;
}

bool IsOption(const std::string& line) { return line.starts_with("  -"); }

// Of a line with an option: itself, and what begins to be told of it.
std::pair<std::string, std::string> SplitOption(const std::string& line) {
  const size_t gap = line.find("  ", 2);
  if (gap == std::string::npos) return {line.substr(2), ""};
  return {line.substr(2, gap - 2), line.substr(line.find_first_not_of(' ', gap))};
}

}  // namespace

Roff::Roff(const std::string& name, int section, const std::string& about)
    : text_(fmt::format(".TH {} {} \"\" \"Muster {}\" \"Muster\"\n.ad l\n.SH NAME\n{} \\- {}\n",
                        Escaped(Upper(name)), section, kVersion, Escaped(name), Escaped(about))) {}

Roff& Roff::Heading(const std::string& text) {
  text_ += fmt::format(".SH {}\n", Escaped(text));
  has_begun_ = true;
  return *this;
}

Roff& Roff::Subheading(const std::string& text) {
  text_ += fmt::format(".SS {}\n", Escaped(text));
  has_begun_ = true;
  return *this;
}

Roff& Roff::Paragraph(const std::string& text) {
  Begin();
  text_ += Escaped(text) + "\n";
  return *this;
}

void Roff::Begin() {
  if (!std::exchange(has_begun_, false)) text_ += ".PP\n";
}

Roff& Roff::Term(const std::string& term, const std::string& text) {
  has_begun_ = false;
  text_ += fmt::format(".TP\n\\fB{}\\fR\n{}\n", Escaped(term), Escaped(text));
  return *this;
}

Roff& Roff::Verbatim(const std::string& text) {
  Begin();
  text_ += ".nf\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) text_ += Escaped(line) + "\n";
  text_ += ".fi\n";
  return *this;
}

Roff& Roff::References(const std::vector<std::string>& pages) {
  text_ += ".SH SEE ALSO\n";
  for (size_t i = 0; i < pages.size(); ++i) {
    const size_t bracket = pages[i].find('(');
    text_ += fmt::format(".BR {} {}{}\n", Escaped(pages[i].substr(0, bracket)),
                         pages[i].substr(bracket), i + 1 < pages.size() ? "," : "");
  }
  return *this;
}

std::string PageName(const CLI::App& verb) {
  std::string name = PathOf(verb);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string ManPage(const CLI::App& verb) {
  const bool is_program = verb.get_parent() == nullptr;
  Roff page(PageName(verb), 1, verb.get_description());
  page.Heading("SYNOPSIS").Paragraph(SynopsisOf(verb));
  page.Heading("DESCRIPTION").Paragraph(verb.get_description() + ".");
  if (const std::string notes = NotesOf(verb); !notes.empty()) page.Paragraph(notes);
  if (!VerbsOf(verb).empty()) AddVerbs(page.Heading("VERBS"), verb);
  AddOptions(page, verb);
  if (is_program) AddWords(page);
  page.Heading("EXIT STATUS");
  for (const auto& [code, meaning] : ExitCodesOf(verb))
    page.Term(std::to_string(code), meaning + ".");
  AddEnvironment(page, ProgramOf(verb));
  if (is_program) AddFiles(page);
  AddExamples(page.Heading("EXAMPLES"), verb);
  return page.References(SeeAlso(verb)).text();
}

std::string ManPageOfHelp(const std::string& name, const std::string& about,
                          const std::string& help, const std::vector<std::string>& see_also) {
  std::string usage;
  std::vector<std::pair<std::string, std::string>> options;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Usage: ") || line.starts_with("usage: ")) {
      usage = line.substr(7);
    } else if (IsOption(line)) {
      options.push_back(SplitOption(line));
    } else if (line.starts_with("    ") && !options.empty()) {
      std::string& text = options.back().second;
      text += (text.empty() ? "" : " ") + line.substr(line.find_first_not_of(' '));
    }
  }
  Roff page(name, 8, about);
  page.Heading("SYNOPSIS").Paragraph(usage);
  page.Heading("OPTIONS");
  for (const auto& [option, text] : options) page.Term(option, text);
  return page.References(see_also).text();
}

std::string ManPageOfSettings(const std::string& name, const std::string& path,
                              const Settings& settings, const std::vector<std::string>& see_also) {
  Roff page(name, 5, fmt::format("the settings in {}", path));
  page.Heading("DESCRIPTION");
  page.Paragraph(
      "A file in TOML. A key that nobody knows is an error, with the one that may be meant. "
      "--print-config prints the file with every key commented out.");
  for (const SettingTable& table : settings.tables()) {
    page.Heading(table.name.empty() ? "BEFORE ANY TABLE" : fmt::format("[{}]", table.name));
    if (!table.about.empty()) page.Paragraph(table.about);
    for (const Setting& setting : settings.list()) {
      if (setting.table != table.name) continue;
      const char* const what = setting.has_default ? "Default" : "Such as";
      page.Term(setting.key, fmt::format("{} {}: {}", setting.about, what, ToToml(setting.value)));
    }
  }
  page.References(see_also);
  return page.text();
}

}  // namespace muster::cli
