"""The stand-in BOS takes the nodes that the real one takes, brings them where a session wants them, and says of it what that says."""

import json
import os
import stat
import unittest

import bos
import hsm
import service as services
from bos_nodes import Inventory, SetupError
from hsm_world import World, compute_xname
from running import StandInTest, call, closed_port, wait_until

NODES = [compute_xname(number) for number in range(4)]
WORLD = {"Components": [{"ID": xname, "Role": "Compute", "NID": number + 1} for number, xname in enumerate(NODES)] +
                       [{"ID": "x3000c0s7b0n0", "Role": "Management", "SubRole": "Worker"}],
         "Groups": [{"label": "blue", "members": {"ids": NODES[:2]}}]}
STEP = 0.01


class BosTest(StandInTest):
    """BOS and HSM; `power` is a command for BOS."""

    def setUp(self):
        super().setUp()
        self.put("nodes.json", json.dumps(WORLD))
        world = World(os.path.join(self.directory, "nodes.json"))
        self.hsm = self.start(services.make_server(hsm.Hsm(os.path.join(self.directory, "hsm"), world), "127.0.0.1", 0))
        self.bos = self.start_bos()
        wait_until(lambda: self.get("components"), "the nodes are discovered")

    def start_bos(self, hsm_url=None, name="bos", **options):
        service = bos.Bos(os.path.join(self.directory, name), hsm=hsm_url or self.hsm.url + "/hsm/v2", step=STEP, **options)
        return self.start(services.make_server(service, "127.0.0.1", 0))

    def call(self, method, path, body=None, headers=None):
        return call(self.bos.port, method, "/v2/" + path, body, headers)

    def get(self, path):
        status, answer = self.call("GET", path)
        self.assertEqual(200, status, answer)
        return answer

    def begin(self, operation="shutdown", **fields):
        """The name of a new session."""
        status, session = self.call("POST", "sessions", {"operation": operation, "template_name": "compute", **fields})
        self.assertEqual((201, "pending"), (status, session["status"]["status"]), session)
        return session["name"]

    def await_end(self, name):
        """Its status."""
        return wait_until(lambda: (lambda status: status["status"] == "complete" and status)(self.get(f"sessions/{name}/status")), name)

    def run_to_end(self, operation="shutdown", **fields):
        """(the session, its status)"""
        name = self.begin(operation, **fields)
        status = self.await_end(name)
        return self.get(f"sessions/{name}"), status

    def state(self, xname):
        return call(self.hsm.port, "GET", f"/hsm/v2/State/Components/{xname}")[1]["State"]

    def set_hsm(self, xname, what, **fields):
        self.assertEqual(204, call(self.hsm.port, "PATCH", f"/hsm/v2/State/Components/{xname}/{what}", fields)[0])

    def await_status(self, xname, status):
        return wait_until(lambda: self.get(f"components/{xname}")["status"]["status"] == status, f"{xname} is {status}")

    def actions(self):
        return [(line["action"], line["xname"]) for line in self.lines("bos/bos.log") if line["what"] == "power"]


