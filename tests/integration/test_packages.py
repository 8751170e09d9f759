"""A life with the packages on real hosts: they are installed, a controller and its agents run from them, all of them are upgraded while a
job is under way, and when they are purged the hosts are as before."""

import re
import unittest

from harness import WEB_PORT, Story
from packaged_hosts import CONTROLLER, NEXT_VERSION, VERSION, PackagedWorld, files_of, package_file, written_in_setup
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
        cls.world = PackagedWorld(5, unit_files={"cray-orca.service": HELD_ORCA})
        cls.addClassCleanup(cls.world.close)

    def setUp(self):
        # The idle one has the package, and is never configured; the last is rpm's.
        *self.hosts, self.rpm_host = self.world.hosts
        *self.nodes, self.idle = self.hosts
        self.first = self.nodes[0]

    def test_from_installation_to_purge(self):
        before = in_parallel([lambda host=host: files_of(host) for host in self.hosts])
        self.install()
        self.check_units()
        for host in self.nodes:
            self.world.configure(host, is_controller=host is self.first)
        self.world.wait_attached(*self.nodes)
        self.check_processes()
        self.check_reload()
        self.check_what_root_writes_is_read()
        self.upgrade_while_a_job_runs()
        self.check_what_musterd_may_do()
        self.restore_a_backup()
        self.keep_the_store_elsewhere()
        self.remove_and_install_again(self.nodes[-1])
        self.purge()
        after = in_parallel([lambda host=host: files_of(host) for host in self.hosts])
        for host, was, is_now in zip(self.hosts, before, after):
            changed = {path: (was.get(path), is_now.get(path)) for path in was.keys() | is_now.keys() if was.get(path) != is_now.get(path)}
            self.assertEqual({}, changed, host.nid)

    def test_a_purge_leaves_what_is_the_sites(self):
        """The last host has no package yet, but a user of that name; and a link leads to where its store is to be."""
        host = self.rpm_host
        host.run("sh", "-ec", """
            useradd --uid 1500 --home-dir /srv/site --no-create-home muster
            mkdir /srv/store
            ln -s /srv/store /var/lib/muster
            """)
        host.run("dpkg", "-i", package_file(self.world.directories[VERSION], f"muster-controller_{VERSION}_*.deb"))
        host.run("touch", "/var/lib/muster/muster.db")
        host.run("dpkg", "--purge", "muster-controller")
        self.assertEqual("1500", host.run("id", "-u", "muster").strip())
        self.assertEqual("/srv/store\n/srv/store/muster.db\n", host.run("find", "/var/lib/muster", "/srv/store", check=False))
        host.run("sh", "-ec", "userdel muster; rm -r /srv/store")

    def test_rpm(self):
        """Its scripts are called otherwise, and there is no purge."""
        host = self.rpm_host
        units = {"muster-agent.service", "musterd.service"}
        said = self.world.rpm(host, "-i", VERSION)
        for unit in units:
            self.assertIn(f"systemctl enable --now {unit}", said)
            self.assertEqual("disabled", host.systemctl("is-enabled", unit, check=False).strip())
        self.world.configure(host, is_controller=True)
        pids = {unit: host.show(unit, "MainPID") for unit in units}
        settings = host.run("cat", "/etc/muster/agent.toml", "/etc/muster/musterd.toml")

        self.assertEqual("", self.world.rpm(host, "-U", NEXT_VERSION))
        for unit in units:
            self.assertNotIn(host.show(unit, "MainPID"), ("0", pids[unit]), f"the new {unit} was to run")
            self.assertEqual("enabled", host.systemctl("is-enabled", unit).strip())
        self.assertEqual(settings, host.run("cat", "/etc/muster/agent.toml", "/etc/muster/musterd.toml"))

        host.run("rpm", "-e", "--force-debian", *CONTROLLER)
        self.assertEqual("", host.systemctl("list-units", "--all", "--plain", "--no-legend", "muster*"))
        self.assertEqual("", host.run("find", "/etc/systemd/system", "-name", "muster*.service"))
        self.assertEqual("muster", host.run("stat", "-c", "%U", "/var/lib/muster").strip())

    def install(self):
        for said in in_parallel([lambda host=host: self.world.install(host, VERSION) for host in self.hosts]):
            self.assertIn("systemctl enable --now muster-agent.service", said)
        # Nothing can run yet, and nothing has tried to.
        for host in self.hosts:
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
        self.assertNotIn("MUSTERD_OPTIONS", self.first.journal("musterd.service"), "that there are none is worth no words")
        self.assertEqual("700 muster:muster", self.first.run("stat", "-c", "%a %U:%G", "/var/lib/muster").strip())
        self.assertEqual("640 root:muster", self.first.run("stat", "-c", "%a %U:%G", "/etc/muster/controller/key.pem").strip())
        # It has raised the soft limit to the hard one, which is the machine's if that allows no more.
        self.assertEqual("524288", self.first.show("musterd.service", "LimitNOFILE"))
        self.assertRegex(self.first.run("cat", f"/proc/{pid}/limits"), r"Max open files +(\d{5,}) +\1 ")
        # The command of the package, on the node where an operator types it.
        listed = self.first.run("muster", "--controller", self.first.name, "--tls-dir", "/opt/muster-etc/operator", "node", "list")
        for host in self.nodes:
            self.assertIn(host.xname, listed)

    def check_reload(self):
        for unit in ("musterd.service", "muster-agent.service"):
            pid = self.first.show(unit, "MainPID")
            self.first.systemctl("reload", unit)
            wait_until(lambda unit=unit: "settings read again" in self.first.journal(unit), f"{unit} reads its settings again")
            self.assertEqual(pid, self.first.show(unit, "MainPID"))

    def nodes_listed_by(self, operator):
        return self.first.run("muster", "--controller", self.first.name, "--tls-dir", f"/opt/muster-etc/{operator}", "node", "list",
                              check=False)

    def check_what_root_writes_is_read(self):
        """With a umask of its own: a renewed certificate, an inventory, an operator who has left."""
        self.assertIn(self.first.xname, self.nodes_listed_by("leaver"))
        self.first.run("sh", "-ec", """
            umask 077
            cd /etc/muster
            rm controller/*.pem
            cp /opt/muster-etc/controller/*.pem controller/
            printf '[[node]]\nxname = "x9000c0s0b0n0"\n' >inventory.toml
            echo spiffe://muster/operator/leaver >revoked
            printf 'inventory = "/etc/muster/inventory.toml"\nrevoked = "/etc/muster/revoked"\n' | cat - musterd.toml >new
            mv new musterd.toml
            """)
        self.assertEqual("600 root", self.first.run("stat", "-c", "%a %U", "/etc/muster/revoked").strip())
        self.first.systemctl("reload", "musterd.service")
        wait_until(lambda: "x9000c0s0b0n0" in self.nodes_listed_by("operator"), "musterd has read its settings")
        self.assertEqual("", self.nodes_listed_by("leaver"))
        for name in ("musterd.toml", "inventory.toml", "revoked", "controller/key.pem"):
            self.assertEqual("640 root:muster", self.first.run("stat", "-c", "%a %U:%G", f"/etc/muster/{name}").strip(), name)

    def upgrade_while_a_job_runs(self):
        starts = {host: host.starts() for host in self.nodes}
        invocations = {host: host.invocation() for host in self.nodes}
        agents = {host: host.agent_pid() for host in self.nodes}
        musterd = self.first.show("musterd.service", "MainPID")
        names = [option for host in self.nodes for option in ("-w", host.xname)]
        job = self.world.muster_json("restart", "cray-orca", *names, "--detach", code=0).job
        for host in self.nodes:
            wait_until(lambda host=host: host.show("cray-orca.service", "ActiveState") == "deactivating", f"{host.nid} stops ORCA")

        in_parallel([lambda host=host: self.world.install(host, NEXT_VERSION) for host in self.hosts])
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
        for host in self.hosts:
            for name in self.world.packages_of(host):
                self.assertEqual(NEXT_VERSION, host.run("dpkg-query", "-W", "-f", "${Version}", name))
        for host in self.nodes:
            self.assertNotIn(host.agent_pid(), (0, agents[host]), f"{host.nid}: the new agent was to run")
            self.assertIn(f'controllers = ["{self.first.name}:7420"]', host.run("cat", "/etc/muster/agent.toml"), "the site's settings")
        self.assertNotIn(self.first.show("musterd.service", "MainPID"), ("0", musterd), "the new musterd was to run")
        self.assertEqual("inactive", self.idle.systemctl("is-active", "muster-agent.service", check=False).strip())

    def check_what_musterd_may_do(self):
        """All that a site asks of it: to be looked at, to ask CSM, to run kubectl."""
        metrics = self.first.run("curl", "--silent", "--show-error", "--max-time", "20", "--cacert", "/opt/muster-etc/operator/ca.pem",
                                 "--header", f"Authorization: Bearer {self.world.web_token}", f"https://{self.first.name}:{WEB_PORT}/metrics")
        self.assertIn("\nmuster_", metrics)
        # HSM knows the host, too, on which no agent has ever run.
        self.assertIn(self.idle.xname, self.world.presence())
        self.world.put_and_wait("hmnfd/lose-etcd")
        self.world.muster("resubscribe", "-w", self.first.xname, "--restart-hmnfd", "--detach", code=0)
        log = wait_until(lambda: self.first.run("cat", "/var/lib/muster/kubectl.log", check=False), "musterd runs kubectl", 60)
        self.assertTrue(log.startswith("muster /etc/muster/kubeconfig -n services rollout restart deployment/cray-hmnfd"), log)

    def jobs(self):
        return [job["name"] for job in self.world.muster_json("job", "list", code=0).json["jobs"]]

    def restore_a_backup(self):
        """By the letter of the manual, with a backup that only root may read."""
        said = "the store has a new id, because of --restored"
        jobs = self.jobs()
        self.assertNotEqual([], jobs)
        self.first.run("sh", "-ec", f"""
            umask 077
            muster --controller {self.first.name} --tls-dir /opt/muster-etc/operator backup /root/store.db
            """)
        self.first.run("sh", "-ec", "cd /root\n" + written_in_setup("## Backup"))
        self.world.wait_attached(*self.nodes)
        self.assertEqual(jobs, self.jobs())
        self.assertEqual(1, self.first.journal("musterd.service").count(said))
        # Once, and not at each start from now on.
        self.first.systemctl("restart", "musterd.service")
        self.world.wait_attached(*self.nodes)
        self.assertEqual(1, self.first.journal("musterd.service").count(said))
        self.first.run("rm", "-r", "/root/store.db", "/var/lib/muster.before")

    def keep_the_store_elsewhere(self):
        """And the inventory in /home, and the web port below 1024: by the drop-in of the manual."""
        drop_in = "/etc/systemd/system/musterd.service.d"
        self.first.run("sh", "-ec", f"""
            mkdir {drop_in}
            printf '%s' "$1" >{drop_in}/override.conf
            systemctl daemon-reload
            install -d -o muster -g muster -m 700 /srv/muster
            cp -p /etc/muster/musterd.toml /root/
            install -m 644 /etc/muster/inventory.toml /home/
            sed -i -e '1i state_dir = "/srv/muster"' -e 's,/etc/muster/inventory,/home/inventory,' -e 's,:{WEB_PORT}",:443",' \
                /etc/muster/musterd.toml
            systemctl restart musterd
            """, "-", written_in_setup("drop-in"))
        self.world.wait_attached(*self.nodes)
        self.assertEqual([], self.jobs())
        self.assertIn("x9000c0s0b0n0", self.nodes_listed_by("operator"))
        self.first.run("curl", "--silent", "--show-error", "--max-time", "20", "--cacert", "/opt/muster-etc/operator/ca.pem",
                       f"https://{self.first.name}/")
        self.first.run("sh", "-ec", f"""
            cp -p /root/musterd.toml /etc/muster/
            rm -r {drop_in} /root/musterd.toml /home/inventory.toml
            systemctl daemon-reload
            systemctl restart musterd
            rm -r /srv/muster
            """)
        self.world.wait_attached(*self.nodes)

    def remove_and_install_again(self, host):
        """It is off then, and says so."""
        host.run("dpkg", "--remove", *self.world.packages_of(host))
        self.assertIn("systemctl enable --now muster-agent.service", self.world.install(host, NEXT_VERSION))
        self.assertEqual("disabled", host.systemctl("is-enabled", "muster-agent.service", check=False).strip())
        host.systemctl("enable", "--now", "muster-agent.service")
        self.world.wait_attached(host)

    def purge(self):
        # A disk of its own would be such a mount point.
        self.first.run("mount", "--bind", "/var/lib/muster", "/var/lib/muster")
        for host in self.hosts:
            self.world.purge(host)
            self.world.forget(host)
            host.run("rm", "-f", "/run/may-stop")
            self.assertEqual("", host.systemctl("list-units", "--all", "--plain", "--no-legend", "muster*"))
            self.assertEqual("", host.run("pgrep", "muster", check=False))
        self.assertEqual("/var/lib/muster\n", self.first.run("find", "/var/lib/muster"))
        self.first.run("sh", "-ec", "umount /var/lib/muster; rmdir /var/lib/muster")


if __name__ == "__main__":
    unittest.main()
