"""A life with the packages on real hosts: they are installed, a controller and its agents run from them, all of them are upgraded while a
job is under way, and when they are purged the hosts are as before."""

import os
import re
import unittest

from harness import Story
from packaged_hosts import NEXT_VERSION, VERSION, PackagedWorld, files_of
from programs import in_parallel, wait_until

# Its stop takes as long as a test wants it to: an attempt is in the middle until then.
HELD_ORCA = """[Unit]
Description=Stand-in for cray-orca, whose stop waits
[Service]
Type=notify
ExecStart=/opt/bed/orca_stub --subscribe mgmt-nmn:28600
ExecStop=/bin/sh -c 'until [ -e /run/may-stop ]; do sleep 0.1; done'
TimeoutStopSec=120
"""
# Of systemd-analyze security, from 0.0 (best) to 10.0.
MAX_EXPOSURE = 1.2


class PackagesTest(Story):
    @classmethod
    def setUpClass(cls):
        cls.world = PackagedWorld(4, unit_files={"cray-orca.service": HELD_ORCA})
        cls.addClassCleanup(cls.world.close)

    def setUp(self):
        self.first, *_, self.idle = self.world.hosts
        # The last one has the package, and is never configured.
        self.nodes = self.world.hosts[:-1]

    def test_from_installation_to_purge(self):
        before = in_parallel([lambda host=host: files_of(host) for host in self.world.hosts])
        self.install()
        self.check_units()
        for host in self.nodes:
            self.world.configure(host)
        self.world.wait_attached(*self.nodes)
        self.check_processes()
        self.upgrade_while_a_job_runs()
        self.purge()
        after = in_parallel([lambda host=host: files_of(host) for host in self.world.hosts])
        for host, was, is_now in zip(self.world.hosts, before, after):
            changed = {path: (was.get(path), is_now.get(path)) for path in was.keys() | is_now.keys() if was.get(path) != is_now.get(path)}
            self.assertEqual({}, changed, host.nid)

    def install(self):
        for said in in_parallel([lambda host=host: self.world.install(host, VERSION) for host in self.world.hosts]):
            self.assertIn("systemctl enable --now muster-agent.service", said)
        # Nothing can run yet, and nothing has tried to.
        for host in self.world.hosts:
            self.assertEqual("running", host.systemctl("is-system-running", check=False).strip())
            self.assertEqual("disabled", host.systemctl("is-enabled", "muster-agent.service", check=False).strip())
            self.assertEqual("-- No entries --", host.journal().strip())
        self.assertEqual("disabled", self.first.systemctl("is-enabled", "musterd.service", check=False).strip())
        self.assertEqual(f"muster {VERSION}", self.first.run("muster", "--version").strip())

    def check_units(self):
        self.assertEqual("", self.first.run("sh", "-c", "systemd-analyze verify --man=no musterd.service muster-agent.service 2>&1"))
        said = self.first.run("systemd-analyze", "security", "--no-pager", "musterd.service")
        exposure = re.search(r"Overall exposure level for musterd.service: ([0-9.]+)", said).group(1)
        print(f"systemd-analyze security musterd.service: {exposure}")
        self.assertLessEqual(float(exposure), MAX_EXPOSURE, said)

    def check_processes(self):
        """The agent sees the host's mounts; musterd is nobody."""
        for host in self.nodes:
            self.assertEqual(host.run("readlink", "/proc/1/ns/mnt"), host.run("readlink", f"/proc/{host.agent_pid()}/ns/mnt"))
        pid = self.first.show("musterd.service", "MainPID")
        self.assertEqual("muster", self.first.run("ps", "-o", "user=", pid).strip())
        self.assertEqual("700 muster:muster", self.first.run("stat", "-c", "%a %U:%G", "/var/lib/muster").strip())
        self.assertEqual("640 root:muster", self.first.run("stat", "-c", "%a %U:%G", "/etc/muster/controller/key.pem").strip())
        # It has raised the soft limit to the hard one, which is the machine's if that allows no more.
        self.assertEqual("524288", self.first.show("musterd.service", "LimitNOFILE"))
        self.assertRegex(self.first.run("cat", f"/proc/{pid}/limits"), r"Max open files +(\d{5,}) +\1 ")
        # The command of the package, on the node where an operator types it.
        listed = self.first.run("muster", "--controller", self.first.name, "--tls-dir", "/opt/muster-etc/operator", "node", "list")
        for host in self.nodes:
            self.assertIn(host.xname, listed)

    def upgrade_while_a_job_runs(self):
        starts = {host: host.starts() for host in self.nodes}
        invocations = {host: host.invocation() for host in self.nodes}
        agents = {host: host.agent_pid() for host in self.nodes}
        musterd = self.first.show("musterd.service", "MainPID")
        names = [option for host in self.nodes for option in ("-w", host.xname)]
        job = self.world.muster_json("restart", "cray-orca", *names, "--detach", code=0).job
        for host in self.nodes:
            wait_until(lambda host=host: host.show("cray-orca.service", "ActiveState") == "deactivating", f"{host.nid} stops ORCA")

        in_parallel([lambda host=host: self.world.install(host, NEXT_VERSION) for host in self.world.hosts])
        self.check_upgraded(agents, musterd)
        self.world.wait_attached(*self.nodes)
        # It has waited for this until now; no outcome can be one of before the upgrade.
        self.assertEqual("RUNNING", self.world.muster_json("job", "show", job).json["state"])
        for host in self.nodes:
            self.assertEqual(invocations[host], host.invocation())
            host.run("touch", "/run/may-stop")

        ended = self.world.job_ended(job)
        self.assertEqual({host.xname: "SUCCEEDED" for host in self.nodes}, {node: task["state"] for node, task in ended.tasks.items()})
        for host in self.nodes:
            self.assertEqual(1, ended.tasks[host.xname]["attempt"], host.nid)
            self.assert_restarted_once(host, starts[host])
            self.assertEqual("0", host.show("cray-orca.service", "NRestarts"))

    def check_upgraded(self, agents, musterd):
        for host in self.world.hosts:
            for name in self.world.packages_of(host):
                self.assertEqual(NEXT_VERSION, host.run("dpkg-query", "-W", "-f", "${Version}", name))
        for host in self.nodes:
            self.assertNotIn(host.agent_pid(), (0, agents[host]), f"{host.nid}: the new agent was to run")
            with open(os.path.join(self.world.etc, "agent.toml"), encoding="ascii") as file:
                self.assertEqual(file.read(), host.run("cat", "/etc/muster/agent.toml"))
        self.assertNotIn(self.first.show("musterd.service", "MainPID"), ("0", musterd), "the new musterd was to run")
        self.assertEqual("inactive", self.idle.systemctl("is-active", "muster-agent.service", check=False).strip())

    def purge(self):
        for host in self.world.hosts:
            self.world.purge(host)
            self.world.forget(host)
            host.run("rm", "-f", "/run/may-stop")
            self.assertEqual("", host.systemctl("list-units", "--all", "--plain", "--no-legend", "muster*"))
            self.assertEqual("", host.run("pgrep", "muster", check=False))


if __name__ == "__main__":
    unittest.main()