class OperationTest(BosTest):
    def test_a_shutdown_and_a_boot(self):
        session, status = self.run_to_end(limit=NODES[0])
        self.assertEqual((NODES[0], None), (session["components"], session["status"]["error"]))
        self.assertEqual((1, 100, 100, 0), (status["managed_components_count"], status["percent_successful"],
                                            status["phases"]["percent_complete"], status["percent_failed"]))
        self.assertEqual(("Off", "Ready"), (self.state(NODES[0]), self.state(NODES[1])))
        component = self.get(f"components/{NODES[0]}")
        self.assertEqual((False, "", session["name"], {"phase": "", "status": "stable", "status_override": ""}),
                         tuple(component[name] for name in ("enabled", "error", "session", "status")))
        self.assertEqual(("powering_off_gracefully", 1), (component["last_action"]["action"], component["last_action"]["num_attempts"]))
        self.run_to_end("boot", limit=NODES[0])
        self.assertEqual("Ready", self.state(NODES[0]))
        actual = self.get(f"components/{NODES[0]}")["actual_state"]["boot_artifacts"]
        self.assertIn("root=craycps-s3:s3://boot-images/", actual["kernel_parameters"])
        self.assertEqual([("off", NODES[0]), ("on", NODES[0])], self.actions())

    def test_what_is_as_it_should_be_is_left_alone_except_by_a_reboot(self):
        self.set_hsm(NODES[0], "StateData", State="Off")
        self.assertEqual(100, self.run_to_end(limit=NODES[0])[1]["percent_successful"])
        self.assertEqual(100, self.run_to_end("boot", limit=NODES[1])[1]["percent_successful"])
        self.assertEqual([], self.actions())
        self.run_to_end("reboot", limit=NODES[1])
        self.assertEqual([("off", NODES[1]), ("on", NODES[1])], self.actions())

    def test_what_is_neither_off_nor_ready_is_rebooted_to_boot(self):
        self.set_hsm(NODES[0], "StateData", State="Standby", Flag="Alert")
        self.run_to_end("boot", limit=NODES[0])
        self.assertEqual([("off", NODES[0]), ("on", NODES[0])], self.actions())
        self.assertEqual("OK", call(self.hsm.port, "GET", f"/hsm/v2/State/Components/{NODES[0]}")[1]["Flag"])

    def test_a_held_node_is_pending(self):
        self.put(f"bos/bos-hold-{NODES[0]}")
        name = self.begin("reboot", limit=f"{NODES[0]},{NODES[1]}")
        self.await_status(NODES[0], "power_off_pending")
        self.await_status(NODES[1], "stable")
        status = self.get(f"sessions/{name}/status")
        self.assertEqual(("running", 50, 50), (status["status"], status["phases"]["percent_powering_off"], status["percent_successful"]))
        self.assertIsNone(status["timing"]["end_time"])
        self.assertEqual([NODES[0]], [component["id"] for component in self.get(f"components?session={name}&enabled=true")])
        self.unput(f"bos/bos-hold-{NODES[0]}")
        self.assertEqual(100, self.await_end(name)["percent_successful"])

    def test_complete_is_not_success(self):
        self.put(f"bos/bos-fail-{NODES[0]}", "the BMC says no")
        _, status = self.run_to_end(limit="blue")
        self.assertEqual((2, 50, 50, 100), (status["managed_components_count"], status["percent_failed"], status["percent_successful"],
                                            status["phases"]["percent_complete"]))
        self.assertEqual({"the BMC says no": {"count": 1, "list": NODES[0]}}, status["error_summary"])
        component = self.get(f"components/{NODES[0]}")
        self.assertEqual((False, "the BMC says no", "powering_off", "failed"),
                         (component["enabled"], component["error"], component["status"]["phase"], component["status"]["status"]))
        self.assertEqual([NODES[0]], [each["id"] for each in self.get("components?status=failed,configuring")])
        self.assertEqual(bos.OPTIONS["default_retry_policy"], self.actions().count(("off", NODES[0])))
        self.assertEqual("Ready", self.state(NODES[0]))

    def test_the_retry_policy_is_an_option_and_a_components_own(self):
        self.put(f"bos/bos-fail-{NODES[0]}")
        self.put(f"bos/bos-fail-{NODES[1]}")
        self.call("PATCH", "options", {"default_retry_policy": 0})
        self.assertEqual(2, self.call("PATCH", f"components/{NODES[1]}", {"retry_policy": 2})[1]["retry_policy"])
        self.run_to_end(limit="blue")
        self.assertEqual((1, 2), tuple(self.actions().count(("off", xname)) for xname in NODES[:2]))

    def test_a_summary_names_no_more_than_ten(self):
        world = self.hsm.server.service.world
        world.set({"Components": [{"ID": compute_xname(number), "Role": "Compute"} for number in range(12)]})
        self.call("PATCH", "options", {"default_retry_policy": 0})
        for number in range(12):
            self.put(f"bos/bos-fail-{compute_xname(number)}", "no")
        summary = self.run_to_end()[1]["error_summary"]["no"]
        self.assertEqual((12, 10, True), (summary["count"], summary["list"].count(",") + 1, summary["list"].endswith("...")))

    def test_a_newer_session_takes_over(self):
        self.put(f"bos/bos-hold-{NODES[0]}")
        older = self.begin(limit="blue")
        self.await_status(NODES[0], "power_off_pending")
        self.await_status(NODES[1], "stable")
        newer = self.begin("boot", limit=NODES[0])
        self.assertEqual(100, self.await_end(newer)["percent_successful"])
        status = self.await_end(older)
        self.assertEqual((1, 100), (status["managed_components_count"], status["percent_successful"]))
        self.assertEqual(",".join(NODES[:2]), self.get(f"sessions/{older}")["components"])
        self.assertEqual("Ready", self.state(NODES[0]))

    def test_a_status_stays_as_it_was_at_the_end(self):
        first, status = self.run_to_end(limit=NODES[0])
        self.run_to_end("boot", limit=NODES[0])
        self.assertEqual(status, self.get(f"sessions/{first['name']}/status"))
        self.assertEqual([], self.get(f"components?session={first['name']}"))

    def test_a_staged_session_waits(self):
        name = self.begin(limit=NODES[0], stage=True)
        wait_until(lambda: self.get(f"sessions/{name}")["status"]["status"] == "running", "it runs")
        status = self.get(f"sessions/{name}/status")
        self.assertEqual((1, 100, 0), (status["managed_components_count"], status["percent_staged"], status["percent_successful"]))
        self.assertEqual([NODES[0]], [component["id"] for component in self.get(f"components?staged_session={name}")])
        self.assertEqual([], self.actions())

    def test_a_disabled_component_is_let_go(self):
        self.put(f"bos/bos-hold-{NODES[0]}")
        name = self.begin(limit=NODES[0])
        self.await_status(NODES[0], "power_off_pending")
        self.assertFalse(self.call("PATCH", f"components/{NODES[0]}", {"enabled": False})[1]["enabled"])
        self.assertEqual((1, 0), (lambda status: (status["managed_components_count"], status["percent_successful"]))(self.await_end(name)))
        self.unput(f"bos/bos-hold-{NODES[0]}")
        self.call("PATCH", f"components/{NODES[0]}", {"enabled": True})
        self.await_status(NODES[0], "stable")
        self.assertEqual("Off", self.state(NODES[0]))


