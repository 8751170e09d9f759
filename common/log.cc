#include "common/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace muster::log {
namespace {

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kNone:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

// sd-daemon(3): a line that starts with "<N>" has the syslog priority N.
const char* SyslogPrefix(Level level) {
  switch (level) {
    case Level::kDebug:
      return "<7>";
    case Level::kInfo:
      return "<6>";
    case Level::kWarning:
      return "<4>";
    case Level::kError:
    case Level::kNone:
      return "<3>";
  }
  return "<6>";
}

bool to_journal = false;
Journal journal_sink = nullptr;

// What comes from the network may hold line ends, and would else write events of its own, with a priority.
std::string OneLine(std::string line) {
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return line;
}

}  // namespace

void Init(const std::string& name, Level level) {
  to_journal = std::getenv("JOURNAL_STREAM") != nullptr;
  auto logger =
      std::make_shared<spdlog::logger>(name, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(to_journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %L %n: %v");
  logger->set_level(ToSpdlog(level));
  spdlog::set_default_logger(std::move(logger));
}

void SetJournal(Journal journal) { journal_sink = to_journal ? journal : nullptr; }

bool Enabled(Level level) { return spdlog::default_logger_raw()->should_log(ToSpdlog(level)); }

void Write(Level level, const std::string& line) {
  if (journal_sink != nullptr && Enabled(level) &&
      journal_sink(level, spdlog::default_logger_raw()->name(), OneLine(line)))
    return;
  spdlog::default_logger_raw()->log(ToSpdlog(level), "{}{}", to_journal ? SyslogPrefix(level) : "",
                                    OneLine(line));
}

}  // namespace muster::log
