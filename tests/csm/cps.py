#!/usr/bin/env python3
"""cps.py - stand-in for CPS, which lends the nodes content of S3: what it lends, by which transport, and the pods that do it.

    cps.py --listen HOST:PORT --state-dir DIR [--cps-ready-seconds SECONDS]

Below /v2/cps: contents, transports, deployment. Content can be mounted once its transport, which is dvs, is --cps-ready-seconds old and
any pod is ready. At first there is no content, and a pod on each worker of hsm_world.py. A node whose pod was deleted has the pod "NA".

In DIR it looks at, beside the switches that all have (service.py):
    lose-etcd           once it exists, all that CPS knew is lost; while it exists contents and deployment are empty, and then they are what
                        was put since
    cps-not-ready-NODE  while it exists, the pod of that node is not ready, and crashes
"""

import hashlib
import string
import time

from hsm_world import WORKERS
from httpd import Answer, Problem, json_answer
import service as services

BASE = "/v2/cps/"
READY_SECONDS = 0.2
TRANSPORT = "dvs"
NODES = [f"ncn-w{number:03d}" for number in range(1, WORKERS + 1)]
ADDRESSES = {node: f"10.252.1.{7 + number}" for number, node in enumerate(NODES)}
CONTAINERS = ("cm", "pm")
RESTARTS = 7
NO_POD = "NA"


def bad(detail):
    return Problem(400, "Bad Request", detail)


def not_found(detail):
    return Problem(404, "Not Found", detail)


class Content:
    """An artifact of S3, and since when it has which transport."""

    def __init__(self, s3path, etag):
        self.s3path, self.etag = s3path, etag
        self.id = hashlib.md5(f"{s3path}{etag}".encode(), usedforsecurity=False).hexdigest()
        self.path = f"/var/lib/cps-local/{self.id}"
        self.since, self.transports = time.monotonic(), {}

    def add(self, transports):
        for transport in transports:
            self.transports.setdefault(transport, time.monotonic())

    def is_of(self, s3path, etag):
        return (s3path is None or s3path == self.s3path) and (etag is None or etag == self.etag)

    def request(self):
        """What was asked for."""
        return {"s3path": self.s3path, "etag": self.etag, "transport": list(self.transports)}


def checked_transports(names):
    if not isinstance(names, list) or any(name != TRANSPORT for name in names):
        raise bad(f"There is no transport but {TRANSPORT}")
    return names


