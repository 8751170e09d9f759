"""Links break, ledgers vanish, nodes reboot and controllers die in the middle of a restart: what is not known is said, and no attempt ever
starts the unit twice."""

import os
import shutil
import signal
import unittest

from harness import Story, World
from programs import wait_until

# ORCA that takes 3 s to stop gives the middle in which things happen.
SLOW = "\n".join(["[Unit]", "StartLimitIntervalSec=0", "[Service]", "Type=notify", "TimeoutStopSec=90",
                  "ExecStart=/opt/bed/orca_stub --subscribe mgmt-nmn:28600 --stop-delay 3", ""])
LEDGER = "/run/muster-agent"


def setUpModule():
    Story.world = World(8)
    unittest.addModuleCleanup(Story.world.close)
    for host in Story.world.hosts:
        host.write_unit("cray-orca.service", SLOW)
        host.systemctl("restart", "cray-orca.service")


class FaultTest(Story):
    def begin(self, host, *options):
        """A resubscription of the host whose restart is under way: (job, starts before)."""
        before = host.starts()
        job = self.world.muster_json("resubscribe", "--no-verify", "-w", host.nid, "--settle", "1s", "--detach", *options, code=0).job
        wait_until(lambda: host.show("cray-orca.service", "Job") not in ("", "0"), "systemd restarts ORCA")
        return job, before

    def end_of(self, job, host, limit=90):
        ended = self.world.job_ended(job, limit)
        return ended.endings[host.xname], ended.tasks[host.xname]

    def test_a_link_that_breaks_in_the_middle_and_heals(self):
        host = self.world.host(1)
        job, before = self.begin(host)
        host.cut()
        # ORCA cannot subscribe without the link, and may try for 5 s: heal once it is stopped and starts anew.
        wait_until(lambda: host.show("cray-orca.service", "SubState") == "start", "ORCA starts")
        host.heal()
        state, _ = self.end_of(job, host)
        self.assertEqual("SUCCEEDED", state)
        self.assert_restarted_once(host, before)

    def test_a_link_that_is_away_while_the_attempt_ends(self):
        """The outcome waits in the ledger and is reported after the link is back."""
        host = self.world.host(2)
        host.write_unit("cray-orca.service", SLOW.replace("--subscribe mgmt-nmn:28600 ", ""))
        host.systemctl("restart", "cray-orca.service")
        before = host.invocation()
        job, _ = self.begin(host)
        host.cut()
        wait_until(lambda: self.outcome_is_written(host, job), "the outcome is in the ledger")
        host.heal()
        state, task = self.end_of(job, host)
        self.assertEqual("SUCCEEDED", state)
        self.assertEqual(before, task["outcome"]["evidence"]["before"]["invocation_id"])
        self.assertEqual(host.invocation(), task["outcome"]["evidence"]["after"]["invocation_id"])

    def outcome_is_written(self, host, job):
        """Whether the agent holds the job's attempt with its outcome: one file for each, named for it."""
        return bool(host.run("sh", "-c", f"grep -l SUCCEEDED {LEDGER}/attempts/*{job.removeprefix('jobs/')}*", check=False))

    def test_a_ledger_that_is_wiped_in_the_middle(self):
        """A new ledger is a new incarnation: the attempt ends INTERRUPTED and nothing is started again."""
        host = self.world.host(3)
        job, before = self.begin(host)
        host.systemctl("stop", "muster-agent.service")
        host.run("rm", "-rf", LEDGER)
        wait_until(lambda: host.show("cray-orca.service", "Job") in ("", "0"), "systemd has ended its job")
        host.systemctl("start", "muster-agent.service")
        state, _ = self.end_of(job, host)
        self.assertIn(state, ("FAILED INTERRUPTED", "ALREADY_SATISFIED REBOOTED"))
        self.assert_restarted_once(host, before)

    def test_a_host_that_reboots_in_the_middle(self):
        """The boot has started ORCA, which is all that was wanted; the attempt itself never starts it."""
        host = self.world.host(4)
        boot_id = host.run("cat", "/proc/sys/kernel/random/boot_id")
        job, before = self.begin(host)
        host.kill()
        host.boot()
        self.assertNotEqual(boot_id, host.run("cat", "/proc/sys/kernel/random/boot_id"))
        state, _ = self.end_of(job, host)
        self.assertEqual("ALREADY_SATISFIED REBOOTED", state)
        self.assert_restarted_once(host, before)

    def test_a_host_that_is_down(self):
        host = self.world.host(5)
        host.systemctl("stop", "muster-agent.service")
        wait_until(lambda: self.world.presence()[host.xname] == "AWAY", "the controller sees it go")
        before = host.starts()
        result = self.world.muster_json("resubscribe", "--no-verify", "-w", host.nid, "--delivery-deadline", "2s", code=1)
        self.assertEqual({host.xname: "UNDELIVERED NOT_ATTACHED"}, result.endings)
        host.systemctl("start", "muster-agent.service")
        self.world.wait_attached(host)
        self.assertEqual(before, host.starts())

    def test_a_host_that_comes_back_before_the_delivery_deadline(self):
        host = self.world.host(5)
        host.systemctl("stop", "muster-agent.service")
        wait_until(lambda: self.world.presence()[host.xname] == "AWAY", "the controller sees it go")
        before = host.starts()
        job = self.world.muster_json("resubscribe", "--no-verify", "-w", host.nid, "--settle", "0s", "--detach", code=0).job
        host.systemctl("start", "muster-agent.service")
        self.assertEqual("SUCCEEDED", self.end_of(job, host)[0])
        self.assert_restarted_once(host, before)

    def test_a_host_that_is_lost_and_speaks_later(self):
        """The task has ended LOST; what the agent says afterwards is kept beside it."""
        host = self.world.host(6)
        before = host.starts()
        job, _ = self.begin(host, "--execution-deadline", "30s", "--timeout", "5s")
        host.systemctl("kill", "-s", "STOP", "muster-agent.service")
        state, _ = self.end_of(job, host)
        self.assertRegex(state, "^LOST ")
        host.systemctl("kill", "-s", "CONT", "muster-agent.service")

        def late():
            return self.world.muster_json("job", "show", job).tasks[host.xname].get("late_outcome")

        # The agent was stopped beyond its own deadline, too, and may see that first.
        self.assertIn(wait_until(late, "the late outcome arrives", 60)["state"], ("SUCCEEDED", "TIMED_OUT"))
        self.assertRegex(self.world.muster_json("job", "show", job).endings[host.xname], "^LOST ")
        self.assert_restarted_once(host, before)

    def test_a_controller_that_dies_in_the_middle(self):
        host = self.world.host(7)
        job, before = self.begin(host)
        self.world.musterd.kill()
        self.world.start_musterd()
        self.assertEqual("SUCCEEDED", self.end_of(job, host)[0])
        self.assert_restarted_once(host, before)

    def test_a_controller_that_is_stopped_and_goes_on(self):
        host = self.world.host(7)
        job, before = self.begin(host)
        self.world.musterd.signal(signal.SIGSTOP)
        wait_until(lambda: self.outcome_is_written(host, job), "the outcome is in the ledger")
        self.world.musterd.signal(signal.SIGCONT)
        self.assertEqual("SUCCEEDED", self.end_of(job, host)[0])
        self.assert_restarted_once(host, before)

    def test_a_controller_outage_causes_nothing_on_any_node(self):
        self.world.wait_attached()
        before = self.world.starts()
        self.world.musterd.signal(signal.SIGTERM)
        self.world.musterd.wait(30)
        self.world.start_musterd()
        self.world.wait_attached()
        self.assertEqual(before, self.world.starts())

    def test_two_agents_with_one_identity(self):
        """A copied certificate: the two replace each other until the node is CONFLICT, and nothing is sent to it."""
        first, second = self.world.host(7), self.world.host(8)
        self.world.wait_attached(first, second)
        second.systemctl("stop", "muster-agent.service")
        own = second.directory + ".own"
        os.rename(second.directory, own)
        shutil.copytree(first.directory, second.directory)
        try:
            second.systemctl("start", "muster-agent.service")
            wait_until(lambda: self.world.presence()[first.xname] == "CONFLICT", "the node is in conflict", 60)
            before = self.world.starts()
            result = self.world.muster_json("resubscribe", "--no-verify", "-w", first.nid, "--delivery-deadline", "2s", code=1)
            self.assertEqual({first.xname: "UNDELIVERED CONFLICT"}, result.endings)
            self.assertEqual(before, self.world.starts())
        finally:
            second.systemctl("stop", "muster-agent.service")
            shutil.rmtree(second.directory)
            os.rename(own, second.directory)


if __name__ == "__main__":
    unittest.main()
