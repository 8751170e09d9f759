#include "common/settings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/edit_distance.h"
#include "common/identity.h"
#include "common/toml_file.h"

namespace muster {
namespace {

constexpr size_t kColumns = 100;

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", c);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

template <typename T, typename Show>
std::string Bracketed(const std::vector<T>& elements, const Show& show) {
  std::string text;
  for (const T& element : elements) text += (text.empty() ? "" : ", ") + show(element);
  return "[" + text + "]";
}

// Of what somebody meant who wrote `name`; empty if nothing is near.
std::string Nearest(const std::string& name, const Texts& candidates) {
  std::string nearest;
  size_t least = 2 + name.size() / 5;  // more is another word
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance > least || (distance == least && !nearest.empty())) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

std::optional<Texts> TextsOf(const toml::node& node) {
  const toml::array* const array = node.as_array();
  if (array == nullptr) return std::nullopt;
  Texts texts;
  for (const toml::node& element : *array) {
    const auto text = element.value_exact<std::string>();
    if (!text || text->empty()) return std::nullopt;
    texts.push_back(*text);
  }
  return texts;
}

// The value of the kind that is expected, or what it must be.
struct Converted {
  std::optional<SettingValue> value;
  std::string problem;
};

Converted Convert(const toml::node& node, const std::string&) {
  const auto text = node.value_exact<std::string>();
  if (!text || text->empty()) return {std::nullopt, "must be a text"};
  return {*text, ""};
}

Converted Convert(const toml::node& node, int64_t) {
  const auto number = node.value_exact<int64_t>();
  if (!number) return {std::nullopt, "must be a number"};
  return {*number, ""};
}

Converted Convert(const toml::node& node, bool) {
  const auto flag = node.value_exact<bool>();
  if (!flag) return {std::nullopt, "must be true or false"};
  return {*flag, ""};
}

Converted Convert(const toml::node& node, const Texts&) {
  std::optional<Texts> texts = TextsOf(node);
  if (!texts) return {std::nullopt, "must be an array of texts"};
  return {*std::move(texts), ""};
}

Converted Convert(const toml::node& node, const std::vector<Texts>&) {
  const std::string problem = "must be an array of commands, each an array of texts";
  const toml::array* const array = node.as_array();
  if (array == nullptr) return {std::nullopt, problem};
  std::vector<Texts> commands;
  for (const toml::node& element : *array) {
    std::optional<Texts> command = TextsOf(element);
    if (!command) return {std::nullopt, problem};
    commands.push_back(*std::move(command));
  }
  return {std::move(commands), ""};
}

// In lines of at most kColumns that begin with "# ".
std::string AsComment(const std::string& text) {
  std::string comment;
  std::string line = "#";
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (line.size() + 1 + word.size() > kColumns) comment += std::exchange(line, "#") + "\n";
    line += " " + word;
    begin = end + 1;
  }
  return comment + line + "\n";
}

}  // namespace

