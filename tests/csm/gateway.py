#!/usr/bin/env python3
"""gateway.py - stand-in for the API gateway of a CSM system, with Keycloak behind it.

    gateway.py --listen HOST:PORT --state-dir DIR [--tls-dir DIR] [--hmnfd URL] [--hsm URL] [--sls URL] [--bss URL] [--bos URL]
               [--cps URL]

/apis/hmnfd, /apis/smd, /apis/sls, /apis/bss and /apis/bos lead to what is behind them, with the rest of the path; /apis/v2/cps to CPS, with
all that follows /apis. 401 without a Bearer token, or with one that is unknown or expired; 403 with one whose role may not do that; 404 for
a path that leads nowhere; 503 while what is behind is down or not ready, as its readiness says, asked every --probe-period. Tokens: POST of
client_id, client_secret and grant_type=client_credentials to /keycloak/realms/shasta/protocol/openid-connect/token; they live --expires-in
seconds.

In DIR it writes and looks at, beside the switches that all have (service.py):
    requests.log     one JSON line for each request: time, method, path, query, status, has_token, client
    revoke           once it exists, no token that was issued is good any more, and the file is removed
    keycloak-answer  while it exists, Keycloak answers as the switch `answer` says, and the rest is as ever
"""

import asyncio
import secrets
import time
import urllib.parse

from httpd import FETCH_ERRORS, Answer, Request, fetch, json_answer, text_answer
import service as services

TOKEN_PATH = "/keycloak/realms/shasta/protocol/openid-connect/token"
READINESS = {"hmnfd": "/hmi/v1/readiness", "smd": "/hsm/v2/service/ready", "sls": "/v1/readiness", "bss": "/boot/v1/service/status",
             "bos": "/v2/healthz", "cps": "/v2/cps/contents"}
# Below /apis a service is found by its name, which it does not see; these by the beginning of a path that is its own.
OWN_PATHS = {"v2/cps/": "cps"}
READ = ("GET", "HEAD")
ALL = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
# What a role may do, by the service's name.
RIGHTS = {"admin": dict.fromkeys(READINESS, ALL),
          "system-compute": {"hmnfd": ("DELETE", "PATCH", "POST", *READ), "smd": READ, "cps": ("POST", *READ)},
          "system-pxe": {"bss": ("POST", *READ)},
          "wlm": {"smd": READ, "sls": READ, "bos": ALL},
          "user": {}}
FORWARD_TIMEOUT = 15.0
PROBE_TIMEOUT = 5.0
PASSED_ON = ("content-type", "accept", "user-agent", "x-invocation-id", "cray-tenant-name")


class Keycloak:
    """Clients, and the tokens that they hold."""

    def __init__(self, clients, expires_in, clock=time.monotonic):
        self.clients = clients  # {id: (secret, role)}
        self.expires_in, self.clock = expires_in, clock
        self.tokens = {}  # token -> (client, end)

    def revoke_all(self):
        self.tokens.clear()

    def grant(self, request):
        form = {name: values[0] for name, values in urllib.parse.parse_qs(request.body.decode(errors="replace")).items()}
        if "grant_type" not in form:
            return refuse(400, "invalid_request", "Missing form parameter: grant_type")
        if form["grant_type"] != "client_credentials":
            return refuse(400, "unsupported_grant_type", "Unsupported grant_type")
        client = form.get("client_id", "")
        if client not in self.clients:
            return refuse(401, "invalid_client", "Invalid client or Invalid client credentials")
        if form.get("client_secret") != self.clients[client][0]:
            return refuse(401, "unauthorized_client", "Invalid client or Invalid client credentials")
        return json_answer({"access_token": self.issue(client), "expires_in": self.expires_in, "refresh_expires_in": 0,
                            "token_type": "bearer", "not-before-policy": 0, "scope": "email profile"})

    def issue(self, client):
        token = ".".join(secrets.token_urlsafe(length) for length in (24, 480, 256))
        self.tokens[token] = (client, self.clock() + self.expires_in)
        return token

    def judge(self, token):
        """(client, None), or (None, what is wrong)"""
        if token is None:
            return None, "Jwt is missing"
        if token not in self.tokens:
            return None, "Jwt verification fails"
        client, end = self.tokens[token]
        return (client, None) if self.clock() < end else (None, "Jwt is expired")

    def may(self, client, service, request):
        """SoftwareStatus is a node's own to set."""
        role = self.clients[client][1]
        if role == "system-compute" and service == "smd" and request.method == "PATCH":
            return request.path.endswith("/SoftwareStatus")
        return request.method in RIGHTS[role].get(service, ())


def refuse(status, error, description):
    return json_answer({"error": error, "error_description": description}, status)


def bearer(request):
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def way(target):
    """(the service's name, its path) of what was asked."""
    rest = target.removeprefix("/apis/")
    for own_path, name in OWN_PATHS.items():
        if rest.startswith(own_path):
            return name, "/" + rest
    name, _, path = rest.partition("/")
    return name, "/" + path


