"""Phases of content with CPS and BOS: workers that serve CPS are spared, nodes with their root on content are shut down and booted, and HSM
says who is off. The stand-in of BOS kills and boots the hosts."""

import json
import os
import threading
import time
import unittest

from content_hosts import AGENT_SETTINGS, make_image, mount_content, mounts_of
from harness import CSM_PORT, DIRECT, MGMT, World
from programs import in_parallel, wait_until
from test_content import ContentStory

ON_CPS = "root=craycps-s3:s3://b/x/rootfs:e-1:dvs:api-gw:300:nmn0"
CSM = {**DIRECT, "sls": f"http://{MGMT}:{CSM_PORT + 1}/v1", "bos": f"http://{MGMT}:{CSM_PORT + 4}/v2",
       "cps": f"http://{MGMT}:{CSM_PORT + 5}/v2/cps", "refresh": 5}
WORKERS = ["ncn-w001", "ncn-w002", "ncn-w003"]


class PowerSwitch(threading.Thread):
    """Does what the stand-in of BOS asks for."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.is_over = world, False

    def run(self):
        while not self.is_over:
            for host in self.world.hosts:
                self.do("off", host)
                self.do("on", host)
            time.sleep(0.05)

    def do(self, action, host):
        request = os.path.join(self.world.directory, f"power.{action}.{host.xname}")
        if not os.path.exists(request):
            return
        if action == "on":
            host.boot()
        else:
            # As a node that is told to shut down; one whose power is cut is noticed after minutes.
            host.systemctl("stop", "muster-agent.service")
            host.kill()
        os.unlink(request)

    def stop(self):
        self.is_over = True
        self.join()


class ServicesStory(ContentStory):
    """Three workers that serve CPS, a compute node, and two with their root on content."""

    hosts = 6

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.hosts, agent_settings=AGENT_SETTINGS, programs=["CONTENTFS"], before_boot=cls.prepare, csm=CSM,
                          csm_options=["--power", "{directory}/power"])
        cls.addClassCleanup(cls.world.close)
        switch = PowerSwitch(cls.world)
        switch.start()
        cls.addClassCleanup(switch.stop)

    @classmethod
    def prepare(cls, world):
        make_image(world)
        nodes = [{"ID": host.xname, "Role": "Compute", "NID": host.number, "Aliases": [host.nid]} for host in world.hosts]
        for node, alias in zip(nodes, WORKERS):
            node.update(Role="Management", SubRole="Worker", Aliases=[alias])
        with open(os.path.join(world.directory, "nodes.json"), "w", encoding="ascii") as file:
            json.dump({"Components": nodes}, file)
        # What CPS calls the workers; the file goes before HSM and SLS.
        path = os.path.join(world.directory, "inventory.toml")
        with open(path, encoding="ascii") as file:
            inventory = file.read()
        for host, alias in zip(world.hosts, WORKERS):
            inventory = inventory.replace(f'"{host.nid}",', f'"{host.nid}", "{alias}",')
        with open(path, "w", encoding="ascii") as file:
            file.write(inventory)
        # What BOS does with the power of a node: it is asked for, and done outside of the management network (PowerSwitch).
        power = os.path.join(world.directory, "power")
        with open(power, "w", encoding="ascii") as file:
            file.write('#!/bin/sh\ntouch "$0.$1.$2"; while [ -e "$0.$1.$2" ]; do sleep 0.05; done\n')
        os.chmod(power, 0o755)

    def states(self, name, code):
        """{xname: state}, once HSM's news have come: it is read each five seconds."""
        return {host.xname: self.gate(name, code).get(host.xname) for host in self.world.hosts}

    def step(self, answer, title):
        return next(step for step in answer.json["steps"] if title in step["title"])

    def power_log(self):
        return [(line["action"], line["xname"]) for line in self.world.csm_log("bos/bos.log")
                if line["what"] == "power" and not line["error"]]

    def root_on_content(self, *hosts):
        for host in hosts:
            host.run("sh", "-ec", f"echo {ON_CPS} >/run/cmdline; mount --bind /run/cmdline /proc/cmdline")


