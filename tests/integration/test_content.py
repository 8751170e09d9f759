"""Content is unmounted everywhere before a rebuild, mounted again after it, and each node is told as what it is. Real mounts on real hosts:
FUSE in DVS's place, squashfs on loop devices, overlays, binds."""

import json
import os
import random
import time
import unittest

import content_hosts
from content_hosts import AGENT_SETTINGS, TARGETS, mount_block_content, mount_content, mounts_of
from harness import Story, World
from programs import in_parallel, wait_until


class ContentStory(Story):
    hosts = 1

    world_options = {}

    @classmethod
    def prepare(cls, world):
        """Before the hosts boot."""
        content_hosts.make_image(world)

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.hosts, agent_settings=AGENT_SETTINGS, programs=["CONTENTFS"], before_boot=cls.prepare,
                          **cls.world_options)
        cls.addClassCleanup(cls.world.close)

    def gate(self, name, code):
        """{xname: state}."""
        answer = self.world.muster_json("content", "gate", name, code=code)
        return {node["node"]: node["state"].removeprefix("CONTENT_STATE_") for node in answer.json["nodes"]}

    def reasons(self, answer):
        return {task["node"]: f'{task["state"]} {task["reason"]}' for task in answer.json["job"]["tasks"]}


class RoundTripTest(ContentStory):
    hosts = 20

    def test_what_was_mounted_is_mounted_again(self):
        world = self.world
        in_parallel([lambda host=host: mount_content(host) for host in world.hosts])
        before = in_parallel([lambda host=host: mounts_of(host) for host in world.hosts])
        self.assertEqual([len(TARGETS)] * 20, [len(mounts) for mounts in before])
        status = world.muster_json("content", "status", "--all", code=0)
        self.assertEqual({"SUCCEEDED CONTENT_MOUNTED"}, {f'{task["state"]} {task["reason"]}' for task in status.json["tasks"]})
        self.assertEqual(2, world.muster("content", "gate", "pe").code, "there is no content of that name yet")

        gone = world.muster_json("content", "unmount", "--all", "--operation", "pe", code=0)
        self.assertEqual({"SUCCEEDED CLEAN"}, set(self.reasons(gone).values()))
        self.assertEqual([[]] * 20, in_parallel([lambda host=host: mounts_of(host) for host in world.hosts]))
        self.assertEqual({"CLEAN"}, set(self.gate("pe", code=0).values()))
        self.assertIn("the gate is OPEN: nothing is mounted on 20 nodes", world.muster("content", "gate", code=0).out)

        # Again: nothing has to be done, and nothing is forgotten by it.
        again = world.muster_json("content", "unmount", "--all", "--operation", "pe", code=0)
        self.assertEqual("SUCCEEDED", again.json["state"])
        self.assertEqual({"CLEAN"}, set(self.gate("pe", code=0).values()))

        back = world.muster_json("content", "remount", "--operation", "pe", code=0)
        self.assertEqual({"SUCCEEDED CONTENT_MOUNTED"}, set(self.reasons(back).values()))
        self.assertEqual(before, in_parallel([lambda host=host: mounts_of(host) for host in world.hosts]))
        self.assertEqual({"MOUNTED"}, set(self.gate("pe", code=1).values()))
        twice = world.muster_json("content", "remount", "--operation", "pe", code=0)
        self.assertEqual({"ALREADY_SATISFIED CONTENT_MOUNTED"}, set(self.reasons(twice).values()))


