#!/usr/bin/env python3
"""pace_bench.py - how closely the restarts of `muster resubscribe` follow an HMNFD that takes so many subscriptions a second and no more.

    tests/bench/pace_bench.py [--agents 10000] [--per-second 100] [--queue 200] [--build build/release]

The agents are muster-swarm's, whose units POST when they start; HMNFD is the stand-in of tests/csm: beyond its queue it answers 503, and is not
ready meanwhile. Prints the restarts of each five seconds, then what was aimed at: from second 20 until the last restart within 80 and
105 % of what HMNFD takes, at most 2 % of the nodes restarted twice, all proven within 1.3 times as long as the subscriptions alone
would take; and that `muster subscriptions status` then answers within a second. Exit code 1 if not.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import figures
import fleet

HERE = os.path.dirname(os.path.abspath(__file__))
WINDOW = 5  # seconds
FROM = 20


class Hmnfd:
    """The stand-ins, in a process of their own."""

    def __init__(self, directory, capacity):
        self.port = fleet.free_ports(1)[0]
        self.directory = os.path.join(directory, "csm")
        os.makedirs(os.path.join(self.directory, "hmnfd"))
        with open(os.path.join(self.directory, "hmnfd", "capacity"), "w", encoding="ascii") as file:
            json.dump(capacity, file)
        self.log = open(os.path.join(directory, "hmnfd.log"), "wb")
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "../csm/hmnfd.py"), "--listen", f"127.0.0.1:{self.port}",
                                         "--state-dir", os.path.join(self.directory, "hmnfd")], stdout=self.log, stderr=self.log)

    def stop(self):
        self.process.kill()
        self.process.wait(30)
        self.log.close()


def restarts(world):
    """[(monotonic, restarts so far)], all processes of the swarm together."""
    tallies = [(tally["monotonic"], i, tally["restarts"]) for i, swarm in enumerate(world.swarms) for tally in swarm.tallies]
    newest, points = {}, []
    for moment, swarm, count in sorted(tallies):
        newest[swarm] = count
        points.append((moment, sum(newest.values())))
    return points


def curve(points, begin):
    """[(second, restarts a second in the window that begins there)], until the last restart."""
    def count_at(moment):
        return max((count for at, count in points if at <= moment), default=0)

    end = next(at for at, count in points if count == points[-1][1])
    seconds = range(0, int(end - begin) + 1, WINDOW)
    return [(second, (count_at(begin + second + WINDOW) - count_at(begin + second)) / min(WINDOW, end - begin - second))
            for second in seconds if end - begin - second > 1]


def run(agents, hmnfd, world):
    world.start_musterd()
    world.start_agents(agents, "--hmnfd", f"http://127.0.0.1:{hmnfd.port}/hmi")
    world.wait_attached(agents)
    begin = time.monotonic()
    # All may fail: what is measured is how many do.
    done = subprocess.run([fleet.program("MUSTER"), "resubscribe", "--all", "--settle", "0s", "--max-failures", "100%", "-o", "json"],
                          env=world.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200, check=False)
    wall = time.monotonic() - begin
    return begin, wall, json.loads(done.stdout)


def status(world):
    """The median of five."""
    seconds = []
    for _ in range(5):
        begin = time.monotonic()
        subprocess.run([fleet.program("MUSTER"), "subscriptions", "status"], env=world.env, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=60, check=True)
        seconds.append(time.monotonic() - begin)
    return statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--per-second", type=int, default=100)
    parser.add_argument("--queue", type=int, default=200)
    parser.add_argument("--build", default=os.path.join(HERE, "../../build/release"))
    options = parser.parse_args()
    fleet.use_build(options.build)
    with tempfile.TemporaryDirectory(prefix="muster-pace-") as directory, fleet.Fleet(options.agents, directory) as world:
        hmnfd = Hmnfd(directory, {"per_second": options.per_second, "queue": options.queue})
        try:
            world.settings = f'[csm]\nhmnfd = "http://127.0.0.1:{hmnfd.port}/hmi/v2"\n'
            begin, wall, operation = run(options.agents, hmnfd, world)
            rates = curve(restarts(world), begin)
            asked = status(world)
        finally:
            hmnfd.stop()
    figures.print_table(f"Restarts a second; HMNFD takes {options.per_second}",
                        [{"from second": second, "restarts/s": f"{rate:.0f}", "": "#" * int(rate / options.per_second * 50)}
                         for second, rate in rates])
    for note in operation["notes"]:
        print(f"  {note['time']} {note['text']}")
    tasks = operation["job"]["tasks"]
    late = [rate / options.per_second for second, rate in rates[:-1] if second >= FROM]
    again = sum(task["attempt"] > 1 for task in tasks) / len(tasks)
    proven = sum(task["state"] == "SUCCEEDED" for task in tasks)
    least = options.agents / options.per_second
    print(f"\npace from second {FROM}: {min(late):.0%} to {max(late):.0%} of what HMNFD takes (aim 80 to 105 %)")
    print(f"restarted twice: {again:.2%} (aim 2 %); proven: {proven} of {len(tasks)}")
    print(f"{wall:.0f} s in all, {wall / least:.2f} times what the subscriptions take (aim 1.3)")
    print(f"`muster subscriptions status`: {asked:.2f} s (aim 1)")
    is_good = asked <= 1 and min(late) >= 0.8 and max(late) <= 1.05 and again <= 0.02 and proven == len(tasks) and wall <= 1.3 * least
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
