#!/usr/bin/env python3
"""hmnfd.py - stand-in for HMNFD, the notification fanout daemon that ORCA subscribes to.

    hmnfd.py --listen HOST:PORT --state-dir DIR

Behaves as HMNFD 1.21 was seen to: the v2 routes for subscriptions, params and probes, its texts and its oddities. The body of a
subscription is lower-cased before it is parsed; a POST of an exactly equal key answers 400 "exists"; PATCH answers 204 and creates
nothing; a node without subscriptions has `null`. Nothing is fanned out.

In DIR it writes and looks at:
    subscriptions.log   one JSON line for each POST of a subscription: time, xname, agent, status, invocation (from the header
                        X-Invocation-Id that orca_stub sends). A node's distinct invocations are its unit's starts, counted from outside.
    refuse              while it exists, everything is answered 503
    lose-etcd           once it exists, every key is lost, as when the etcd under a running HMNFD is replaced by an empty one, and the
                        file is removed. Readiness is 503 from then on, liveness stays 204.
"""

import argparse
import http.server
import json
import os
import re
import threading
import time

XNAME = re.compile(r"x\d{1,4}(c[0-7](s(\d|[1-5]\d|6[0-4])(b\d(n\d)?)?)?)?")
BASE = "/hmi/v2"
ATTRIBUTES = ("States", "SoftwareStatus", "Enabled", "Roles", "SubRoles")
FIELDS = ("Components",) + ATTRIBUTES + ("Url",)
NOTHING_TO_TELL = "Subscription request needs at least one of: States, SoftwareStatus, Roles, SubRoles."
EXISTS = "Subscription exists, cannot modify in POST operation"


class Problem(Exception):
    """An answer that is an error, RFC 7807."""

    def __init__(self, status, title, detail):
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail


def parse_subscription(raw):
    """The lower-cased body as {field: value}; field names are found in any case, as Go's decoder does."""
    try:
        body = json.loads(raw.decode().lower())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "Invalid Request", "Error unmarshalling JSON payload")
    found = {name: body[name.lower()] for name in FIELDS if body.get(name.lower())}
    if "Components" not in found:
        raise Problem(400, "Invalid Request", "Subscription request missing Components array field.")
    if "Url" not in found:
        raise Problem(400, "Invalid Request", "Subscription request missing Url field.")
    if not any(name in found for name in ATTRIBUTES):
        raise Problem(400, "Invalid Request", NOTHING_TO_TELL)
    return found


class Hmnfd:
    """What it knows. Any thread."""

    def __init__(self, state_dir):
        self.state_dir = state_dir
        self.lock = threading.Lock()
        self.subscriptions = {}  # (xname, agent, attributes) -> subscription
        self.has_health_key = True
        self.params = {"Debug": 0, "KV_url": "http://cray-hmnfd-bitnami-etcd:2379", "Nosm": 0, "Port": 28600,
                       "Scn_in_url": "http://cray-hmnfd/hmi/v1/scn", "Scn_max_cache": 100, "Scn_cache_delay": 5,
                       "Scn_retries": 5, "Scn_backoff": 1, "SM_retries": 3, "SM_timeout": 10,
                       "SM_url": "http://cray-smd/hsm/v2", "Telemetry_host": "", "Use_telemetry": 1}

    def path(self, name):
        return os.path.join(self.state_dir, name)

    def look_at_switches(self):
        """True if it shall refuse everything."""
        if os.path.exists(self.path("lose-etcd")):
            with self.lock:
                self.subscriptions.clear()
                self.has_health_key = False
                try:
                    os.unlink(self.path("lose-etcd"))
                except FileNotFoundError:
                    pass  # another thread's request saw it, too
        return os.path.exists(self.path("refuse"))

    def record(self, xname, agent, status, invocation):
        line = json.dumps({"time": round(time.time(), 3), "xname": xname, "agent": agent, "status": status,
                           "invocation": invocation})
        with self.lock, open(self.path("subscriptions.log"), "a", encoding="ascii") as log:
            log.write(line + "\n")

    def subscribe(self, xname, agent, raw):
        found = parse_subscription(raw)
        key = (xname, agent, json.dumps([found.get(name) for name in ATTRIBUTES]))
        shown = {name: found[name] for name in FIELDS if name in found}
        shown.update(Subscriber=f"{agent}@{xname}", SubscriberComponent=xname, SubscriberAgent=agent)
        with self.lock:
            if key in self.subscriptions:
                raise Problem(400, "Invalid Request", EXISTS)
            self.subscriptions[key] = shown

    def change(self, xname, agent, raw):
        found = parse_subscription(raw)
        with self.lock:
            for (of_xname, of_agent, _), shown in self.subscriptions.items():
                if (of_xname, of_agent) == (xname, agent):
                    shown.update(found)

    def remove(self, xname, agent):
        with self.lock:
            keys = [key for key in self.subscriptions if key[0] == xname and agent in (None, key[1])]
            for key in keys:
                del self.subscriptions[key]
        if agent is not None and not keys:
            raise Problem(400, "Bad DELETE request", "No matching subscription for DELETE")

    def list(self, xname=None):
        with self.lock:
            found = [shown for key, shown in sorted(self.subscriptions.items()) if xname in (None, key[0])]
        return {"SubscriptionList": found or None}

    def health(self):
        with self.lock:
            kept = self.has_health_key
        return {"KvStore": "Health key value:HMNFD_OK" if kept else "Health key not present",
                "MsgBus": "Connected and OPEN",
                "HsmSubscriptions": "Subscribed" if kept else "HSM Subscription key not present",
                "PruneMap": "No contents", "WorkerPool": "Workers:500, Jobs:0"}

    def change_params(self, raw):
        try:
            wanted = json.loads(raw)
        except ValueError:
            raise Problem(400, "Invalid Request", "Error unmarshalling JSON payload") from None
        if "Port" in wanted or "Scn_in_url" in wanted:
            raise Problem(400, "Invalid Request", "Parameter cannot be changed")
        with self.lock:
            self.params.update({name: value for name, value in wanted.items() if name in self.params})
            return dict(self.params)


