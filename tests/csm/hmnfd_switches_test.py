"""The stand-in HMNFD fails on demand: away, slow, overloaded, restored, or behind a gateway that says no."""

import http.client
import json
import time
import unittest

import hmnfd
from hmnfd_load import Capacity
from running import StandInTest, call, raw_call, wait_until

NODE = "x1000c0s0b0n0"
AGENT = f"/hmi/v2/subscriptions/{NODE}/agents/orca"
BODY = {"Components": [NODE], "States": ["Ready"], "Url": "http://a/scn"}
PROBE = {"User-Agent": "kube-probe/1.24"}


class SwitchesTest(StandInTest):
    def setUp(self):
        super().setUp()
        self.hmnfd = self.start(hmnfd.make_server("127.0.0.1", 0, self.directory, restart_seconds=0.6))

    def call(self, method, path, body=None, headers=None):
        return call(self.hmnfd.port, method, path, body, headers)

    def readiness(self):
        try:
            return self.call("GET", "/hmi/v1/readiness", headers=PROBE)[0]
        except (OSError, http.client.HTTPException):
            return None

    def names(self):
        return [entry["Subscriber"] for entry in self.call("GET", "/hmi/v1/subscriptions")[1]["SubscriptionList"] or []]

    def test_a_restart_is_what_makes_it_ready_again(self):
        self.call("POST", AGENT, BODY)
        self.put("lose-etcd")
        self.assertEqual(503, self.call("GET", "/hmi/v1/readiness")[0])
        self.call("POST", AGENT, BODY)
        self.put("restart")
        wait_until(lambda: not self.is_put("restart"), "it has seen the switch")
        self.assertIsNone(self.readiness())
        wait_until(lambda: self.readiness() == 204, "it is ready")
        self.assertEqual([f"orca@{NODE}"], self.names())
        self.assertEqual("Health key value:HMNFD_OK", self.call("GET", "/hmi/v2/health")[1]["KvStore"])

    def test_through_the_mesh_nobody_finds_it_until_it_is_ready(self):
        self.put("mesh")
        self.assertEqual(200, self.call("GET", "/hmi/v2/subscriptions")[0])
        self.put("lose-etcd")
        self.assertEqual((503, "no healthy upstream"), self.call("POST", AGENT, BODY))
        self.assertEqual(503, self.readiness())
        self.assertEqual((503, NODE), [(line["status"], line["xname"]) for line in self.lines("subscriptions.log")][0])

    def test_a_restore_brings_stale_entries_and_the_health_key(self):
        self.call("POST", AGENT, BODY)
        entries = self.call("GET", "/hmi/v2/subscriptions")[1]["SubscriptionList"]
        self.put("lose-etcd")
        self.assertEqual([], self.names())
        self.put("restore", json.dumps(entries))
        self.assertEqual(entries, self.call("GET", "/hmi/v2/subscriptions")[1]["SubscriptionList"])
        self.assertEqual(204, self.readiness())
        self.assertEqual(400, self.call("POST", AGENT, BODY)[0])

    def test_the_gateways_answers_are_not_hmnfds(self):
        for text, status, kind in [("401", 401, "text/plain"), ("403 html", 403, "text/html"), ("403 json", 403, "application/json"),
                                   ("404", 404, "text/plain"), ("503", 503, "text/plain"), ("503 reset", 503, "text/plain")]:
            self.put("answer", text)
            found, body, headers = raw_call(self.hmnfd.port, "GET", "/hmi/v2/subscriptions")
            self.assertEqual((status, kind), (found, headers["Content-Type"]), text)
            self.assertNotIn(b"about:blank", body)
        self.assertEqual(204, self.readiness())
        self.unput("answer")
        self.assertEqual(200, self.call("GET", "/hmi/v2/subscriptions")[0])

    def test_it_is_as_slow_as_it_is_told(self):
        self.put("readiness-delay", "0.2")
        began = time.monotonic()
        self.call("GET", "/hmi/v2/readiness")
        self.assertGreaterEqual(time.monotonic() - began, 0.2)
        self.put("delay", "0.1")
        began = time.monotonic()
        self.call("GET", "/hmi/v2/subscriptions")
        self.assertGreaterEqual(time.monotonic() - began, 0.1)

    def test_beyond_its_queue_it_refuses(self):
        self.put("capacity", json.dumps({"per_second": 0.001, "queue": 0}))
        self.assertEqual(503, self.call("POST", AGENT, BODY)[0])
        self.assertEqual(503, self.readiness())
        self.unput("capacity")
        self.assertEqual(204, self.readiness())
        self.assertEqual(200, self.call("POST", AGENT, BODY)[0])

    def test_v1(self):
        body = {"Subscriber": "boot-script-service@x0", **BODY}
        self.assertEqual(200, self.call("PATCH", "/hmi/v1/subscribe", body)[0])
        self.assertEqual([], self.names())
        self.assertEqual(200, self.call("POST", "/hmi/v1/subscribe", body)[0])
        self.assertEqual(400, self.call("POST", "/hmi/v1/subscribe", body)[0])
        self.assertEqual(["boot-script-service@x0"], self.names())
        self.assertEqual(200, self.call("PATCH", "/hmi/v1/subscribe", {**body, "States": ["Off"]})[0])
        self.assertEqual(["off"], self.call("GET", "/hmi/v2/subscriptions/x0")[1]["SubscriptionList"][0]["States"])
        self.assertEqual(200, self.call("DELETE", "/hmi/v1/subscribe", {"Subscriber": "boot-script-service@x0", "Url": "http://a/scn"})[0])
        self.assertEqual([], self.names())
        self.assertEqual((400, "Subscription request missing Subscriber field."),
                         (lambda answer: (answer[0], answer[1]["detail"]))(self.call("POST", "/hmi/v1/subscribe", BODY)))
        self.assertEqual(400, self.call("POST", "/hmi/v1/subscribe", {**BODY, "Subscriber": "a@nonsense"})[0])
        for path in ("liveness", "readiness"):
            self.assertEqual(204, self.call("GET", f"/hmi/v1/{path}")[0])
        self.assertEqual([("PATCH", "v1"), ("POST", "v1"), ("POST", "v1"), ("PATCH", "v1")],
                         [(line["method"], line["api"]) for line in self.lines("subscriptions.log")[:4]])

    def test_a_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.hmnfd.port, timeout=10)
        self.addCleanup(connection.close)
        for _ in range(3):
            connection.request("GET", "/hmi/v2/liveness")
            response = connection.getresponse()
            response.read()
            self.assertEqual((204, False), (response.status, response.will_close))


class CapacityTest(unittest.TestCase):
    def test_the_queue_drains_at_its_rate(self):
        now = [100.0]
        capacity = Capacity(lambda: now[0])
        self.assertFalse(capacity.is_full)
        capacity.set('{"per_second": 10, "queue": 2}')
        capacity.free_at = now[0] + 0.2
        self.assertTrue(capacity.is_full)
        now[0] += 0.15
        self.assertFalse(capacity.is_full)
        self.assertAlmostEqual(0.05, capacity.wait)
        capacity.set("")
        self.assertFalse(capacity.is_full)


if __name__ == "__main__":
    unittest.main()