class SelectionTest(BosTest):
    def taken(self, **fields):
        """(the session's xnames, its error)"""
        session, status = self.run_to_end("boot", **fields)
        xnames = session["components"].split(",") if session["components"] else []
        self.assertEqual(len(xnames), status["managed_components_count"])
        return xnames, session["status"]["error"]

    def test_nobody_is_a_session_that_is_complete_at_once(self):
        for limit in ("1,2", "nid000001", "x3000c0s7b0n0", "nobody", f"!{NODES[0]}", NODES[0].upper()):
            self.assertEqual(([], "No nodes were found to act upon."), self.taken(limit=limit), limit)
        self.assertEqual([], self.actions())

    def test_who_is_left_out_without_a_word(self):
        self.assertEqual((NODES, None), self.taken())
        self.assertEqual(([NODES[0]], None), self.taken(limit=f"{NODES[0]},x3000c0s7b0n0,2,nid000003"))
        self.set_hsm(NODES[0], "Enabled", Enabled=False)
        self.assertEqual(([NODES[1]], None), self.taken(limit="blue"))
        self.assertEqual((NODES[:2], None), self.taken(limit="blue", include_disabled=True))

    def test_limits(self):
        nodes = set(NODES)
        inventory = Inventory(WORLD["Components"], WORLD["Groups"], [{"name": "p1", "members": {"ids": NODES[1:3]}}])
        for limit, expected in [("", NODES), ("all", NODES), ("*", NODES), ("Compute", NODES), ("Management_Worker", []),
                                ("blue", NODES[:2]), (f"blue,{NODES[3]}", [*NODES[:2], NODES[3]]), ("blue,&p1", [NODES[1]]), ("all,!blue", NODES[2:]),
                                (f"blue,!{NODES[0]},{NODES[0]}", NODES[:2]), ("&blue", []), ("&", [])]:
            self.assertEqual(set(expected), inventory.within(limit, nodes), limit)
        self.assertRaises(SetupError, inventory.within, "blue,", nodes)

    def test_boot_sets(self):
        inventory = Inventory([*WORLD["Components"], {"ID": "x1c0s0b0n0", "Role": "Compute", "Arch": "ARM"}], WORLD["Groups"], [])
        for boot_set, expected in [({"node_list": [NODES[3], "x9c9s9b9n9"]}, NODES[3:]), ({"node_groups": ["blue", "red"]}, NODES[:2]),
                                   ({"node_roles_groups": ["Compute"]}, NODES),
                                   ({"node_roles_groups": ["Compute"], "arch": "ARM"}, ["x1c0s0b0n0"])]:
            self.assertEqual(set(expected), inventory.nodes_of(boot_set), boot_set)

    def test_without_hsm_a_session_ends(self):
        self.bos = self.start_bos(f"http://127.0.0.1:{closed_port()}/hsm/v2", "bos2")
        session, status = self.run_to_end()
        self.assertEqual((0, 0), (status["managed_components_count"], status["percent_successful"]))
        self.assertIn("HSM does not answer", session["status"]["error"])


