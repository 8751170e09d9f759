"""muster-swarm is a fleet to musterd: its agents attach, do jobs, fail as they are told, and come back."""

import collections
import signal
import time
import unittest

import fleet

AGENTS = 60


class SwarmTest(unittest.TestCase):
    def fleet(self, *options):
        world = fleet.Fleet(AGENTS)
        self.addCleanup(world.close)
        world.start_musterd()
        world.start_agents(AGENTS, *options)
        world.wait_attached(AGENTS)
        return world

    def endings(self, job):
        return collections.Counter((task["state"], task.get("reason") or "") for task in job["tasks"])

    def test_a_job_restarts_each_unit_once(self):
        world = self.fleet("--start-ms", "10", "--start-ms-max", "50")
        job = world.muster("resubscribe", "--all", "--settle", "0s")
        self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(job))
        fleet.wait_until(lambda: world.sum("restarts") == AGENTS, "the swarm tells its restarts", 10)

    def test_units_fail_hang_and_die_as_the_profile_says(self):
        world = self.fleet("--fails", "30", "--hangs", "30", "--dies", "30")
        job = world.muster("resubscribe", "--all", "--settle", "1s", "--max-failures", "100%", "--execution-deadline", "3s", code=1)
        endings = self.endings(job)
        self.assertEqual({("SUCCEEDED", ""), ("FAILED", "EXIT_CODE"), ("TIMED_OUT", "JOB_RUNNING")}, set(endings))
        self.assertEqual(AGENTS, sum(endings.values()))

    def test_all_come_back_after_a_mass_disconnect(self):
        world = self.fleet("--fault", "2:disconnect:100")
        fleet.wait_until(lambda: world.sum("ended") == AGENTS, "every stream has ended", 30)
        world.wait_attached(AGENTS)
        self.assertEqual(2 * AGENTS, world.sum("opened"))

    def test_agents_that_misbehave_do_not_hold_up_the_others(self):
        """A tenth floods, a fifth reads slowly; who is silent ends by its deadline."""
        world = self.fleet("--fault", "0:flood:10:60", "--fault", "0:slow:20:60")
        self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(world.muster("resubscribe", "--all", "--settle", "0s")))
        world.stop_agents()
        world.start_agents(AGENTS, "--fault", "3:silent:50:60")
        world.wait_attached(AGENTS)
        time.sleep(4)
        job = world.muster("resubscribe", "--all", "--settle", "0s", "--max-failures", "100%", "--timeout", "10s", code=1)
        self.assertEqual({("SUCCEEDED", ""): AGENTS // 2, ("LOST", "JOB_DEADLINE"): AGENTS // 2}, self.endings(job))

    def test_all_come_back_to_a_controller_that_was_killed(self):
        world = self.fleet()
        world.stop_musterd(signal.SIGKILL)
        fleet.wait_until(lambda: world.sum("attached") == 0, "the agents see it", 30)
        world.start_musterd()
        world.wait_attached(AGENTS)
        self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(world.muster("resubscribe", "--all", "--settle", "0s")))


if __name__ == "__main__":
    unittest.main()