class TroubleTest(ContentStory):
    hosts = 8
    TIMES = ("--timeout", "12s", "--max-failures", "100%")

    def test_each_node_is_told_as_what_it_is(self):
        world = self.world
        fine, busy, private, root, foreign, none, rebooted, covered = world.hosts
        for host in (fine, busy, private, rebooted, covered):
            mount_content(host)
        before = {host.xname: mounts_of(host) for host in world.hosts}
        user = busy.start("sh", "-c", "cd /opt/pe/bin; exec sleep 1000")
        private.run("systemd-run", "-q", "--unit=private", "-p", "PrivateMounts=yes", "-p", "MountFlags=private", "sleep", "1000")
        root.run("sh", "-ec", "echo root=craycps-s3:s3://b/x/rootfs:e-1:dvs:api-gw:300:nmn0 >/run/cmdline; "
                 "mount --bind /run/cmdline /proc/cmdline")
        foreign.run("sh", "-ec", "mkdir -p /lus; /opt/bed/contentfs /opt/muster-etc/image.sq /lus -o ro,subtype=dvs,fsname=/lus/home")
        covered.run("sh", "-ec", "mount -t tmpfs tmpfs /opt/pe")
        self.addCleanup(user.kill)
        wait_until(lambda: "sleep" in busy.run("sh", "-c", "readlink -f /proc/*/cwd >/dev/null; ps -eo comm,args | grep 'sleep 1000'"),
                   "somebody works there")

        answer = world.muster_json("content", "unmount", "--all", "--operation", "pe", *self.TIMES, code=1)
        self.assertEqual({fine.xname: "SUCCEEDED CLEAN", busy.xname: "FAILED BUSY", private.xname: "FAILED BUSY",
                          rebooted.xname: "SUCCEEDED CLEAN"}, self.reasons(answer))
        details = {task["node"]: task["detail"] for task in answer.json["job"]["tasks"]}
        self.assertIn("(sleep, uid 0", details[busy.xname])
        self.assertIn("private.service", details[private.xname])
        self.assertEqual({fine.xname: "CLEAN", busy.xname: "NOT_CLEAN", private.xname: "NOT_CLEAN", root.xname: "ROOT_ON_CPS",
                          foreign.xname: "NOT_A_CLIENT", none.xname: "NOT_A_CLIENT", rebooted.xname: "CLEAN",
                          covered.xname: "UNKNOWN"}, self.gate("pe", code=1))
        text = world.muster("content", "gate", "pe", code=1).out
        self.assertIn(f"--operation shutdown --limit {root.xname}", text)
        self.assertIn("the gate is CLOSED: 4 of 8 nodes keep it so", text)
        self.assertIn("/lus", foreign.run("cat", "/proc/self/mountinfo"))
        # What the process needs is there as it was; nothing that lies below it was taken away.
        self.assertEqual(before[busy.xname][:3], [mount for mount in mounts_of(busy)])

        # Each is looked after; what was unmounted before is not forgotten by the second try.
        user.kill()
        busy.run("pkill", "sleep", check=False)
        private.systemctl("stop", "private.service")
        root.run("umount", "/proc/cmdline")
        covered.run("umount", "/opt/pe")
        world.muster_json("content", "unmount", "--all", "--operation", "pe", *self.TIMES, code=0)
        rebooted.kill()
        rebooted.boot()
        wait_until(lambda: "attached node=" in rebooted.journal(), "the node that has booted attaches", 60)
        states = self.gate("pe", code=0)
        self.assertEqual({"CLEAN", "NOT_A_CLIENT"}, set(states.values()))

        world.muster_json("content", "remount", code=0)
        for host in (fine, busy, private, rebooted, covered):
            self.assertEqual(before[host.xname], mounts_of(host), host.nid)
        self.assertIn("/lus", foreign.run("cat", "/proc/self/mountinfo"))


class HungTest(ContentStory):
    def test_a_file_system_that_hangs_costs_the_agent_nothing(self):
        world, host = self.world, self.world.host(1)
        mount_content(host)
        world.muster("content", "unmount", "--all", "--operation", "pe", code=0)
        world.muster("content", "remount", code=0)
        host.run("pkill", "-USR1", "contentfs")
        for _ in range(3):
            answer = world.muster_json("content", "remount", "--timeout", "15s", code=1)
            self.assertEqual({host.xname: "TIMED_OUT HUNG"}, self.reasons(answer))
            # It goes on answering meanwhile, and leaves nothing behind that could not be killed but what hangs itself.
            self.assertEqual(0, world.muster("content", "status", "--all", "--timeout", "20s").code)
        self.assertEqual("0", host.show("muster-agent.service", "NRestarts"))
        stuck = [line for line in host.run("ps", "-eo", "comm").splitlines() if line.startswith("muster-mount")]
        self.assertLessEqual(len(stuck), 1, "one for the mount, however often it is looked at")
        host.run("pkill", "-USR2", "contentfs")
        wait_until(lambda: "muster-mount" not in host.run("ps", "-eo", "comm"), "what hung goes with what it waited for")
        again = world.muster_json("content", "remount", code=0)
        self.assertEqual({host.xname: "ALREADY_SATISFIED CONTENT_MOUNTED"}, self.reasons(again))


