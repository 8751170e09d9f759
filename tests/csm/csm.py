#!/usr/bin/env python3
"""csm.py - the stand-ins for CSM's services, all in one process: HMNFD, HSM with SLS, BSS, the gateway with Keycloak, BOS, and CPS.

    csm.py --state-dir DIR [--listen HOST:PORT] [--compute N | --nodes FILE] [options of each]

They listen on PORT and the five after it, in this order: hmnfd, hsm, bss, gateway, bos, cps; with port 0 on any. Each says so in a line of
its own, "<name>: listening on HOST:PORT", and has its state directory below DIR: DIR/hmnfd, DIR/hsm, and so on. What their switches are:
service.py, hmnfd.py, gateway.py, bss.py, bos.py, cps.py. kubectl, beside this file, restarts HMNFD and BSS, with CSM_STATE=DIR.
"""

import asyncio
import os

import bos
import bss
import cps
import gateway
import hmnfd
import hsm
import service as services

NAMES = ("hmnfd", "hsm", "bss", "gateway", "bos", "cps")  # in the order of their ports


class Csm:
    """The servers by name; they listen from the start."""

    def __init__(self, arguments):
        host, port = arguments.listen.rsplit(":", 1)
        ports = {name: int(port) and int(port) + number for number, name in enumerate(NAMES)}
        self.servers = {}
        for name in sorted(NAMES, key="gateway".__eq__):  # the gateway last: it must know where the others are
            service = getattr(self, f"make_{name}")(arguments, os.path.join(arguments.state_dir, name))
            tls_dir = arguments.tls_dir if name == "gateway" else None
            self.servers[name] = services.make_server(service, host, ports[name], tls_dir)
        # Only now it is known where all of them are.
        self.servers["hmnfd"].service.hsm = self.url("hsm") + "/hsm/v2"
        self.servers["hsm"].service.hmnfd = self.url("hmnfd")

    def url(self, name):
        return f"http://{self.servers[name].address}"

    def make_hmnfd(self, arguments, state_dir):
        return hmnfd.make_service(arguments, state_dir)

    def make_hsm(self, arguments, state_dir):
        return hsm.make_service(arguments, state_dir)

    def make_bss(self, arguments, state_dir):
        arguments.hmnfd, arguments.hsm = self.url("hmnfd"), self.url("hsm") + "/hsm/v2"
        return bss.make_service(arguments, state_dir)

    def make_bos(self, arguments, state_dir):
        arguments.hsm = self.url("hsm") + "/hsm/v2"
        return bos.make_service(arguments, state_dir)

    def make_cps(self, arguments, state_dir):
        return cps.make_service(arguments, state_dir)

    def make_gateway(self, arguments, state_dir):
        upstreams = {"hmnfd": self.url("hmnfd"), "smd": self.url("hsm"), "sls": self.url("hsm"), "bss": self.url("bss"),
                     "bos": self.url("bos"), "cps": self.url("cps")}
        return gateway.make_service(arguments, state_dir, upstreams)

    async def serve(self):
        await asyncio.gather(*(server.serve() for server in self.servers.values()))

    def shutdown(self):
        for server in self.servers.values():
            server.shutdown()

    def server_close(self):
        for server in self.servers.values():
            server.server_close()


def parse(words=None):
    parser = services.common_arguments(__doc__, "127.0.0.1:28600")
    nodes = parser.add_mutually_exclusive_group()
    nodes.add_argument("--nodes", help="file of what HSM knows (hsm_world.py); read again when it changes")
    nodes.add_argument("--compute", type=int, default=0, help="so many made-up compute nodes, all Ready, and three workers")
    parser.set_defaults(hsm=None, hmnfd=None)
    parser.add_argument("--prune-interval", type=float, default=hmnfd.PRUNE_INTERVAL, help="of HMNFD's prune loops, in seconds")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="of HMNFD, as GET params shows them")
    gateway.add_arguments(parser)
    bos.add_arguments(parser)
    cps.add_arguments(parser)
    return parser.parse_args(words)


def main():
    csm = Csm(parse())
    for name in NAMES:
        print(f"{name}: listening on {csm.servers[name].address}", flush=True)
    try:
        asyncio.run(csm.serve())
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
