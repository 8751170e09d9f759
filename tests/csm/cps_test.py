"""The stand-in CPS lends content once it is there, loses it with its etcd, and says how its pods are."""

import hashlib
import unittest
import urllib.parse

import cps
import service as services
from running import StandInTest, call, wait_until

S3PATH, ETAG = "s3://boot-images/1/rootfs", "e1-2"
ID = hashlib.md5(f"{S3PATH}{ETAG}".encode()).hexdigest()
THAT = {"s3path": S3PATH, "etag": ETAG}


class CpsTest(StandInTest):
    def setUp(self):
        super().setUp()
        self.cps = self.start(services.make_server(cps.Cps(self.directory, ready_seconds=0.1, seed=1), "127.0.0.1", 0))

    def call(self, method, path, body=None, **query):
        return call(self.cps.port, method, f"/v2/cps/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else ""), body)

    def get(self, path, **query):
        status, answer = self.call("GET", path, **query)
        self.assertEqual(200, status, answer)
        return answer

    def transport(self):
        return self.get("transports", **THAT, transport="dvs")["transports"][0]

    def podnames(self):
        return {entry["node"]: entry["podname"][:14] for entry in self.get("deployment")}

    def test_content_can_be_mounted_once_it_is_there(self):
        self.assertEqual([], self.get("contents"))
        self.assertEqual((200, {**THAT, "transport": []}), self.call("POST", "contents", THAT))
        self.assertEqual({"artifactID": ID, "transports": [], "ERROR": []}, self.get("transports", **THAT, transport="dvs"))
        self.assertEqual((200, {**THAT, "transport": ["dvs"]}), self.call("POST", "transports", {**THAT, "transport": "dvs"}))
        first = self.transport()
        self.assertEqual((False, 0, 3), (first["readyForMount"], first["ready"], first["total"]))
        wait_until(lambda: self.transport()["readyForMount"], "it can be mounted")
        transport = self.transport()
        self.assertEqual(("dvs", 3, f"/var/lib/cps-local/{ID}", ["10.252.1.7", "10.252.1.8", "10.252.1.9"]),
                         tuple(transport[name] for name in ("type", "ready", "exportPath", "servers")))
        content = self.get("contents")[0]
        self.assertEqual((ID, S3PATH, ["dvs"], [{"type": "dvs", "status": "ready"}]),
                         tuple(content[name] for name in ("artifactID", "s3path", "transports", "exportStatus")))
        self.assertEqual((3, 3, "ready"), (content["contentReplicas"]["ready"], content["contentReplicas"]["total"],
                                           content["contentReplicas"]["status"][0]["status"]))

    def test_content_is_found_and_deleted(self):
        for etag in ("1", "2"):
            self.call("POST", "contents", {"s3path": S3PATH, "etag": etag, "transport": ["dvs"]})
        self.call("POST", "contents", {"s3path": S3PATH, "etag": "2"})
        self.assertEqual((2, 1, 0), (len(self.get("contents")), len(self.get("contents", s3path=S3PATH, etag="2")),
                                     len(self.get("contents", s3path="s3://a/b"))))
        self.assertEqual(200, self.call("DELETE", "transports", s3path=S3PATH, etag="2", transport="dvs")[0])
        self.assertEqual([["dvs"], []], [content["transports"] for content in self.get("contents")])
        self.assertEqual(200, self.call("DELETE", "contents", s3path=S3PATH, etag="1")[0])
        self.assertEqual(1, len(self.get("contents")))
        self.assertEqual(404, self.call("GET", "transports", s3path=S3PATH, etag="1", transport="dvs")[0])
        self.assertEqual(200, self.call("DELETE", "contents", s3path=S3PATH)[0])
        self.assertEqual([], self.get("contents"))

    def test_what_is_refused(self):
        for method, path, body, query, status in [
                ("POST", "contents", {"s3path": "/tmp/x"}, {}, 400), ("POST", "contents", {**THAT, "transport": ["nfs"]}, {}, 400),
                ("POST", "contents", [], {}, 400), ("POST", "transports", THAT, {}, 400), ("DELETE", "contents", None, {}, 400),
                ("POST", "transports", {**THAT, "transport": "dvs"}, {}, 404), ("GET", "transports", None, THAT, 400),
                ("PUT", "deployment", {"nodes": "ncn-w001"}, {}, 400), ("DELETE", "deployment", None, {}, 400),
                ("DELETE", "deployment", None, {"nodes": "ncn-w009"}, 404), ("GET", "deployment", None, {"nodes": "ncn-w009"}, 404),
                ("GET", "nothing", None, {}, 404)]:
            found, answer = self.call(method, path, body, **query)
            self.assertEqual((status, status), (found, answer["status"]), (method, path, body))
        self.assertEqual(405, self.call("PATCH", "contents")[0])

    def test_pods(self):
        good = {"readiness": "True", "restartcount": 0, "state": "Running"}
        entry = self.get("deployment", nodes="ncn-w002")[0]
        self.assertEqual([{"name": "cm", **good}, {"name": "pm", **good}], entry["cpspods"])
        self.assertEqual(["ncn-w001", "ncn-w003"], [each["node"] for each in self.get("deployment", nodes="ncn-w001,ncn-w003")])
        self.assertEqual(200, self.call("DELETE", "deployment", nodes="ncn-w002")[0])
        self.assertEqual([{"node": "ncn-w002", "podname": "NA"}], self.get("deployment", nodes="ncn-w002"))
        self.call("DELETE", "deployment", nodes="ncn-w003")
        self.assertEqual(200, self.call("PUT", "deployment", {"numpods": 1})[0])
        self.assertEqual({"ncn-w001": "cray-cps-cm-pm", "ncn-w002": "cray-cps-cm-pm", "ncn-w003": "NA"}, self.podnames())
        self.assertEqual(404, self.call("PUT", "deployment", {"nodes": ["ncn-w003", "ncn-w009"], "numpods": 1})[0])
        self.assertEqual("cray-cps-cm-pm", self.podnames()["ncn-w003"])

    def test_a_pod_that_crashes_serves_nothing(self):
        self.put("cps-not-ready-ncn-w001")
        self.assertEqual({"name": "cm", "readiness": "False", "restartcount": 7, "state": "CrashLoopBackOff"},
                         self.get("deployment")[0]["cpspods"][0])
        self.call("POST", "contents", {**THAT, "transport": ["dvs"]})
        wait_until(lambda: self.transport()["ready"] == 2, "the other two have it")
        self.assertEqual((True, 3, ["10.252.1.8", "10.252.1.9"]),
                         tuple(self.transport()[name] for name in ("readyForMount", "total", "servers")))
        self.put("cps-not-ready-ncn-w002")
        self.put("cps-not-ready-ncn-w003")
        self.assertFalse(self.transport()["readyForMount"])

    def test_with_its_etcd_all_is_lost(self):
        self.call("POST", "contents", {**THAT, "transport": ["dvs"]})
        self.put("lose-etcd")
        self.assertEqual(([], []), (self.get("contents"), self.get("deployment")))
        self.unput("lose-etcd")
        self.assertEqual(([], []), (self.get("contents"), self.get("deployment")))
        self.call("POST", "contents", {"s3path": "s3://boot-images/2/rootfs", "etag": "2"})
        self.call("PUT", "deployment", {"nodes": ["ncn-w002"], "numpods": 1})
        self.assertEqual(["s3://boot-images/2/rootfs"], [content["s3path"] for content in self.get("contents")])
        self.assertEqual(["ncn-w002"], list(self.podnames()))
        self.assertEqual(404, self.call("GET", "transports", **THAT, transport="dvs")[0])

    def test_switches_that_all_have(self):
        self.put("answer", "503 reset")
        self.assertEqual(503, self.call("GET", "contents")[0])


if __name__ == "__main__":
    unittest.main()