class HungUnmountTest(ContentStory):
    TIMES = ("--operation", "pe", "--timeout", "15s")

    def test_an_unmount_that_hangs_in_the_kernel_is_not_clean_until_it_has_come_back(self):
        world, host = self.world, self.world.host(1)
        mount_block_content(host)
        self.assertEqual(["fuseblk.dvs"], [mount[1] for mount in mounts_of(host)])
        host.run("pkill", "-STOP", "contentfs")
        answer = world.muster_json("content", "unmount", "--all", *self.TIMES, code=1)
        self.assertEqual({host.xname: "TIMED_OUT HUNG"}, self.reasons(answer))
        self.assertEqual({host.xname: "NOT_CLEAN"}, self.gate("pe", code=1))
        self.assertEqual([], mounts_of(host), "the kernel takes it from the table first")
        # Nobody is fooled by the table, and no second process is left behind, not even by an agent that was started again.
        host.systemctl("restart", "muster-agent.service")
        world.wait_attached()
        again = world.muster_json("content", "unmount", "--all", *self.TIMES, code=1)
        self.assertIn("an earlier try is still at /images/pe", json.dumps(again.json))
        self.assertEqual({host.xname: "UNKNOWN"}, self.gate("pe", code=1))
        stuck = [line for line in host.run("ps", "-eo", "comm").splitlines() if line.startswith("muster-mount")]
        self.assertEqual(1, len(stuck))
        host.run("pkill", "-CONT", "contentfs")
        wait_until(lambda: "muster-mount" not in host.run("ps", "-eo", "comm"), "the unmount comes back")
        world.muster("content", "unmount", "--all", *self.TIMES)
        self.assertEqual({host.xname: "CLEAN"}, self.gate("pe", code=0))


class CrashPointTest(ContentStory):
    POINTS = ["agent.before-intent", "agent.after-intent", "agent.child-begun", "agent.child-ended", "agent.outcome-written",
              "agent.report-sent"]
    hosts = len(POINTS)
    world_options = {"agent": "MUSTER_AGENT_ARMED"}

    @classmethod
    def prepare(cls, world):
        super().prepare(world)
        for host, point in zip(world.hosts, cls.POINTS):
            host.set_agent_env(MUSTER_CRASH_AT=point, MUSTER_CRASH_MARK=f"/opt/muster-etc/{host.nid}/mark")

    def disarm(self):
        """The marks of what was passed before: from here on the next one that is passed counts."""
        for host in self.world.hosts:
            if os.path.exists(host.mark):
                os.unlink(host.mark)

    def test_an_agent_that_dies_anywhere_loses_and_doubles_nothing(self):
        world = self.world
        for host in world.hosts:
            mount_content(host)
        before = [mounts_of(host) for host in world.hosts]
        # Recording passes some of the points, too.
        for verb in ("unmount", "remount"):
            self.disarm()
            arguments = ["--all", "--operation", "pe"] if verb == "unmount" else []
            answer = world.muster_json("content", verb, *arguments)
            for host, point in zip(world.hosts, self.POINTS):
                with self.subTest(f"{verb}: {point}"):
                    wait_until(lambda host=host: os.path.exists(host.mark), f"{point} is hit on {host.nid}")
            world.wait_attached()
            with self.subTest(verb):
                self.assertEqual(0, answer.code, answer.out)
            expected = before if verb == "remount" else [[]] * len(world.hosts)
            self.assertEqual(expected, [mounts_of(host) for host in world.hosts])


class KillsTest(ContentStory):
    """Agents and controller die at random times in both phases. MUSTER_CONTENT_ROUNDS: how often."""

    hosts = 3
    rounds = int(os.environ.get("MUSTER_CONTENT_ROUNDS", "3"))

    def run_to_end(self, chance, *arguments):
        """Types it until it succeeds, while things die."""
        for _ in range(8):
            typed = self.world.start_muster("content", *arguments, "--retries", "5")
            end = time.monotonic() + chance.uniform(0, 1.5)
            while time.monotonic() < end:
                time.sleep(chance.uniform(0.01, 0.4))
                if chance.random() < 0.3:
                    self.world.musterd.kill()
                    self.world.start_musterd()
                else:
                    chance.choice(self.world.hosts).systemctl("kill", "--kill-whom=main", "-s", "KILL", "muster-agent.service",
                                                                       check=False)
            if self.world.answer_of(typed, 120).code == 0:
                return
            self.world.wait_attached()
        self.fail(f"{arguments} never succeeds")

    def test_whatever_dies_nothing_is_lost_or_mounted_twice(self):
        world = self.world
        for host in world.hosts:
            mount_content(host)
        before = [mounts_of(host) for host in world.hosts]
        for number in range(self.rounds):
            with self.subTest(round=number):
                chance = random.Random(number)
                self.run_to_end(chance, "unmount", "--all", "--operation", f"round-{number}")
                self.assertEqual([[]] * self.hosts, [mounts_of(host) for host in world.hosts])
                world.wait_attached()
                wait_until(lambda: world.muster("content", "gate").code == 0, "the gate opens")
                self.run_to_end(chance, "remount")
                self.assertEqual(before, [mounts_of(host) for host in world.hosts])


if __name__ == "__main__":
    unittest.main()
