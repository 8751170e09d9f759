// Files that an agent finds in its ledger. The input is a file's name, a line end and the file's text. What is read is written back as
// the same, and an executor that starts with it neither spins nor stumbles over its times.
#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/executor/executor.h"
#include "agent/ledger/ledger_entry.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

constexpr Time kNow{std::chrono::hours(100)};

void CheckEpoch(const std::string& text) {
  const auto epoch = EpochFromText(text);
  if (!epoch.ok()) return;
  const auto again = EpochFromText(EpochText(*epoch));
  Require(again.ok() && *again == *epoch, "an epoch is read as it was written", text);
}

// A restarted agent, on the boot of the entry and after another.
void Recover(const LedgerEntry& entry) {
  for (const std::string& boot_id : {entry.intent.boot_id, std::string("another-boot")}) {
    Executor executor({"x1", "life-1", boot_id, {entry.intent.unit}}, {entry});
    Actions actions;
    executor.Start(kNow, &actions);
    Require(executor.Held().size() == 1, "what was in the ledger is held");
    UnitState state;
    state.unit = entry.intent.unit;
    state.load_state = "loaded";
    state.active_state = "active";
    state.invocation_id = "new";
    executor.Step(kNow, UnitInspected{entry.intent.key, state}, &actions);
    if (const auto deadline = executor.NextDeadline()) {
      executor.Step(std::max(kNow, *deadline), DeadlinePassed{}, &actions);
      Require(executor.NextDeadline() != deadline, "a deadline that has come is acted upon");
    }
  }
}

void CheckEntry(const std::string& name, const std::string& text) {
  const auto key = KeyOf(name);
  if (!key) return;
  const auto name_again = FileNameOf(*key);
  Require(name_again.ok() && *name_again == name, "one name for each key", name);
  const auto entry = EntryFromText(*key, text);
  if (!entry.ok()) return;
  const auto again = EntryFromText(*key, EntryText(*entry));
  Require(again.ok() && *again == *entry, "an entry is read as it was written", text);
  Recover(*entry);
}

void Check(const std::string& input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string text = input.substr(std::min(end + 1, input.size()));
  CheckEntry(input.substr(0, end), text);
  CheckEpoch(text);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
