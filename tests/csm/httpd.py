"""httpd.py - the little HTTP that the stand-ins need, as server and as client: HTTP/1.1 with keep-alive, on one asyncio loop.

A service has `async handle(request) -> Answer` and `async run()`, what it does by itself until it is cancelled.
"""

import asyncio
import json
import socket
import ssl
import threading
import urllib.parse

REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 409: "Conflict", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
           504: "Gateway Timeout"}
MAX_BODY = 64 << 20


class Hangup(Exception):
    """The connection is closed without an answer."""


class Problem(Exception):
    """An answer that is an error, RFC 7807."""

    def __init__(self, status, title, detail, instance=None):
        super().__init__(detail)
        self.status, self.title, self.detail, self.instance = status, title, detail, instance

    def answer(self, request):
        body = {"type": "about:blank", "title": self.title, "detail": self.detail,
                "instance": self.instance or request.target, "status": self.status}
        return Answer(self.status, json.dumps(body), "application/problem+json")


class Request:
    """What was asked. Header names are in lower case."""

    def __init__(self, method, target, headers=None, body=b"", version="HTTP/1.1"):
        self.method, self.target, self.headers, self.body, self.version = method, target, headers or {}, body, version
        self.path, _, self.query = target.partition("?")

    @property
    def parameters(self):
        """{name: [value, …]} of the query."""
        return urllib.parse.parse_qs(self.query, keep_blank_values=True)

    @property
    def is_probe(self):
        """From a kubelet, which asks the pod itself and not the mesh."""
        return self.headers.get("user-agent", "").startswith("kube-probe/")

    @property
    def keeps_alive(self):
        wish = self.headers.get("connection", "").lower()
        return wish == "keep-alive" if self.version == "HTTP/1.0" else wish != "close"


class Answer:
    """What is answered: body is text or bytes."""

    def __init__(self, status, body=b"", content_type=None, headers=None):
        self.status = status
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = dict(headers or {})
        if content_type:
            self.headers["Content-Type"] = content_type

    def head(self, keeps_alive):
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if "Connection" not in self.headers:
            lines.append(f"Connection: {'keep-alive' if keeps_alive else 'close'}")
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("latin-1")


def json_answer(value, status=200):
    return Answer(status, json.dumps(value), "application/json")


def text_answer(status, text):
    return Answer(status, text, "text/plain")


def parse_head(raw):
    """(the first line's words, {header: value})"""
    first, *lines = raw.decode("latin-1").split("\r\n")[:-2]
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return first.split(" ", 2), headers


async def read_request(reader, writer):
    """None at the end of the connection, or of what is HTTP."""
    try:
        words, headers = parse_head(await reader.readuntil(b"\r\n\r\n"))
        method, target, version = words
        length = int(headers.get("content-length") or 0)
        if not 0 <= length <= MAX_BODY:
            return None
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(length) if length else b""
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        return None
    return Request(method, target, headers, body, version)


class Server:
    """A service behind a socket that listens from the start. serve_forever on one thread, shutdown on any other."""

    def __init__(self, host, port, service, tls_dir=None):
        self.socket = socket.create_server((host, port), backlog=1024)
        self.server_address = self.socket.getsockname()[:2]
        self.service = service
        self.tls = make_server_context(tls_dir) if tls_dir else None
        self.lock = threading.Lock()
        self.loop = self.end = None
        self.is_shut = False
        self.has_ended = threading.Event()

    @property
    def address(self):
        return f"{self.server_address[0]}:{self.server_address[1]}"

    def serve_forever(self, _poll_interval=None):
        asyncio.run(self.serve())

    async def serve(self):
        """Until shutdown."""
        with self.lock:
            if self.is_shut:
                return
            self.loop, self.end = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.serve_until_end()
        finally:
            self.has_ended.set()

    async def serve_until_end(self):
        service = asyncio.create_task(self.service.run())
        server = await asyncio.start_server(self.converse, sock=self.socket, ssl=self.tls, backlog=1024, limit=1 << 18)
        end = asyncio.create_task(self.end.wait())
        await asyncio.wait((end, service), return_when=asyncio.FIRST_COMPLETED)
        server.close()
        service.cancel()
        if not self.end.is_set():
            await service  # it ended by itself, which is an error: say which

    def shutdown(self):
        """Returns when it no longer uses its socket."""
        with self.lock:
            self.is_shut = True
            if self.loop is None:
                return
        try:
            self.loop.call_soon_threadsafe(self.end.set)
        except RuntimeError:
            return  # the loop is closed: it has ended by itself
        self.has_ended.wait()

    def server_close(self):
        self.socket.close()

    async def converse(self, reader, writer):
        """One connection, to its end."""
        try:
            while (request := await read_request(reader, writer)) is not None:
                answer = await self.service.handle(request)
                keeps_alive = request.keeps_alive and answer.headers.get("Connection") != "close"
                body = b"" if request.method == "HEAD" else answer.body
                writer.write(answer.head(keeps_alive) + body)
                await writer.drain()
                if not keeps_alive:
                    break
        except (Hangup, OSError, ssl.SSLError):
            pass  # either side has had enough
        finally:
            writer.close()


def make_server_context(tls_dir):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{tls_dir}/cert.pem", f"{tls_dir}/key.pem")
    return context


async def read_answer(reader):
    while True:
        words, headers = parse_head(await reader.readuntil(b"\r\n\r\n"))
        status = int(words[1])
        if status != 100:
            break
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = b"" if status == 204 else await reader.read()
    return Answer(status, body, headers.get("content-type"), {"Allow": headers["allow"]} if "allow" in headers else None)


async def fetch(url, method="GET", body=b"", headers=None, timeout=10.0):
    """The answer of another server, over a connection of its own; OSError, ValueError, EOFError or TimeoutError if there is none."""
    parts = urllib.parse.urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not parts.hostname:
        raise ValueError(f"{url} names no host")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80, limit=1 << 18)
        try:
            writer.write("\r\n".join(lines + ["", ""]).encode("latin-1") + body)
            await writer.drain()
            return await read_answer(reader)
        finally:
            writer.close()


FETCH_ERRORS = (OSError, ValueError, EOFError, TimeoutError, asyncio.LimitOverrunError)
