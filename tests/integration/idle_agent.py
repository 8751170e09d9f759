#!/usr/bin/env python3
"""idle_agent.py - what an idle agent costs a node: on a real host that starts ten transient units a second.

    tests/integration/idle_agent.py [--seconds 120] [--build build/release]

Prints a table of threads, wakeups, memory and CPU time over that time, and the libraries the agent needs, beside the limits;
exit code 1 if one is exceeded. A wakeup is a voluntary context switch of any of the agent's threads: it slept and was woken.
"""

import argparse
import math
import os
import re
import subprocess
import sys
import time

import harness

# Seconds; as the controller sends them unless it is told otherwise (limits.h).
PING_INTERVAL = 60
ALLOWED_LIBRARIES = {"libc.so.6", "libm.so.6", "libsystemd.so.0", "libssl.so.3", "libssl.so.1.1",
                     "libcrypto.so.3", "libcrypto.so.1.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
# Ten transient units a second, and how many that were.
LOAD = "n=0; while sleep 0.1; do systemd-run --quiet --no-block --collect /bin/true & n=$((n + 1)); echo $n >/run/load; done"


class Sample:
    """What /proc says of the agent now."""

    def __init__(self, host, pid):
        statuses = host.run("sh", "-c", f"cat /proc/{pid}/task/*/status")
        self.threads = len(re.findall(r"^Pid:", statuses, re.M))
        self.wakeups = sum(int(n) for n in re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", statuses, re.M))
        rollup = host.run("cat", f"/proc/{pid}/smaps_rollup")
        self.rss_kib = int(re.search(r"^Rss:\s+(\d+)", rollup, re.M)[1])
        self.anonymous_kib = int(re.search(r"^Anonymous:\s+(\d+)", rollup, re.M)[1])
        fields = host.run("cat", f"/proc/{pid}/stat").rpartition(")")[2].split()
        self.cpu_ms = (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def needed_libraries(agent):
    dynamic = subprocess.run(["readelf", "-d", agent], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)


def measure(world, seconds):
    """[(what, value, limit or None, text)], in the order of printing."""
    host = world.host(1)
    load = host.start("sh", "-c", LOAD)
    time.sleep(3)  # what attaching woke has gone back to sleep
    pid = host.agent_pid()
    units_before = int(host.run("cat", "/run/load"))
    first, began = Sample(host, pid), time.monotonic()
    time.sleep(seconds)
    last, elapsed = Sample(host, pid), time.monotonic() - began
    units = int(host.run("cat", "/run/load")) - units_before
    load.kill()
    load.wait()
    if host.agent_pid() != pid:
        raise AssertionError("the agent was restarted in the middle")
    pings = math.ceil(elapsed / PING_INTERVAL)
    wakeups = last.wakeups - first.wakeups
    return [
        ("transient units started a second", units / elapsed, None),
        ("threads", last.threads, 1),
        ("wakeups, in all", wakeups, None),
        ("pings of the controller, at most", pings, None),
        ("wakeups a minute beyond the pings", max(0, wakeups - pings) * 60 / elapsed, max(1.0, 60 / elapsed)),
        ("resident memory, MiB", last.rss_kib / 1024, 12),
        ("of which anonymous, MiB", last.anonymous_kib / 1024, 2),
        ("CPU time, ms", last.cpu_ms - first.cpu_ms, None),
    ]


def print_table(rows, seconds):
    print(f"An idle agent over {seconds} s")
    for what, value, limit in rows:
        shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        verdict = "" if limit is None else f"limit {limit:g}   {'ok' if value <= limit else 'EXCEEDED'}"
        print(f"  {what:36} {shown:>8}   {verdict}".rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--build", default=os.path.join(harness.HERE, "..", "..", "build", "release"))
    arguments = parser.parse_args()
    harness.use_build(arguments.build)
    world = harness.World(1)
    try:
        rows = measure(world, arguments.seconds)
    finally:
        world.close()
    libraries = needed_libraries(os.environ["MUSTER_AGENT"])
    print_table(rows, arguments.seconds)
    print("  libraries: " + " ".join(libraries))
    exceeded = any(limit is not None and value > limit for _, value, limit in rows)
    return 1 if exceeded or not set(libraries) <= ALLOWED_LIBRARIES else 0


if __name__ == "__main__":
    sys.exit(main())
