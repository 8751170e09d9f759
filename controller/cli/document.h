// A document (json.h) as text in the format that -o names. Pure but for PrintDocument; any thread.
//
// All formats carry the same document, but that TOML has no null: what is null is left out there.
#pragma once

#include <string>

#include "controller/cli/json.h"
#include "controller/cli/output_format.h"

namespace muster::cli {

// One document with a line end; bytes that are not UTF-8 are replaced. Of kTable: as of kJson.
//
// JSON lines are for tools that read one thing a line. `list` is the place of the document's long list, as in RFC 6901 ("/jobs",
// "/job/tasks"): the document without it is the first line, unless nothing is left, and each element of the list is a line of its
// own. Without a list the document is one line.
std::string DocumentText(const Json& document, OutputFormat format, const std::string& list = "");

// The same to standard output.
void PrintDocument(const Json& document, OutputFormat format, const std::string& list = "");

}  // namespace muster::cli
