#!/usr/bin/env python3
"""hmnfd.py - stand-in for HMNFD, the notification fanout daemon that ORCA subscribes to.

    hmnfd.py --listen HOST:PORT --state-dir DIR [--hsm URL] [--prune-interval S] [--param NAME=VALUE]…

Behaves as HMNFD 1.21 was seen to: the routes of v2 and v1, its texts and its oddities. The body of a subscription is lower-cased before
it is parsed; a POST of an exactly equal key answers 400 "exists"; PATCH creates nothing and does not say so; a node without subscriptions
has `null`. It is three replicas in one: each request finds one of them, by chance. They share the etcd; parameters, prune map and prune
loop are each one's own. Whoever refuses an SCN, is told of as Off, or unsubscribes goes into the prune map of one of them, and within ten
seconds loses whatever it has then (hmnfd_fanout.py).

In DIR it writes and looks at, beside the switches that all have (service.py):
    subscriptions.log   one JSON line for each POST and PATCH of a subscription: time, xname, agent, status, invocation (from the header
                        X-Invocation-Id that orca_stub sends), method, api. A node's distinct invocations are its unit's starts, counted
                        from outside.
    pruned.log          one JSON line for each subscription that was pruned: time, xname, agent, why, replica
    lose-etcd           once it exists, every key is lost, as when the etcd under a running HMNFD is replaced by an empty one, and the
                        file is removed. Readiness is 503 from then on until a restart, liveness stays 204.
    restore             a JSON list of subscriptions as GET shows them: they are put into the etcd, as from a backup, with the health
                        key, and the file is removed
    race                a share of the nodes, such as 0.33: of each of these the first POST that finds its subscription made, or there, is
                        followed by the loss of all that the node has, after 0.1 to 1 prune interval; once per node. This is what an SCN
                        does that comes while the unit restarts. Which nodes: by a hash of the xname.
    capacity            {"per_second": 100, "queue": 200}: subscriptions are made at that rate. Readiness waits as long as the queue is;
                        while it is full, that and every further POST is 503 at once.
"""

import asyncio
import hashlib
import heapq
import json
import re
import sys
import time

from hmnfd_fanout import PARAMS, Replica
from hmnfd_load import Capacity
from hmnfd_store import EXISTS, INVALID, NOTHING_TO_TELL, Store, parse_object, parse_subscription  # noqa: F401 - for the tests
from httpd import FETCH_ERRORS, Answer, Problem, fetch, json_answer
import service as services

XNAME = re.compile(r"x\d{1,4}(c[0-7](s(\d|[1-5]\d|6[0-4])(b\d(n\d)?)?)?)?")
BASE = re.compile(r"/hmi/(v[12])/(.*)")
REPLICAS = 3
PRUNE_INTERVAL = 10.0
HSM_RETRY = 2.0


def checked_xname(text, detail="Invalid XName in URL path"):
    if not XNAME.fullmatch(text.lower()):
        raise Problem(400, INVALID, detail)
    return text.lower()


def fraction(xname, salt):
    """A number from 0 to 1 that is always the same for the node."""
    return int.from_bytes(hashlib.sha256(f"{salt} {xname}".encode()).digest()[:8], "big") / 2**64


def split_subscriber(text):
    """(xname, agent) of "agent@xname", or of an xname alone."""
    agent, _, xname = text.rpartition("@")
    return xname, agent


def subscriber_of(request):
    """(xname, agent, api) of a request that makes or changes a subscription; None of any other."""
    if request.method not in ("POST", "PATCH"):
        return None
    parts = request.path.split("/")
    if len(parts) == 7 and parts[2:4] == ["v2", "subscriptions"] and parts[5] == "agents":
        return parts[4].lower(), parts[6], "v2"
    if request.path == "/hmi/v1/subscribe":
        try:
            return *split_subscriber(str(parse_object(request.body.lower()).get("subscriber", ""))), "v1"
        except (Problem, UnicodeDecodeError):
            return "", "", "v1"
    return None