std::string ToToml(const SettingValue& value) {
  struct Show {
    std::string operator()(const std::string& text) const { return Quoted(text); }
    std::string operator()(int64_t number) const { return std::to_string(number); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(const Texts& texts) const { return Bracketed(texts, Quoted); }
    std::string operator()(const std::vector<Texts>& commands) const {
      return Bracketed(commands, *this);
    }
  };
  return std::visit(Show(), value);
}

// One reading of one file.
class Settings::Reader {
 public:
  Reader(Settings& settings, const std::string& path) : settings_(settings), path_(path) {}

  absl::Status Read(const toml::table& file) {
    for (const auto& [key, node] : file) {
      const std::string name(key.str());
      MUSTER_RETURN_IF_ERROR(IsTable(name) ? ReadTable(name, node) : ReadKey("", name, node));
    }
    return absl::OkStatus();
  }

 private:
  bool IsTable(const std::string& name) const {
    return std::any_of(settings_.tables_.begin(), settings_.tables_.end(),
                       [&name](const SettingTable& table) { return table.name == name; }) &&
           !name.empty();
  }

  absl::Status ReadTable(const std::string& name, const toml::node& node) {
    const toml::table* const table = node.as_table();
    if (table == nullptr) return WrongSetting(path_, node, name + " must be a table");
    for (const auto& [key, value] : *table)
      MUSTER_RETURN_IF_ERROR(ReadKey(name, std::string(key.str()), value));
    const auto check = settings_.checks_.find(name);
    if (check == settings_.checks_.end()) return absl::OkStatus();
    const std::string problem = check->second();
    return problem.empty() ? absl::OkStatus() : WrongSetting(path_, node, problem);
  }

  absl::Status ReadKey(const std::string& table, const std::string& key, const toml::node& node) {
    for (size_t i = 0; i < settings_.list_.size(); ++i) {
      const Setting& setting = settings_.list_[i];
      if (setting.table == table && setting.key == key) return ReadValue(i, node);
    }
    const std::string name = table.empty() ? key : table + "." + key;
    const std::string meant = MeantBy(table, key);
    return WrongSetting(
        path_, node,
        "unknown key " + name + (meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
  }

  absl::Status ReadValue(size_t i, const toml::node& node) {
    const Setting& setting = settings_.list_[i];
    Converted converted =
        std::visit([&node](const auto& kind) { return Convert(node, kind); }, setting.value);
    // A number's range says more than that it must be one.
    const bool is_number = std::holds_alternative<int64_t>(setting.value);
    if (!converted.value && is_number) converted.value = std::string();
    if (converted.value) converted.problem = settings_.takes_[i](*converted.value);
    if (!converted.problem.empty())
      return WrongSetting(path_, node, setting.name() + " " + converted.problem);
    settings_.given_[setting.name()] = ToToml(*converted.value);
    return absl::OkStatus();
  }

  // The same key in another table, else one of the same table that is written nearly so, else a table.
  std::string MeantBy(const std::string& table, const std::string& key) const {
    Texts near;
    for (const Setting& setting : settings_.list_) {
      if (setting.key == key) return setting.name();
      if (setting.table == table) near.push_back(setting.name());
    }
    if (table.empty()) {
      for (const SettingTable& other : settings_.tables_)
        if (!other.name.empty()) near.push_back("[" + other.name + "]");
    }
    return Nearest(table.empty() ? key : table + "." + key, near);
  }

  Settings& settings_;
  const std::string& path_;
};

void Settings::Declare(Key key, SettingValue value, bool has_default,
                       std::function<std::string(const SettingValue&)> take) {
  list_.push_back({tables_.back().name, key.name, std::move(value), has_default,
                   std::move(key.about), key.is_live});
  takes_.push_back(std::move(take));
}

void Settings::Table(SettingTable table, std::function<std::string()> check) {
  if (check) checks_[table.name] = std::move(check);
  tables_.push_back(std::move(table));
}

void Settings::TextBy(Key key, std::string value, bool has_default, Take<std::string> take) {
  Declare(std::move(key), std::move(value), has_default,
          [take = std::move(take)](const SettingValue& given) {
            return take(std::get<std::string>(given));
          });
}

void Settings::Text(Key key, std::string* field, const Take<std::string>& check) {
  const bool has_default = !field->empty();
  std::string shown = has_default ? *field : key.example;
  TextBy(std::move(key), std::move(shown), has_default, [field, check](const std::string& text) {
    *field = text;
    return check ? check(text) : "";
  });
}

void Settings::Number(Key key, int64_t value, Range range,
                      const std::function<void(int64_t)>& take) {
  Declare(std::move(key), value, true, [range, take](const SettingValue& given) -> std::string {
    const int64_t* const number = std::get_if<int64_t>(&given);
    if (number == nullptr || *number < range.min || *number > range.max)
      return fmt::format("must be a number{} from {} to {}", range.unit, range.min, range.max);
    take(*number);
    return "";
  });
}

void Settings::Flag(Key key, bool value, const std::function<void(bool)>& take) {
  Declare(std::move(key), value, true, [take](const SettingValue& given) -> std::string {
    take(std::get<bool>(given));
    return "";
  });
}

void Settings::ListBy(Key key, Texts value, bool has_default, Take<Texts> take) {
  Declare(
      std::move(key), std::move(value), has_default,
      [take = std::move(take)](const SettingValue& given) { return take(std::get<Texts>(given)); });
}

void Settings::List(Key key, Texts* field, const Take<Texts>& check) {
  const bool has_default = !field->empty();
  Texts shown = has_default ? *field : Texts{key.example};
  ListBy(std::move(key), std::move(shown), has_default, [field, check](const Texts& texts) {
    *field = texts;
    return check ? check(texts) : "";
  });
}

void Settings::Commands(Key key, std::vector<Texts> example, Take<std::vector<Texts>> take) {
  Declare(std::move(key), std::move(example), false,
          [take = std::move(take)](const SettingValue& given) {
            return take(std::get<std::vector<Texts>>(given));
          });
}

absl::Status Settings::Read(const std::string& path) {
  const absl::StatusOr<toml::table> file = ReadTomlFile(path);
  MUSTER_RETURN_IF_ERROR(file.status());
  given_.clear();
  return Reader(*this, path).Read(*file);
}

std::string Settings::DefaultFile() const {
  std::string text = AsComment(about_);
  for (const SettingTable& table : tables_) {
    if (!table.name.empty()) text += "\n" + AsComment(table.about) + "[" + table.name + "]\n";
    for (const Setting& setting : list_) {
      if (setting.table != table.name) continue;
      text += "\n" + AsComment(setting.about + (setting.is_live ? "" : " Takes a restart."));
      text += "#" + setting.key + " = " + ToToml(setting.value);
      text += setting.has_default ? "\n" : "   # an example\n";
    }
  }
  text.pop_back();
  return text;
}

Settings::Take<std::string> PatternInto(std::string* pattern) {
  return [pattern](const std::string& text) -> std::string {
    *pattern = text;
    const absl::Status status = CheckPattern(text);
    return status.ok() ? "" : "is no pattern: " + Message(status);
  };
}

SettingChanges ChangesBetween(const std::vector<Setting>& list,
                              const std::map<std::string, std::string>& before,
                              const std::map<std::string, std::string>& now) {
  const auto value_in = [](const std::map<std::string, std::string>& given, const Setting& key) {
    const auto found = given.find(key.name());
    return found == given.end() ? ToToml(key.has_default ? key.value : SettingValue(std::string()))
                                : found->second;
  };
  SettingChanges changes;
  for (const Setting& setting : list) {
    if (value_in(before, setting) == value_in(now, setting)) continue;
    (setting.is_live ? changes.live : changes.at_restart).push_back(setting.name());
  }
  return changes;
}

}  // namespace muster
