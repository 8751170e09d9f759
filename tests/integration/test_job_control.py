"""A job that exists: it is paused and resumed, stopped by its failures, tried again on those of its nodes that need it, and forgotten."""

import unittest

from harness import Story, World
from programs import wait_until

HOSTS = 4
MASKED = 2
UNIT = "/etc/systemd/system/cray-orca.service"


def setUpModule():
    Story.world = World(HOSTS)
    unittest.addModuleCleanup(Story.world.close)


class JobControlTest(Story):
    def mask(self, host):
        host.run("cp", UNIT, "/root/orca.saved")
        host.run("ln", "-sf", "/dev/null", UNIT)
        host.systemctl("daemon-reload")

    def unmask(self, host):
        host.run("cp", "--remove-destination", "/root/orca.saved", UNIT)
        host.systemctl("daemon-reload")

    def test_a_paused_job_starts_nothing_until_it_is_resumed(self):
        world = self.world
        before = {host.xname: host.starts() for host in world.hosts}
        job = world.muster_json("resubscribe", "--no-verify", "--all", "--settle", "1s", "--max-parallel", "1", "--detach", code=0).job
        wait_until(lambda: any(host.starts() != before[host.xname] for host in world.hosts), "the first node restarts")
        self.assertEqual("PAUSED", world.muster_json("job", "pause", job, code=0).json["state"])

        def at_rest():
            shown = world.muster_json("job", "show", job, code=0)
            states = sorted(task["state"] for task in shown.tasks.values())
            return not {"DISPATCHED", "RUNNING"} & set(states) and (shown.json["state"], states)

        # What ran when the job was paused ends as it truly ends; its place stays free.
        state, states = wait_until(at_rest, "what ran has ended")
        self.assertEqual("PAUSED", state)
        self.assertIn("SUCCEEDED", states)
        self.assertIn("PENDING", states)

        self.assertEqual("RUNNING", world.muster_json("job", "resume", job, code=0).json["state"])
        self.assertEqual({host.xname: "SUCCEEDED" for host in world.hosts}, world.job_ended(job).endings)
        for host in world.hosts:
            self.assert_restarted_once(host, before[host.xname])
        self.assertIn("has ended", world.muster("job", "pause", job, code=1).err)

    def test_a_retry_takes_the_nodes_that_failed(self):
        world, masked = self.world, self.world.host(MASKED)
        others = {host.xname for host in world.hosts if host is not masked}
        self.mask(masked)
        self.addCleanup(masked.systemctl, "start", "cray-orca.service")
        try:
            first = world.muster_json("resubscribe", "--no-verify", "--all", "--settle", "1s", "--max-failures", "1", code=1)
            self.assertEqual("FAILED UNIT_MASKED", first.endings[masked.xname])
        finally:
            self.unmask(masked)
        self.assertEqual([masked.xname], world.muster_json("job", "retry", "last", "--dry-run", code=0).json["nodes"])
        failed = world.muster_json("node", "list", "--from-job", "last", "--state", "failed", code=0)
        self.assertEqual([masked.xname], [node["node"] for node in failed.json["nodes"]])

        before = world.starts()
        again = world.muster_json("job", "retry", first.job, code=0)
        self.assertEqual({masked.xname: "SUCCEEDED"}, again.endings)
        self.assertEqual(first.json["work"], again.json["work"])
        self.assertEqual({"count": 1}, again.json["policy"]["max_failures"])
        self.assertEqual({masked.xname}, {name for name, starts in world.starts().items() if starts != before[name]})

        # The others again, but for those that were started since: a command that is repeated does nothing.
        same = world.muster_json("resubscribe", "--no-verify", "--from-job", first.job, "--state", "succeeded", "--since", "10min", code=0)
        self.assertEqual({name: "ALREADY_SATISFIED STARTED_SINCE" for name in others}, same.endings)

    def test_a_failed_canary_stops_the_job(self):
        world = self.world
        before = world.starts()
        for host in world.hosts:
            self.mask(host)
            self.addCleanup(self.unmask, host)
        result = world.muster_json("resubscribe", "--no-verify", "--all", "--canary", "1", "--min-healthy", "1s", code=1)
        self.assertEqual(["CANCELLED MAX_FAILURES"] * (HOSTS - 1) + ["FAILED UNIT_MASKED"], sorted(result.endings.values()))
        self.assertEqual("FAILED", result.json["state"])
        self.assertIn("canary", result.json["detail"])
        self.assertEqual(before, world.starts())

    def test_a_deleted_job_is_gone(self):
        world = self.world
        job = world.muster_json("resubscribe", "--no-verify", "-w", world.host(4).nid, "--settle", "0s", code=0).job
        world.muster("job", "delete", job[:-2], code=0)
        self.assertIn(job, world.muster("job", "show", job, code=2).err)
        listed = world.muster_json("job", "list", code=0).json["jobs"]
        self.assertNotIn(job, [entry["name"] for entry in listed])


if __name__ == "__main__":
    unittest.main()
