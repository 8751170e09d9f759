#include "agent/ledger/content_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/ledger/ledger_entry.h"

namespace muster {
namespace {

using nlohmann::json;

const ContentRecord kRecord{
    {{MountKind::kProjected, "dvs", "/var/lib/cps-local/0", "/images/pe", "ro", "ro", "shared",
      false},
     {MountKind::kBind, "dvs", "/images/pe", "/b \"q\"", "rw", "ro", "shared slave", true}}};

TEST(ContentJson, WorkIsReadBackWhole) {
  for (const Work& work :
       {Work(UnmountContent{"pe", kRecord, true, false}), Work(UnmountContent{"", {}, false, true}),
        Work(RemountContent{"pe", kRecord})}) {
    const auto back = ContentWorkFromJson(json::parse(ContentWorkToJson(work).dump()));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, work);
  }
}

TEST(ContentJson, AnythingElseIsAnError) {
  const json good = ContentWorkToJson(UnmountContent{"pe", kRecord, true, false});
  for (const auto& [field, value] : good.items()) {
    json bad = good;
    bad.erase(field);
    EXPECT_FALSE(ContentWorkFromJson(bad).ok()) << "without " << field;
    bad[field] = json::object();
    EXPECT_FALSE(ContentWorkFromJson(bad).ok()) << field << " as an object";
  }
  json bad = good;
  bad["work"] = "inspect";
  EXPECT_FALSE(ContentWorkFromJson(bad).ok());
  bad = good;
  bad["mounts"][0]["kind"] = 5;
  EXPECT_FALSE(ContentWorkFromJson(bad).ok()) << "unknown kind";
  bad = good;
  bad["mounts"][0].erase("target");
  EXPECT_FALSE(ContentWorkFromJson(bad).ok());
}

// After a crash the agent goes on with what it had begun.
TEST(ContentJson, AnIntentKeepsItsWork) {
  LedgerEntry entry;
  entry.intent.key = {"jobs/j/tasks/x1", 1};
  entry.intent.boot_id = "boot";
  entry.intent.content = UnmountContent{"pe", kRecord};
  const auto back = EntryFromText(entry.intent.key, EntryText(entry));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, entry);
}

TEST(ContentJson, TheLargestRecordFitsTheLedger) {
  LedgerEntry entry;
  entry.intent.key = {"jobs/j/tasks/x1", 1};
  UnmountContent work{"pe"};
  while (SizeOf(work.record) < kMaxRecordBytes)
    work.record.mounts.push_back(
        {MountKind::kBind, "dvs", std::string(500, '\1'), "/t", "", "", "", false});
  entry.intent.content = work;
  EXPECT_LE(EntryText(entry).size(), kMaxEntryBytes);
}

}  // namespace
}  // namespace muster
