"""An operator resubscribes the nodes with one command, and reads from it what became of each."""

import unittest

from harness import Story, World
from programs import in_parallel, wait_until

HOSTS = 8
CUT, MASKED, LOOPING = 2, 3, 4
UNIT = "/etc/systemd/system/cray-orca.service"


def setUpModule():
    Story.world = World(HOSTS)
    unittest.addModuleCleanup(Story.world.close)


class ResubscribeTest(Story):
    def test_all_nodes(self):
        world = self.world
        before = {host.xname: host.starts() for host in world.hosts}
        result = world.muster_json("resubscribe", "--no-verify", "--all", "--settle", "1s", code=0)

        self.assertEqual({host.xname: "SUCCEEDED" for host in world.hosts}, result.endings)
        self.assertEqual("SUCCEEDED", result.json["state"])
        for host in world.hosts:
            self.assert_restarted_once(host, before[host.xname])
            evidence = result.tasks[host.xname]["outcome"]["evidence"]
            self.assertEqual(before[host.xname][-1], evidence["before"]["invocation_id"])
            self.assertEqual(host.invocation(), evidence["after"]["invocation_id"])
            self.assertEqual("cray-orca.service", evidence["after"]["unit"])

    def repair(self):
        """Each test finds all hosts whole."""
        for number in (MASKED, LOOPING):
            self.world.host(number).run("sh", "-c", f"cp --remove-destination /root/orca.saved {UNIT}; "
                                                    "systemctl daemon-reload; systemctl restart cray-orca.service")
        self.world.host(CUT).heal()
        self.world.wait_attached()

    def test_three_nodes_with_a_trouble_each(self):
        world = self.world
        for number in (MASKED, LOOPING):
            world.host(number).run("cp", UNIT, "/root/orca.saved")
        self.addCleanup(self.repair)
        world.host(CUT).cut()
        world.host(MASKED).run("ln", "-sf", "/dev/null", UNIT)
        world.host(MASKED).systemctl("daemon-reload")
        world.host(LOOPING).write_unit("cray-orca.service", "\n".join([
            "[Unit]", "StartLimitIntervalSec=0", "[Service]", "Type=notify", "Restart=always", "RestartSec=300ms",
            "ExecStart=/opt/bed/orca_stub --subscribe mgmt-nmn:28600 --exit-after 1:7"]))

        result = world.muster_json("resubscribe", "--no-verify", "--all", "--settle", "3s", "--timeout", "12s", code=1)

        expected = {host.xname: "SUCCEEDED" for host in world.hosts}
        expected[world.host(CUT).xname] = "LOST JOB_DEADLINE"
        expected[world.host(MASKED).xname] = "FAILED UNIT_MASKED"
        expected[world.host(LOOPING).xname] = "FAILED CRASH_LOOP"
        self.assertEqual(expected, result.endings)
        self.assertEqual("FAILED", result.json["state"])

    def test_names_of_every_kind_mean_the_node(self):
        host = self.world.host(5)
        for name in (host.xname, host.nid, host.name, "nid[000005]", f"{host.nid},{host.xname}"):
            result = self.world.muster_json("resubscribe", "--no-verify", "-w", name, "--settle", "0s", code=0)
            self.assertEqual({host.xname: "SUCCEEDED"}, result.endings, name)

    def test_sets_add_up_and_exclude(self):
        targets = ["-w", "nid[000005-000007]", "-w", "x1000c0s1b1n1", "-x", "nid000006-nmn"]
        result = self.world.muster_json("resubscribe", "--no-verify", *targets, "--settle", "0s", code=0)
        self.assertEqual({self.world.host(i).xname for i in (5, 7, 8)}, set(result.tasks))

    def test_an_unknown_or_empty_target_is_an_error_before_anything_is_sent(self):
        before = self.world.starts()
        for targets in (["-w", "nid000005,nid999999"], ["-w", "nid000005", "-x", "nid000005"], ["-w", "nid[5"],
                        ["--role", "Storage"], []):
            self.assertEqual(2, self.world.muster("resubscribe", "--no-verify", *targets).code, targets)
        self.assertIn("nid999999", self.world.muster("resubscribe", "--no-verify", "-w", "nid999999").err)
        self.assertEqual(before, self.world.starts())

    def test_a_controller_that_knows_no_hmnfd_says_what_to_do(self):
        before = self.world.starts()
        answer = self.world.muster("resubscribe", "--all", code=1)
        self.assertIn("[csm]", answer.err)
        self.assertIn("--no-verify", answer.err)
        self.assertIn("[csm]", self.world.muster("subscriptions", "status", code=1).err)
        self.assertEqual(before, self.world.starts())

    def test_bad_usage(self):
        self.assertEqual(2, self.world.muster("resubscribe", "--no-verify", "--no-such-option").code)
        self.assertEqual(2, self.world.muster("no-such-verb").code)

    def test_a_controller_that_is_not_there_or_does_not_know_us(self):
        self.assertEqual(3, self.world.muster("node", "list", "--controller", "mgmt-nmn:7999").code)
        self.assertEqual(3, self.world.muster("node", "list", "--tls-dir", self.world.host(1).directory).code)

    def test_detach_gives_the_job_and_the_job_goes_on(self):
        host = self.world.host(6)
        result = self.world.muster_json("resubscribe", "--no-verify", "-w", host.nid, "--settle", "1s", "--detach", code=0)
        self.assertTrue(result.job.startswith("jobs/"))
        self.assertEqual({host.xname}, set(result.tasks))
        self.assertEqual({host.xname: "SUCCEEDED"}, self.world.job_ended(result.job).endings)
        self.world.muster_json("job", "watch", result.job, code=0)

    def test_a_cli_that_stops_waiting_leaves_the_job_alone(self):
        host = self.world.host(7)
        result = self.world.muster_json("resubscribe", "--no-verify", "-w", host.nid, "--settle", "3s", "--wait", "1s", code=4)
        self.assertEqual({host.xname: "SUCCEEDED"}, self.world.job_ended(result.job).endings)

    def test_max_parallel_holds_the_others_back(self):
        hosts = [self.world.host(i) for i in (5, 6, 7, 8)]
        job = self.world.muster_json("resubscribe", "--no-verify", "-w", "nid[000005-000008]", "--settle", "1s", "--max-parallel", "2",
                                     "--detach", code=0).job
        most = 0

        def watch():
            nonlocal most
            shown = self.world.muster_json("job", "show", job, code=0)
            most = max(most, sum(task["state"] in ("DISPATCHED", "RUNNING") for task in shown.tasks.values()))
            return shown if shown.json["state"] != "RUNNING" else None

        ended = wait_until(watch, "the job has ended")
        self.assertEqual({host.xname: "SUCCEEDED" for host in hosts}, ended.endings)
        self.assertLessEqual(most, 2)

    def test_a_cancelled_job_starts_nothing_more(self):
        hosts = [self.world.host(i) for i in (5, 6, 7, 8)]
        before = self.world.starts()
        job = self.world.muster_json("resubscribe", "--no-verify", "-w", "nid[000005-000008]", "--settle", "2s", "--max-parallel", "1",
                                     "--detach", code=0).job
        wait_until(lambda: self.world.starts() != before, "the first node restarts")
        self.world.muster("job", "cancel", job)
        ended = self.world.job_ended(job)
        states = sorted(task["state"] for task in ended.tasks.values())
        self.assertEqual(["CANCELLED"] * 3 + ["SUCCEEDED"], states)
        self.assertEqual("CANCELLED", ended.json["state"])
        after = self.world.starts()
        self.assertEqual(1, sum(len(after[host.xname]) - len(before[host.xname]) for host in hosts))

    def test_many_operators_at_once(self):
        """Every job is its own; nodes are shared without a mix-up."""
        def run(i):
            return self.world.muster_json("restart", "cray-orca.service", "-w", f"nid00000{i}", "--settle", "0s", code=0)

        results = in_parallel([lambda i=i: run(i) for i in (5, 6, 7, 8)])
        self.assertEqual(4, len({result.job for result in results}))
        for i, result in zip((5, 6, 7, 8), results):
            self.assertEqual({self.world.host(i).xname: "SUCCEEDED"}, result.endings)


if __name__ == "__main__":
    unittest.main()
