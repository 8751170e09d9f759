"""An operator brings every node's subscription back with one command, whatever HMNFD, the gateway and musterd do meanwhile. CSM is played by
the stand-ins of tests/csm."""

import os
import signal
import time
import unittest

from harness import THROUGH_GATEWAY, World
from operation_story import BSS, HMNFD, OTHERS, OperationStory
from programs import wait_until


class LostEtcdTest(OperationStory):
    csm_options = ("--restart-seconds", "2")

    def test_one_command_brings_all_back(self):
        """HMNFD's etcd is replaced under it; then a third of the nodes lose what they have just subscribed."""
        world = self.world
        before = world.starts()
        world.put_and_wait("hmnfd/lose-etcd")
        world.put("hmnfd/race", "0.33")
        self.assertEqual(1, world.muster("subscriptions", "status").code)

        answer = self.end_of(self.resubscribe("--all", "--restart-hmnfd", "--restart-bss", "--appear-within", "12s"))

        self.assert_all_are_subscribed(answer)
        raced = {line["xname"] for line in world.csm_log("hmnfd/pruned.log") if line["why"] == "race"}
        self.assertTrue(raced)
        self.assertEqual({host.xname: 1 + (host.xname in raced) for host in world.hosts}, self.new_starts(before))
        for xname, task in answer.tasks.items():
            self.assertEqual(1 + (xname in raced), task["attempt"], xname)
        # Who is gone before the first look was never seen.
        whys = {task["detail"].partition("for the one before ended ")[2] for task in answer.tasks.values()}
        self.assertIn("VANISHED", whys)
        self.assertLessEqual(whys, {"", "VANISHED", "NOT_SUBSCRIBED"})
        report = world.muster("operation", "show", "last", code=0).out
        self.assertIn(f"tried more than once: {len(raced)}: ", report)

        # HMNFD first, BSS at the end, and no node before HMNFD.
        rollouts = [line for line in world.csm_log("kubectl.log") if "restart" in line["arguments"]]
        self.assertEqual([["deployment/cray-hmnfd"], ["deployment/cray-bss"]],
                         [[word for word in line["arguments"] if "/" in word] for line in rollouts])
        known = {invocation for invocations in before.values() for invocation in invocations}
        new = [post for post in world.posts() if post["xname"] != BSS and post["invocation"] not in known]
        self.assertGreater(min(post["time"] for post in new), rollouts[0]["time"])
        self.assertEqual({200}, {post["status"] for post in new}, "HMNFD took every one: nobody was restarted while it was away")


class LostAgainTest(OperationStory):
    hosts = 6
    csm_options = ("--restart-seconds", "2")

    def test_its_etcd_is_lost_while_nodes_are_restarted(self):
        world = self.world
        running = self.resubscribe("--all", "--floor", "1", "--ceiling", "1", "--restart-hmnfd", "--restart-bss", "--appear-within", "12s")
        self.wait_shown(lambda shown: {"PENDING", "VERIFYING"} <= set(self.states(shown)), "the job is in its middle")
        world.put_and_wait("hmnfd/lose-etcd")
        answer = self.end_of(running)
        self.assert_all_are_subscribed(answer)
        self.assertEqual(["deployment/cray-hmnfd", "deployment/cray-bss"], [arguments[4] for arguments in self.rollouts()])
        self.assertTrue(any(task["attempt"] > 1 for task in answer.tasks.values()), "who was subscribed before the loss is tried again")


