// Groups of ClusterShell: what its files say, where they are, and what is said of those that are not there. The first file is that of its
// documentation, with the nodes that `nodeset -e` of ClusterShell 1.9.1 gives for each group.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/cli/group_config.h"
#include "controller/cli/group_sources.h"
#include "group_dir.h"

namespace muster::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kCluster[] = R"(
roles:
    adm: 'example0'
    io: '@racks:rack2,example2'
    compute: '@racks:rack[3-4]'
    gpu: '@racks:rack4'
    all: '@io,@compute'
racks:
    rack1: 'example[0,2]'
    rack2: 'example[4-5]'
    rack3: 'example[32-159]'
    rack4: 'example[156-159]'
    old: '@rack[1,3]'
    new: '@rack[2,4]'
    rack5:
        - 'example[200-205]'
        - 'example245'
        - 'example300,example[401-406]'
cpu:
    ivy: 'example[32-63]'
    hsw: '@roles:compute!@ivy'
)";

std::string NodesOf(GroupSources& groups, const std::string& word) {
  const absl::StatusOr<NodeSet> nodes = groups.NodesOf(word);
  EXPECT_TRUE(nodes.ok()) << word << ": " << nodes.status();
  return nodes.ok() ? nodes->Folded() : "";
}

std::string ErrorOf(GroupSources& groups, const std::string& word) {
  const absl::Status status = groups.NodesOf(word).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << word;
  EXPECT_EQ(Message(status).find('\n'), std::string::npos);
  return Message(status);
}

GroupSources Sources(const std::string& yaml) {
  GroupSources groups;
  EXPECT_TRUE(groups.AddYaml("cluster.yaml", yaml).ok()) << groups.AddYaml("again", yaml);
  return groups;
}

std::string ErrorOfFile(const std::string& yaml) {
  GroupSources groups;
  const absl::Status status = groups.AddYaml("cluster.yaml", yaml);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << yaml;
  return Message(status);
}

TEST(GroupSources, MeanWhatTheyMeanToClusterShell) {
  GroupSources groups = Sources(kCluster);
  groups.SetDefault("roles");
  EXPECT_EQ(NodesOf(groups, "@adm"), "example0");
  EXPECT_EQ(NodesOf(groups, "@io"), "example[2,4-5]");
  EXPECT_EQ(NodesOf(groups, "@compute"), "example[32-159]");
  EXPECT_EQ(NodesOf(groups, "@*"), "example[2,4-5,32-159]");
  EXPECT_EQ(NodesOf(groups, "@roles:all"), "example[2,4-5,32-159]");
  EXPECT_EQ(NodesOf(groups, "@racks:old"), "example[0,2,32-159]");
  EXPECT_EQ(NodesOf(groups, "@racks:rack[1-2]"), "example[0,2,4-5]");
  EXPECT_EQ(NodesOf(groups, "@racks:rack5"), "example[200-205,245,300,401-406]");
  EXPECT_EQ(NodesOf(groups, "@racks:*"), "example[0,2,4-5,32-159,200-205,245,300,401-406]");
  EXPECT_EQ(NodesOf(groups, "@cpu:hsw"), "example[64-159]");
  EXPECT_EQ(NodesOf(groups, "@cpu:*"), "example[32-159]");
}

TEST(GroupSources, AnEmptyGroupIsOne) {
  GroupSources groups =
      Sources("s: {spare: '', none: , blank: ' ', both: '@spare,a', list: ['', b]}");
  for (const char* group : {"@spare", "@none", "@blank"}) EXPECT_EQ(NodesOf(groups, group), "");
  EXPECT_EQ(NodesOf(groups, "@both"), "a");
  EXPECT_EQ(NodesOf(groups, "@list"), "b");
}

TEST(GroupSources, TheDefaultIsTheOneThatIsSetElseTheUsualElseTheFirst) {
  GroupSources first = Sources("zebra: {a: n1}\nant: {a: n2}\n");
  EXPECT_EQ(NodesOf(first, "@a"), "n1");
  GroupSources usual = Sources("ant: {a: n1}\nlocal: {a: n2}\n");
  EXPECT_EQ(NodesOf(usual, "@a"), "n2");
  GroupSources set = Sources("ant: {a: n1}\nlocal: {a: n2}\n");
  set.SetDefault("ant");
  EXPECT_EQ(NodesOf(set, "@a"), "n1");
  set.SetDefault("bee");
  EXPECT_THAT(ErrorOf(set, "@a"), HasSubstr("there is no group source bee; there are: ant, local"));
}

