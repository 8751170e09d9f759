"""Old and new programs speak to each other: those of this build, and those that tests/skew/build made of the protocol version before it.
Agents are updated and downgraded under a job, with an attempt in their ledger; so is the controller, with agents attached."""

import os
import unittest

from harness import UNITS, Story, World
from programs import Process, program, wait_until

ALL, ALL_BUT_THE_LAST = "x1000c0s0b[0-1]n[0-1]", "x1000c0s0b0n[0-1],x1000c0s0b1n0"
# A stop waits for as long as a test wants it to: an attempt is in the middle until then.
HELD_ORCA = """[Unit]
Description=Stand-in for cray-orca, whose stop may wait
[Service]
Type=notify
ExecStart=/opt/bed/orca_stub --subscribe mgmt-nmn:28600
ExecStop=/bin/sh -c 'while [ -e /run/hold ]; do sleep 0.1; done'
TimeoutStopSec=120
"""
OLD_PROGRAMS = ("MUSTERD_OLD", "MUSTER_AGENT_OLD", "MUSTER_OLD")


def setUpModule():
    missing = [name for name in OLD_PROGRAMS if not os.path.exists(os.environ.get(name, ""))]
    if missing:
        raise unittest.SkipTest(f"{', '.join(missing)} are not built: tests/skew/build says why")


class SkewStory(Story):
    def setUp(self):
        # The controller crashes and is replaced: every test begins with all attached.
        self.world.wait_attached()

    def begin(self, *hosts):
        """A job whose attempts are in the middle on all of these, until release(): (job, {host: starts before})."""
        before = {host: host.starts() for host in hosts}
        for host in hosts:
            host.run("touch", "/run/hold")
        targets = [word for host in hosts for word in ("-w", host.nid)]
        job = self.world.muster_json("restart", "cray-orca.service", *targets, "--settle", "1s", "--detach", code=0).job
        for host in hosts:
            wait_until(lambda host=host: self.is_held(host), f"{host.nid}: systemd stops the unit")
        return job, before

    def is_held(self, host):
        return host.show("cray-orca.service", "ActiveState") == "deactivating"

    def release(self, *hosts):
        for host in hosts:
            self.assertTrue(self.is_held(host), f"{host.nid}: what was done was to be in the middle of an attempt")
            host.run("rm", "/run/hold")

    def assert_ends_well(self, job, before):
        """Once it is released."""
        self.release(*before)
        self.assert_ended_well(job, before)

    def assert_ended_well(self, job, before):
        ended = self.world.job_ended(job)
        self.assertEqual({host.xname: "SUCCEEDED" for host in before}, ended.endings)
        for host, starts in before.items():
            self.assert_restarted_once(host, starts)

    def crash(self, host):
        host.systemctl("kill", "--signal=KILL", "muster-agent.service")

    def replace_agent(self, host, path):
        """As an update does: the program is another one, and its service is restarted. The ledger stays."""
        with open(os.path.join(UNITS, "muster-agent.service"), encoding="ascii") as file:
            unit = file.read()
        host.write_unit("muster-agent.service", unit.replace("/opt/muster/muster-agent", path))
        host.systemctl("restart", "muster-agent.service")

    def conditions(self):
        """{(condition, state, reason): nodes} of all that are not well."""
        answer = self.world.muster_json("health")
        return {(group["kind"].removeprefix("CONDITION_KIND_"), group["state"].removeprefix("CONDITION_STATE_"), group["reason"]):
                group["nodes"] for group in answer.json.get("groups", [])}

    def wait_for(self, conditions):
        seen = None

        def is_so():
            nonlocal seen
            seen = self.conditions()
            return seen == conditions

        try:
            wait_until(is_so, f"health tells {conditions}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nbut {seen}") from None


