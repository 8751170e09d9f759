#!/usr/bin/env python3
"""rude_bench.py - what peers that misbehave cost the others: a restart of the unit on all nodes, meanwhile.

    tests/bench/rude_bench.py [--agents 2000] [--runs 3] [--rude 20] [--build build/release]

silent      2,000 connections that say nothing, opened anew as they are closed
stalled     2,000 connections that begin a TLS handshake and leave it there, likewise
deaf …      as tests/bench/rude_agent.cc says, from --rude agents with certificates of their own

Of each the job's wall time (medians) beside that without any of them, the CPU that musterd has spent on it and on them until it
had ended, and what `muster status` says it refused. The rude ones have the same cores; a real one would not take the controller's
time to be rude in, so they run with the lowest priority.
"""

import argparse
import contextlib
import os
import selectors
import socket
import ssl
import statistics
import subprocess
import threading
import time

import controller_cost
import figures
import fleet

CONNECTIONS = 2000


def client_hello():
    """The first bytes of a TLS client."""
    out = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    return out.read()


class Connections:
    """Keeps so many open until it is stopped; each begins with `text` and goes no further."""

    def __init__(self, port, text):
        self.port, self.text, self.opened = port, text, 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _open(self, selector):
        # Another host: sources take turns, and within one the line is what it is.
        connection = socket.create_connection(("127.0.0.1", self.port), source_address=("127.0.0.66", 0))
        connection.setblocking(False)
        if self.text:
            connection.send(self.text)
        selector.register(connection, selectors.EVENT_READ)
        self.opened += 1

    def _run(self):
        with selectors.DefaultSelector() as selector:
            while not self.stopping.is_set():
                while len(selector.get_map()) < CONNECTIONS and not self.stopping.is_set():
                    self._open(selector)
                for key, _ in selector.select(0.2):
                    with contextlib.suppress(OSError):
                        if key.fileobj.recv(65536):
                            continue  # the server's part of the handshake
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            for key in list(selector.get_map().values()):
                key.fileobj.close()

    def stop(self):
        self.stopping.set()
        self.thread.join()


class RudeAgents:
    def __init__(self, world, nodes, how):
        self.all = [subprocess.Popen([fleet.program("RUDE_AGENT"), f"127.0.0.1:{world.agent_port}",
                                      os.path.join(world.tls_dir, node), node, how], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     preexec_fn=lambda: os.nice(19)) for node in nodes]

    def stop(self):
        for each in self.all:
            each.kill()
            each.wait()


def start(world, how, rude_nodes):
    if how == "nobody":
        return None
    if how in ("silent", "stalled"):
        return Connections(world.agent_port, client_hello() if how == "stalled" else b"")
    return RudeAgents(world, rude_nodes, how)


def bench(world, how, agents, rude_nodes, runs):
    def refused():
        return {each["reason"]: int(each["count"]) for each in world.muster("status").get("refusals", [])}

    before = refused()
    rude = start(world, how, rude_nodes)
    try:
        time.sleep(3)  # it has come to what it does for good
        usage = world.usage()
        # The rude agents are no targets: the job ends without them.
        walls = [controller_cost.run_muster(world, "resubscribe", "--no-verify", "-w", world.node_set(agents), "--settle", "0s")
                 for _ in range(runs)]
        after = world.usage()
        newcomer = time.monotonic()
        world.start_agents_at(agents, 1)
        fleet.wait_until(lambda: world.sum("attached") == agents + 1, "one more agent is attached", 60)
        newcomer = time.monotonic() - newcomer
        world.stop_last()
    finally:
        if rude:
            rude.stop()
    new = {reason: count - before.get(reason, 0) for reason, count in refused().items()}
    return {"who": how, "job wall s": f"{statistics.median(walls):.2f}",
            "musterd CPU s/s": f"{(after.cpu - usage.cpu) / (after.at - usage.at):.2f}",
            "one more attaches s": f"{newcomer:.2f}", "musterd RSS MB": f"{after.rss / 1e6:.0f}",
            "refused": " ".join(f"{reason}={count}" for reason, count in new.items() if count > 0) or "-"}


def main():
    parser = argparse.ArgumentParser(description="What peers that misbehave cost the others.")
    parser.add_argument("--agents", type=int, default=2000)
    parser.add_argument("--rude", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="nobody,silent,stalled,deaf,flood,large,streams,attaches")
    parser.add_argument("--build", default=os.path.join(os.path.dirname(__file__), "../../build/release"))
    options = parser.parse_args()
    fleet.use_build(options.build)
    with fleet.Fleet(options.agents + 1 + options.rude) as world:
        names = sorted(os.listdir(world.tls_dir))
        controller_cost.attach(world, options.agents)
        rows = [bench(world, how, options.agents, names[options.agents + 1:], options.runs) for how in options.only.split(",")]
    figures.print_table(f"A restart on {options.agents} nodes, while others misbehave", rows)


if __name__ == "__main__":
    main()