class Hmnfd(services.Service):
    """The service."""

    def __init__(self, state_dir, *, hsm=None, prune_interval=PRUNE_INTERVAL, params=None, **common):
        super().__init__(state_dir, **common)
        self.hsm, self.prune_interval, self.params = hsm, prune_interval, params or {}
        self.store = Store()
        self.capacity = Capacity()
        self.raced, self.losing = set(), []  # losing: (when, xname)
        self.replicas = []
        self.dead_wood = None

    # The process.

    async def start(self):
        """A new one: what it had in memory is gone."""
        self.stop()
        self.losing.clear()
        self.replicas = [Replica(number, self.store, self.params, self.prune_interval, self.random.random() * self.prune_interval,
                                 self.record_pruned) for number in range(REPLICAS)]
        self.store.has_health_key = True
        if self.hsm:
            self.dead_wood = asyncio.get_running_loop().create_task(self.prune_dead_wood())

    def stop(self):
        for replica in self.replicas:
            replica.stop()
        if self.dead_wood is not None:
            self.dead_wood.cancel()

    async def prune_dead_wood(self):
        """Subscriptions of nodes that HSM calls Off, Empty or Halt; asks until HSM answers."""
        while True:
            try:
                answer = await fetch(f"{self.hsm}/State/Components?type=Node&state=Off&state=Empty&state=Halt&stateonly=true")
                for component in json.loads(answer.body)["Components"]:
                    for entry in self.store.prune(component["ID"].lower()):
                        self.record_pruned(entry, "gone", None)
                return
            except (*FETCH_ERRORS, KeyError):
                await asyncio.sleep(HSM_RETRY)

    def tick(self, now):
        for replica in self.replicas:
            replica.tick(now)
        while self.losing and self.losing[0][0] <= now:
            for entry in self.store.prune(heapq.heappop(self.losing)[1]):
                self.record_pruned(entry, "race", None)

    def look_at(self, on):
        if "lose-etcd" in on:
            self.store.lose_everything()
            self.switches.take("lose-etcd")
        if "restore" in on:
            try:
                entries = json.loads(self.switches.text("restore"))
            except ValueError:
                return  # not yet written
            self.store.restore(entries)
            self.switches.take("restore")
        self.capacity.set(self.switches.text("capacity") if "capacity" in on else "")
        if "race" not in on:
            self.raced.clear()

    def is_ready(self):
        return self.store.has_health_key and not self.capacity.is_full

    def any_replica(self):
        return self.random.choice(self.replicas)

    # What is written down.

    def record_pruned(self, entry, why, replica):
        self.switches.append("pruned.log", xname=entry.xname, agent=entry.agent, why=why, replica=replica)

    def record(self, request, status):
        subscriber = subscriber_of(request)
        if subscriber is None:
            return
        xname, agent, api = subscriber
        self.switches.append("subscriptions.log", xname=xname, agent=agent, status=status,
                             invocation=request.headers.get("x-invocation-id", ""), method=request.method, api=api)

    # Requests.

    async def route(self, request):
        found = BASE.fullmatch(request.path)
        if not found or not self.replicas:
            raise Problem(404, "Not Found", "no such path")
        api, parts = found[1], found[2].strip("/").split("/")
        routes = self.common_routes(request).get("/".join(parts))
        if routes is None:
            routes = self.v1_routes(request, parts) if api == "v1" else self.v2_routes(request, parts)
        if routes is None:
            raise Problem(404, "Not Found", "no such path")
        return await services.allow(request, routes)()

    def common_routes(self, request):
        """{path: {method: handler}} of both versions."""
        return {"subscriptions": {"GET": self.list_all},
                "scn": {"POST": lambda: self.take_scn(request)},
                "params": {"GET": self.show_params, "PATCH": lambda: self.change_params(request)},
                "health": {"GET": self.health}, "readiness": {"GET": self.readiness}, "liveness": {"GET": self.liveness}}

    def v1_routes(self, request, parts):
        if parts != ["subscribe"]:
            return None
        return {"POST": lambda: self.subscribe_v1(request), "PATCH": lambda: self.change_v1(request),
                "DELETE": lambda: self.remove_v1(request)}

    def v2_routes(self, request, parts):
        if parts[0] != "subscriptions" or len(parts) > 4:
            return None
        xname = checked_xname(parts[1])
        if len(parts) == 2:
            return {"GET": lambda: self.list_one(xname)}
        if parts[2] != "agents":
            return None
        if len(parts) == 3:
            return {"DELETE": lambda: self.remove(xname, None)}
        return {"POST": lambda: self.subscribe(request, xname, parts[3]), "PATCH": lambda: self.change(request, xname, parts[3]),
                "DELETE": lambda: self.remove(xname, parts[3])}

    async def list_all(self):
        return json_answer(self.store.list())

    async def list_one(self, xname):
        return json_answer(self.store.list(xname))

    async def subscribe(self, request, xname, agent, found=None):
        if not await self.capacity.pass_through():
            return services.text_answer(503, services.OVERFLOW)
        try:
            self.store.subscribe(xname, agent, found or parse_subscription(request.body))
        except Problem as problem:
            if problem.detail == EXISTS:
                self.race(xname)
            raise
        self.race(xname)
        return Answer(200, headers={"Connection": "close"})

    def race(self, xname):
        """The node's lot, the first time after the switch was put."""
        if xname in self.raced or fraction(xname, "race") >= self.switches.number("race"):
            return
        self.raced.add(xname)
        after = self.prune_interval * (0.1 + 0.9 * fraction(xname, "when"))
        heapq.heappush(self.losing, (time.monotonic() + after, xname))

    async def change(self, request, xname, agent):
        self.store.change(xname, agent, parse_subscription(request.body))
        return Answer(204)

    async def remove(self, xname, agent):
        gone = self.store.remove(xname, agent)
        self.doom_removed(gone)
        if agent is not None and not gone:
            raise Problem(400, "Bad DELETE request", "No matching subscription for DELETE")
        return Answer(204)

    def doom_removed(self, gone):
        """So that nothing that waits to be told is told them; which dooms whatever they subscribe to next, too."""
        replica = self.any_replica()
        for entry in gone:
            replica.doom(entry.name, "removed")

    def parse_v1(self, request):
        """(xname, agent, found)"""
        body = parse_object(request.body.decode(errors="replace").lower())
        subscriber = str(body.get("subscriber") or "")
        if not subscriber:
            raise Problem(400, INVALID, "Subscription request missing Subscriber field.")
        if subscriber.count("@") > 1:
            raise Problem(400, INVALID, "Subscription request Subscriber field has invalid format.")
        return *split_subscriber(subscriber), parse_subscription(request.body)

    async def subscribe_v1(self, request):
        xname, agent, found = self.parse_v1(request)
        return await self.subscribe(request, checked_xname(xname, "Subcriber field is not a valid XName"), agent, found)

    async def change_v1(self, request):
        """Only one with the same Url."""
        xname, agent, found = self.parse_v1(request)
        self.store.change(xname, agent, found, found["Url"])
        return Answer(200)

    async def remove_v1(self, request):
        body = parse_object(request.body)
        for name in ("Subscriber", "Url"):
            if not body.get(name):
                raise Problem(400, INVALID, f"Missing {name} field in request")
        self.doom_removed(self.store.remove(*split_subscriber(body["Subscriber"].lower()), body["Url"].lower()))
        return Answer(200)

    async def take_scn(self, request):
        scn = parse_object(request.body)
        if not isinstance(scn.get("Components") or [], list):
            raise Problem(500, "Internal Server Error", "Error unmarshalling SCN JSON")
        self.any_replica().take(scn, time.monotonic())
        return Answer(200)

    async def show_params(self):
        return json_answer(self.any_replica().params)

    async def change_params(self, request):
        """Of the replica that was asked."""
        wanted = parse_object(request.body)
        if "Port" in wanted or "Scn_in_url" in wanted:
            raise Problem(400, INVALID, "Parameter cannot be changed")
        replica = self.any_replica()
        replica.params.update({name: value for name, value in wanted.items() if name in replica.params})
        return json_answer(replica.params)

    async def health(self):
        kept, replica = self.store.has_health_key, self.any_replica()
        doomed = len(replica.prune_map)
        return json_answer({"KvStore": "Health key value:HMNFD_OK" if kept else "Health key not present",
                            "MsgBus": "Connected and OPEN",
                            "HsmSubscriptions": "Subscribed" if kept else "HSM Subscription key not present",
                            "PruneMap": f"Number of items:{doomed}" if doomed else "No contents",
                            "WorkerPool": f"Workers:500, Jobs:{len(replica.jobs)}"})

    async def readiness(self):
        if not self.is_ready():
            return Answer(503)
        await asyncio.sleep(self.capacity.wait)
        return Answer(204)

    async def liveness(self):
        return Answer(204)