class TroubledHmnfdTest(OperationStory):
    csm = THROUGH_GATEWAY
    csm_options = ("--expires-in", "2", "--probe-period", "0.5")
    # The switch, its text, for how many seconds, and what the note says of it.
    troubles = [("hmnfd/refuse", "", 5, "503"),
                ("hmnfd/answer", "401", 12, "401"),
                ("hmnfd/answer", "403", 12, "403"),
                ("hmnfd/answer", "503 reset", 12, "503"),
                ("hmnfd/delay", "30", 5, ""),
                ("gateway/keycloak-answer", "503", 5, "token"),
                ("gateway/refuse", "", 5, "503")]

    def test_what_waits_for_hmnfd_says_so_and_goes_on(self):
        world = self.world
        world.put("hmnfd/answer", "403 html")
        running = self.resubscribe("--all", "--floor", "1", "--ceiling", "1", "--restart-hmnfd", "--restart-bss")
        self.wait_step(HMNFD, "403")
        self.assertEqual([], self.rollouts(), "whoever is refused knows nothing of HMNFD")
        world.unput("hmnfd/answer")
        for trouble in self.troubles:
            self.wait_for_one_more()
            self.hold(*trouble)
            world.put_and_wait("gateway/revoke")
        self.wait_for_one_more()
        world.put_and_wait("hmnfd/restart", "6")
        self.wait_shown(lambda shown: self.is_held(shown.notes), "the restart of HMNFD is noticed")
        answer = self.end_of(running)

        self.assert_all_are_subscribed(answer)
        tokens = [line for line in world.csm_log("gateway/requests.log") if line["path"].endswith("/token")]
        self.assertGreater(len(tokens), len(self.troubles))

    def is_held(self, notes, what=""):
        """By the newest note about the pace."""
        about = [text for text in notes if text.startswith(("nothing is restarted", "HMNFD is ready again"))]
        return bool(about) and about[-1].startswith("nothing is restarted") and what in about[-1]

    def wait_for_one_more(self):
        before = self.invocations()
        wait_until(lambda: self.invocations() != before, "one more node is restarted")

    def hold(self, switch, text, seconds, what):
        with self.subTest(switch=switch, text=text):
            self.world.put(switch, text)
            self.wait_shown(lambda shown: self.is_held(shown.notes, what), f"{switch} {text} is noticed, and told")
            # What was sent before ends as it truly ends.
            self.wait_shown(lambda shown: not {"DISPATCHED", "RUNNING"} & set(self.states(shown)), "nothing is being restarted")
            before = self.invocations()
            time.sleep(seconds)
            self.assertEqual(before, self.invocations(), "nothing is restarted meanwhile")
            self.assertTrue(self.is_held(self.shown().notes))
        self.world.unput(switch)
        self.wait_shown(lambda shown: not self.is_held(shown.notes), "it goes on")


class KilledControllerTest(OperationStory):
    hosts = 8
    csm_options = ("--restart-seconds", "4")

    def kill(self):
        """Power loss of the controller, and its return."""
        world = self.world
        world.musterd.signal(signal.SIGKILL)
        world.musterd.wait(10)
        world.start_musterd()
        world.wait_attached()

    def test_a_kill_in_each_step(self):
        world = self.world
        world.put_and_wait("hmnfd/lose-etcd")
        before = world.starts()
        running = self.resubscribe("--all", "--floor", "1", "--ceiling", "1", "--restart-bss")

        self.wait_step(HMNFD, "rollout restart deployment/cray-hmnfd")
        self.kill()
        self.wait_step(HMNFD, "rollout restart deployment/cray-hmnfd")
        self.assertEqual(before, world.starts())
        self.roll_out("cray-hmnfd")

        self.wait_shown(lambda shown: {"PENDING", "VERIFYING"} <= set(self.states(shown)), "the job is in its middle")
        self.kill()
        self.wait_shown(lambda shown: set(self.states(shown)) == {"VERIFYING"}, "all wait for the proof")
        self.kill()
        self.assertEqual({"VERIFYING"}, set(self.states(self.shown())))
        self.wait_step(OTHERS, "restarting deployment/cray-bss")
        self.kill()

        self.assert_all_are_subscribed(self.end_of(running))
        self.assertEqual({host.xname: 1 for host in world.hosts}, self.new_starts(before))


class CrashPointTest(OperationStory):
    """The armed build stops itself where a record, or an answer, is about to be, or has just been."""

    hosts = 2
    points = ("controller.before-persist", "controller.persisted", "controller.operator-answered", "controller.outcome-persisted")

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.hosts, csm=cls.csm, musterd="MUSTERD_ARMED")
        cls.addClassCleanup(cls.world.close)

    def test_points(self):
        for point in self.points:
            with self.subTest(point):
                self.crash_at(point)

    def crash_at(self, point):
        world = self.world
        mark = os.path.join(world.directory, f"mark-{point}")
        before = world.starts()
        known = len(world.muster_json("operation", "list", code=0).json["operations"])
        world.musterd.kill()
        world.start_musterd(MUSTER_CRASH_AT=point, MUSTER_CRASH_MARK=mark, MUSTER_CRASH_ARM=mark + ".arm")
        world.wait_attached()
        with open(mark + ".arm", "w", encoding="ascii"):
            pass
        running = self.resubscribe("--all", "--second-look", "11s")
        wait_until(lambda: os.path.exists(mark), f"{point} is hit")
        world.musterd.wait(10)
        world.start_musterd()
        self.assert_all_are_subscribed(self.end_of(running))
        self.assertEqual({host.xname: 1 for host in world.hosts}, self.new_starts(before))
        self.assertEqual(known + 1, len(world.muster_json("operation", "list", code=0).json["operations"]))


if __name__ == "__main__":
    unittest.main()