class ServicesTest(ServicesStory):
    def test_the_whole_of_a_rebuild(self):
        world = self.world
        workers, plain, rooted = world.hosts[:3], world.hosts[3], world.hosts[4:]
        in_parallel([lambda host=host: mount_content(host) for host in [*workers, plain]])
        before = {host.xname: mounts_of(host) for host in [*workers, plain]}
        self.root_on_content(*rooted)
        bad = rooted[1]
        world.put(f"bos/bos-fail-{bad.xname}", "the BMC does not answer")

        # One of the two cannot be shut down: BOS's session is complete, and nobody is fooled by that.
        answer = world.muster_json("content", "unmount", "--all", "--operation", "pe", "--bos", "compute", "--cps-servers", "2", code=1)
        self.assertEqual("SUCCEEDED", self.step(answer, "content is unmounted")["state"])
        servers = self.step(answer, "on workers that serve CPS")
        self.assertEqual("SUCCEEDED", servers["state"], servers)
        shut_down = self.step(answer, "are shut down")
        self.assertEqual("FAILED", shut_down["state"])
        self.assertIn(f"1 of 2 shut down; 1 failed: {bad.xname}; {bad.xname}: the BMC does not answer", shut_down["detail"])
        job = world.muster_json("job", "show", servers["job"].removeprefix("jobs/")).json
        self.assertEqual({host.xname for host in workers}, {task["node"] for task in job["tasks"]})
        self.assertEqual(1, job["policy"]["max_parallel"], "three serve, and two have to go on")
        expected = {**{host.xname: "CLEAN" for host in [*workers, plain]}, rooted[0].xname: "SHUT_DOWN", bad.xname: "ROOT_ON_CPS"}
        wait_until(lambda: self.states("pe", 1) == expected, "HSM tells who is off")

        # The second try is for the one that is left.
        world.unput(f"bos/bos-fail-{bad.xname}")
        world.muster_json("content", "unmount", "-w", bad.xname, "--operation", "pe", "--bos", "compute", code=0)
        expected[bad.xname] = "SHUT_DOWN"
        wait_until(lambda: world.muster("content", "gate", "pe").code == 0, "the gate opens")
        self.assertEqual(expected, self.states("pe", 0))
        self.assertEqual({("off", host.xname) for host in rooted}, set(self.power_log()))

        # CPS comes back from its rebuild with one worker, and then with another one.
        for name in WORKERS[1:]:
            world.put(f"cps/cps-not-ready-{name}")
        remount = world.start_muster("content", "remount", "--bos", "compute")
        self.addCleanup(remount.kill)

        def waits():
            shown = world.muster_json("operation", "show", "last")
            return shown.code in (0, 1) and "1 worker serves CPS" in shown.json["steps"][0]["detail"]

        wait_until(waits, "CPS is waited for")
        self.assertEqual([], mounts_of(plain))
        world.unput(f"cps/cps-not-ready-{WORKERS[1]}")
        answer = world.answer_of(remount, 120)
        self.assertEqual(0, answer.code, answer.out + answer.err)
        self.assertEqual("2 of 2 booted", self.step(answer, "are booted")["detail"])
        for host in [*workers, plain]:
            self.assertEqual(before[host.xname], mounts_of(host), host.xname)
        self.assertEqual({(action, host.xname) for host in rooted for action in ("off", "on")}, set(self.power_log()))
        wait_until(lambda: set(self.states("pe", 1).values()) == {"MOUNTED"}, "who has booted is back")

        # Nothing is unmounted where CPS cannot say who serves it, until somebody says that it does not matter.
        world.put("cps/refuse")
        typed = world.start_muster("content", "unmount", "-w", plain.xname, "--operation", "next")
        self.addCleanup(typed.kill)
        wait_until(lambda: world.muster_json("operation", "show", "last").json["steps"][1]["state"] == "RUNNING", "CPS is asked")
        world.muster("operation", "cancel", "last")
        self.assertEqual(1, world.answer_of(typed, 60).code)
        self.assertEqual(before[plain.xname], mounts_of(plain))
        world.muster_json("content", "unmount", "-w", plain.xname, "--operation", "next", "--cps-servers", "0", code=0)
        self.assertEqual([], mounts_of(plain))


if __name__ == "__main__":
    unittest.main()
