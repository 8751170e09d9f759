"""service.py - what every stand-in can do on demand: a file in its state directory is a switch, looked at with each request and in between.

    answer           while it exists, everything is answered as the gateway or the mesh would: its text is a status, and maybe a form:
                     "401", "403", "403 html", "403 json", "404", "503", "503 reset" and so on
    refuse           while it exists, everything is answered 503
    delay            while it exists, every answer waits so many seconds
    readiness-delay  the same, for readiness alone
    restart          once it exists, the process restarts, as in a rollout, and the file is removed: for so many seconds (its text, or else
                     --restart-seconds) connections are closed without an answer; then the service starts anew
    mesh             while it exists, requests come as through the mesh: while the service is not ready they find "no healthy upstream"

A kubelet's probes (User-Agent kube-probe/…) go to the pod itself: neither `answer` nor `mesh` concerns them. In `address` each service
writes where it listens.
"""

import argparse
import asyncio
import json
import os
import random
import time

from httpd import Answer, Hangup, Problem, Server, text_answer

NO_UPSTREAM = "no healthy upstream"
RESET = "upstream connect error or disconnect/reset before headers. reset reason: connection failure"
OVERFLOW = "upstream connect error or disconnect/reset before headers. reset reason: overflow"
TICK = 0.05


def html(status, title):
    text = f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body><h1>{status} {title}</h1></body>\r\n</html>\r\n"
    return Answer(status, text, "text/html")


def outside_answer(text):
    """Of the text of the switch `answer`: what stands in front of the service would say."""
    status, _, form = text.strip().partition(" ")
    status = int(status)
    titles = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 503: "Service Unavailable"}
    title = titles.get(status, "Error")
    if form == "html":
        return html(status, title)
    if form == "json":
        return Answer(status, json.dumps({"message": title}), "application/json")
    plain = {401: "Jwt is missing", 403: "RBAC: access denied", 404: "", 503: RESET if form == "reset" else NO_UPSTREAM}
    return text_answer(status, plain.get(status, title.lower()))


def number(text):
    """An int if it is whole, as JSON shows it then."""
    return int(text) if text.isdigit() else float(text)


class Switches:
    """The files of a state directory."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def present(self):
        return set(os.listdir(self.directory))

    def text(self, name):
        """Empty if it has gone."""
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def number(self, name, default=0.0):
        """The default, too, of a file that is not yet written."""
        try:
            return float(self.text(name))
        except ValueError:
            return default

    def take(self, name):
        """Its text; then it is gone."""
        text = self.text(name)
        try:
            os.unlink(self.path(name))
        except FileNotFoundError:
            pass
        return text

    def append(self, name, **fields):
        """A line of JSON, in one write."""
        line = json.dumps({"time": round(time.time(), 3), **fields}) + "\n"
        fd = os.open(self.path(name), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, line.encode())
        finally:
            os.close(fd)


class Service:
    """A stand-in: route() answers, start() is what its process does at its start, tick() what it does in between."""

    def __init__(self, state_dir, restart_seconds=1.0, seed=None):
        self.switches = Switches(state_dir)
        self.restart_seconds = restart_seconds
        self.random = random.Random(seed)
        self.down_until = None

    # What a service may say otherwise.

    async def start(self):
        """Of the process; the first time and after each restart."""

    async def route(self, request):
        raise NotImplementedError

    def is_ready(self):
        return True

    def is_readiness(self, request):
        return request.path.endswith("/readiness")

    def tick(self, now):
        """Every TICK seconds."""

    def look_at(self, on):
        """Switches of its own; `on` are the names that exist."""

    def record(self, request, status):
        """What became of a request."""

    # What all have in common.

    def look_at_switches(self):
        """The names of those that exist."""
        on = self.switches.present()
        self.look_at(on)
        if "restart" in on:
            seconds = self.switches.number("restart", self.restart_seconds)
            self.down_until = time.monotonic() + seconds
            self.switches.take("restart")  # only now: who waits for the restart looks for the file, then asks the service
        return on

    async def run(self):
        await self.start()
        while True:
            await asyncio.sleep(TICK)
            self.look_at_switches()
            now = time.monotonic()
            if self.down_until is not None and now >= self.down_until:
                self.down_until = None
                await self.start()
            if self.down_until is None:
                self.tick(now)

    async def handle(self, request):
        on = self.look_at_switches()
        try:
            answer = await self.held_up(request, on) or await self.route(request)
        except Problem as problem:
            answer = problem.answer(request)
        self.record(request, answer.status)
        return answer

    async def held_up(self, request, on):
        """The answer, if it is not the service's own."""
        if "delay" in on:
            await asyncio.sleep(self.switches.number("delay"))
        if "readiness-delay" in on and self.is_readiness(request):
            await asyncio.sleep(self.switches.number("readiness-delay"))
        from_mesh = "mesh" in on and not request.is_probe
        if self.down_until is not None and not from_mesh:
            raise Hangup
        if "answer" in on and not request.is_probe and (text := self.switches.text("answer")):
            return outside_answer(text)
        if "refuse" in on:
            raise Problem(503, "Service Unavailable", NO_UPSTREAM)
        if from_mesh and (self.down_until is not None or not self.is_ready()):
            return text_answer(503, NO_UPSTREAM)
        return None


def json_object(request):
    """The body."""
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "Bad Request", "The body is no JSON object")
    return body


def allow(request, routes):
    """The handler for the request's method; `routes` is {method: handler}."""
    if request.method in routes:
        return routes[request.method]
    raise MethodNotAllowed(routes)


class MethodNotAllowed(Problem):
    """405, which says what is allowed and no more."""

    def __init__(self, routes):
        super().__init__(405, "Method Not Allowed", "")
        self.allowed = ",".join(sorted(routes))

    def answer(self, request):
        return Answer(405, headers={"Allow": self.allowed})


def make_server(service, host, port, tls_dir=None):
    """Listens, and says where in the state directory."""
    server = Server(host, port, service, tls_dir)
    with open(service.switches.path("address"), "w", encoding="ascii") as file:
        file.write(server.address)
    return server


def common_arguments(doc, listen):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default=listen)
    parser.add_argument("--state-dir", required=True)
    parser.add_argument("--restart-seconds", type=float, default=1.0, help="how long it is away when it restarts")
    parser.add_argument("--seed", type=int, help="of what it leaves to chance")
    return parser


def serve(name, service, listen, tls_dir=None):
    """Until it is killed."""
    host, port = listen.rsplit(":", 1)
    server = make_server(service, host, int(port), tls_dir)
    print(f"{name}: listening on {server.address}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