def checked_xname(text):
    if not XNAME.fullmatch(text.lower()):
        raise Problem(400, "Invalid Request", "Invalid XName in URL path")
    return text.lower()


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; the class attribute `hmnfd` is what it is about."""

    hmnfd = None
    server_version = "hmnfd-stand-in"

    def answer(self, status, body=None):
        self.send_response(status)
        data = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            self.send_header("Content-Type", "application/problem+json" if status >= 400 else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_method(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if self.hmnfd.look_at_switches():
                self.record_refusal()
                raise Problem(503, "Service Unavailable", "no healthy upstream")
            self.route(raw)
        except Problem as problem:
            self.answer(problem.status, {"type": "about:blank", "title": problem.title, "detail": problem.detail,
                                         "instance": self.path, "status": problem.status})

    do_GET = do_POST = do_PATCH = do_DELETE = handle_method  # noqa: N815 - the names that http.server calls

    def record_refusal(self):
        parts = self.path.split("/")
        if self.command == "POST" and len(parts) == 7:
            self.hmnfd.record(parts[4], parts[6], 503, self.headers.get("X-Invocation-Id", ""))

    def route(self, raw):
        if not self.path.startswith(BASE + "/"):
            raise Problem(404, "Not Found", "no such path")
        parts = self.path.removeprefix(BASE).strip("/").split("/")
        if parts[0] == "subscriptions" and len(parts) <= 4:
            return self.route_subscriptions(parts[1:], raw)
        probes = {("GET", "health"): lambda: self.answer(200, self.hmnfd.health()),
                  ("GET", "readiness"): lambda: self.answer(204 if self.hmnfd.has_health_key else 503),
                  ("GET", "liveness"): lambda: self.answer(204),
                  ("GET", "params"): lambda: self.answer(200, self.hmnfd.params),
                  ("PATCH", "params"): lambda: self.answer(200, self.hmnfd.change_params(raw))}
        self.dispatch(probes, "/".join(parts))

    def route_subscriptions(self, parts, raw):
        if not parts:
            return self.dispatch({("GET", ""): lambda: self.answer(200, self.hmnfd.list())}, "")
        xname = checked_xname(parts[0])
        if len(parts) == 1:
            return self.dispatch({("GET", ""): lambda: self.answer(200, self.hmnfd.list(xname))}, "")
        if parts[1] != "agents":
            raise Problem(404, "Not Found", "no such path")
        if len(parts) == 2:
            return self.dispatch({("DELETE", ""): lambda: self.remove(xname, None)}, "")
        agent = parts[2].lower()
        return self.dispatch({("POST", ""): lambda: self.subscribe(xname, agent, raw),
                              ("PATCH", ""): lambda: self.change(xname, agent, raw),
                              ("DELETE", ""): lambda: self.remove(xname, agent)}, "")

    def dispatch(self, routes, name):
        handler = routes.get((self.command, name))
        if handler is not None:
            return handler()
        allowed = sorted(method for method, of in routes if of == name)
        if not allowed:
            raise Problem(404, "Not Found", "no such path")
        self.send_response(405)
        self.send_header("Allow", ",".join(allowed))
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def subscribe(self, xname, agent, raw):
        status = 200
        try:
            self.hmnfd.subscribe(xname, agent, raw)
        except Problem as problem:
            status = problem.status
            raise
        finally:
            self.hmnfd.record(xname, agent, status, self.headers.get("X-Invocation-Id", ""))
        self.answer(200)

    def change(self, xname, agent, raw):
        self.hmnfd.change(xname, agent, raw)
        self.answer(204)

    def remove(self, xname, agent):
        self.hmnfd.remove(xname, agent)
        self.answer(204)

    def log_message(self, *_):
        pass  # subscriptions.log tells what the tests want to know


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024


def make_server(host, port, state_dir):
    handler = type("BoundHandler", (Handler,), {"hmnfd": Hmnfd(state_dir)})
    return Server((host, port), handler)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:28600")
    parser.add_argument("--state-dir", required=True)
    arguments = parser.parse_args()
    os.makedirs(arguments.state_dir, exist_ok=True)
    host, port = arguments.listen.rsplit(":", 1)
    server = make_server(host, int(port), arguments.state_dir)
    print(f"hmnfd: listening on {arguments.listen}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