class Cps(services.Service):
    """The service. What it knows is in etcd: a restart loses nothing."""

    def __init__(self, state_dir, *, ready_seconds=READY_SECONDS, **common):
        super().__init__(state_dir, **common)
        self.ready_seconds = ready_seconds
        self.is_lost = False
        self.contents = []
        self.pods = {node: self.new_pod() for node in NODES}  # None: it was deleted

    def look_at(self, on):
        if "lose-etcd" in on and not self.is_lost:
            self.contents, self.pods = [], {}
        self.is_lost = "lose-etcd" in on

    async def route(self, request):
        name = request.path.removeprefix(BASE).rstrip("/")
        routes = {"contents": {"GET": self.get_contents, "POST": self.add_content, "DELETE": self.delete_content},
                  "transports": {"GET": self.get_transports, "POST": self.add_transport, "DELETE": self.delete_transport},
                  "deployment": {"GET": self.get_deployment, "PUT": self.add_pods, "DELETE": self.delete_pods}}.get(name)
        if routes is None or not request.path.startswith(BASE):
            raise not_found("no such path")
        return services.allow(request, routes)(request)

    # Pods.

    def new_pod(self):
        return "cray-cps-cm-pm-" + "".join(self.random.choices(string.ascii_lowercase + string.digits, k=5))

    def has_ready_pod(self, node):
        return f"cps-not-ready-{node}" not in self.switches.present()

    def deployed(self):
        """The nodes that have a pod."""
        return [node for node, pod in sorted(self.pods.items()) if pod]

    def shown_node(self, node):
        pod = self.pods.get(node)
        if not pod:
            return {"node": node, "podname": NO_POD}
        state = {"readiness": "True", "restartcount": 0, "state": "Running"}
        if not self.has_ready_pod(node):
            state = {"readiness": "False", "restartcount": RESTARTS, "state": "CrashLoopBackOff"}
        return {"node": node, "podname": pod, "cpspods": [{"name": name, **state} for name in CONTAINERS]}

    def named_nodes(self, request):
        """(those of the query that there are, the others); nodes=a,b and nodes=a&nodes=b."""
        names = [name for value in request.parameters.get("nodes", []) for name in value.split(",") if name]
        return [name for name in names if name in NODES], [name for name in names if name not in NODES]

    def get_deployment(self, request):
        nodes, unknown = self.named_nodes(request)
        if unknown:
            raise not_found(f"No such nodes: {', '.join(unknown)}")
        return json_answer([] if self.is_lost else [self.shown_node(node) for node in nodes or sorted(self.pods)])

    def add_pods(self, request):
        """On the nodes, of which the good ones get theirs whatever the others are; or so many, where there are none."""
        body = services.json_object(request)
        nodes, count = body.get("nodes", []), body.get("numpods", 0)
        if not isinstance(nodes, list) or not isinstance(count, int) or count < 0:
            raise bad("nodes is a list, and numpods a number")
        free = [node for node in NODES if not self.pods.get(node)]
        wanted = [node for node in free if node in nodes] if nodes else free[:count]
        self.pods.update({node: self.new_pod() for node in wanted})
        if unknown := [str(node) for node in nodes if node not in NODES]:
            raise not_found(f"No such nodes: {', '.join(unknown)}")
        return Answer(200)

    def delete_pods(self, request):
        nodes, unknown = self.named_nodes(request)
        if not nodes and not unknown:
            raise bad("nodes is missing")
        self.pods.update(dict.fromkeys(nodes))
        if unknown:
            raise not_found(f"No such nodes: {', '.join(unknown)}")
        return Answer(200)

    # Content.

    def find(self, s3path, etag):
        return [content for content in self.contents if not self.is_lost and content.is_of(s3path, etag)]

    def named(self, request):
        """(s3path, etag), None if it is not named, of a query that must have a path."""
        s3path, etag = (request.parameters.get(name, [None])[-1] for name in ("s3path", "etag"))
        if s3path is None:
            raise bad("s3path is missing")
        return s3path, etag

    def sent(self, request):
        """(body, s3path, etag)"""
        body = services.json_object(request)
        s3path, etag = body.get("s3path"), body.get("etag", "")
        if not isinstance(s3path, str) or not s3path.startswith("s3://") or not isinstance(etag, str):
            raise bad("s3path must be s3://BUCKET/KEY, and etag a text")
        return body, s3path, etag

    def is_there(self, since):
        return time.monotonic() - since >= self.ready_seconds

    def replicas(self, since):
        """What each pod says of content that it was told of then."""
        return [{"replicaID": self.pods[node], "detail": "",
                 "status": "ready" if self.is_there(since) and self.has_ready_pod(node) else "notready"} for node in self.deployed()]

    def shown_content(self, content):
        exports = [{"type": name, "status": "ready" if self.shown_transport(content, name)["readyForMount"] else "notready"}
                   for name in content.transports]
        return {"artifactID": content.id, "s3path": content.s3path, "transports": list(content.transports), "exportStatus": exports,
                "contentReplicas": tally(self.replicas(content.since)), "exportPath": content.path, "ERROR": []}

    def shown_transport(self, content, name):
        replicas = tally(self.replicas(content.transports[name]))
        servers = [ADDRESSES[node] for node in self.deployed() if self.has_ready_pod(node)]
        return {"type": name, **replicas, "readyForMount": replicas["ready"] > 0, "exportPath": content.path, "servers": servers}

    def get_contents(self, request):
        s3path, etag = (request.parameters.get(name, [None])[-1] for name in ("s3path", "etag"))
        return json_answer([self.shown_content(content) for content in self.find(s3path, etag)])

    def add_content(self, request):
        body, s3path, etag = self.sent(request)
        transports = checked_transports(body.get("transport", []))
        content = next((content for content in self.contents if content.is_of(s3path, etag)), None)
        if content is None:
            content = Content(s3path, etag)
            self.contents.append(content)
        content.add(transports)
        return json_answer(content.request())

    def delete_content(self, request):
        gone = self.find(*self.named(request))
        self.contents = [content for content in self.contents if content not in gone]
        return Answer(200)

    def the_transport(self, request):
        return checked_transports(request.parameters.get("transport", [None])[-1:])[0]

    def get_transports(self, request):
        name, found = self.the_transport(request), self.find(*self.named(request))
        if not found:
            raise not_found("No such content")
        shown = [self.shown_transport(found[0], name)] if name in found[0].transports else []
        return json_answer({"artifactID": found[0].id, "transports": shown, "ERROR": []})

    def add_transport(self, request):
        body, s3path, etag = self.sent(request)
        transports = checked_transports([body.get("transport")])
        found = self.find(s3path, etag if "etag" in body else None)
        if not found:
            raise not_found("No such content")
        found[0].add(transports)
        return json_answer(found[0].request())

    def delete_transport(self, request):
        name = self.the_transport(request)
        for content in self.find(*self.named(request)):
            content.transports.pop(name, None)
        return Answer(200)


def tally(replicas):
    return {"ready": sum(replica["status"] == "ready" for replica in replicas), "total": len(replicas), "status": replicas}


def add_arguments(parser):
    parser.add_argument("--cps-ready-seconds", type=float, default=READY_SECONDS, help="until CPS's content can be mounted")


def make_service(arguments, state_dir):
    return Cps(state_dir, ready_seconds=arguments.cps_ready_seconds, restart_seconds=arguments.restart_seconds, seed=arguments.seed)


def main():
    parser = services.common_arguments(__doc__, "127.0.0.1:27781")
    add_arguments(parser)
    arguments = parser.parse_args()
    services.serve("cps", make_service(arguments, arguments.state_dir), arguments.listen)


if __name__ == "__main__":
    main()
