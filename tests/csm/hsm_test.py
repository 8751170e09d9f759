"""The stand-in HSM chooses and tells as the real one was seen to; so does SLS."""

import json
import os
import unittest

import hsm
from hsm_world import World, compute_xname
from running import StandInTest, call, wait_until
import service as services

COMPONENTS = [
    {"ID": "x1000c0s0b0n0", "Role": "Compute", "NID": 1, "Class": "Mountain", "Aliases": ["nid000001"]},
    {"ID": "x1000c0s0b0n1", "Role": "Compute", "NID": 2, "Class": "Mountain", "State": "Off", "Aliases": ["nid000002"]},
    {"ID": "x1000c0s1b0n0", "Role": "Compute", "NID": 3, "Class": "Mountain", "State": "Standby", "Flag": "Alert", "Enabled": False},
    {"ID": "x3000c0s7b0n0", "Role": "Management", "SubRole": "Worker", "NID": 100004, "Class": "River", "Locked": True,
     "Aliases": ["ncn-w001"]},
    {"ID": "x3000c0s9b0n0", "Role": "Management", "SubRole": "Storage", "NID": 100005, "Class": "River"},
    {"ID": "x3000c0s7b0", "Type": "NodeBMC"}]
WORLD = {"Components": COMPONENTS,
         "Groups": [{"label": "blue", "description": "", "members": {"ids": ["x1000c0s0b0n0", "x1000c0s0b0n1"]}}],
         "Partitions": [{"name": "p1", "members": {"ids": ["x1000c0s1b0n0"]}}]}