def make_server(host, port, state_dir, **options):
    return services.make_server(Hmnfd(state_dir, **options), host, port)


def parse_param(text):
    """NAME=VALUE, as {NAME: value}"""
    name, _, value = text.partition("=")
    if name not in PARAMS:
        sys.exit(f"hmnfd: no parameter {name}; there are {', '.join(PARAMS)}")
    return {name: value if isinstance(PARAMS[name], str) else services.number(value)}


def add_arguments(parser):
    parser.add_argument("--hsm", help="base of HSM, such as http://127.0.0.1:27779/hsm/v2: who is Off there is pruned at a start")
    parser.add_argument("--prune-interval", type=float, default=PRUNE_INTERVAL, help="of the prune loops, in seconds")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="as GET params shows them; of all replicas")


def make_service(arguments, state_dir):
    params = {name: value for text in arguments.param for name, value in parse_param(text).items()}
    return Hmnfd(state_dir, hsm=arguments.hsm, prune_interval=arguments.prune_interval, params=params,
                 restart_seconds=arguments.restart_seconds, seed=arguments.seed)


def main():
    parser = services.common_arguments(__doc__, "127.0.0.1:28600")
    add_arguments(parser)
    arguments = parser.parse_args()
    services.serve("hmnfd", make_service(arguments, arguments.state_dir), arguments.listen)


if __name__ == "__main__":
    main()
