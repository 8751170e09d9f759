"""muster-swarm is a fleet to musterd: its agents attach, do jobs, fail as they are told, and come back; their units subscribe at HMNFD."""

import collections
import json
import os
import signal
import sys
import tempfile
import threading
import time
import unittest

import fleet

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../csm"))

import hmnfd  # noqa: E402

AGENTS = 60


class Hmnfd:
    """The stand-in, in this process."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.server = hmnfd.make_server("127.0.0.1", 0, self.directory.name)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hmi"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.directory.cleanup()

    def switch(self, name):
        return os.path.join(self.directory.name, name)

    def posts(self):
        """(node, status, invocation) of each POST; the log begins with the first."""
        if not os.path.exists(self.switch("subscriptions.log")):
            return []
        with open(self.switch("subscriptions.log"), encoding="ascii") as log:
            lines = [json.loads(line) for line in log]
        return [(line["xname"], line["status"], line["invocation"]) for line in lines]


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
        job = world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s")
        self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(job))
        fleet.wait_until(lambda: world.sum("restarts") == AGENTS, "the swarm tells its restarts", 10)

    def test_units_fail_hang_and_die_as_the_profile_says(self):
        world = self.fleet("--fails", "30", "--hangs", "30", "--dies", "30")
        job = world.muster("resubscribe", "--no-verify", "--all", "--settle", "1s", "--max-failures", "100%", "--execution-deadline", "3s",
                           code=1)
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
        self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s")))
        world.stop_agents()
        world.start_agents(AGENTS, "--fault", "3:silent:50:60")
        world.wait_attached(AGENTS)
        time.sleep(4)
        job = world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s", "--max-failures", "100%", "--timeout", "10s", code=1)
        self.assertEqual({("SUCCEEDED", ""): AGENTS // 2, ("LOST", "JOB_DEADLINE"): AGENTS // 2}, self.endings(job))

    def test_each_restart_subscribes_its_node_once(self):
        stand_in = Hmnfd()
        self.addCleanup(stand_in.stop)
        world = self.fleet("--hmnfd", stand_in.url, "--start-ms-max", "200")
        for restarts in (1, 2):
            job = world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s")
            self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(job))
            fleet.wait_until(lambda: world.sum("subscribed") == restarts * AGENTS, "every unit is subscribed", 30)
            posts = stand_in.posts()
            self.assertEqual({restarts}, set(collections.Counter(node for node, _, _ in posts).values()))
            # The second time HMNFD still has all of them, and says so.
            self.assertEqual({200: AGENTS, 400: AGENTS} if restarts == 2 else {200: AGENTS},
                             collections.Counter(status for _, status, _ in posts))
            self.assertEqual(len(posts), len({invocation for _, _, invocation in posts}))
        proven = {task["outcome"]["evidence"]["after"]["invocation_id"] for task in job["tasks"]}
        self.assertEqual(proven, {invocation for _, status, invocation in posts if status == 400})
        self.assertEqual(0, world.sum("subscribe_failed"))

    def test_a_hmnfd_that_is_not_ready_is_asked_again(self):
        stand_in = Hmnfd()
        self.addCleanup(stand_in.stop)
        with open(stand_in.switch("refuse"), "w", encoding="ascii"):
            pass
        world = self.fleet("--hmnfd", stand_in.url)
        world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s")
        fleet.wait_until(lambda: len({node for node, status, _ in stand_in.posts() if status == 503}) == AGENTS, "all were refused")
        os.unlink(stand_in.switch("refuse"))
        fleet.wait_until(lambda: world.sum("subscribed") == AGENTS, "every unit is subscribed", 30)
        self.assertEqual(AGENTS, sum(status == 200 for _, status, _ in stand_in.posts()))
        self.assertEqual(0, world.sum("subscribe_failed"))

    def test_a_dead_hmnfd_is_counted_and_holds_up_nobody(self):
        world = self.fleet("--hmnfd", f"http://127.0.0.1:{fleet.free_ports(1)[0]}/hmi")
        self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s")))
        fleet.wait_until(lambda: world.sum("subscribe_failed") == AGENTS, "all have given up", 60)
        self.assertEqual((AGENTS, 0), (world.sum("attached"), world.sum("subscribed")))
        self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s")))

    def test_all_come_back_to_a_controller_that_was_killed(self):
        world = self.fleet()
        world.stop_musterd(signal.SIGKILL)
        fleet.wait_until(lambda: world.sum("attached") == 0, "the agents see it", 30)
        world.start_musterd()
        world.wait_attached(AGENTS)
        self.assertEqual({("SUCCEEDED", ""): AGENTS}, self.endings(world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s")))


if __name__ == "__main__":
    unittest.main()