class HsmTest(StandInTest):
    def setUp(self):
        super().setUp()
        self.put("nodes.json", json.dumps(WORLD))
        self.listener, url = self.listen()
        world = World(os.path.join(self.directory, "nodes.json"))
        self.hsm = self.start(services.make_server(hsm.Hsm(os.path.join(self.directory, "hsm"), world, hmnfd=url), "127.0.0.1", 0))

    def call(self, method, path, body=None):
        return call(self.hsm.port, method, "/hsm/v2/" + path, body)

    def ids(self, query):
        """Without what all have in common."""
        status, answer = self.call("GET", "State/Components" + query)
        self.assertEqual(200, status, answer)
        return [component["ID"].removeprefix("x1000c0").removeprefix("x3000c0") for component in answer["Components"]]

    def test_filters(self):
        for query, expected in [
                ("?type=Node&role=Compute&state=Ready", ["s0b0n0"]),
                ("?type=node&role=COMPUTE&state=ready", ["s0b0n0"]),
                ("?role=Compute&state=!Ready", ["s0b0n1", "s1b0n0"]),
                ("?state=Off&state=Standby", ["s0b0n1", "s1b0n0"]),
                ("?subrole=Storage&subrole=Worker", ["s7b0n0", "s9b0n0"]),
                ("?type=!Node", ["s7b0"]),
                ("?enabled=false", ["s1b0n0"]),
                ("?flag=Alert", ["s1b0n0"]),
                ("?nid=2&nid=3", ["s0b0n1", "s1b0n0"]),
                ("?nid_start=3&nid_end=100004", ["s1b0n0", "s7b0n0"]),
                ("?class=river&role=!Management", []),
                ("?id=x1000c0s0b0n0&id=x3000c0s7b0", ["s0b0n0", "s7b0"]),
                ("?group=blue", ["s0b0n0", "s0b0n1"]),
                ("?group=nogroup", []),
                ("?partition=p1", ["s1b0n0"]),
                ("?state=Populated", [])]:
            self.assertEqual(expected, self.ids(query), query)

    def test_what_is_no_state_is_refused(self):
        self.assertEqual((400, {"type": "about:blank", "title": "Bad Request", "status": 400,
                                "detail": "bad query param: Argument was not a valid HMS State"}),
                         self.call("GET", "State/Components?state=bogus"))
        for query in ("role=Compute,Service", "type=foo", "subrole=Boss", "class=Lake", "flag=Red", "nid=x1"):
            self.assertEqual(400, self.call("GET", f"State/Components?{query}")[0], query)

    def test_cuts(self):
        _, answer = self.call("GET", "State/Components?role=Compute&state=!Ready&nidonly=true")
        self.assertEqual([{"ID": "x1000c0s0b0n1", "Type": "Node", "NID": 2}, {"ID": "x1000c0s1b0n0", "Type": "Node", "NID": 3}],
                         answer["Components"])
        _, answer = self.call("GET", "State/Components?id=x1000c0s1b0n0&stateonly=true")
        self.assertEqual([{"ID": "x1000c0s1b0n0", "Type": "Node", "State": "Standby", "Flag": "Alert"}], answer["Components"])

    def test_one_component(self):
        status, answer = self.call("GET", "State/Components/X3000C0S7B0N0")
        self.assertEqual((200, True, 100004), (status, answer["Locked"], answer["NID"]))
        self.assertNotIn("Aliases", answer)
        self.assertNotIn("Locked", self.call("GET", "State/Components/x1000c0s0b0n0")[1])
        self.assertEqual((404, "no such xname."), (lambda found: (found[0], found[1]["detail"]))(
            self.call("GET", "State/Components/x9c9s9b9n9")))
        self.assertEqual("x1000c0s0b0n1", self.call("GET", "State/Components/ByNID/2")[1]["ID"])

    def test_query(self):
        body = {"ComponentIDs": ["x1000c0s0b0n0", "x1000c0s0b0n1", "x9c9s9b9n9"], "state": ["Off"], "nidonly": True}
        self.assertEqual((200, {"Components": [{"ID": "x1000c0s0b0n1", "Type": "Node", "NID": 2}]}),
                         self.call("POST", "State/Components/Query", body))
        self.assertEqual(400, self.call("POST", "State/Components/Query", {"ComponentIDs": []})[0])

    def test_groups_partitions_memberships_locks(self):
        self.assertEqual((200, ["blue"]), self.call("GET", "groups/labels"))
        self.assertEqual("blue", self.call("GET", "groups")[1][0]["label"])
        self.assertEqual(404, self.call("GET", "groups/red")[0])
        self.assertEqual((201, [{"URI": "/hsm/v2/groups/red"}]), self.call("POST", "groups", {"label": "red", "members": {"ids": []}}))
        self.assertEqual(409, self.call("POST", "groups", {"label": "red"})[0])
        self.assertEqual({"ids": ["x1000c0s1b0n0"]}, self.call("GET", "partitions/p1/members")[1])
        self.assertEqual((200, [{"id": "x3000c0s7b0n0", "groupLabels": [], "partitionName": ""}]),
                         self.call("GET", "memberships?id=x3000c0s7b0n0"))
        self.assertEqual(["blue"], self.call("GET", "memberships/x1000c0s0b0n0")[1]["groupLabels"])
        status, locks = self.call("POST", "locks/status", {"ComponentIDs": ["x3000c0s7b0n0", "x9c9s9b9n9"]})
        self.assertEqual((200, True, ["x9c9s9b9n9"]), (status, locks["Components"][0]["Locked"], locks["NotFound"]))

    def test_service(self):
        self.assertEqual(200, self.call("GET", "service/ready")[0])
        self.assertEqual({"SubRole": ["Master", "Worker", "Storage"]}, self.call("GET", "service/values/subrole")[1])
        self.assertIn("Compute", self.call("GET", "service/values/role")[1]["Role"])
        self.assertIn("Ready", self.call("GET", "service/values/state")[1]["State"])
        self.assertEqual(405, self.call("DELETE", "service/ready")[0])
        subscription = self.call("GET", "Subscriptions/SCN")[1]["SubscriptionList"][0]
        self.assertEqual((1, "http://cray-hmnfd/hmi/v1/scn"), (subscription["ID"], subscription["Url"]))

    def test_what_is_patched_holds_and_hmnfd_hears_of_it(self):
        self.assertEqual(204, self.call("PATCH", "State/Components/x1000c0s0b0n0/Enabled", {"Enabled": False})[0])
        self.assertFalse(self.call("GET", "State/Components/x1000c0s0b0n0")[1]["Enabled"])
        wait_until(lambda: self.listener.bodies, "HMNFD is told")
        self.assertEqual([{"Components": ["x1000c0s0b0n0"], "Enabled": False}], self.listener.bodies)

    def test_the_file_is_read_again(self):
        self.put("nodes.json", json.dumps({"Components": [{"ID": "x1c0s0b0n0", "Role": "Tester", "NID": None}]}))
        self.assertEqual(["x1c0s0b0n0"], self.ids(""))
        self.assertEqual(["x1c0s0b0n0"], self.ids("?role=tester"))

    def test_sls(self):
        status, found = call(self.hsm.port, "GET", "/v1/search/hardware?type=comptype_node")
        self.assertEqual((200, 5), (status, len(found)))
        self.assertEqual({"Parent": "x3000c0s7b0", "Xname": "x3000c0s7b0n0", "Type": "comptype_node", "Class": "River",
                          "TypeString": "Node", "ExtraProperties": {"NID": 100004, "Role": "Management", "SubRole": "Worker",
                                                                    "Aliases": ["ncn-w001"]}}, found[3])
        workers = "&extra_properties.Role=Management&extra_properties.SubRole=Worker"
        self.assertEqual(1, len(call(self.hsm.port, "GET", "/v1/search/hardware?type=comptype_node" + workers)[1]))


class MadeUpTest(unittest.TestCase):
    def test_made_up_nodes_are_distinct(self):
        world = World(computes=10000)
        self.assertEqual(10003, len(world.components))
        self.assertEqual(("x1000c0s0b0n0", "x1000c7s7b1n1", "x1001c0s0b0n0"), tuple(compute_xname(i) for i in (0, 255, 256)))


if __name__ == "__main__":
    unittest.main()