class ApiTest(BosTest):
    def refuse(self, method, path, body, status=400):
        found, answer = self.call(method, path, body)
        self.assertEqual((status, status), (found, answer["status"]), body)
        return answer["detail"]

    def test_sessions_that_are_refused(self):
        good = {"operation": "boot", "template_name": "compute"}
        for change in ({"operation": "configure"}, {"template_name": "nothing"}, {"name": "Upper"}, {"name": "a" * 46}, {"limit": 1},
                       {"limit": "x" * 524289}, {"colour": "blue"}, {"stage": "no"}):
            self.refuse("POST", "sessions", {**good, **change})
        for body in ({"operation": "boot"}, {"template_name": "compute"}, [], "{"):
            self.refuse("POST", "sessions", body)
        self.assertEqual([], self.get("sessions"))
        self.begin(name="a-1", limit="x" * 524288)
        self.refuse("POST", "sessions", {**good, "name": "a-1"}, 409)

    def test_options_decide_what_is_refused(self):
        self.assertEqual((15, False), (lambda options: (options["polling_frequency"], options["reject_nids"]))(self.get("options")))
        self.refuse("PATCH", "options", {"reject_nids": "yes"})
        options = self.call("PATCH", "options", {"reject_nids": True, "session_limit_required": True, "colour": "blue"})[1]
        self.assertEqual(self.get("options"), options)
        self.assertNotIn("colour", options)
        for limit in ("1", f"{NODES[0]},!nid000001", ""):
            self.refuse("POST", "sessions", {"operation": "boot", "template_name": "compute", "limit": limit})
        self.begin(limit="*")

    def test_sessions_are_found_and_deleted(self):
        self.call("POST", "sessions", {"operation": "boot", "template_name": "compute", "name": "b"}, {"Cray-Tenant-Name": "t1"})
        self.await_end("b")
        self.assertEqual(("t1", 4), (self.get("sessions/b")["tenant"], self.get("sessions/b/status")["managed_components_count"]))
        for query, count in (("", 1), ("?status=complete", 1), ("?status=running", 0), ("?max_age=1d", 1), ("?min_age=1m", 0)):
            self.assertEqual(count, len(self.get("sessions" + query)), query)
        self.refuse("GET", "sessions?min_age=soon", None)
        self.assertEqual(204, self.call("DELETE", "sessions/b")[0])
        for path in ("sessions/b", "sessions/b/status", "components/x9", "sessiontemplates/x", "sessiontemplatesvalid/x", "nothing"):
            self.assertEqual(404, self.call("GET", path)[0], path)
        self.assertEqual(405, self.call("PUT", "sessions/b")[0])
        self.assertEqual(404, self.call("DELETE", "sessions/b")[0])

    def test_components_are_found(self):
        self.assertEqual([*NODES, "x3000c0s7b0n0"], [component["id"] for component in self.get("components")])
        for query, expected in [(f"ids={NODES[1]},{NODES[0]},x9", NODES[:2]), ("ids=", []), ("enabled=true", []),
                                (f"start_after_id={NODES[0]}&page_size=2", NODES[1:3]), ("session=&phase=&page_size=1", NODES[:1])]:
            self.assertEqual(expected, [component["id"] for component in self.get("components?" + query)], query)
        self.refuse("GET", "components?page_size=x", None)
        self.refuse("PATCH", f"components/{NODES[0]}", {"colour": "blue"})
        self.refuse("PATCH", f"components/{NODES[0]}", {"status": "stable"})

    def test_templates(self):
        template = self.get("sessiontemplates")[0]
        self.assertEqual(("compute", "cpss3"), (template["name"], template["boot_sets"]["compute"]["rootfs_provider"]))
        self.assertEqual("Valid.", self.get("sessiontemplatesvalid/compute"))
        self.refuse("PUT", "sessiontemplates/uan", template)
        body = {"boot_sets": {"all": {"path": "s3://boot-images/2/manifest.json", "type": "s3", "node_groups": ["blue"]}}}
        self.assertEqual((200, {**body, "name": "uan", "tenant": None}), self.call("PUT", "sessiontemplates/uan", body))
        for change in ({"colour": "blue"}, {"boot_sets": {"all": {"arch": "RISC"}}}, {"boot_sets": {"all": {"node_groups": []}}},
                       {"boot_sets": []}):
            self.refuse("PATCH", "sessiontemplates/uan", change)
        self.call("PATCH", "sessiontemplates/uan", {"boot_sets": {"all": {"node_groups": ["red"]}}})
        self.assertEqual(["red"], self.get("sessiontemplates/uan")["boot_sets"]["all"]["node_groups"])
        self.assertEqual(204, self.call("DELETE", "sessiontemplates/uan")[0])
        self.assertEqual(["compute"], [template["name"] for template in self.get("sessiontemplates")])

    def test_templates_come_from_a_file(self):
        self.put("bos/templates.json", json.dumps([{"name": "bad", "boot_sets": {"a": {"path": "s3://a/b", "type": "s3"}}}]))
        self.assertEqual(["bad"], [template["name"] for template in self.get("sessiontemplates")])
        self.assertIn("at least one of", self.get("sessiontemplatesvalid/bad"))
        self.refuse("POST", "sessions", {"operation": "boot", "template_name": "bad"})
        self.put("bos/templates.json", "[")
        self.assertEqual(["bad"], [template["name"] for template in self.get("sessiontemplates")])

    def test_health_and_switches(self):
        self.assertEqual({"dbStatus": "ok", "apiStatus": "ok"}, self.get("healthz"))
        self.put("bos/refuse")
        self.assertEqual(503, self.call("GET", "healthz")[0])

    def test_what_is_made_is_written_down(self):
        name = self.begin(limit=NODES[0])
        self.await_end(name)
        session, power = self.lines("bos/bos.log")
        self.assertEqual(("session", name, "shutdown", NODES[0]), tuple(session[key] for key in ("what", "session", "operation", "limit")))
        self.assertEqual(("power", "off", NODES[0], name, 1, ""),
                         tuple(power[key] for key in ("what", "action", "xname", "session", "attempt", "error")))


