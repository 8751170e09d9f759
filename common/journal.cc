#include "common/journal.h"

#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <array>

namespace muster {
namespace {

constexpr std::array<std::string_view, 5> kKeys = {"job", "operation", "node", "attempt", "unit"};

std::string FieldOf(std::string_view key, std::string_view value) {
  std::string field = "MUSTER_";
  for (const char c : key) field += static_cast<char>(c - 'a' + 'A');
  return field.append("=").append(value);
}

// Takes the value off the front of `rest`: up to a blank.
std::string_view TakeValue(std::string_view* rest) {
  const size_t end = std::min(rest->find(' '), rest->size());
  const std::string_view value = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return value;
}

void AddTask(std::string_view task, std::vector<std::string>* fields) {
  constexpr std::string_view kJobs = "jobs/";
  constexpr std::string_view kTasks = "/tasks/";
  const size_t middle = task.find(kTasks);
  if (!task.starts_with(kJobs) || middle == std::string_view::npos) return;
  fields->push_back(FieldOf("job", task.substr(kJobs.size(), middle - kJobs.size())));
  fields->push_back(FieldOf("node", task.substr(middle + kTasks.size())));
}

// syslog(3).
const char* PriorityOf(log::Level level) {
  switch (level) {
    case log::Level::kDebug:
      return "PRIORITY=7";
    case log::Level::kInfo:
      return "PRIORITY=6";
    case log::Level::kWarning:
      return "PRIORITY=4";
    default:
      return "PRIORITY=3";
  }
}

}  // namespace

std::vector<std::string> JournalFields(std::string_view line) {
  std::vector<std::string> fields;
  while (!line.empty()) {
    const size_t sign = line.find('=');
    if (sign == std::string_view::npos) break;
    const size_t blank = line.rfind(' ', sign);
    const size_t begin = blank == std::string_view::npos ? 0 : blank + 1;
    const std::string_view key = line.substr(begin, sign - begin);
    line.remove_prefix(sign + 1);
    // What is quoted may be anybody's words, and what comes after it, too.
    if (line.starts_with('"')) break;
    const std::string_view value = TakeValue(&line);
    if (key == "task") AddTask(value, &fields);
    if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end())
      fields.push_back(FieldOf(key, value));
  }
  return fields;
}

bool SendToJournal(log::Level level, const std::string& name, const std::string& line) {
  std::vector<std::string> fields = JournalFields(line);
  fields.push_back("MESSAGE=" + line);
  fields.push_back(PriorityOf(level));
  fields.push_back("SYSLOG_IDENTIFIER=" + name);
  std::vector<iovec> parts;
  for (std::string& field : fields) parts.push_back({field.data(), field.size()});
  return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace muster
