#include "controller/cli/screen_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace muster::cli {
namespace {

// SGR, as every terminal since the VT100 knows it.
const char* EscapeOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kGood:
      return "\033[32m";
    case Tone::kBad:
      return "\033[31m";
    case Tone::kCaution:
      return "\033[33m";
    case Tone::kBusy:
      return "\033[36m";
  }
  return "";
}

// Not the second or later byte of a character of UTF-8.
bool BeginsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

Tone ToneOf(v1::TaskState state) {
  switch (state) {
    case v1::TASK_STATE_SUCCEEDED:
    case v1::TASK_STATE_ALREADY_SATISFIED:
      return Tone::kGood;
    case v1::TASK_STATE_FAILED:
    case v1::TASK_STATE_TIMED_OUT:
    case v1::TASK_STATE_LOST:
      return Tone::kBad;
    case v1::TASK_STATE_REFUSED:
    case v1::TASK_STATE_UNDELIVERED:
    case v1::TASK_STATE_CANCELLED:
      return Tone::kCaution;
    case v1::TASK_STATE_DISPATCHED:
    case v1::TASK_STATE_RUNNING:
    case v1::TASK_STATE_VERIFYING:
      return Tone::kBusy;
    default:  // pending, not applicable, and states of a newer controller
      return Tone::kPlain;
  }
}

Tone ToneOf(v1::JobState state) {
  switch (state) {
    case v1::JOB_STATE_SUCCEEDED:
      return Tone::kGood;
    case v1::JOB_STATE_FAILED:
      return Tone::kBad;
    case v1::JOB_STATE_PAUSED:
    case v1::JOB_STATE_CANCELLING:
    case v1::JOB_STATE_CANCELLED:
      return Tone::kCaution;
    default:
      return Tone::kPlain;
  }
}

std::string PlainText(const ScreenLine& line) {
  std::string text;
  for (const Span& span : line) text += span.text;
  return text;
}

std::string ColouredText(const ScreenLine& line) {
  std::string text;
  for (const Span& span : line) {
    text += span.tone == Tone::kPlain ? span.text : EscapeOf(span.tone) + span.text + "\033[0m";
  }
  return text;
}

size_t Columns(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

std::string Shortened(const std::string& text, size_t columns) {
  if (Columns(text) <= columns) return text;
  if (columns == 0) return "";
  size_t end = 0;
  for (size_t column = 0; end < text.size(); ++end) {
    if (BeginsCharacter(text[end]) && ++column == columns) break;
  }
  return text.substr(0, end) + "…";
}

std::vector<std::string> FittedLines(const std::string& text, size_t columns, size_t rows) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(Shortened(line, columns));
  if (lines.size() <= rows || rows == 0) return lines;
  const size_t shown = rows - 1;
  const std::string more = fmt::format("… and {} more lines", lines.size() - shown);
  lines.resize(shown);
  lines.push_back(Shortened(more, columns));
  return lines;
}

}  // namespace muster::cli
