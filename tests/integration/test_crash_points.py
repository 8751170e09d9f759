"""The daemons are stopped dead at each place where it could matter. The job ends as it should, and the unit has been started once.

The programs are the armed builds: they send themselves SIGKILL at the point that MUSTER_CRASH_AT names, and leave the file MUSTER_CRASH_MARK.
Starts are counted from outside, as distinct invocations at HMNFD.
"""

import os
import unittest

from harness import Story, World
from programs import wait_until

AGENT_POINTS = ["agent.before-intent", "agent.after-intent", "agent.call-sent", "agent.call-answered",
                "agent.job-removed", "agent.in-settle", "agent.outcome-written", "agent.report-sent",
                "agent.settled-received"]
CONTROLLER_POINTS = ["controller.before-persist", "controller.persisted", "controller.sent",
                     "controller.report-received", "controller.outcome-persisted", "controller.settled-sent",
                     "controller.operator-answered"]


def arm_the_agents(world):
    """A host for each point of the agent; the last host's agent is left alone."""
    for host, point in zip(world.hosts, AGENT_POINTS):
        host.set_agent_env(MUSTER_CRASH_AT=point, MUSTER_CRASH_MARK=f"/opt/muster-etc/{host.nid}/mark")


def setUpModule():
    Story.world = World(len(AGENT_POINTS) + 1, musterd="MUSTERD_ARMED", agent="MUSTER_AGENT_ARMED",
                        before_boot=arm_the_agents)
    unittest.addModuleCleanup(Story.world.close)


class AgentCrashPointTest(Story):
    def test_each_point_on_a_host_of_its_own(self):
        world = self.world
        hosts = dict(zip(AGENT_POINTS, world.hosts))
        before = {host.xname: host.starts() for host in world.hosts}
        for host in hosts.values():
            self.assertFalse(os.path.exists(host.mark), "the point is hit by the attempt, not before it")

        result = world.muster_json("resubscribe", "--no-verify", "--all", "--settle", "1s", "--execution-deadline", "30s")
        # Settled comes with the next command: see the test after this one.
        settles = hosts.pop("agent.settled-received")
        self.assertFalse(os.path.exists(settles.mark))
        # The last points come after the controller knows the outcome.
        for host in hosts.values():
            wait_until(lambda host=host: os.path.exists(host.mark), f"the crash point of {host.nid} is hit")
        world.wait_attached()

        for point, host in hosts.items():
            with self.subTest(point):
                self.assertEqual("SUCCEEDED", result.endings[host.xname])
                self.assert_restarted_once(host, before[host.xname])
                self.assertEqual("1", host.show("muster-agent.service", "NRestarts"))
        self.assertEqual(0, result.code)

    def test_tombstones_stop_a_repetition_after_the_crash(self):
        """Whatever point was hit: one more job is one more start, and nothing of the first is left to be done."""
        world = self.world
        before = {host.xname: host.starts() for host in world.hosts}
        result = world.muster_json("resubscribe", "--no-verify", "--all", "--settle", "0s", code=0)
        self.assertEqual({"SUCCEEDED"}, set(result.endings.values()))
        for host in world.hosts:
            self.assert_restarted_once(host, before[host.xname])
        settles = dict(zip(AGENT_POINTS, world.hosts))["agent.settled-received"]
        self.assertTrue(os.path.exists(settles.mark), "it was stopped between the Settled of the first and the second command")
        self.assertEqual("1", settles.show("muster-agent.service", "NRestarts"))


class ControllerCrashPointTest(Story):
    """On the last host, whose agent is not armed to crash."""

    def crash_at(self, point):
        world = self.world
        host = world.hosts[-1]
        mark = os.path.join(world.directory, f"mark-{point}")
        before = host.starts()
        # Points are passed at the attach of the agents, too: from here on the next one that is passed is the job's.
        world.musterd.kill()
        world.start_musterd(MUSTER_CRASH_AT=point, MUSTER_CRASH_MARK=mark, MUSTER_CRASH_ARM=mark + ".arm")
        world.wait_attached(host)
        with open(mark + ".arm", "w", encoding="ascii"):
            pass

        job = world.start_muster("resubscribe", "--no-verify", "-w", host.nid, "--settle", "1s")
        wait_until(lambda: os.path.exists(mark), f"{point} is hit")
        world.musterd.wait(10)
        world.start_musterd()
        out, err = job.communicate(timeout=60)
        return host, before, job.returncode, out + err

    def test_points(self):
        for point in CONTROLLER_POINTS:
            with self.subTest(point):
                host, before, code, text = self.crash_at(point)
                newest = self.world.muster_json("job", "list", code=0).json["jobs"][0]["name"]
                ended = self.world.job_ended(newest)
                self.assertEqual({host.xname: "SUCCEEDED"}, ended.endings)
                self.assert_restarted_once(host, before)
                # The CLI asked again with the same request_id, or went on with its watch: it does not notice the crash.
                self.assertEqual(0, code, text)


if __name__ == "__main__":
    unittest.main()