class OldAgentsTest(SkewStory):
    """The controller was updated first, as it must be."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(4, agent="MUSTER_AGENT_OLD", programs=["MUSTER_AGENT"], unit_files={"cray-orca.service": HELD_ORCA})
        cls.addClassCleanup(cls.world.close)

    def update(self, host):
        self.replace_agent(host, "/opt/bed/muster_agent")

    def downgrade(self, host):
        self.replace_agent(host, "/opt/muster/muster-agent")

    def old_muster(self, *arguments):
        """What the operators' old command answers: (exit code, both outputs)."""
        done = self.world.in_mgmt(program("MUSTER_OLD"), *arguments)
        return done.returncode, done.stdout + done.stderr

    def test_a_job_and_an_agent_that_crashes_in_it(self):
        first, second = self.world.hosts[:2]
        job, before = self.begin(first, second)
        self.crash(second)
        self.assert_ends_well(job, before)

    def test_the_old_command(self):
        host = self.world.host(1)
        before = host.starts()
        code, text = self.old_muster("restart", "cray-orca.service", "-w", host.nid, "--settle", "0s")
        self.assertEqual(0, code, text)
        self.assert_restarted_once(host, before)
        code, text = self.old_muster("job", "list")
        self.assertEqual(0, code, text)
        self.assertIn("SUCCEEDED", text)

    def test_what_an_old_agent_cannot_tell_is_not_known(self):
        """Of four agents one is updated, and downgraded again."""
        world = self.world
        *old, new = world.hosts
        all_of_them = {("AGENT_CURRENT", "UNKNOWN", "OldAgent"): ALL, ("ORCA_ACTIVE", "UNKNOWN", "OldAgent"): ALL}
        self.wait_for(all_of_them)
        world.muster("health", code=3)
        self.update(new)
        the_others = {key: ALL_BUT_THE_LAST for key in all_of_them}
        self.wait_for(the_others)
        world.muster("health", "-w", new.nid, code=0)
        self.assertIn("speaks protocol version 1, this controller 2: update it", world.muster("node", "show", old[0].nid, code=0).out)

        # The new one tells by itself, the old ones do not.
        for host in (old[0], new):
            host.systemctl("stop", "cray-orca.service")
        self.wait_for({**the_others, ("ORCA_ACTIVE", "FALSE", "Stopped"): new.xname})
        for host in (old[0], new):
            host.systemctl("start", "cray-orca.service")
        self.wait_for(the_others)

        job, before = self.begin(*world.hosts)
        self.crash(new)
        self.assert_ends_well(job, before)
        self.downgrade(new)
        self.wait_for(all_of_them)

    def test_an_update_and_a_downgrade_in_the_middle_of_an_attempt(self):
        """Each goes on with what it finds in the ledger of the other."""
        host = self.world.host(3)
        for replace in (self.update, self.downgrade):
            job, before = self.begin(host)
            replace(host)
            self.assert_ends_well(job, before)

    def test_an_update_and_a_downgrade_with_an_outcome_that_was_not_told(self):
        """The outcome waits in the ledger while the controller is away."""
        world, host = self.world, self.world.host(4)
        for replace in (self.update, self.downgrade):
            job, before = self.begin(host)
            world.musterd.kill()
            self.release(host)
            of_this_job = f"/run/muster-agent/attempts/*{job.removeprefix('jobs/')}*"
            wait_until(lambda: host.run("sh", "-c", f"grep -l SUCCEEDED {of_this_job}", check=False), "the outcome is in the ledger")
            replace(host)
            world.start_musterd()
            self.assert_ended_well(job, before)


class OldControllerTest(SkewStory):
    """Agents were updated first, or the controller is downgraded: agents say that they speak its version. Then it is updated under them."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(2, musterd="MUSTERD_OLD", unit_files={"cray-orca.service": HELD_ORCA})
        cls.addClassCleanup(cls.world.close)

    def test_jobs_and_an_update_of_the_controller(self):
        world = self.world
        first, second = world.hosts
        self.assertIn("version 1 is said to it next", first.journal())
        job, before = self.begin(first, second)
        self.crash(second)
        self.assert_ends_well(job, before)

        job, before = self.begin(first, second)
        world.musterd.kill()
        world.musterd = Process(world, "musterd", [program("MUSTERD"), *world.musterd_command()[1:]])
        self.assert_ends_well(job, before)
        self.wait_for({})
        first.systemctl("stop", "cray-orca.service")
        self.wait_for({("ORCA_ACTIVE", "FALSE", "Stopped"): first.xname})


if __name__ == "__main__":
    unittest.main()