class Upstream:
    """A service behind the gateway; is_ready is None until it was asked."""

    def __init__(self, name, base):
        self.name, self.base = name, base.rstrip("/")
        self.is_ready = None
        self.was_asked = asyncio.Event()

    async def probe(self):
        try:
            answer = await fetch(self.base + READINESS[self.name], headers={"User-Agent": "kube-probe/1.24"}, timeout=PROBE_TIMEOUT)
            self.is_ready = answer.status // 100 == 2
        except FETCH_ERRORS:
            self.is_ready = False
        self.was_asked.set()

    async def forward(self, request, path):
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        try:
            return await fetch(self.base + path, request.method, request.body, headers, FORWARD_TIMEOUT)
        except TimeoutError:
            return text_answer(504, "upstream request timeout")
        except FETCH_ERRORS:
            return text_answer(503, services.RESET)


class Gateway(services.Service):
    """The gateway; `upstreams` is {name: base}."""

    def __init__(self, state_dir, upstreams, clients, *, expires_in=300, probe_period=1.0, **common):
        super().__init__(state_dir, **common)
        self.upstreams = {name: Upstream(name, base) for name, base in upstreams.items() if base}
        self.keycloak = Keycloak(clients, expires_in)
        self.probe_period = probe_period
        self.probes = []

    async def start(self):
        for probe in self.probes:
            probe.cancel()
        loop = asyncio.get_running_loop()
        self.probes = [loop.create_task(self.keep_probing(upstream)) for upstream in self.upstreams.values()]

    async def keep_probing(self, upstream):
        while True:
            await upstream.probe()
            await asyncio.sleep(self.probe_period)

    def look_at(self, on):
        if "revoke" in on:
            self.keycloak.revoke_all()
            self.switches.take("revoke")

    async def route(self, request):
        if request.path == TOKEN_PATH:
            return await services.allow(request, {"POST": lambda: self.token(request)})()
        client, wrong = self.keycloak.judge(bearer(request))
        if wrong:
            kind = "" if bearer(request) is None else ', error="invalid_token"'
            return Answer(401, wrong, "text/plain", {"WWW-Authenticate": f'Bearer realm="{request.path}"{kind}'})
        name, path = way(request.target)
        if not request.path.startswith("/apis/") or name not in self.upstreams:
            return Answer(404)
        if not self.keycloak.may(client, name, request):
            return text_answer(403, "RBAC: access denied")
        return await self.pass_on(request, self.upstreams[name], path)

    async def token(self, request):
        if text := self.switches.text("keycloak-answer"):
            return services.outside_answer(text)
        return self.keycloak.grant(request)

    async def pass_on(self, request: Request, upstream, path):
        await upstream.was_asked.wait()
        return await upstream.forward(request, path) if upstream.is_ready else text_answer(503, services.NO_UPSTREAM)

    def record(self, request, status):
        token = bearer(request)
        client, _ = self.keycloak.tokens.get(token, (None, None))
        self.switches.append("requests.log", method=request.method, path=request.path, query=request.query, status=status,
                             has_token=token is not None, client=client)


def parse_client(text):
    """ID:SECRET[:ROLE]"""
    name, secret, *role = text.split(":")
    if role and role[0] not in RIGHTS:
        raise ValueError(f"no role {role[0]}; there are {', '.join(RIGHTS)}")
    return name, (secret, role[0] if role else "admin")


def add_arguments(parser):
    parser.add_argument("--tls-dir", help="holds cert.pem and key.pem; without it the gateway speaks plain HTTP")
    parser.add_argument("--client", action="append", type=parse_client, metavar="ID:SECRET[:ROLE]",
                        help=f"a client of Keycloak, and its role: {', '.join(RIGHTS)}; default admin-client:secret:admin")
    parser.add_argument("--expires-in", type=services.number, default=300, help="life of a token, in seconds")
    parser.add_argument("--probe-period", type=float, default=1.0, help="how often it asks who is ready, in seconds")


def make_service(arguments, state_dir, upstreams):
    clients = dict(arguments.client or [parse_client("admin-client:secret:admin")])
    return Gateway(state_dir, upstreams, clients, expires_in=arguments.expires_in, probe_period=arguments.probe_period,
                   restart_seconds=arguments.restart_seconds, seed=arguments.seed)


def main():
    parser = services.common_arguments(__doc__, "127.0.0.1:28443")
    add_arguments(parser)
    for option, default in (("--hmnfd", "127.0.0.1:28600"), ("--hsm", "127.0.0.1:27779"), ("--sls", "127.0.0.1:27779"),
                            ("--bss", "127.0.0.1:27778"), ("--bos", "127.0.0.1:27780"), ("--cps", "127.0.0.1:27781")):
        parser.add_argument(option, default=f"http://{default}")
    arguments = parser.parse_args()
    upstreams = {"hmnfd": arguments.hmnfd, "smd": arguments.hsm, "sls": arguments.sls, "bss": arguments.bss, "bos": arguments.bos,
                 "cps": arguments.cps}
    services.serve("gateway", make_service(arguments, arguments.state_dir, upstreams), arguments.listen, arguments.tls_dir)


if __name__ == "__main__":
    main()
