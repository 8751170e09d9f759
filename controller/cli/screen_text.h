// Lines for a terminal: spans of text, each in a tone, that are shown with colours or without. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "muster/v1/job.pb.h"

namespace muster::cli {

enum class Tone { kPlain, kGood, kBad, kCaution, kBusy };

struct Span {
  std::string text;
  Tone tone = Tone::kPlain;

  bool operator==(const Span&) const = default;
};

using ScreenLine = std::vector<Span>;

// Green, red, yellow, cyan, or none.
Tone ToneOf(v1::TaskState state);
Tone ToneOf(v1::JobState state);

// As they stand one after the other; with colours, each span that has a tone goes back to none at its end.
std::string PlainText(const ScreenLine& line);
std::string ColouredText(const ScreenLine& line);

// How wide a text stands on a screen. One for each character: ours are narrow, '…' too.
size_t Columns(std::string_view text);
// The text, or its beginning with '…', in at most so many columns.
std::string Shortened(const std::string& text, size_t columns);
// The text's lines as far as they fit, each cut; the last says how many are left out.
std::vector<std::string> FittedLines(const std::string& text, size_t columns, size_t rows);

}  // namespace muster::cli
