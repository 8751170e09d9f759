"""The stand-in HMNFD forgets subscribers when the real one does: late, and whatever they have by then."""

import unittest

import hmnfd
from running import StandInTest, call, closed_port, wait_until

NODE, OTHER = "x1000c0s0b0n0", "x1000c0s0b0n1"
INTERVAL = 0.2


class HmnfdWorld(StandInTest):
    def setUp(self):
        super().setUp()
        params = {"Scn_cache_delay": 0, "Scn_retries": 2, "Scn_backoff": 0}
        self.hmnfd = self.start(hmnfd.make_server("127.0.0.1", 0, self.directory, prune_interval=INTERVAL, params=params))

    def call(self, method, path, body=None):
        return call(self.hmnfd.port, method, path, body)

    def subscribe(self, url, xname=NODE, agent="orca", components=("all",), states=("Ready", "Off")):
        body = {"Components": components, "States": states, "Enabled": True, "Url": url}
        return self.call("POST", f"/hmi/v2/subscriptions/{xname}/agents/{agent}", body)[0]

    def subscribers(self):
        return {entry["Subscriber"] for entry in self.call("GET", "/hmi/v2/subscriptions")[1]["SubscriptionList"] or []}

    def tell(self, **scn):
        self.assertEqual(200, self.call("POST", "/hmi/v2/scn", {"Components": [OTHER], **scn})[0])

    def replicas(self):
        return wait_until(lambda: self.hmnfd.server.service.replicas, "it has started")

    def hold_pruning(self):
        for replica in self.replicas():
            replica.prune_at += 3600

    def release_pruning(self):
        for replica in self.replicas():
            replica.prune_at = 0

    def wait_pruned(self, *names):
        return wait_until(lambda: [line for line in self.lines("pruned.log") if f"{line['agent']}@{line['xname']}" in names], "pruned")


class PruneTest(HmnfdWorld):
    def test_subscribers_are_told_of_what_they_asked_for(self):
        listener, url = self.listen()
        self.subscribe(url + "/scn", components=[OTHER])
        self.tell(Components=[OTHER.upper(), "x9c0s0b0n0"], State="Ready")
        told = wait_until(lambda: listener.bodies, "told")[0]
        self.assertEqual(([OTHER], "Ready"), (told["Components"], told["State"]))
        self.assertNotIn("Role", told)
        self.assertEqual({f"orca@{NODE}"}, self.subscribers())

    def test_who_refuses_is_forgotten_and_so_is_what_it_subscribed_to_since(self):
        url = f"http://127.0.0.1:{closed_port()}/scn"
        self.hold_pruning()
        self.subscribe(url)
        self.tell(State="Ready")
        wait_until(lambda: any(replica.prune_map for replica in self.replicas()), "it is doomed")
        # The unit has restarted: its POST finds the old subscription, and with other States it even makes a new one.
        self.assertEqual(400, self.subscribe(url))
        self.assertEqual(200, self.subscribe(url, states=["Ready"]))
        self.release_pruning()
        pruned = self.wait_pruned(f"orca@{NODE}")
        self.assertEqual({"refused"}, {line["why"] for line in pruned})
        self.assertEqual(set(), self.subscribers())
        self.assertEqual(200, self.subscribe(url))

    def test_a_refusal_dooms_one_agent_a_state_all_of_the_node(self):
        _, url = self.listen()
        self.subscribe(f"http://127.0.0.1:{closed_port()}/scn")
        self.subscribe(url, agent="dvs")
        self.tell(State="Ready")
        self.wait_pruned(f"orca@{NODE}")
        self.assertEqual({f"dvs@{NODE}"}, self.subscribers())
        self.subscribe(url)
        self.tell(Components=[NODE], State="Off")
        wait_until(lambda: not self.subscribers(), "all of the node are gone")

    def test_a_disabled_node_is_forgotten_a_silent_one_is_not(self):
        _, url = self.listen()
        self.subscribe(url)
        self.subscribe(url, xname=OTHER)
        self.tell(Components=[OTHER], State="Standby")
        self.tell(Components=[NODE], Enabled=False)
        self.wait_pruned(f"orca@{NODE}")
        self.assertEqual({f"orca@{OTHER}"}, self.subscribers())

    def test_another_failure_is_tried_again_first(self):
        listener, url = self.listen(500)
        self.subscribe(url)
        self.tell(State="Ready")
        self.assertEqual("failed", self.wait_pruned(f"orca@{NODE}")[0]["why"])
        self.assertEqual(2, len(listener.bodies))

    def test_delete_then_post_loses_the_new_subscription(self):
        self.hold_pruning()
        self.subscribe("http://a")
        self.assertEqual(204, self.call("DELETE", f"/hmi/v2/subscriptions/{NODE}/agents/orca")[0])
        self.assertEqual(200, self.subscribe("http://a"))
        self.release_pruning()
        self.assertEqual("removed", self.wait_pruned(f"orca@{NODE}")[0]["why"])
        self.assertEqual(set(), self.subscribers())

    def test_one_of_three_replicas_knows(self):
        self.hold_pruning()
        replicas = self.replicas()
        self.assertEqual(3, len(replicas))
        self.subscribe(f"http://127.0.0.1:{closed_port()}/scn")
        self.tell(State="Ready")
        wait_until(lambda: sum(bool(replica.prune_map) for replica in replicas), "one has it")
        self.assertEqual(1, sum(bool(replica.prune_map) for replica in replicas))
        seen = {self.call("GET", "/hmi/v2/health")[1]["PruneMap"] for _ in range(50)}
        self.assertEqual({"No contents", "Number of items:1"}, seen)


class RaceTest(HmnfdWorld):
    def test_the_race_hits_its_share_once_each(self):
        self.put("race", "0.33")
        nodes = [f"x1000c{chassis}s{slot}b0n0" for chassis in range(8) for slot in range(8)]
        for node in nodes:
            self.assertEqual(200, self.subscribe("http://a", xname=node))
        wait_until(lambda: len(self.lines("pruned.log")) >= len(self.hmnfd.server.service.raced), "all of the share are gone")
        hit = {line["xname"] for line in self.lines("pruned.log")}
        self.assertEqual({node for node in nodes if hmnfd.fraction(node, "race") < 0.33}, hit)
        self.assertTrue(8 < len(hit) < 40)
        self.assertEqual({f"orca@{node}" for node in nodes if node not in hit}, self.subscribers())
        # A second restart succeeds.
        for node in nodes:
            self.assertEqual(200 if node in hit else 400, self.subscribe("http://a", xname=node))
        self.assertEqual([], self.hmnfd.server.service.losing)

    def test_the_race_hits_who_is_subscribed_already(self):
        self.subscribe("http://a")
        self.put("race", "1")
        self.assertEqual(400, self.subscribe("http://a"))
        self.wait_pruned(f"orca@{NODE}")
        self.assertEqual(set(), self.subscribers())


if __name__ == "__main__":
    unittest.main()
