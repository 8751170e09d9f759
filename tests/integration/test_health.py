"""Agents tell what changes, and muster health tells it further: units that stop, crash and come back, content that is mounted and gone,
nodes that are lost. On real hosts; nobody asks the agents."""

import unittest

import content_hosts
from content_hosts import AGENT_SETTINGS, mount_content
from harness import DIRECT, Story, World
from programs import wait_until

# Starts again and again by itself, and fails.
DROP_IN = "/run/systemd/system/cray-orca.service.d"
CRASHING = """[Service]
ExecStart=
ExecStart=/bin/false
Restart=always
RestartSec=200ms
"""


class HealthTest(Story):
    @classmethod
    def setUpClass(cls):
        cls.world = World(4, agent_settings=AGENT_SETTINGS, programs=["CONTENTFS"], before_boot=content_hosts.make_image,
                          csm={**DIRECT, "refresh": 5})
        cls.addClassCleanup(cls.world.close)

    def health(self):
        """(exit code, {(condition, state, reason): nodes})"""
        answer = self.world.muster_json("health")
        groups = {(group["kind"].removeprefix("CONDITION_KIND_"), group["state"].removeprefix("CONDITION_STATE_"), group["reason"]):
                  group["nodes"] for group in answer.json.get("groups", [])}
        return answer.code, groups

    def wait_well(self):
        wait_until(lambda: self.health() == (0, {}), "all is well again", 60)

    def wait_for(self, host, condition, state, reason):
        def is_told():
            code, groups = self.health()
            return code == 1 and groups.get((condition, state, reason)) == host.xname

        wait_until(is_told, f"{host.nid}: {condition} {state} {reason}", 60)

    def test_what_happens_to_nodes_is_told(self):
        world = self.world
        stopped, crashing, content, lost = world.hosts
        world.muster("resubscribe", "--all", "--settle", "0s", code=0)
        self.wait_well()

        stopped.systemctl("stop", "cray-orca.service")
        self.wait_for(stopped, "ORCA_ACTIVE", "FALSE", "Stopped")
        shown = world.muster("node", "show", stopped.nid, code=0).out
        self.assertIn("cray-orca.service is inactive", shown)
        stopped.systemctl("start", "cray-orca.service")
        self.wait_well()

        crashing.run("sh", "-c", f"mkdir -p {DROP_IN}; cat >{DROP_IN}/crash.conf <<'END'\n{CRASHING}END\n"
                     "systemctl daemon-reload; systemctl restart cray-orca.service || true")
        self.wait_for(crashing, "ORCA_ACTIVE", "FALSE", "CrashLoop")
        crashing.run("sh", "-c", f"rm -r {DROP_IN}; systemctl daemon-reload; "
                     "systemctl stop cray-orca.service; systemctl reset-failed cray-orca.service; systemctl start cray-orca.service")
        self.wait_well()

        mount_content(content)
        counts = {}

        def is_mounted():
            answer = world.muster_json("health", "-w", content.nid, code=0)
            counts.update({each["kind"]: each for each in answer.json["conditions"]})
            return counts.get("CONDITION_KIND_CONTENT_MOUNTED", {}).get("true_count") == 1

        wait_until(is_mounted, "content is told when it is mounted")
        content.run("umount", "/usr-local-pe", "/opt/pe", "/sq/pe", "/images/pe")
        self.wait_for(content, "CONTENT_MOUNTED", "FALSE", "Gone")
        mount_content(content)
        self.wait_well()

        # As a node that is told to boot; one whose power is cut is noticed when its PING is due.
        lost.systemctl("stop", "muster-agent.service")
        lost.kill()
        self.wait_for(lost, "AGENT_ATTACHED", "FALSE", "Away")
        text = world.muster("health", "--by", "cabinet", code=1).out
        self.assertIn("DEGRADED: 3 of 4 nodes well, 1 degraded", text)
        self.assertIn(f"next: muster node show {lost.xname}", text)
        lost.boot()
        self.wait_well()

        # Nobody is subscribed any more, and no agent can know it.
        world.put_and_wait("hmnfd/lose-etcd")
        wait_until(lambda: ("SUBSCRIBED", "FALSE", "NotSubscribed") in self.health()[1], "HMNFD's list is looked at", 60)


if __name__ == "__main__":
    unittest.main()