class PowerTest(BosTest):
    def start_power(self, script, deadline=None):
        """A BOS whose command it is."""
        path = os.path.join(self.directory, "power")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\ncd {self.directory}\n{script}\n")
        os.chmod(path, stat.S_IRWXU)
        self.bos = self.start_bos(name="bos3", power=[path])
        if deadline:
            self.bos.server.service.components.power.deadline = deadline
        self.call("PATCH", "options", {"default_retry_policy": 2})

    def test_the_command_is_run_and_hsm_is_told(self):
        self.start_power('echo "$@" >>ran')
        self.run_to_end("reboot", limit=NODES[0])
        with open(os.path.join(self.directory, "ran"), encoding="ascii") as ran:
            self.assertEqual(f"off {NODES[0]}\non {NODES[0]}\n", ran.read())
        self.run_to_end(limit=NODES[0])
        self.assertEqual("Off", self.state(NODES[0]))

    def test_its_last_line_is_the_error(self):
        self.start_power("echo no >&2; echo 'no power' >&2; exit 3")
        self.assertEqual(["no power"], list(self.run_to_end(limit=NODES[0])[1]["error_summary"]))
        self.assertEqual("Ready", self.state(NODES[0]))

    def test_it_is_tried_again(self):
        self.start_power("test -e once || { touch once; exit 1; }")
        self.assertEqual(100, self.run_to_end(limit=NODES[0])[1]["percent_successful"])
        self.assertEqual(["exit code 1", ""], [line["error"] for line in self.lines("bos3/bos.log")[1:]])

    def test_what_it_leaves_running_does_not_hold_it_up(self):
        self.start_power("sleep 30 & echo $! >pid; exit 0")
        self.assertEqual(100, self.run_to_end(limit=NODES[0])[1]["percent_successful"])
        with open(os.path.join(self.directory, "pid"), encoding="ascii") as file:
            os.kill(int(file.read()), 9)

    def test_it_has_a_deadline(self):
        self.start_power("sleep 30", deadline=0.1)
        self.assertEqual([f"off of {NODES[0]} took longer than 0.1 s"], list(self.run_to_end(limit=NODES[0])[1]["error_summary"]))

    def test_a_command_that_is_not_there(self):
        self.bos = self.start_bos(name="bos4", power=[os.path.join(self.directory, "nothing")])
        self.assertIn("No such file", next(iter(self.run_to_end(limit=NODES[0])[1]["error_summary"])))

    def test_so_many_at_once(self):
        self.hsm.server.service.world.set({"Components": [{"ID": compute_xname(number), "Role": "Compute"} for number in range(20)]})
        self.start_power("touch running.$2; ls running.* | wc -l >>counts; sleep 0.05; rm running.$2")
        self.assertEqual(100, self.run_to_end()[1]["percent_successful"])
        with open(os.path.join(self.directory, "counts"), encoding="ascii") as counts:
            self.assertIn(max(map(int, counts)), range(2, 9))


if __name__ == "__main__":
    unittest.main()
