"""The stand-in HMNFD answers as the real one was seen to."""

import http.client
import json
import os
import tempfile
import threading
import unittest

import hmnfd

NODE = "/hmi/v2/subscriptions/x1000c0s0b0n0"
BODY = {"Components": ["x1000c0s0b0n0"], "States": ["Ready", "Off"], "Enabled": True,
        "Url": "http://Nid000001-nmn:7000/SCN"}


class HmnfdTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.server = hmnfd.make_server("127.0.0.1", 0, self.directory.name)
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def call(self, method, path, body=None, headers=None):
        """(status, parsed body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)
        data = body if isinstance(body, (str, type(None))) else json.dumps(body)
        connection.request(method, path, data, headers or {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None

    def subscribe(self, agent="orca", body=None, **headers):
        return self.call("POST", f"{NODE}/agents/{agent}", BODY if body is None else body, headers)

    def test_an_empty_list_is_null(self):
        self.assertEqual((200, {"SubscriptionList": None}), self.call("GET", "/hmi/v2/subscriptions"))
        self.assertEqual((200, {"SubscriptionList": None}), self.call("GET", NODE))

    def test_a_subscription_is_kept_in_lower_case(self):
        self.assertEqual((200, None), self.subscribe())
        expected = {"Components": ["x1000c0s0b0n0"], "States": ["ready", "off"], "Enabled": True,
                    "Url": "http://nid000001-nmn:7000/scn", "Subscriber": "orca@x1000c0s0b0n0",
                    "SubscriberComponent": "x1000c0s0b0n0", "SubscriberAgent": "orca"}
        self.assertEqual((200, {"SubscriptionList": [expected]}), self.call("GET", NODE))

    def test_only_an_exactly_equal_key_exists(self):
        self.subscribe()
        status, problem = self.subscribe()
        self.assertEqual((400, "Invalid Request", "Subscription exists, cannot modify in POST operation"),
                         (status, problem["title"], problem["detail"]))
        self.assertEqual(200, self.subscribe(body={**BODY, "States": ["Off", "Ready"]})[0])
        self.assertEqual(2, len(self.call("GET", NODE)[1]["SubscriptionList"]))

    def test_a_request_that_lacks_something_is_told_what(self):
        for broken, detail in [
                ("{", "Error unmarshalling JSON payload"),
                ({**BODY, "States": [1]}, "Error unmarshalling JSON payload"),
                ({**BODY, "Components": []}, "Subscription request missing Components array field."),
                ({"Components": ["all"], "States": ["on"]}, "Subscription request missing Url field."),
                ({"Components": ["all"], "Url": "http://a"}, hmnfd.NOTHING_TO_TELL)]:
            status, problem = self.subscribe(body=broken)
            self.assertEqual((400, detail), (status, problem["detail"]))
        status, problem = self.call("POST", "/hmi/v2/subscriptions/x1000c24s7b0n0/agents/orca", BODY)
        self.assertEqual((400, "Invalid XName in URL path"), (status, problem["detail"]))

    def test_patch_answers_204_and_creates_nothing(self):
        self.assertEqual((204, None), self.call("PATCH", f"{NODE}/agents/orca", BODY))
        self.assertEqual((200, {"SubscriptionList": None}), self.call("GET", NODE))

    def test_delete(self):
        status, problem = self.call("DELETE", f"{NODE}/agents/orca")
        self.assertEqual((400, "Bad DELETE request"), (status, problem["title"]))
        self.assertEqual(204, self.call("DELETE", f"{NODE}/agents")[0])
        self.subscribe()
        self.assertEqual(204, self.call("DELETE", f"{NODE}/agents/orca")[0])
        self.assertEqual((200, {"SubscriptionList": None}), self.call("GET", NODE))

    def test_a_lost_etcd_makes_it_not_ready_for_ever(self):
        self.subscribe()
        self.assertEqual(204, self.call("GET", "/hmi/v2/readiness")[0])
        with open(os.path.join(self.directory.name, "lose-etcd"), "w", encoding="ascii"):
            pass
        self.assertEqual((200, {"SubscriptionList": None}), self.call("GET", NODE))
        self.assertEqual(503, self.call("GET", "/hmi/v2/readiness")[0])
        self.assertEqual(204, self.call("GET", "/hmi/v2/liveness")[0])
        self.assertEqual("Health key not present", self.call("GET", "/hmi/v2/health")[1]["KvStore"])
        self.assertEqual(200, self.subscribe()[0])
        self.assertEqual(503, self.call("GET", "/hmi/v2/readiness")[0])

    def test_every_post_is_written_down_with_its_invocation(self):
        self.subscribe(**{"X-Invocation-Id": "a1"})
        self.subscribe(**{"X-Invocation-Id": "b2"})
        with open(os.path.join(self.directory.name, "refuse"), "w", encoding="ascii"):
            pass
        self.assertEqual(503, self.subscribe(**{"X-Invocation-Id": "c3"})[0])
        with open(os.path.join(self.directory.name, "subscriptions.log"), encoding="ascii") as log:
            seen = [json.loads(line) for line in log]
        self.assertEqual([("x1000c0s0b0n0", 200, "a1"), ("x1000c0s0b0n0", 400, "b2"), ("x1000c0s0b0n0", 503, "c3")],
                         [(post["xname"], post["status"], post["invocation"]) for post in seen])

    def test_params_and_wrong_methods(self):
        self.assertEqual(28600, self.call("GET", "/hmi/v2/params")[1]["Port"])
        self.assertEqual(7, self.call("PATCH", "/hmi/v2/params", {"Scn_retries": 7})[1]["Scn_retries"])
        self.assertEqual(400, self.call("PATCH", "/hmi/v2/params", {"Port": 1})[0])
        self.assertEqual(405, self.call("POST", "/hmi/v2/health")[0])
        self.assertEqual(404, self.call("GET", "/hmi/v2/nothing")[0])


if __name__ == "__main__":
    unittest.main()
