// The settings of a program: each key is declared once, with its documentation, its default, where it goes and how it is checked. Out of the
// declarations come the reading of the file, the default file and what else is written about it.
//
// One thread. What declarations point to outlives the object.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "common/status.h"

namespace muster {

using Texts = std::vector<std::string>;
// A text, a number, true or false, an array of texts, an array of commands with their arguments.
using SettingValue = std::variant<std::string, int64_t, bool, Texts, std::vector<Texts>>;

// `"a"`, `7`, `true`, `["a", "b"]`: as it stands in a file.
std::string ToToml(const SettingValue& value);

// What people read of a key.
struct Setting {
  std::string table;  // empty: before the first table
  std::string key;
  SettingValue value;        // its default, or an example
  bool has_default = false;  // else `value` is an example
  std::string about;         // sentences
  bool is_live =
      true;  // a change is taken by a daemon that reads its file again; else by a restart

  std::string name() const { return table.empty() ? key : table + "." + key; }
};

struct SettingTable {
  std::string name;
  std::string about;
};

class Settings {
 public:
  // What is wrong with a value, such as "must be a text"; empty: nothing, and it has been taken.
  template <typename T>
  using Take = std::function<std::string(const T&)>;

  struct Key {
    const char* name;
    std::string about;
    const char* example = "";  // of a text without a default
    bool is_live = true;
  };
  struct Range {
    int64_t min;
    int64_t max;
    const char* unit = "";  // " of seconds"
  };

  // `about` begins the default file.
  explicit Settings(std::string about) : about_(std::move(about)) {}

  // What is declared after it is in this table. `check`, called when the file has the table and all of it is taken, says what is wrong.
  void Table(SettingTable table, std::function<std::string()> check = nullptr);

  // What the field has now is the default; an empty one has none.
  void Text(Key key, std::string* field, const Take<std::string>& check = nullptr);
  void TextBy(Key key, std::string value, bool has_default, Take<std::string> take);
  void Number(Key key, int64_t value, Range range, const std::function<void(int64_t)>& take);
  void Flag(Key key, bool value, const std::function<void(bool)>& take);
  void List(Key key, Texts* field, const Take<Texts>& check = nullptr);
  void ListBy(Key key, Texts value, bool has_default, Take<Texts> take);
  // Never has a default.
  void Commands(Key key, std::vector<Texts> example, Take<std::vector<Texts>> take);

  // Takes what the file says. INVALID_ARGUMENT with file, line and what is wrong, for an unknown key with the one that may be meant; then some of
  // it has been taken. Else as of ReadTomlFile.
  absl::Status Read(const std::string& path);
  // Of what was read: {"retention.jobs": "7"}.
  const std::map<std::string, std::string>& given() const { return given_; }

  // In the order of their declaration.
  const std::vector<SettingTable>& tables() const { return tables_; }
  const std::vector<Setting>& list() const { return list_; }
  // Every key commented out, with its documentation; reading it changes nothing. Without a newline at its end.
  std::string DefaultFile() const;

 private:
  class Reader;
  void Declare(Key key, SettingValue value, bool has_default,
               std::function<std::string(const SettingValue&)> take);

  const std::string about_;
  std::vector<SettingTable> tables_ = {{}};
  std::vector<Setting> list_;
  std::map<std::string, std::function<std::string()>> checks_;  // by table
  std::vector<std::function<std::string(const SettingValue&)>> takes_;
  std::map<std::string, std::string> given_;
};

// Takes a pattern of URI names (identity.h), or says what is wrong with it.
Settings::Take<std::string> PatternInto(std::string* pattern);

// Names of settings that are not the same in both, as Settings::given gives them; in the order of their declaration.
struct SettingChanges {
  Texts live;
  Texts at_restart;
};
SettingChanges ChangesBetween(const std::vector<Setting>& list,
                              const std::map<std::string, std::string>& before,
                              const std::map<std::string, std::string>& now);

}  // namespace muster
