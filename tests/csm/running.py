"""running.py - for the tests: a server on a thread of its own, and requests to it."""

import asyncio
import http.client
import json
import os
import socket
import tempfile
import threading
import time
import unittest

from httpd import Answer, Server


class Running:
    """Serves until stop()."""

    def __init__(self, server):
        self.server = server
        self.port = server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Listener:
    """A service that answers everything with a status, and keeps the bodies."""

    def __init__(self, status=200):
        self.status, self.bodies = status, []

    async def run(self):
        await asyncio.Event().wait()

    async def handle(self, request):
        self.bodies.append(json.loads(request.body))
        return Answer(self.status)


def raw_call(port, method, path, body=None, headers=None):
    """(status, body as bytes, headers); the connection is one of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read(), response.headers
    finally:
        connection.close()


def call(port, method, path, body=None, headers=None):
    """(status, parsed body, or its text if it is not JSON)"""
    data = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
    status, text, _ = raw_call(port, method, path, data, headers)
    try:
        return status, json.loads(text) if text else None
    except ValueError:
        return status, text.decode()


def closed_port():
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def wait_until(condition, what, limit=8.0):
    deadline = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit} s still not: {what}")
        time.sleep(0.005)
    return value


class StandInTest(unittest.TestCase):
    """A state directory, and what runs in the test."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def start(self, server):
        running = Running(server)
        self.addCleanup(running.stop)
        return running

    def listen(self, status=200):
        """(the listener, its url)"""
        listener = Listener(status)
        return listener, self.start(Server("127.0.0.1", 0, listener)).url

    def put(self, name, text=""):
        path = os.path.join(self.directory, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def unput(self, name):
        os.unlink(os.path.join(self.directory, name))

    def is_put(self, name):
        return os.path.exists(os.path.join(self.directory, name))

    def lines(self, name):
        """Of a log."""
        try:
            with open(os.path.join(self.directory, name), encoding="ascii") as log:
                return [json.loads(line) for line in log]
        except FileNotFoundError:
            return []