TEST(GroupSources, AGroupThatIsNotThereIsAnErrorThatListsThoseThatAre) {
  GroupSources groups = Sources(kCluster);
  EXPECT_EQ(ErrorOf(groups, "@roles:copmute"),
            "there is no group @roles:copmute in cluster.yaml; the source roles has: adm, all, "
            "compute, gpu, io");
  EXPECT_EQ(ErrorOf(groups, "@role:compute"),
            "there is no group source role; there are: cpu, racks, roles");
  EXPECT_THAT(ErrorOf(groups, "@racks:rack[5-6]"), HasSubstr("no group @racks:rack6"));
  EXPECT_THAT(ErrorOf(groups, "@"), HasSubstr("@ is no group"));
  EXPECT_THAT(ErrorOf(groups, "@racks:"), HasSubstr("@racks: is no group"));
  EXPECT_THAT(ErrorOf(groups, "@@racks"), HasSubstr("@@racks is no group"));
  GroupSources none;
  EXPECT_THAT(ErrorOf(none, "@a"), HasSubstr("no groups are defined"));
  none.AddCommand("slurm");
  EXPECT_THAT(ErrorOf(none, "@slurm:p1"), HasSubstr("the group source slurm is a command"));
}

TEST(GroupSources, AGroupThatIsPartOfItselfIsAnError) {
  GroupSources groups = Sources("s: {a: '@b', b: 'n1,@t:c', self: 'n1!@self'}\nt: {c: '@s:a'}");
  EXPECT_EQ(ErrorOf(groups, "@s:a"),
            "the group @s:a is part of itself: @s:a, @s:b, @t:c, @s:a; cluster.yaml defines it");
  EXPECT_THAT(ErrorOf(groups, "@t:c"), HasSubstr("the group @t:c is part of itself"));
  EXPECT_THAT(ErrorOf(groups, "@self"), HasSubstr("@s:self is part of itself"));
}

TEST(GroupSources, AreAtMostSoDeep) {
  std::string yaml = "s:\n  g0: n1\n";
  for (size_t i = 1; i <= kMaxGroupDepth; ++i) yaml += fmt::format("  g{}: '@g{}'\n", i, i - 1);
  GroupSources groups = Sources(yaml);
  EXPECT_THAT(ErrorOf(groups, fmt::format("@g{}", kMaxGroupDepth)),
              HasSubstr("in more than 64 others"));
  EXPECT_EQ(NodesOf(groups, fmt::format("@g{}", kMaxGroupDepth - 1)), "n1");
}

// Each group has the one before it a hundred times: evaluated each time, that is 10^40.
TEST(GroupSources, AreEvaluatedOnce) {
  std::string yaml = "s:\n  g0: n1\n";
  for (int i = 1; i <= 20; ++i) {
    yaml += fmt::format("  g{}: '@g{}", i, i - 1);
    for (int k = 1; k < 100; ++k) yaml += fmt::format(",@g{}", i - 1);
    yaml += "'\n";
  }
  GroupSources groups = Sources(yaml);
  EXPECT_EQ(NodesOf(groups, "@g20"), "n1");
}

TEST(GroupSources, AMistakeIsToldWithItsGroupAndFile) {
  GroupSources groups = Sources("s: {a: 'n[1-', b: '@a', c: '^file', d: 'n1!'}");
  const std::string mistake = "the group @s:a of cluster.yaml: node set 'n[1-': '[' has no ']'";
  EXPECT_THAT(ErrorOf(groups, "@a"), HasSubstr(mistake));
  EXPECT_THAT(ErrorOf(groups, "@b"), testing::StartsWith(mistake));
  EXPECT_THAT(ErrorOf(groups, "@c"), HasSubstr("'^file' is in no group"));
  EXPECT_THAT(ErrorOf(groups, "@d"), HasSubstr("'!' has no set after it"));
}

