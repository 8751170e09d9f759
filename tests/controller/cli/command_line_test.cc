// What the command line says of itself: --help and manual pages, which are made from it.
#include "controller/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <sstream>

#include "controller/cli/help_format.h"
#include "controller/cli/help_text.h"
#include "controller/cli/man_page.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<CLI::App*> VerbsOf(CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

void ForAll(CLI::App& app, const std::function<void(CLI::App&)>& look) {
  look(app);
  for (CLI::App* verb : VerbsOf(app)) ForAll(*verb, look);
}

// The words of an example up to what the shell does with its result.
std::vector<std::string> WordsOf(const std::string& command) {
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word && word != "&&";) {
    std::erase(word, '\'');
    words.push_back(word);
  }
  words.erase(words.begin());
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  return words;
}

std::string Plain(std::string roff) {
  for (size_t at = 0; (at = roff.find("\\-", at)) != std::string::npos; ++at) roff.erase(at, 1);
  return roff;
}

TEST(CommandLineTest, EachVerbHasExamplesThatCanBeTyped) {
  CommandLine tree;
  ForAll(tree.app(), [](CLI::App& verb) {
    const std::vector<Example> examples = ExamplesOf(PathOf(verb));
    EXPECT_EQ(examples.empty(), !VerbsOf(verb).empty()) << PathOf(verb);
    for (const Example& example : examples) {
      EXPECT_TRUE(example.command.starts_with(PathOf(verb))) << example.command;
      CommandLine fresh;
      // Read as a whole, and not done.
      fresh.app().parse_complete_callback([] { throw CLI::Success(); });
      EXPECT_THROW(fresh.app().parse(WordsOf(example.command)), CLI::Success) << example.command;
    }
  });
}

TEST(CommandLineTest, HelpFitsATerminalAndSaysHowItEnds) {
  CommandLine tree;
  ForAll(tree.app(), [](CLI::App& verb) {
    const std::string help = verb.help(PathOf(verb));
    EXPECT_THAT(help, HasSubstr("Exit codes:\n  0  "));
    EXPECT_THAT(help, Not(HasSubstr("Excludes:")));
    EXPECT_THAT(help, Not(HasSubstr("UINT")));
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) {
      const auto length =
          std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
      EXPECT_LE(length, 120) << line;
    }
  });
}

TEST(CommandLineTest, WhatIsAskedOfAVerbComesBeforeWhatIsGeneral) {
  CommandLine tree;
  const CLI::App* verb = tree.app().get_subcommand("resubscribe");
  std::vector<std::string> names;
  for (const OptionGroup& group : GroupsOf(*verb)) names.push_back(group.name);
  EXPECT_EQ(names.front(), "Targets");
  EXPECT_EQ(names.back(), "Options");
  EXPECT_THAT(names, ::testing::IsSupersetOf({"Proof", "Rollout", "Deadlines", "Job"}));
}

TEST(CommandLineTest, AnOptionIsToldWithAllThatIsKnownOfIt) {
  CommandLine tree;
  const auto told = [&](const char* verb, const char* option) {
    return Explanation(*tree.app().get_subcommand(verb)->get_option(option));
  };
  EXPECT_THAT(told("restart", "--retries"), HasSubstr("[0 to 10]"));
  EXPECT_THAT(told("restart", "--role"), HasSubstr("[repeatable]"));
  EXPECT_THAT(told("restart", "--min-healthy"), HasSubstr("[with --canary]"));
  EXPECT_THAT(Explanation(*tree.app().get_option("--controller")),
              HasSubstr("[or MUSTER_CONTROLLER]"));
  EXPECT_EQ(Signature(*tree.app().get_option("--output"), false), "-o, --output FORMAT");
  EXPECT_EQ(Choices(*tree.app().get_option("--output")).front(), "table");
}

TEST(ManPageTest, HasAllThatHelpHas) {
  CommandLine tree;
  ForAll(tree.app(), [](CLI::App& verb) {
    const std::string page = Plain(ManPage(verb));
    SCOPED_TRACE(PageName(verb));
    for (const CLI::Option* option : verb.get_options()) {
      const bool is_positional = option->get_positional();
      EXPECT_THAT(page, HasSubstr("\\fB" + Signature(*option, is_positional) + "\\fR\n"));
      EXPECT_THAT(page, HasSubstr(option->get_description()));
    }
    for (const CLI::App* next : VerbsOf(verb)) EXPECT_THAT(page, HasSubstr(PathOf(*next)));
    for (const auto& [code, meaning] : ExitCodesOf(verb)) EXPECT_THAT(page, HasSubstr(meaning));
    for (const Example& example : ExamplesOf(PathOf(verb)))
      EXPECT_THAT(page, HasSubstr(example.command));
    for (const char* heading : {"NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"})
      EXPECT_THAT(page, HasSubstr(std::string(".SH ") + heading + "\n"));
  });
}

TEST(ManPageTest, NotesOfAVerbAreOnItsPageOnce) {
  CommandLine tree;
  const CLI::App& retry = *tree.app().get_subcommand("job")->get_subcommand("retry");
  EXPECT_THAT(NotesOf(retry), HasSubstr("What is not typed here is as in that job"));
  EXPECT_THAT(NotesOf(retry), Not(HasSubstr("Exit codes")));
  EXPECT_THAT(Plain(ManPage(retry)), HasSubstr("What is not typed here is as in that job"));
}

TEST(ManPageTest, OfADaemonIsMadeFromItsHelp) {
  const std::string page = ManPageOfHelp("d", "a daemon",
                                         "A daemon.\nUsage: d [OPTIONS]\n\nOptions:\n"
                                         "  --listen TEXT REQUIRED      where\n"
                                         "  --restored                  for\n"
                                         "                              one start\n",
                                         {"x(1)"});
  EXPECT_THAT(page, HasSubstr(".SH SYNOPSIS\nd [OPTIONS]\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-\\-listen TEXT REQUIRED\\fR\nwhere\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-\\-restored\\fR\nfor one start\n"));
  EXPECT_THAT(page, HasSubstr(".BR x (1)\n"));
}

TEST(ManPageTest, NoTextBecomesARequest) {
  EXPECT_THAT(Roff("n", 1, "a").Verbatim(".SH evil\n'quote \\back").text(),
              HasSubstr("\n\\&.SH evil\n\\&'quote \\eback\n"));
}

}  // namespace
}  // namespace muster::cli
