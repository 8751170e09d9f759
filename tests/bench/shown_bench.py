#!/usr/bin/python3
"""shown_bench.py - how long an operator waits for lists: the whole `muster` program against a real musterd, without any agent.

    tests/bench/shown_bench.py [--tasks 10000] [--jobs 1000] [--runs 7] [--build build/release]

The nodes are an inventory's, so that each task ends UNDELIVERED when its delivery deadline of a second is over. Medians of wall times, from the
start of the program to its end, with its output read through a pipe.
"""

import argparse
import os
import subprocess
import sys
import time

import fleet
from figures import Aim, Figures

FORMATS = ("table", "json", "jsonl", "yaml", "toml")
AIM_MS = 300


def write_inventory(world, count):
    path = os.path.join(world.directory, "inventory.toml")
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            name = f"x{1000 + i // 256}c{i // 32 % 8}s{i // 4 % 8}b{i // 2 % 2}n{i % 2}"
            file.write(f'[[node]]\nxname = "{name}"\naliases = ["nid{i + 1:06d}"]\nrole = "Compute"\n')
    world.settings = f'inventory = "{path}"\n'


def run(world, *arguments):
    """Milliseconds, and what was printed."""
    began = time.monotonic()
    done = subprocess.run([fleet.program("MUSTER"), *arguments], env=world.env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    took = 1000 * (time.monotonic() - began)
    if done.returncode not in (0, 1):  # 1: a job that ended otherwise
        raise AssertionError(f"muster {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr.decode()}")
    return took, done.stdout


def make_jobs(world, count):
    """So many small jobs, made by one connection after the other; the large one is the oldest, and still in the pages of a list of all."""
    for _ in range(count):
        run(world, "restart", "sshd", "-w", "x1000c0s0b0n0", "--delivery-deadline", "1s", "--detach")


def measure(world, figures, what, size, runs, *arguments):
    run(world, *arguments)  # the first one warms what the others find warm
    for _ in range(runs):
        took, out = run(world, *arguments)
        assert out, what
        figures.add(what, size, "ms", took)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--build", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "release"))
    options = parser.parse_args()
    fleet.use_build(options.build)
    shows = [f"job show, {name}" for name in FORMATS]
    aims = {(what, options.tasks): Aim(AIM_MS) for what in [*shows, "node list", "dry run"]}
    aims |= {(f"job list --all, {name}", options.jobs): Aim(AIM_MS) for name in FORMATS}
    aims |= {(what, options.jobs): Aim(AIM_MS) for what in ("job list", "job list --state running")}
    figures = Figures(aims=aims)
    with fleet.Fleet(2) as world:
        write_inventory(world, options.tasks)
        world.start_musterd()
        job = world.muster("restart", "sshd", "--all", "--delivery-deadline", "1s", "--max-failures", "100%", code=1)
        assert len(job["tasks"]) == options.tasks and {task["state"] for task in job["tasks"]} == {"UNDELIVERED"}
        for name in FORMATS:
            measure(world, figures, f"job show, {name}", options.tasks, options.runs, "-o", name, "job", "show", job["name"])
        measure(world, figures, "node list", options.tasks, options.runs, "node", "list")
        measure(world, figures, "dry run", options.tasks, options.runs, "restart", "sshd", "--all", "--dry-run", "--ramp")
        make_jobs(world, options.jobs)
        measure(world, figures, "job list", options.jobs, options.runs, "job", "list")
        measure(world, figures, "job list --state running", options.jobs, options.runs, "job", "list", "--state", "running")
        for name in FORMATS:
            measure(world, figures, f"job list --all, {name}", options.jobs, options.runs, "-o", name, "job", "list", "--all")
    return 0 if figures.print() else 1


if __name__ == "__main__":
    sys.exit(main())