TEST(GroupSources, AFileThatIsNoneOfGroupsIsAnError) {
  EXPECT_THAT(ErrorOfFile("- a\n"), HasSubstr("the file of groups cluster.yaml: it is no map"));
  EXPECT_THAT(ErrorOfFile("s: text\n"), HasSubstr("the source s is no map of groups"));
  EXPECT_THAT(ErrorOfFile("s: {a: {b: c}}\n"),
              HasSubstr("the group a of the source s: it is neither"));
  EXPECT_THAT(ErrorOfFile("s: {a: [[b]]}\n"), HasSubstr("other than a text"));
  EXPECT_THAT(ErrorOfFile("s: {a: 'b\n"), HasSubstr("line "));
  GroupSources groups = Sources("s: {a: n1}");
  EXPECT_EQ(Message(groups.AddYaml("other.yaml", "s: {a: n2}")),
            "the group source s is in two files, cluster.yaml and other.yaml");
  EXPECT_EQ(NodesOf(groups, "@a"), "n1");
}

TEST(GroupConfig, ReadsYamlFilesOfGroupsD) {
  const GroupDir dir;
  dir.Write("groups.d/b.yaml", "racks: {r1: 'n[1-2]'}");
  dir.Write("groups.d/a.yaml", "roles: {compute: '@racks:r1'}");
  dir.Write("groups.d/c.yaml.example", "- no");
  dir.Write("groups.d/d.yml", "- no");
  absl::StatusOr<GroupSources> groups = LoadGroupSources({dir.path()});
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_EQ(NodesOf(*groups, "@compute"), "n[1-2]");
}

TEST(GroupConfig, GroupsConfNamesTheDirectoriesAndTheDefault) {
  const GroupDir system;
  const GroupDir user;
  system.Write("groups.conf", "# comment\n[Main]\ndefault: roles\nautodir: " + system.path() +
                                  "/groups.d $CFGDIR/mine\n[slurm,pbs]\nmap: squeue\n");
  system.Write("groups.d/a.yaml", "racks: {r1: n1}");
  user.Write("groups.conf", "[Main]\ndefault = own\n");
  user.Write("mine/b.yaml", "own: {r1: '@racks:r1,n2'}");
  absl::StatusOr<GroupSources> groups = LoadGroupSources({system.path(), user.path()});
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_EQ(NodesOf(*groups, "@r1"), "n[1-2]");
  EXPECT_THAT(ErrorOf(*groups, "@pbs:x"), HasSubstr("is a command of groups.conf"));
}

TEST(GroupConfig, TheFlatFileIsTheSourceLocal) {
  const GroupDir dir;
  dir.Write("groups.conf", "[Main]\ndefault: local\n[local]\nmap: sed …\n");
  dir.Write("groups.d/local.cfg", "# no: group\ncompute: n[1-4]\ncompute: n6\nio: @compute!n1\n");
  absl::StatusOr<GroupSources> groups = LoadGroupSources({dir.path()});
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_EQ(NodesOf(*groups, "@io"), "n[2-4,6]");
  EXPECT_EQ(NodesOf(*groups, "@local:*"), "n[1-4,6]");
  dir.Write("groups", "compute: n9\n");
  groups = LoadGroupSources({dir.path()});
  EXPECT_EQ(NodesOf(*groups, "@compute"), "n9");
}

TEST(GroupConfig, AFileThatIsWrongIsAnErrorAndOneThatCannotBeReadIsToldWhenItIsMissed) {
  const GroupDir dir;
  const std::string file = dir.Write("groups.d/a.yaml", "s: {a: n1");
  EXPECT_THAT(Message(LoadGroupSources({dir.path()}).status()),
              AllOf(HasSubstr("the file of groups " + file), HasSubstr("line 1")));
  dir.Write("groups.d/a.yaml", "s: {a: n1}");
  std::filesystem::create_symlink("nowhere", dir.path() + "/groups.d/b.yaml");
  absl::StatusOr<GroupSources> groups = LoadGroupSources({dir.path()});
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_EQ(NodesOf(*groups, "@a"), "n1");
  EXPECT_THAT(ErrorOf(*groups, "@t:a"), HasSubstr("b.yaml cannot be read: No such file"));
}

}  // namespace
}  // namespace muster::cli
