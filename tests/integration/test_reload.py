"""The settings are read again at SIGHUP: what is right is taken, what is wrong changes nothing, and no session ends for it. And what the programs
say of their settings without starting."""

import json
import os
import signal
import unittest

from harness import MGMT, WEB_PORT, Story, World
from programs import program, wait_until

WATCHED = "orca-second.service"


def setUpModule():
    Story.world = World(2, web=True)
    unittest.addModuleCleanup(Story.world.close)


class ReloadTest(Story):
    def setUp(self):
        self.world.wait_attached()

    def path(self, *names):
        return os.path.join(self.world.directory, *names)

    def write(self, path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def read(self, path):
        with open(path, encoding="ascii") as file:
            return file.read()

    def changed(self, path, text):
        """Until the test is over."""
        before = self.read(path)
        self.addCleanup(self.write, path, before)
        self.write(path, text)
        return before

    def sessions(self):
        """{xname: since when it is attached}"""
        nodes = self.world.muster_json("node", "list", code=0).json["nodes"]
        return {node["node"]: node.get("presence_time") for node in nodes if node["presence"] == "ATTACHED"}

    def hang_up_musterd(self, says):
        before = len(self.world.musterd.log())
        self.world.musterd.signal(signal.SIGHUP)
        return wait_until(lambda: (log := self.world.musterd.log()[before:]) and says in log and log, f"musterd says: {says}")

    def hang_up_agent(self, host, says):
        before = host.journal().count(says)
        host.systemctl("kill", "--kill-who=main", "--signal=HUP", "muster-agent.service")
        wait_until(lambda: host.journal().count(says) > before, f"the agent of {host.xname} says: {says}")

    def attaches(self):
        return {host.xname: host.journal().count("attached node=") for host in self.world.hosts}

    def test_musterd_takes_another_inventory(self):
        before, attached = self.sessions(), self.attaches()
        self.assertEqual(2, len(before))
        inventory = self.path("inventory.toml")
        self.changed(inventory, self.read(inventory) + '[[node]]\nxname = "x9000c0s0b0n0"\naliases = ["new-one"]\n')
        self.hang_up_musterd("settings read again")
        self.assertEqual("NEVER_SEEN", self.world.presence()["x9000c0s0b0n0"])
        self.assertEqual("x9000c0s0b0n0", self.world.muster_json("node", "show", "new-one", code=0).json["node"])
        self.assertEqual(before, self.sessions())
        self.assertEqual(attached, self.attaches())

    def test_a_wrong_file_changes_nothing(self):
        before, attached = self.sessions(), self.attaches()
        settings = self.path("musterd.toml")
        text = self.changed(settings, self.read(settings).replace("inventory", "inventroy"))
        log = self.hang_up_musterd("the settings stay as they were")
        self.assertIn("unknown key inventroy; did you mean inventory?", log)
        self.write(settings, text)
        inventory = self.path("inventory.toml")
        good = self.changed(inventory, "[[node]]\n")
        self.assertIn("[[node]] has no xname", self.hang_up_musterd("the settings stay as they were"))
        self.write(inventory, good)
        self.assertEqual(before, self.sessions())
        self.assertEqual(attached, self.attaches())

    def test_what_takes_a_restart_is_named(self):
        settings = self.path("musterd.toml")
        self.changed(settings, 'state_dir = "/elsewhere"\n' + self.read(settings).replace("[web]", "[retention]\njobs = 7\n[web]"))
        log = self.hang_up_musterd("settings read again")
        self.assertIn("changed=retention.jobs ", log)
        self.assertIn("take_a_restart=state_dir ", log)

    def get(self, path, token):
        script = (f"import ssl, urllib.error, urllib.request\nc = ssl.create_default_context(cafile={self.path('controller', 'ca.pem')!r})\n"
                  f"r = urllib.request.Request('https://{MGMT}:{WEB_PORT}{path}', headers={{'Authorization': 'Bearer {token}'}})\n"
                  "try:\n    print(urllib.request.urlopen(r, context=c, timeout=20).status)\n"
                  "except urllib.error.HTTPError as e:\n    print(e.code)\n")
        done = self.world.in_mgmt("/usr/bin/python3", "-c", script)
        self.assertEqual("", done.stderr)
        return int(done.stdout)

    def test_another_token_of_the_web_port(self):
        before = self.sessions()
        old, new = self.world.web_token, "n" * 32
        self.assertEqual(200, self.get("/metrics", old))
        self.changed(self.path("web.token"), new + "\n")
        self.hang_up_musterd("settings read again")
        self.assertEqual(401, self.get("/metrics", old))
        self.assertEqual(200, self.get("/metrics", new))
        self.write(self.path("web.token"), "short\n")
        self.assertIn("one line of 32 to 512", self.hang_up_musterd("the settings stay as they were"))
        self.assertEqual(200, self.get("/metrics", new))
        self.write(self.path("web.token"), old + "\n")
        self.hang_up_musterd("settings read again")
        self.assertEqual(200, self.get("/metrics", old))
        self.assertEqual(before, self.sessions())

    def test_a_web_port_that_does_not_start_changes_nothing(self):
        settings, inventory = self.path("musterd.toml"), self.path("inventory.toml")
        self.changed(inventory, self.read(inventory) + '[[node]]\nxname = "x9000c0s0b0n1"\n')
        text = self.changed(settings, self.read(settings).replace(f":{WEB_PORT}", ":7420"))
        log = self.hang_up_musterd("the settings stay as they were")
        self.assertNotIn("settings read again", log)
        self.assertNotIn("x9000c0s0b0n1", self.world.presence())
        self.assertEqual(200, self.get("/metrics", self.world.web_token))
        self.write(settings, text)
        self.assertIn("changed=none take_a_restart=none", self.hang_up_musterd("settings read again"))
        self.assertIn("x9000c0s0b0n1", self.world.presence())
        self.assertEqual(200, self.get("/metrics", self.world.web_token))

    def test_another_certificate_of_the_web_port(self):
        def serial():
            return self.world.in_mgmt("sh", "-c", f"openssl s_client -connect {MGMT}:{WEB_PORT} </dev/null 2>/dev/null | "
                                      "openssl x509 -noout -serial").stdout

        before = serial()
        self.assertIn("serial=", before)
        self.world.plain_muster("pki", "issue", "--dir", self.path("ca"), "--role", "controller", "--san", "10.252.0.1", "--out",
                                self.path("renewed"), "musterd")
        for name in ("cert.pem", "key.pem"):
            os.replace(self.path("renewed", name), self.path("controller", name))
        self.hang_up_musterd("settings read again")
        self.assertNotEqual(before, serial())

    def test_an_agent_takes_another_policy(self):
        host, attached = self.world.host(1), self.attaches()
        settings = os.path.join(self.world.etc, "agent.toml")
        refused = self.world.muster_json("restart", WATCHED, "-w", host.nid, "--settle", "0s")
        self.assertEqual("REFUSED POLICY", refused.endings[host.xname])
        self.changed(settings, f'[policy]\nunits = ["cray-orca.service", "{WATCHED}"]\n[watch]\nunits = ["{WATCHED}"]\n')
        self.hang_up_agent(host, "settings read again changed=policy.units,watch.units take_a_restart=none")
        done = self.world.muster_json("restart", WATCHED, "-w", host.nid, "--settle", "0s")
        self.assertEqual("SUCCEEDED", done.endings[host.xname])

        def units():
            shown = self.world.muster_json("node", "show", host.nid, code=0).json
            return WATCHED in json.dumps(shown)

        wait_until(units, "the unit is told of")
        self.write(settings, "[policy]\nunit = []\n")
        self.hang_up_agent(host, "unknown key policy.unit; did you mean policy.units?")
        done = self.world.muster_json("restart", WATCHED, "-w", host.nid, "--settle", "0s")
        self.assertEqual("SUCCEEDED", done.endings[host.xname])
        self.assertEqual(attached, self.attaches(), "the session is the same")
        self.assertEqual("active", host.systemctl("is-active", "muster-agent.service").strip())

    def test_settings_are_checked_without_a_start(self):
        settings, controller = self.path("checked.toml"), self.path("controller")
        good = f'listen = "{MGMT}:7420"\ntls_dir = "{controller}"\nstate_dir = "/nowhere"\n'

        def check(text, name="MUSTERD"):
            self.write(settings, text)
            done = self.world.in_mgmt(program(name), "--check-config", "--config", settings)
            return done.returncode, done.stdout, done.stderr

        self.assertEqual((0, "ok\n", ""), check(good))
        self.assertFalse(os.path.exists("/nowhere"))
        for wrong, why in [('revoked = "/none"\n', "/none"), ('inventory = "/none"\n', "/none"),
                           ('[web]\nlisten = "0.0.0.0:1"\ntoken_file = "/none"\n', "read the token of the web port /none"),
                           ('[csm]\nhsm = "http://a"\nca = "/none"\n', "read /none"), ("port = 1\n", "unknown key port")]:
            code, out, err = check(good + wrong)
            self.assertEqual((2, ""), (code, out), err)
            self.assertIn(why, err)
        code, _, err = check(good.replace(controller, self.path("operator")) + 'operator_listen = "a"\n')
        self.assertEqual(2, code)
        self.assertIn("operator_listen must be HOST:PORT", err)

        node = self.world.host(1).directory
        self.assertEqual((0, "ok\n", ""), check(f'controllers = ["a:1"]\ntls_dir = "{node}"\n', "MUSTER_AGENT"))
        code, _, err = check(f'controllers = ["a:1"]\ntls_dir = "{controller}"\n', "MUSTER_AGENT")
        self.assertEqual(2, code)
        self.assertIn("cert.pem", err)

    def test_the_default_files_are_accepted(self):
        for name, more in (("MUSTERD", ["--tls-dir", self.path("controller")]),
                           ("MUSTER_AGENT", ["--controller", "a:1", "--tls-dir", self.world.host(1).directory])):
            text = self.world.in_mgmt(program(name), "--print-config").stdout
            self.assertIn("#tls_dir = ", text)
            self.write(self.path("default.toml"), text)
            done = self.world.in_mgmt(program(name), "--config", self.path("default.toml"), "--check-config", *more)
            self.assertEqual((0, "ok\n", ""), (done.returncode, done.stdout, done.stderr))
        self.assertIn("#controller = ", self.world.in_mgmt(program("MUSTER"), "--print-config").stdout)


if __name__ == "__main__":
    unittest.main()
