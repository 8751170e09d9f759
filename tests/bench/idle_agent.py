#!/usr/bin/env python3
"""idle_agent.py - what an idle agent costs a node, beside what else waits on one: on three real hosts at the same time.

    tests/bench/idle_agent.py [--seconds 300] [--build build/release]

Settings, a host each:
quiet         nothing happens
128 CPUs      the same, and the programs are told of 128 CPUs (many_cpus.c). node_exporter is not: Go asks the kernel, and node_exporter
              limits itself to one CPU wherever it runs
ten units/s   the host starts ten transient units a second

Programs, all on each host, each a service:
muster-agent    ours; musterd pings it each two minutes
node_exporter   Debian's, as it comes; scraped once a minute (every 15 s is Prometheus' default and costs four times as much)
Python agent    python_agent.py, the smallest one of the standard library
gRPC C++ agent  grpc_agent.cc, gRPC's callback API; attached to the same musterd, which pings it, too

A wakeup is a voluntary context switch of any of a program's threads: it slept and was woken. From muster-agent's are taken those of
pings, one for each packet with data that came. Memory is the larger of before and after; resident counts pages that programs share.
Prints that as a table, and the libraries that muster-agent needs; exit code 1 if muster-agent exceeds a limit in any setting. Needs root
and `packaging/setup bench`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time

import figures

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../integration"))

import harness  # noqa: E402
import programs  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = "muster-agent"
LIMITS = {"threads": 1, "beyond pings/min": 1, "RSS MiB": 12, "anonymous MiB": 2}
ALLOWED_LIBRARIES = {"libc.so.6", "libm.so.6", "libsystemd.so.0", "libssl.so.3", "libssl.so.1.1",
                     "libcrypto.so.3", "libcrypto.so.1.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
# Seconds. The pings are musterd's unless it is told otherwise (limits.h).
PING_INTERVAL = 120
SCRAPE_INTERVAL = 60
SETTLE = 5  # what starting woke has gone back to sleep

# What hosts see of our files, and the services beside ours.
SHARED = "/opt/muster-etc/bench"
SHIM = f"{SHARED}/many_cpus.so"
PEERS_PORT, EXPORTER_PORT = 7430, 9100
SERVICES = {
    "node_exporter": ["/usr/bin/prometheus-node-exporter"],
    "Python agent": [f"{SHARED}/python_agent.py", "mgmt-nmn", str(PEERS_PORT), f"{SHARED}/%H"],
    "gRPC C++ agent": [f"{SHARED}/grpc_agent", "mgmt-nmn:7420", f"{SHARED}/%H", "NODE"],
}
# About ten transient units a second, and how many that were.
LOAD = "n=0; while sleep 0.095; do systemd-run --quiet --no-block --collect /bin/true & n=$((n + 1)); echo $n >/run/load; done"


def unit_of(program):
    return program.replace(" ", "-").replace("+", "p") + ".service"


class Sample:
    """What the kernel says of a program of a host now."""

    def __init__(self, host, program):
        unit = unit_of(program)
        self.pid = int(host.show(unit, "MainPID"))
        self.at = time.monotonic()
        text = host.run("sh", "-c", f"cat /proc/{self.pid}/task/*/status /proc/{self.pid}/smaps_rollup; "
                                    f"cat /sys/fs/cgroup/system.slice/{unit}/cpu.stat; ss -Htinp")
        threads = re.findall(r"^Pid:\s+(\d+)$.*?^voluntary_ctxt_switches:\s+(\d+)$", text, re.M | re.S)
        self.switches = {thread: int(count) for thread, count in threads}
        self.rss_mib = int(re.search(r"^Rss:\s+(\d+)", text, re.M)[1]) / 1024
        self.anonymous_mib = int(re.search(r"^Anonymous:\s+(\d+)", text, re.M)[1]) / 1024
        self.cpu_ms = int(re.search(r"^usage_usec (\d+)", text, re.M)[1]) / 1000
        # Of its connection; a service without one is not what was to be measured.
        self.packets = int(re.search(rf"\bpid={self.pid},.*\n.*\bdata_segs_in:(\d+)", text)[1])


def wakeups_between(first, last):
    return sum(count - first.switches.get(thread, 0) for thread, count in last.switches.items())


def cost(program, first, last):
    """{column: number}"""
    if first.pid != last.pid:
        raise AssertionError(f"{program} was restarted in the middle")
    seconds = last.at - first.at
    minutes = seconds / 60
    wakeups = wakeups_between(first, last)
    pings = min(last.packets - first.packets, int(seconds / PING_INTERVAL) + 1)  # no more than there can be
    return {"threads": max(len(first.switches), len(last.switches)),
            "wakeups/min": wakeups / minutes,
            "beyond pings/min": max(0, wakeups - pings) / minutes if program == OURS else None,
            "RSS MiB": max(first.rss_mib, last.rss_mib),
            "anonymous MiB": max(first.anonymous_mib, last.anonymous_mib),
            "CPU ms/min": (last.cpu_ms - first.cpu_ms) / minutes}


class Load:
    """Ten transient units a second on a host, as long as it lives."""

    def __init__(self, host):
        self.host = host
        self.process = host.start("sh", "-c", LOAD)
        programs.wait_until(lambda: host.run("cat", "/run/load", check=False), "units are started")
        self.began, self.first = time.monotonic(), self._count()

    def _count(self):
        return int(self.host.run("cat", "/run/load"))

    def units_per_second(self):
        return (self._count() - self.first) / (time.monotonic() - self.began)

    def stop(self):
        self.process.kill()
        self.process.wait()


def measure(hosts, programs, seconds):
    """{(host, program): cost}"""
    pairs = [(host, program) for host in hosts for program in programs]
    time.sleep(SETTLE)
    first = {pair: Sample(*pair) for pair in pairs}
    time.sleep(seconds)
    return {pair: cost(pair[1], first[pair], Sample(*pair)) for pair in pairs}


def limits_exceeded(cost_of_one, seconds):
    """Sentences. One wakeup in less than a minute is no more than one a minute."""
    limits = {**LIMITS, "beyond pings/min": max(1, 60 / seconds)}
    return [f"{name} {cost_of_one[name]:.2f}, limit {limit}" for name, limit in limits.items() if cost_of_one[name] > limit]


def needed_libraries(agent):
    dynamic = subprocess.run(["readelf", "-d", agent], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)


# ---- the three hosts, and what runs on them

def node_of(host):
    """Who the gRPC agent of a host is: the host's own name is muster-agent's."""
    return f"x9000c0s{host.number}b0n0"


def prepare(world, build):
    """Files that the hosts will see, before they boot."""
    shared = os.path.join(world.etc, os.path.basename(SHARED))
    os.makedirs(shared)
    for file in (f"{build}/tests/bench/many_cpus.so", f"{build}/tests/bench/grpc_agent", f"{HERE}/python_agent.py"):
        shutil.copy(file, shared)
    for host in world.hosts:
        world.plain_muster("pki", "issue", "--dir", os.path.join(world.directory, "ca"), "--role", "agent", "--out",
                           os.path.join(shared, host.nid), node_of(host))
        with open(os.path.join(world.directory, "inventory.toml"), "a", encoding="ascii") as file:
            file.write(f'[[node]]\nxname = "{node_of(host)}"\nrole = "Compute"\n\n')
    many_cpus_host(world).set_agent_env(LD_PRELOAD=SHIM)


def many_cpus_host(world):
    return world.host(2)


def start_services(world):
    """Returns what the Python agents and node_exporters talk to, once all talk."""
    peers = programs.Process(world, "peers", [
        sys.executable, f"{HERE}/idle_peers.py", f"10.252.0.1:{PEERS_PORT}", os.path.join(world.directory, "controller"),
        str(SCRAPE_INTERVAL), *(f"{host.name}:{EXPORTER_PORT}" for host in world.hosts)])
    programs.wait_until(lambda: "listening" in peers.log(), "the peers listen")
    for host in world.hosts:
        preload = [f"--setenv=LD_PRELOAD={SHIM}"] if host is many_cpus_host(world) else []
        for program, command in SERVICES.items():
            words = [node_of(host) if word == "NODE" else word.replace("%H", host.nid) for word in command]
            host.run("systemd-run", "--quiet", f"--unit={unit_of(program)}", *preload, *words)
            if program == "node_exporter":
                programs.wait_until(lambda host=host: host.run("ss", "-Hltn", f"sport = :{EXPORTER_PORT}"), "it listens")
    programs.wait_until(lambda: peers.log().count("scraped") >= len(world.hosts), "all Python agents and scrapes")
    attached = {node_of(host) for host in world.hosts}
    programs.wait_until(lambda: attached <= {node for node, state in world.presence().items() if state == "ATTACHED"}, "gRPC agents")
    check_shim(many_cpus_host(world))
    return peers


def check_shim(host):
    for program in (OURS, *SERVICES):
        host.run("grep", "-q", SHIM, f"/proc/{host.show(unit_of(program), 'MainPID')}/maps")


def run(build, seconds):
    """({(setting, program): cost}, units started a second)"""
    world = harness.World(3, before_boot=lambda new: prepare(new, build))
    try:
        peers = start_services(world)
        load = Load(world.host(3))
        settings = dict(zip(world.hosts, ("quiet", "128 CPUs", "ten units/s")))
        costs = measure(world.hosts, (OURS, *SERVICES), seconds)
        rate = load.units_per_second()
        load.stop()
        if peers.popen.poll() is not None:
            raise AssertionError(f"the peers have ended:\n{peers.log()}")
    finally:
        world.close()
    return {(settings[host], program): each for (host, program), each in costs.items()}, rate


def shown(column, value):
    if value is None:
        return "-"
    return str(value) if column == "threads" else f"{value:.1f}"


def report(build, seconds):
    """Prints the table; {(setting, program): cost}."""
    if not os.path.exists(SERVICES["node_exporter"][0]):
        raise SystemExit("idle_agent: there is no prometheus-node-exporter; packaging/setup bench installs it")
    costs, rate = run(build, seconds)
    rows = [{"setting": setting, "program": program, **{column: shown(column, value) for column, value in cost_of_one.items()}}
            for (setting, program), cost_of_one in costs.items()]
    figures.print_table(f"Idle for {seconds} s on {os.cpu_count()} CPUs; a scrape each minute, a ping each two", rows)
    print(f"\nten units/s: {rate:.1f} were started a second")
    return costs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--build", default=os.path.join(HERE, "../../build/release"))
    options = parser.parse_args()
    programs.use_build(options.build)
    libraries = needed_libraries(os.environ["MUSTER_AGENT"])
    costs = report(os.path.abspath(options.build), options.seconds)
    print(f"{OURS} needs: {' '.join(libraries)}")
    wrong = [f"{setting}: {sentence}" for (setting, program), cost_of_one in costs.items() if program == OURS
             for sentence in limits_exceeded(cost_of_one, options.seconds)]
    wrong += [f"library {library}" for library in sorted(set(libraries) - ALLOWED_LIBRARIES)]
    limits = ", ".join(f"{name} {limit}" for name, limit in LIMITS.items())
    print(f"limits of {OURS} ({limits}): {'; '.join(wrong) + ': EXCEEDED' if wrong else 'kept'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
