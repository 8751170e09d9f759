"""All stand-ins together: a rollout by kubectl, and what it brings back."""

import asyncio
import os
import subprocess
import sys
import threading
import unittest

import csm
from running import StandInTest, call, wait_until

KUBECTL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kubectl")
BSS = "boot-script-service@x0"


class CsmTest(StandInTest):
    def setUp(self):
        super().setUp()
        self.csm = csm.Csm(csm.parse(["--state-dir", self.directory, "--listen", "127.0.0.1:0", "--compute", "4", "--probe-period", "0.02",
                                      "--restart-seconds", "0.1", "--expires-in", "60", "--param", "Scn_retries=1"]))
        thread = threading.Thread(target=lambda: asyncio.run(self.csm.serve()))
        thread.start()
        self.addCleanup(self.csm.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.csm.shutdown)
        wait_until(lambda: len(self.lines("bss/bss.log")) == 2, "BSS has subscribed")

    def call(self, name, method, path, body=None):
        return call(self.csm.servers[name].server_address[1], method, path, body)

    def subscribers(self):
        return [entry["Subscriber"] for entry in self.call("hmnfd", "GET", "/hmi/v2/subscriptions")[1]["SubscriptionList"] or []]

    def kubectl(self, *arguments):
        """(exit code, stdout, stderr)"""
        done = subprocess.run([sys.executable, KUBECTL, *arguments], env={**os.environ, "CSM_STATE": self.directory}, capture_output=True,
                              text=True, timeout=20, check=False)
        return done.returncode, done.stdout, done.stderr

    def roll_out(self, name):
        self.assertEqual((0, f"deployment.apps/{name} restarted\n", ""),
                         self.kubectl("-n", "services", "rollout", "restart", f"deployment/{name}"))
        code, out, _ = self.kubectl("-n", "services", "rollout", "status", f"deployment/{name}", "--timeout=10s")
        self.assertEqual((0, f'deployment "{name}" successfully rolled out'), (code, out.splitlines()[-1]))

    def test_the_readiness_trap_and_its_cure(self):
        self.assertEqual([BSS], self.subscribers())
        self.put("hmnfd/lose-etcd")
        wait_until(lambda: not self.is_put("hmnfd/lose-etcd"), "HMNFD has lost it")
        status = ("-n", "services", "rollout", "status", "deployment/cray-hmnfd", "--timeout=100ms")
        code, _, error = self.kubectl(*status)
        self.assertEqual((1, "error: timed out waiting for the condition\n"), (code, error))
        self.roll_out("cray-hmnfd")
        # HMNFD is well, and BSS does not know what was lost.
        self.assertEqual([], self.subscribers())
        self.roll_out("cray-bss")
        wait_until(lambda: len(self.lines("bss/bss.log")) == 4, "BSS has subscribed anew")
        self.assertEqual([BSS], self.subscribers())
        self.assertEqual([200] * 4, [line["status"] for line in self.lines("bss/bss.log")])
        self.assertEqual(list(status), self.lines("kubectl.log")[0]["arguments"])

    def test_nodes_that_are_off_are_pruned_at_a_start(self):
        body = {"Components": ["all"], "States": ["on"], "Url": "http://a"}
        for node in ("x1000c0s0b0n0", "x1000c0s0b0n1"):
            self.call("hmnfd", "POST", f"/hmi/v2/subscriptions/{node}/agents/orca", body)
        self.csm.servers["hsm"].service.world.components["x1000c0s0b0n1"]["State"] = "Off"
        self.roll_out("cray-hmnfd")
        wait_until(lambda: sorted(self.subscribers()) == [BSS, "orca@x1000c0s0b0n0"], "who is off is gone")

    def test_what_kubectl_does_not_know_it_says(self):
        for arguments, error in [(("get", "pods"), 'unknown command "get"'),
                                 (("-n", "services", "rollout", "restart", "deployment/nothing"), 'deployments.apps "nothing" not found'),
                                 (("-n", "services", "rollout", "status", "deployment/cray-bss", "--timeout=soon"), "invalid duration")]:
            code, _, text = self.kubectl(*arguments)
            self.assertEqual(1, code)
            self.assertIn(error, text)
        self.put("kubectl-fails")
        code, _, text = self.kubectl("-n", "services", "rollout", "restart", "deployment/cray-bss")
        self.assertEqual(1, code)
        self.assertIn("connection refused", text)
        self.assertFalse(self.is_put("bss/restart"))

    def test_the_way_through_the_gateway(self):
        grant = "grant_type=client_credentials&client_id=admin-client&client_secret=secret"
        answer = self.call("gateway", "POST", csm.gateway.TOKEN_PATH, grant)[1]
        self.assertEqual("60", str(answer["expires_in"]))
        token = answer["access_token"]
        port = self.csm.servers["gateway"].server_address[1]
        for path in ("hmnfd/hmi/v2/health", "smd/hsm/v2/State/Components?role=Compute", "sls/v1/search/hardware?type=comptype_node",
                     "bss/boot/v1/service/status/all", "bss/boot/v1/bootparameters", "bos/v2/sessions", "v2/cps/contents"):
            self.assertEqual(200, call(port, "GET", f"/apis/{path}", headers={"Authorization": f"Bearer {token}"})[0], path)
        self.assertEqual("connected", self.call("bss", "GET", "/boot/v1/service/status/all")[1]["bss-status-etcd"])

    def test_bos_shuts_down_what_hsm_knows(self):
        wait_until(lambda: len(self.call("bos", "GET", "/v2/components")[1]) == 7, "BOS knows the nodes")
        body = {"operation": "shutdown", "template_name": "compute", "limit": "x1000c0s0b0n1", "name": "s"}
        self.assertEqual(201, self.call("bos", "POST", "/v2/sessions", body)[0])
        wait_until(lambda: self.call("bos", "GET", "/v2/sessions/s")[1]["status"]["status"] == "complete", "the session is complete")
        off = self.call("hsm", "GET", "/hsm/v2/State/Components?state=Off")[1]["Components"]
        self.assertEqual(["x1000c0s0b0n1"], [component["ID"] for component in off])

    def test_the_programs_say_where_they_listen(self):
        here = os.path.dirname(os.path.abspath(csm.__file__))
        command = [sys.executable, os.path.join(here, "csm.py"), "--listen", "127.0.0.1:0", "--state-dir", f"{self.directory}/2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
            lines = [program.stdout.readline() for _ in csm.NAMES]
            program.terminate()
        self.assertEqual([f"{name}: listening on 127.0.0.1" for name in csm.NAMES], [line.rpartition(":")[0] for line in lines])
        with open(os.path.join(self.directory, "hmnfd", "address"), encoding="ascii") as file:
            self.assertEqual(self.csm.servers["hmnfd"].address, file.read())


if __name__ == "__main__":
    unittest.main()
