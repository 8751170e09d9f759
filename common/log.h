// Log lines are events with fields: "task finished job=… node=… outcome=…". INFO tells an operator the story of a job,
// DEBUG tells us ours. They go to standard error with the syslog prefix that journald understands ("<6>") when it is the
// journal that listens, else with a time. An event is one line: control characters become '?'. Any thread. The pure cores do not log.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

namespace muster::log {

enum class Level { kDebug, kInfo, kWarning, kError, kNone };

// Once, at the start of main, before any thread. `name` is the program's.
void Init(const std::string& name, Level level);
// Lines go to where `journal` takes them, with the program's name, as long as the program runs under systemd. False from it: the line goes
// to standard error. After Init, before any thread.
using Journal = bool (*)(Level level, const std::string& name, const std::string& line);
void SetJournal(Journal journal);
bool Enabled(Level level);
void Write(Level level, const std::string& line);

template <typename... Args>
void Debug(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kDebug))
    Write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void Info(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kInfo)) Write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void Warning(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kWarning))
    Write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void Error(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kError))
    Write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace muster::log
