"""The web port of musterd on real hosts: who may look, the machine as JSON, what changes as events, and Prometheus' metrics."""

import json
import os
import re
import subprocess
import sys
import unittest

from harness import BED, DIRECT, WEB, Story, World
from programs import HERE, wait_until

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples_of(text):
    """{(name, ((label, value), …)): number} of Prometheus' text format."""
    samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            samples[name, tuple(sorted(LABEL.findall(labels or "")))] = float(value)
    return samples


def events_of(text):
    """[(event, data)] of a stream that may have been cut anywhere."""
    events = []
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


class WebTest(Story):
    @classmethod
    def setUpClass(cls):
        cls.world = World(3, csm={**DIRECT, "refresh": 5}, web=True)
        cls.addClassCleanup(cls.world.close)

    def curl(self, path, *options):
        """(status, body)"""
        ca = os.path.join(self.world.env["MUSTER_TLS_DIR"], "ca.pem")
        done = self.world.in_mgmt("curl", "--silent", "--show-error", "--max-time", "20", "--cacert", ca, "--write-out",
                                  "\n%{http_code}", *options, WEB + path)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    @property
    def bearer(self):
        return ["--header", f"Authorization: Bearer {self.world.web_token}"]

    def get(self, path):
        status, body = self.curl(path, *self.bearer)
        self.assertEqual(200, status, body)
        return body

    def get_json(self, path):
        return json.loads(self.get(path))

    def metric(self, name, **labels):
        return samples_of(self.get("/metrics")).get((name, tuple(sorted(labels.items()))))

    def with_certificate(self, directory):
        return ["--cert", os.path.join(directory, "cert.pem"), "--key", os.path.join(directory, "key.pem")]

    def letters(self, host):
        machine = self.get_json("/api/map")
        return machine["conditions"][machine["nodes"].index(host.xname)]

    def test_only_operators_and_the_token_may_look(self):
        token = self.world.web_token
        operator = self.with_certificate(self.world.env["MUSTER_TLS_DIR"])
        for path in ("/", "/api/map", "/metrics", "/api/events"):
            self.assertEqual(401, self.curl(path)[0], path)
        for options in (self.bearer, ["--user", f"anybody:{token}"], operator):
            self.assertEqual(200, self.curl("/api/map", *options)[0], options)
        for options in (["--header", f"Authorization: Bearer {token[:-1]}"], ["--user", f"{token}:"],
                        ["--header", "Authorization: Basic !!!"], self.with_certificate(self.world.host(1).directory)):
            status, body = self.curl("/api/map", *options)
            self.assertEqual(401, status, options)
            self.assertIn("certificate or the token", json.loads(body)["error"])
        self.assertEqual(405, self.curl("/api/map", *self.bearer, "--data", "x")[0])
        self.assertEqual(405, self.curl("/api/map", *self.bearer, "--request", "DELETE")[0])
        refused = self.world.muster_json("status", code=0).json["refusals"]
        self.assertIn("UNAUTHORIZED", [each["reason"] for each in refused])

    def test_a_revoked_operator_may_look_no_more(self):
        directory = os.path.join(self.world.directory, "leaver")
        self.world.plain_muster("pki", "issue", "--dir", os.path.join(self.world.directory, "ca"), "--role", "operator",
                                "--out", directory, "leaver")
        self.assertEqual(200, self.curl("/api/map", *self.with_certificate(directory))[0])
        settings = os.path.join(self.world.directory, "musterd.toml")
        revoked = os.path.join(self.world.directory, "revoked")
        with open(settings, encoding="ascii") as file:
            text = file.read()
        with open(settings, "w", encoding="ascii") as file:
            file.write(f'revoked = "{revoked}"\n{text}')
        fingerprint = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", os.path.join(directory, "cert.pem")],
                                     check=True, capture_output=True, text=True).stdout.split("=")[1].strip()
        with open(revoked, "w", encoding="ascii") as file:
            file.write(f"sha256:{fingerprint.replace(':', '').lower()}\n")
        self.world.musterd.kill()
        self.world.start_musterd()
        self.world.wait_attached()
        self.assertEqual(401, self.curl("/api/map", *self.with_certificate(directory))[0])

    def test_the_page_and_what_is_not_there(self):
        status, page = self.curl("/", *self.bearer, "--include")
        self.assertEqual(200, status)
        self.assertIn("text/html", page)
        self.assertIn("default-src 'none'", page)
        for name in re.findall(r'(?:src|href)="([\w.-]+)"', page):
            self.assertEqual(200, self.curl(f"/{name}", *self.bearer)[0], name)
        for path in ("/nothing", "/api/nothing", "/../etc/passwd", "/api/node/x9999", "/api/events?job=none"):
            status, body = self.curl(path, *self.bearer, "--path-as-is")
            self.assertEqual(404, status, path)
            self.assertTrue(json.loads(body)["error"])

    def test_the_machine_as_json(self):
        world = self.world
        machine = self.get_json("/api/map")
        self.assertEqual([host.xname for host in world.hosts], machine["nodes"])
        self.assertEqual([host.nid for host in world.hosts], machine["aliases"])
        self.assertEqual("AgentAttached", machine["kinds"][0])
        self.assertEqual(["Compute"], machine["roles"])
        first, second, _ = world.hosts
        self.assertEqual({"nodes": [0, 1]}, self.get_json(f"/api/select?q={first.nid},{second.xname}"))
        status, body = self.curl("/api/select?q=x9999", *self.bearer)
        self.assertEqual(404, status)
        self.assertIn("x9999", json.loads(body)["error"])
        self.assertEqual(400, self.curl("/api/select?q=%5B", *self.bearer)[0])
        node = self.get_json(f"/api/node/{first.nid}")
        self.assertEqual(f"nodes/{first.xname}", node["name"])
        self.assertEqual("CONDITION_KIND_AGENT_ATTACHED", node["conditions"][0]["kind"])
        self.assertIn("counts", self.get_json("/api/health"))

    def test_what_happens_comes_as_events(self):
        world = self.world
        host = world.host(2)
        wait_until(lambda: self.letters(host).startswith("TT"), "the host is well")
        ca = os.path.join(world.env["MUSTER_TLS_DIR"], "ca.pem")
        stream = subprocess.Popen(
            [BED, "mgmt", "curl", "--silent", "--no-buffer", "--cacert", ca, *self.bearer, f"{WEB}/api/events"],
            env=world.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(stream.stdout.close)
        self.addCleanup(stream.kill)
        lines = []

        def read_until(expected):
            for line in stream.stdout:  # the test's own limit ends it
                lines.append(line)
                if expected(events_of("".join(lines))):
                    return

        read_until(lambda events: events)
        self.assertEqual([], events_of("".join(lines))[0][1]["changed"], "the first tells the revision")
        host.systemctl("stop", "cray-orca.service")
        read_until(lambda events: any([1, "TF"] == [number, letters[:2]] for event, data in events if event == "map"
                                      for number, letters in data["changed"]))
        host.systemctl("start", "cray-orca.service")
        read_until(lambda events: [1, "TT"] == [events[-1][1]["changed"][-1][0], events[-1][1]["changed"][-1][1][:2]])

        job = world.muster_json("restart", "cray-orca", "-w", host.nid, "--settle", "0s", code=0).json["name"].removeprefix("jobs/")
        status, text = self.curl(f"/api/events?job={job}", *self.bearer, "--max-time", "3")
        self.assertEqual(200, status)
        (told,) = [data for event, data in events_of(text) if event == "job"]
        self.assertEqual((job, "SUCCEEDED", [[1, "SUCCEEDED"]]), (told["id"], told["state"], told["changed"]))
        listed = self.get_json("/api/jobs")["jobs"][0]
        self.assertEqual((job, {"SUCCEEDED": 1}, "tester"), (listed["id"], listed["counts"], listed["created_by"]))

    def test_the_journal_of_a_node_is_searched_by_job(self):
        host = self.world.host(1)
        name = self.world.muster_json("restart", "cray-orca", "-w", host.nid, "--settle", "0s", code=0).json["name"]
        job = name.removeprefix("jobs/")
        found = wait_until(lambda: host.run("journalctl", "--no-pager", f"MUSTER_JOB={job}", check=False), "the journal has the job")
        self.assertIn(f"task={name}/tasks/{host.xname}", found)
        other = job[:-1] + ("0" if job[-1] != "0" else "1")
        self.assertNotIn("task=", host.run("journalctl", "--no-pager", f"MUSTER_JOB={other}", check=False))

    def test_metrics_tell_what_happened(self):
        world = self.world
        host = world.host(3)
        restarted = self.metric("muster_tasks_ended_total", state="SUCCEEDED", reason="") or 0
        dispatched = self.metric("muster_dispatch_latency_seconds_count")
        world.muster("restart", "cray-orca", "-w", host.nid, "--settle", "0s", code=0)
        self.assertEqual(restarted + 1, self.metric("muster_tasks_ended_total", state="SUCCEEDED", reason=""))
        self.assertEqual(dispatched + 1, self.metric("muster_dispatch_latency_seconds_count"))
        self.assertEqual(3, self.metric("muster_sessions"))
        self.assertEqual(1, self.metric("muster_store_works"))
        self.assertEqual(3, self.metric("muster_nodes", role="Compute"))
        wait_until(lambda: self.metric("muster_hmnfd_up") == 1, "HMNFD's list was read")

        def down():
            return self.metric("muster_node_conditions", condition="OrcaActive", status="false", role="Compute")

        # Whoever asks for health has HMNFD's list read again.
        wait_until(lambda: world.muster("health").code == 0, "all is well", 90)
        wait_until(lambda: self.metric("muster_nodes_by_verdict", verdict="degraded") == 0, "metrics say so, too")
        host.systemctl("stop", "cray-orca.service")
        wait_until(lambda: down() == 1, "the stopped unit is told")
        self.assertEqual(1, self.metric("muster_nodes_by_verdict", verdict="degraded"))
        host.systemctl("start", "cray-orca.service")
        wait_until(lambda: down() == 0, "and that it runs again")

        def events():
            return world.muster("health", "--events", "-w", host.nid, code=0).out

        # Events are written once a second.
        for line in (rf"OrcaActive +False +Stopped +\d+ +\S*{host.xname}", rf"OrcaActive +True +Active +\d+ +\S*{host.xname}"):
            wait_until(lambda line=line: re.search(line, events()), line)
        self.assertIn("OrcaActive False, Stopped", world.muster("node", "show", host.nid, code=0).out)

    def test_a_real_prometheus_reads_it(self):
        """Its text and its series, and whether all rules can be evaluated from them."""
        world = self.world
        token_file = os.path.join(world.directory, "web.token")
        done = world.in_mgmt(sys.executable, os.path.join(HERE, "..", "monitoring", "scrape_check.py"), "--url", WEB, "--ca",
                             os.path.join(world.env["MUSTER_TLS_DIR"], "ca.pem"), "--token-file", token_file,
                             "--query", "muster_sessions", "--query", "sum(muster_nodes)")
        self.assertEqual(0, done.returncode, done.stderr)
        read = json.loads(done.stdout)
        self.assertEqual([3.0, 3.0], [value for query in ("muster_sessions", "sum(muster_nodes)") for _, value in read["values"][query]])
        self.assertNotIn("firing", read["alerts"].values())

    def test_a_restart_of_the_controller_is_no_event(self):
        world = self.world
        wait_until(lambda: all(self.letters(host).startswith("TT") for host in world.hosts), "all is well")

        def events():
            """But those of HMNFD's list, which is read again by the new life."""
            told = world.muster_json("health", "--events", code=0).json["events"]
            return [event for event in told if event["kind"] in ("CONDITION_KIND_AGENT_ATTACHED", "CONDITION_KIND_ORCA_ACTIVE")]

        # All that it is known by is on the disk by then.
        wait_until(lambda: sum(event["count"] for event in events() if event["reason"] == "Attached") >= len(world.hosts),
                   "that the hosts have attached is written down")
        before = events()
        world.musterd.kill()
        world.start_musterd()
        world.wait_attached()
        wait_until(lambda: all(self.letters(host).startswith("TT") for host in world.hosts), "all are seen again")
        self.assertEqual(before, events())


if __name__ == "__main__":
    unittest.main()
