#!/usr/bin/env python3
"""stand_in.py - what musterd's web port is for the page: its files and its API, for a machine that does not exist.

    tests/web/stand_in.py [--nodes 10000] [--listen 127.0.0.1:8421] [--tasks-per-second 200] [--changes-per-second 2]

Serves until it is killed; the token is "secret", with any user name. For the tests of the page, which change the machine as they go, and to
look at the page while it is worked upon.
"""

import argparse
import base64
import http.server
import json
import os
import queue
import random
import threading
import time
import urllib.parse

import machine

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../controller/web/page")
TOKEN = "secret"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml"}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'")
KEEP_ALIVE = 5
TASKS_IN_EVENT = 5000


class Refused(Exception):
    """(status, sentence)"""


class Stream:
    """One who listens to events; None in its queue ends it."""

    def __init__(self, job):
        self.job = job
        self.events = queue.SimpleQueue()


class StandIn(http.server.ThreadingHTTPServer):
    """refusal: (status, sentence) that the API answers; requests: (method, path) of all."""

    daemon_threads = True

    def __init__(self, the_machine, address=("127.0.0.1", 0)):
        super().__init__(address, Handler)
        self.machine = the_machine
        self.jobs = {}
        self.refusal = None
        self.requests = []
        self.streams = set()
        self.lock = threading.Lock()
        self.url = f"http://{self.server_address[0]}:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """A browser closes its connections as it likes."""

    def tell(self, name, data, job=None):
        for stream in list(self.streams):
            if job is None or stream.job == job:
                stream.events.put((name, data))

    def change(self, changes):
        """Of {number: letters}."""
        with self.lock:
            self.tell("map", self.machine.change(changes))

    def replace(self, the_machine):
        """Other nodes."""
        with self.lock:
            the_machine.revision = self.machine.revision + 1
            self.machine = the_machine
            self.tell("reload", {})

    def add_job(self, job):
        self.jobs = {job.identity: job, **self.jobs}
        return job

    def change_job(self, job, changes):
        with self.lock:
            self.tell("job", job.put(changes), job.identity)

    def go_on(self, job, steps):
        with self.lock:
            self.tell("job", job.go_on(steps), job.identity)

    def drop_streams(self):
        for stream in list(self.streams):
            stream.events.put(None)

    def open_stream(self, job_id):
        """It begins with where everything stands."""
        if job_id and job_id not in self.jobs:
            raise Refused(404, f"there is no job {job_id}")
        stream = Stream(job_id)
        with self.lock:
            stream.events.put(("map", {"revision": self.machine.revision, "changed": []}))
            if job_id:
                everything = self.jobs[job_id].everything()
                tasks = everything["changed"]
                for at in range(0, max(1, len(tasks)), TASKS_IN_EVENT):
                    stream.events.put(("job", {**everything, "changed": tasks[at:at + TASKS_IN_EVENT]}))
            self.streams.add(stream)
        return stream

    def stop(self):
        self.drop_streams()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        """Nobody reads it."""

    def do_GET(self):  # pylint: disable=invalid-name
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        self.server.requests.append((self.command, self.path))
        try:
            self.check()
            if parts.path == "/api/events":
                return self.serve_events(query.get("job", ""))
            if parts.path.startswith("/api/"):
                return self.answer_json(200, self.api(parts.path.removeprefix("/api/"), query))
            return self.serve_file(parts.path)
        except Refused as refused:
            status, sentence = refused.args
            return self.answer_json(status, {"error": sentence})

    def check(self):
        if token_of(self.headers.get("Authorization", "")) != TOKEN:
            raise Refused(401, "a token is needed, or an operator's certificate")
        if self.server.refusal and self.path.startswith("/api/"):
            raise Refused(*self.server.refusal)

    def api(self, path, query):
        server = self.server
        if path.startswith("node/"):
            name = urllib.parse.unquote(path.removeprefix("node/"))
            return found(server.machine.node(name), f"nobody knows a node {name}")
        if path == "select":
            try:
                return {"nodes": server.machine.select(query["q"])}
            except ValueError as error:
                raise Refused(400, str(error)) from error
        answers = {"map": server.machine.map, "health": server.machine.health, "history": lambda: {"events": server.machine.history()[:50]},
                   "jobs": lambda: {"jobs": [job.brief() for job in server.jobs.values()]}}
        with server.lock:
            return found(answers.get(path), "there is nothing of that name")()

    def serve_file(self, path):
        name = path.removeprefix("/") or "index.html"
        kind = TYPES.get(os.path.splitext(name)[1])
        if not kind or "/" in name or not os.path.exists(os.path.join(PAGE, name)):
            raise Refused(404, "there is nothing of that name")
        with open(os.path.join(PAGE, name), "rb") as file:
            self.answer(200, file.read(), kind)

    def answer_json(self, status, value):
        self.answer(status, json.dumps(value).encode(), "application/json")

    def answer(self, status, body, kind):
        self.send_response(status)
        # A browser without a screen waits forever for somebody to type a password.
        if status == 401 and not self.server.refusal:
            self.send_header("WWW-Authenticate", 'Basic realm="Muster"')
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve_events(self, job_id):
        stream = self.server.open_stream(job_id)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            self.wfile.write(b"retry: 2000\n\n")
            while (text := next_text(stream)) is not None:
                self.wfile.write(text.encode())
        except OSError:
            pass  # the browser has gone
        finally:
            self.server.streams.discard(stream)
            self.close_connection = True


def token_of(authorization):
    """Of Bearer, or the password of Basic, whoever the user is."""
    scheme, _, value = authorization.partition(" ")
    if scheme != "Basic":
        return value if scheme == "Bearer" else None
    try:
        return base64.b64decode(value).decode().partition(":")[2]
    except ValueError:
        return None


def next_text(stream):
    try:
        event = stream.events.get(timeout=KEEP_ALIVE)
    except queue.Empty:
        return ": still there\n\n"
    return event and f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n"


def found(value, sentence):
    if value is None:
        raise Refused(404, sentence)
    return value


def start(the_machine):
    """A stand-in that serves, on a port of its own."""
    stand_in = StandIn(the_machine)
    threading.Thread(target=stand_in.serve_forever, daemon=True).start()
    return stand_in


def live_on(stand_in, job, tasks_per_second, changes_per_second):
    """Conditions come and go, and the job goes on, ten times a second."""
    shares, due = random.Random(3), 0.0
    size = len(stand_in.machine.names)
    while True:
        time.sleep(0.1)
        stand_in.go_on(job, tasks_per_second // 10)
        due += changes_per_second / 10
        count, due = int(due), due % 1
        if count:
            kinds = [machine.WELL, "TTF-T-T", "TFT-T-T", machine.AWAY]
            stand_in.change({shares.randrange(size): shares.choice(kinds) for _ in range(count)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=10000)
    parser.add_argument("--listen", default="127.0.0.1:8421")
    parser.add_argument("--tasks-per-second", type=int, default=200)
    parser.add_argument("--changes-per-second", type=float, default=2)
    arguments = parser.parse_args()
    host, port = arguments.listen.rsplit(":", 1)
    stand_in = StandIn(machine.Machine(machine.xnames(arguments.nodes)), (host, int(port)))
    job = stand_in.add_job(machine.Job("01a201df-541e-709a-a82f-f5e6dce5ef53", "restart ORCA", arguments.nodes))
    threading.Thread(target=live_on, args=(stand_in, job, arguments.tasks_per_second, arguments.changes_per_second), daemon=True).start()
    print(f"{stand_in.url}: any user name, password {TOKEN}", flush=True)
    try:
        stand_in.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
