"""What cannot be subscribed is named, and an operation that is stopped, or that CSM refuses, says so. CSM is played by the stand-ins of
tests/csm."""

import os
import signal
import unittest

from operation_story import BSS, HMNFD, NODES, OTHERS, STEPS, SUBSCRIBED, OperationStory
from programs import pid_in_mgmt, wait_until

NEVER_SUBSCRIBES = "\n".join(["[Unit]", "StartLimitIntervalSec=0", "[Service]", "Type=notify",
                              "ExecStart=/opt/bed/orca_stub --subscribe mgmt-nmn:28600 --how v2-patch", ""])


class MissingSubscriptionTest(OperationStory):
    hosts = 5
    QUIET = 3

    def break_one(self):
        """ORCA of that host runs, and never subscribes; nobody has a subscription of it any more."""
        quiet = self.world.host(self.QUIET)
        quiet.write_unit("cray-orca.service", NEVER_SUBSCRIBES)
        self.addCleanup(self.mend, quiet)
        self.world.put_and_wait("hmnfd/lose-etcd")
        self.roll_out("cray-hmnfd")
        wait_until(lambda: self.world.muster("subscriptions", "status").code == 1, "HMNFD is back, and has nobody")
        return quiet

    def mend(self, host):
        host.write_unit("cray-orca.service", NEVER_SUBSCRIBES.replace(" --how v2-patch", ""))
        host.systemctl("restart", "cray-orca.service")

    def test_a_unit_that_never_subscribes_is_named(self):
        world = self.world
        baseline = os.path.join(world.directory, "baseline.json")
        world.muster("subscriptions", "save", baseline, code=0)
        self.assertEqual(2, len(world.muster_json("subscriptions", "diff", baseline, code=0).json))
        self.assertNotEqual(0, world.muster("subscriptions", "save", baseline).code, "a baseline is not overwritten")
        everybody = sorted([BSS] + [host.xname for host in world.hosts])
        self.assertEqual(everybody, sorted(self.subscribers()))
        quiet = self.break_one()
        self.assertEqual(everybody, sorted(world.muster_json("subscriptions", "diff", baseline, code=1).json["lost"]))

        answer = self.end_of(self.resubscribe("--all", "--restart-bss", "--retries", "1", "--appear-within", "5s",
                                              "--baseline", baseline), code=1)
        expected = {host.xname: SUBSCRIBED for host in world.hosts}
        expected[quiet.xname] = "FAILED NOT_SUBSCRIBED"
        self.assertEqual(expected, answer.endings)
        self.assertEqual(2, answer.tasks[quiet.xname]["attempt"])
        self.assertIn("orca", answer.tasks[quiet.xname]["detail"], "the agent that the baseline has and HMNFD has not")
        self.assertEqual("FAILED", answer.json["state"])
        self.assertEqual(["SUCCEEDED"] * NODES + ["FAILED", "SUCCEEDED"], answer.steps, "BSS is looked after all the same")
        self.assertIn("NOT_SUBSCRIBED", world.muster("operation", "show", "last", code=1).out)

        status = world.muster("subscriptions", "status", code=1)
        self.assertIn(quiet.xname, status.out)
        self.assertEqual([quiet.xname], world.muster_json("subscriptions", "status", code=1).json["missing"])
        world.muster("subscriptions", "status", "-w", world.host(1).nid, code=0)
        self.assertEqual({quiet.xname: ["orca"]}, world.muster_json("subscriptions", "diff", baseline, code=1).json["lost"])

        # Repaired: only it is restarted, and then there is nothing to do.
        quiet.write_unit("cray-orca.service", NEVER_SUBSCRIBES.replace(" --how v2-patch", ""))
        before = world.starts()
        answer = self.end_of(self.resubscribe("--all", "--only-missing", "--baseline", baseline))
        self.assertEqual({quiet.xname: SUBSCRIBED}, answer.endings)
        self.assertEqual({host.xname: int(host is quiet) for host in world.hosts}, self.new_starts(before))
        world.muster("subscriptions", "diff", baseline, code=0)
        answer = self.end_of(self.resubscribe("--all", "--only-missing"))
        self.assertEqual("nothing to do", answer.json["steps"][NODES]["detail"])
        self.assertNotIn("job", answer.json)

    def test_a_node_that_has_no_orca_is_no_failure(self):
        """Nothing is there to be proven."""
        world, host = self.world, self.world.host(5)
        host.systemctl("stop", "cray-orca.service")
        host.run("mv", "/etc/systemd/system/cray-orca.service", "/run/")
        host.systemctl("daemon-reload")

        def put_back():
            host.run("mv", "/run/cray-orca.service", "/etc/systemd/system/")
            host.systemctl("daemon-reload")
            host.systemctl("start", "cray-orca.service")

        self.addCleanup(put_back)
        answer = self.end_of(self.resubscribe("-w", f"{host.nid},{world.host(1).nid}"))
        self.assertEqual({host.xname: "NOT_APPLICABLE NO_ORCA_UNIT", world.host(1).xname: SUBSCRIBED}, answer.endings)

    def test_one_at_a_time_ctrl_c_and_cancel(self):
        world = self.world
        first = self.resubscribe("--all", "--floor", "1", "--ceiling", "1", "--max-parallel", "1")
        name = self.wait_step(NODES).json["name"]
        second = world.muster("resubscribe", "--all", code=1)
        self.assertIn(name, second.err)

        os.kill(pid_in_mgmt(first, "muster"), signal.SIGINT)
        stopped = self.end_of(first, code=4)
        self.assertEqual(name, stopped.json["name"])
        self.assertIn(f"muster operation watch {name}", stopped.err)
        self.assertEqual(4, world.muster("operation", "watch", "last", "--wait", "1s").code)

        watching = world.start_muster("operation", "watch", "last")
        self.addCleanup(self.end_what_is_left, watching)
        self.wait_shown(lambda shown: {"PENDING"} < set(self.states(shown)), "some have begun, and some have not")
        world.muster("operation", "cancel", name, code=0)
        answer = self.end_of(watching, code=1)
        self.assertEqual("CANCELLED", answer.json["state"])
        self.assertIn("CANCELLED", set(self.states(answer)))
        self.assertLessEqual(set(answer.endings.values()), {SUBSCRIBED, "CANCELLED CANCELLED"})
        # Once more is no error, and the next one may begin.
        self.assertEqual("CANCELLED", world.muster_json("operation", "cancel", name, code=0).json["state"])
        self.assert_all_are_subscribed(self.end_of(self.resubscribe("--all")))

    def test_cancelled_while_it_waits_for_hmnfd(self):
        world = self.world
        world.put("hmnfd/refuse")
        before = world.starts()
        running = self.resubscribe("--all")
        self.wait_step(HMNFD, "waiting")
        world.muster("operation", "cancel", "last", code=0)
        answer = self.end_of(running, code=1)
        world.unput("hmnfd/refuse")
        self.assertEqual((["SUCCEEDED"] * HMNFD + ["CANCELLED"] * (STEPS - HMNFD), "CANCELLED"), (answer.steps, answer.json["state"]))
        self.assertEqual(before, world.starts())

    def test_what_kubectl_cannot_do_is_told(self):
        """HMNFD is not restarted: nothing is. BSS is not: the nodes are well, and the operation says what is left to do."""
        world = self.world
        world.put_and_wait("hmnfd/lose-etcd")
        world.put("kubectl-fails")
        before = world.starts()
        answer = self.end_of(self.resubscribe("--all", "--restart-hmnfd"), code=1)
        self.assertEqual(["SUCCEEDED"] * HMNFD + ["FAILED"] + ["CANCELLED"] * NODES, answer.steps)
        self.assertIn("Unable to connect to the server", answer.json["detail"])
        self.assertEqual(before, world.starts())
        world.unput("kubectl-fails")
        self.roll_out("cray-hmnfd")

        answer = self.end_of(self.resubscribe("--all"), code=1)
        self.assertEqual({host.xname: SUBSCRIBED for host in world.hosts}, answer.endings)
        self.assertEqual(["SUCCEEDED"] * OTHERS + ["FAILED"], answer.steps)
        self.assertIn("rollout restart deployment/cray-bss", answer.json["detail"])
        self.assert_all_are_subscribed(self.end_of(self.resubscribe("--all", "--restart-bss")))

    def test_what_csm_refuses_is_told_as_its_refusal(self):
        """And not as if the operator's certificate or the controller's address were wrong."""
        world = self.world
        self.addCleanup(world.unput, "hmnfd/answer")
        for text, what in [("401", "401"), ("403", "403"), ("503", "503")]:
            world.put("hmnfd/answer", text)
            answer = world.muster("subscriptions", "status")
            self.assertEqual(1, answer.code, answer.err)
            self.assertIn(what, answer.err)
            self.assertIn("HMNFD", answer.err)
            self.assertNotIn("certificate", answer.err)


if __name__ == "__main__":
    unittest.main()
