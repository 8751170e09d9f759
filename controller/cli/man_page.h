// Manual pages, made from what the programs say of themselves: `muster` from its command line, the daemons from their --help,
// settings from their declarations. Pure.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "common/settings.h"

namespace muster::cli {

// The text of a page for man(1), put together in its order.
class Roff {
 public:
  // NAME(SECTION), with `about` as a phrase for apropos(1).
  Roff(const std::string& name, int section, const std::string& about);

  Roff& Heading(const std::string& text);
  Roff& Subheading(const std::string& text);
  Roff& Paragraph(const std::string& text);
  // What is told of a term, indented below it.
  Roff& Term(const std::string& term, const std::string& text);
  // As it stands, line by line.
  Roff& Verbatim(const std::string& text);
  // {"muster(1)", …}
  Roff& References(const std::vector<std::string>& pages);

  const std::string& text() const { return text_; }

 private:
  // A heading begins a paragraph.
  void Begin();

  std::string text_;
  bool has_begun_ = false;
};

// "muster-job-list", the name of the page of a verb and of its file.
std::string PageName(const CLI::App& verb);
// Of `muster` itself, or of a verb or a group of verbs.
std::string ManPage(const CLI::App& verb);
// Of a daemon, from its --help: the lines that begin with two blanks and a dash are options, lines further right go on with the one before.
std::string ManPageOfHelp(const std::string& name, const std::string& about,
                          const std::string& help, const std::vector<std::string>& see_also);
// Of a settings file, from its declarations; `path` is where it stands.
std::string ManPageOfSettings(const std::string& name, const std::string& path,
                              const Settings& settings, const std::vector<std::string>& see_also);

}  // namespace muster::cli
