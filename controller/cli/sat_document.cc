// JSON and YAML, of which SAT prints the same documents. Both are read as events: what opens, what closes, and the words between
// them. Anything but lists of flat maps is refused.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "controller/cli/sat_table.h"

namespace muster::cli {
namespace {

// Fed with events until one does not fit; what comes after that is ignored.
class TableBuilder {
 public:
  void OpenMap(const std::string& where) {
    if (place_ == Place::kTop && tables_.empty()) {
      place_ = Place::kTitles;
    } else if (place_ == Place::kRows) {
      place_ = Place::kRow;
      words_.clear();
      where_ = where;
    } else {
      Refuse(where, "a map where none can be");
    }
  }
  void OpenList(const std::string& where) {
    const bool is_value = place_ == Place::kTitles && has_title_;
    if (!is_value && !(place_ == Place::kTop && tables_.empty()))
      return Refuse(where, "a list where none can be");
    has_titles_ = is_value;
    has_title_ = false;
    place_ = Place::kRows;
    tables_.emplace_back();
  }
  void Word(const std::string& where, const std::string& text) {
    if (place_ == Place::kRow) {
      words_.push_back(text);
    } else if (place_ == Place::kTitles && !has_title_) {
      has_title_ = true;
    } else {
      Refuse(where, fmt::format("\"{}\" where a list of nodes should be", Shown(text)));
    }
  }
  void CloseMap() {
    if (!status_.ok()) return;
    if (place_ == Place::kRow) {
      AddRow();
      place_ = Place::kRows;
    } else {
      place_ = Place::kTop;
    }
  }
  void CloseList() {
    if (status_.ok()) place_ = has_titles_ ? Place::kTitles : Place::kTop;
  }
  void Refuse(const std::string& where, const std::string& reason) {
    if (status_.ok())
      status_ = MakeStatus(absl::StatusCode::kInvalidArgument, "{}: {}", where, reason);
    place_ = Place::kNowhere;
  }

  bool ok() const { return status_.ok(); }
  // Of all tables.
  size_t row_count() const { return row_count_; }
  absl::StatusOr<std::vector<SatTable>> Tables() && {
    if (!status_.ok()) return status_;
    return std::move(tables_);
  }

 private:
  // Inside of what the next event stands.
  enum class Place { kTop, kTitles, kRows, kRow, kNowhere };

  // words_ are a key, its value, the next key …
  void AddRow() {
    SatTable& table = tables_.back();
    const size_t columns = words_.size() / 2;
    if (table.rows.empty()) {
      for (size_t i = 0; i < columns; ++i) table.heading.push_back(words_[2 * i]);
      std::set<std::string> fields(table.heading.begin(), table.heading.end());
      if (fields.size() < columns) return Refuse(where_, "it has a field twice");
    }
    SatRow row{where_, {}};
    for (size_t i = 0; i < table.heading.size(); ++i) {
      const std::string* value = ValueOf(table.heading[i], i);
      if (value == nullptr || columns != table.heading.size())
        return Refuse(where_, "it has other fields than the entries before it; was it cut off?");
      row.cells.push_back(*value);
    }
    table.rows.push_back(std::move(row));
    ++row_count_;
  }

  // Most entries have their fields in the order of the first one.
  const std::string* ValueOf(const std::string& key, size_t expected) const {
    const size_t columns = words_.size() / 2;
    if (expected < columns && words_[2 * expected] == key) return &words_[2 * expected + 1];
    for (size_t i = 0; i < columns; ++i) {
      if (words_[2 * i] == key) return &words_[2 * i + 1];
    }
    return nullptr;
  }

  absl::Status status_;
  std::vector<SatTable> tables_;
  size_t row_count_ = 0;
  Place place_ = Place::kTop;
  bool has_titles_ = false;  // the list that is open is the value of a title
  bool has_title_ = false;   // a title was read, and its list is next
  std::vector<std::string> words_;
  std::string where_;
};

class JsonEvents final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return Word(""); }
  bool boolean(bool value) override { return Word(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Word(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Word(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return Word(text); }
  bool string(string_t& text) override { return Word(text); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& text) override { return Word(text); }
  bool start_object(size_t) override {
    builder.OpenMap(Where());
    return builder.ok();
  }
  bool end_object() override {
    builder.CloseMap();
    return builder.ok();
  }
  bool start_array(size_t) override {
    builder.OpenList(Where());
    return builder.ok();
  }
  bool end_array() override {
    builder.CloseList();
    return builder.ok();
  }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    error_at = position;
    return false;
  }

  TableBuilder builder;
  size_t error_at = 0;  // a byte, from 1

 private:
  std::string Where() const { return fmt::format("entry {}", builder.row_count() + 1); }
  bool Word(const std::string& text) {
    builder.Word(Where(), text);
    return builder.ok();
  }
};

class YamlEvents final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { builder.Word(Where(mark), ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    builder.Refuse(Where(mark), "an alias, which sat status never prints");
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    builder.Word(Where(mark), value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    builder.OpenList(Where(mark));
  }
  void OnSequenceEnd() override { builder.CloseList(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    builder.OpenMap(Where(mark));
  }
  void OnMapEnd() override { builder.CloseMap(); }

  static std::string Where(const YAML::Mark& mark) { return fmt::format("line {}", mark.line + 1); }

  TableBuilder builder;
};

}  // namespace

absl::StatusOr<std::vector<SatTable>> ReadSatJson(const std::string& text) {
  JsonEvents events;
  if (!nlohmann::json::sax_parse(text, &events) && events.builder.ok()) {
    const auto end =
        text.begin() + static_cast<std::ptrdiff_t>(std::min(events.error_at, text.size()));
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "line {}: up to here it is JSON, and no further; was it cut off?",
                      std::count(text.begin(), end, '\n') + 1);
  }
  return std::move(events.builder).Tables();
}

absl::StatusOr<std::vector<SatTable>> ReadSatYaml(const std::string& text) {
  // A name that is cut off is a name.
  if (text.empty() || text.back() != '\n') {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "line {}: the last line has no line end; was it cut off?",
                      std::count(text.begin(), text.end(), '\n') + 1);
  }
  YamlEvents events;
  std::istringstream in(text);
  try {
    YAML::Parser parser(in);
    if (parser.HandleNextDocument(events) && parser)
      events.builder.Refuse(YamlEvents::Where(YAML::Mark()), "more than one YAML document");
  } catch (const YAML::Exception& error) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{}: no YAML: {:.200}",
                      YamlEvents::Where(error.mark), error.msg);
  }
  return std::move(events.builder).Tables();
}

}  // namespace muster::cli
