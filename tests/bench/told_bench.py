#!/usr/bin/env python3
"""told_bench.py - how soon `muster health` and /metrics tell what has happened to a node, on real hosts of tests/bed.

    tests/bench/told_bench.py [--build build/release]

One line for each thing that happens: seconds until the exit code of health and the number of degraded nodes in /metrics say so, and until all
is well again after it was undone. A host that is cut off says nothing, and is known to be gone when its PING is not answered. Needs root.
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
os.chdir(os.path.join(HERE, "..", "integration"))

import programs  # noqa: E402

CRASHING = "[Service]\\nExecStart=\\nExecStart=/bin/false\\nRestart=always\\nRestartSec=200ms\\n"
DROP_IN = "/run/systemd/system/cray-orca.service.d"
# Two PINGs and what is allowed for their answers, and some.
LIMIT = 320


class Watched:
    """A world, and what its two voices say of it."""

    def __init__(self, world, test):
        self.world, self.test = world, test

    def told(self, is_well):
        """Seconds until both say so."""
        begin, health, metrics = time.monotonic(), None, None
        while health is None or metrics is None:
            if time.monotonic() > begin + LIMIT:
                raise AssertionError(f"not told within {LIMIT} s")
            if health is None and (self.world.muster("health").code == 0) == is_well:
                health = time.monotonic() - begin
            degraded = self.test.metric("muster_nodes_by_verdict", verdict="degraded")
            if metrics is None and (degraded == 0) == is_well:
                metrics = time.monotonic() - begin
            time.sleep(0.05)
        return health, metrics

    def measure(self, what, happen, undo):
        happen()
        bad = self.told(False)
        undo()
        good = self.told(True)
        print(f"{what:34} {bad[0]:8.1f} {bad[1]:8.1f} {good[0]:12.1f} {good[1]:8.1f}", flush=True)


def crash_loop(host):
    host.run("sh", "-c", f"mkdir -p {DROP_IN}; printf '{CRASHING}' >{DROP_IN}/crash.conf; systemctl daemon-reload; "
             "systemctl restart cray-orca.service || true")


def end_crash_loop(host):
    host.run("sh", "-c", f"rm -r {DROP_IN}; systemctl daemon-reload; systemctl stop cray-orca.service; "
             "systemctl reset-failed cray-orca.service; systemctl start cray-orca.service")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build", "release"))
    programs.use_build(os.path.abspath(parser.parse_args().build))
    import content_hosts
    import test_web
    from harness import World

    world = World(4, agent_settings=content_hosts.AGENT_SETTINGS, programs=["CONTENTFS"], before_boot=content_hosts.make_image,
                  web=True)
    test = test_web.WebTest()
    test_web.WebTest.world = world
    watched = Watched(world, test)
    orca, content, cut, killed = world.hosts
    content_hosts.mount_content(content)
    watched.told(True)
    print(f"{'seconds until it is told':34} {'health':>8} {'metrics':>8} {'well: health':>12} {'metrics':>8}")
    watched.measure("a unit is stopped", lambda: orca.systemctl("stop", "cray-orca.service"),
                    lambda: orca.systemctl("start", "cray-orca.service"))
    watched.measure("a unit crashes again and again", lambda: crash_loop(orca), lambda: end_crash_loop(orca))
    watched.measure("content is unmounted", lambda: content.run("umount", "/usr-local-pe", "/opt/pe", "/sq/pe", "/images/pe"),
                    lambda: content_hosts.mount_content(content))
    watched.measure("a host is told to boot", lambda: killed.systemctl("stop", "muster-agent.service"),
                    lambda: killed.systemctl("start", "muster-agent.service"))
    watched.measure("a host is killed", killed.kill, killed.boot)
    watched.measure("a host is cut off", cut.cut, cut.heal)


if __name__ == "__main__":
    main()
