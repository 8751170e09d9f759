#!/usr/bin/env python3
"""bss.py - stand-in for BSS, which keeps the nodes' boot parameters, and is a subscriber of HMNFD itself.

    bss.py --listen HOST:PORT --state-dir DIR --hmnfd URL [--hsm URL]

When its process starts it subscribes to HMNFD by v1, POST and then PATCH, as boot-script-service@x0, and never again: it does not notice
when HMNFD has lost that. A restart makes it subscribe anew.

In DIR it writes and looks at, beside the switches that all have (service.py):
    bss.log              one JSON line for each of its requests to HMNFD: time, method, status (null: no answer)
    bootparameters.json  what GET bootparameters answers, if it is there; else each of HSM's nodes, or a Default, has some
    lose-etcd            while it exists, there are no boot parameters
"""

import json

from httpd import FETCH_ERRORS, Answer, Problem, fetch, json_answer, text_answer
import service as services

BASE = "/boot/v1/"
STATES = ["on", "off", "empty", "unknown", "populated"]
VERSION = "1.37.0"


class Bss(services.Service):
    """The service."""

    def __init__(self, state_dir, *, hmnfd=None, hsm=None, **common):
        super().__init__(state_dir, **common)
        self.hmnfd, self.hsm = hmnfd, hsm
        self.nodes = []

    def is_readiness(self, request):
        return request.path == BASE + "service/status"

    async def start(self):
        self.nodes = await self.ask_hsm()
        body = {"Subscriber": "boot-script-service@x0", "Components": self.nodes or ["allnodes"], "Enabled": True, "States": STATES,
                "Url": "http://cray-bss/boot/v1/scn"}
        for method in ("POST", "PATCH"):
            await self.subscribe(method, json.dumps(body).encode())

    async def ask_hsm(self):
        if not self.hsm:
            return []
        try:
            answer = await fetch(f"{self.hsm}/State/Components?type=Node&stateonly=true")
            return [component["ID"] for component in json.loads(answer.body)["Components"]]
        except (*FETCH_ERRORS, KeyError):
            return []

    async def subscribe(self, method, body):
        status = None
        try:
            answer = await fetch(f"{self.hmnfd}/hmi/v1/subscribe", method, body, {"Content-Type": "application/json"})
            status = answer.status
        except FETCH_ERRORS:
            pass  # it does not try again
        self.switches.append("bss.log", method=method, status=status)

    async def route(self, request):
        path = request.path.removeprefix(BASE)
        if not request.path.startswith(BASE):
            raise Problem(404, "Not Found", "no such path")
        if path.startswith("service/"):
            return await services.allow(request, {"GET": lambda: self.status(path)})()
        routes = {"bootparameters": {"GET": lambda: self.boot_parameters(request)},
                  "bootscript": {"GET": lambda: self.boot_script(request)},
                  "hosts": {"GET": self.hosts}, "scn": {"POST": self.take_scn}}.get(path)
        if routes is None:
            raise Problem(404, "Not Found", "no such path")
        return await services.allow(request, routes)()

    async def status(self, path):
        """By what the path holds."""
        answer = {"bss-status": "running"} if "status" in path or "all" in path else {}
        for word, name in (("version", "bss-version"), ("hsm", "bss-status-hsm"), ("etcd", "bss-status-etcd")):
            if word in path or "all" in path:
                answer[name] = VERSION if word == "version" else "connected"
        return json_answer(answer)

    def parameters(self):
        if "lose-etcd" in self.switches.present():
            return []
        if text := self.switches.text("bootparameters.json"):
            return json.loads(text)
        hosts = self.nodes or ["Default"]
        return [{"hosts": [host], "params": "console=ttyS0,115200", "kernel": "s3://boot-images/1/kernel",
                 "initrd": "s3://boot-images/1/initrd", "cloud-init": {"meta-data": None, "user-data": None, "phone-home": {}}}
                for host in hosts]

    def find(self, request):
        names = request.parameters.get("name")
        return [entry for entry in self.parameters() if names is None or set(names) & set(entry["hosts"])]

    async def boot_parameters(self, request):
        found = self.find(request)
        if not found and request.query:
            raise Problem(404, "Not Found", "Not found")
        return json_answer(found)

    async def boot_script(self, request):
        if "name" not in request.parameters or not self.find(request):
            raise Problem(404, "Not Found", "Not found")
        return text_answer(200, "#!ipxe\nboot || goto boot_retry\n")

    async def hosts(self):
        return json_answer([{"ID": node, "Type": "Node"} for node in self.nodes])

    async def take_scn(self):
        return Answer(200)


def add_arguments(parser):
    parser.add_argument("--hmnfd", default="http://127.0.0.1:28600", help="base of HMNFD")
    parser.add_argument("--hsm", help="base of HSM, such as http://127.0.0.1:27779/hsm/v2: its nodes are who it subscribes to")


def make_service(arguments, state_dir):
    return Bss(state_dir, hmnfd=arguments.hmnfd, hsm=arguments.hsm, restart_seconds=arguments.restart_seconds, seed=arguments.seed)


def main():
    parser = services.common_arguments(__doc__, "127.0.0.1:27778")
    add_arguments(parser)
    arguments = parser.parse_args()
    services.serve("bss", make_service(arguments, arguments.state_dir), arguments.listen)


if __name__ == "__main__":
    main()
