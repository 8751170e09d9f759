#!/usr/bin/env python3
"""bench.py - everything that Muster claims of its cost, measured on this machine; one table of medians at the end.

    tests/bench/bench.py [--agents 10000] [--runs 3] [--only jobs,sizes,storm,slow,watch,health,picture,changes,metrics,idle,exec,ssh,soak,store,agent]
                         [--results FILE] [--dir DIR] [--build build/release]

jobs   attaching that many agents, a job that changes nothing and a restart everywhere (settle 0)
sizes  the same with 1,000, 5,000 and 19,000 agents, once each
storm  musterd is killed and started again, until everybody is back; slow: the new one gets a quarter of the time
watch  the CPU of a job with none, one and ten who watch it
health muster health of all of them; picture: the same known again by a controller that was started again; changes: a change of each node
       in each second, while an operator asks; metrics: what Prometheus and a browser get
idle   the CPU of a musterd that has nothing to do
exec   pdsh and clush with as many targets, without any ssh; ssh: over real sshd on loopback, with 500, beside ours with as many
soak   200 jobs and mass reconnects
store  a store of 1,000 ended jobs of 10,000 tasks (store_bench)
agent  an idle agent in three settings (idle_agent.py), which prints its own table, too

All of it takes about an hour and a half; the machine should do nothing else. `exec`, `ssh` and `agent` need root and `packaging/setup bench`.
With --results each sample is added to that file, and the table is of all that are in it. Exit code 1 if an aim is missed.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

import controller_cost
import fleet
import fleet_cost
import idle_agent
import peers
from figures import Aim, Figures

SIZES = (1000, 5000, 19_000)
SSH_TARGETS = 500
STAGES = "jobs,sizes,storm,slow,watch,health,picture,changes,metrics,idle,exec,ssh,soak,store,agent"


def aims(agents):
    return {
        ("session, memory after jobs", agents): Aim(110),
        ("restart, the operator waits", agents): Aim(1.5),
        ("restart, CPU of each node", agents): Aim(100),
        ("pdsh -R exec, best -f, against ours", agents): Aim(15, is_least=True),
        ("clush -R exec, best -f, against ours", agents): Aim(15, is_least=True),
        ("pdsh -R ssh, best -f, against ours", SSH_TARGETS): Aim(100, is_least=True),
        ("killed, 100% are back", agents): Aim(40),
        ("killed, connections abandoned", agents): Aim(10),
        ("health, the operator waits", agents): Aim(0.3),
        ("restarted: the picture, CPU of each node", agents): Aim(15),
        ("storm of changes, the operator waits, longest", agents): Aim(200),
        ("metrics, Prometheus waits", agents): Aim(50),
        ("metrics, series", agents): Aim(2000),
        ("idle controller, CPU a minute", agents): Aim(1),
        ("after 200 jobs, RSS against warm", agents): Aim(10),
        ("after 200 jobs, descriptors more", agents): Aim(0),
        # gRPC's executor starts up to two for each CPU when it needs them, and keeps them (its src/core/lib/iomgr/executor.cc).
        ("after 200 jobs, threads more", agents): Aim(2 * os.cpu_count()),
        ("after 200 jobs, sessions lost", agents): Aim(0),
        ("open and load the store of 1,000 jobs", 10_000): Aim(2000),
        **{(f"idle agent, {setting}: {column}", 1): Aim(limit) for setting in ("quiet", "128 CPUs", "ten units/s")
           for column, limit in idle_agent.LIMITS.items()},
    }


def compare(figures, tools, targets, ours):
    """How many times as long they take. Ours had paid for attaching before."""
    own = figures.median(ours, targets)
    for tool in tools:
        theirs = figures.median(tool, targets)
        if own and theirs:
            figures.add(f"{tool}, against ours", targets, "times", theirs / own)


def over_exec(figures, options):
    peers.without_ssh(figures, options.agents, options.runs)
    if figures.median("nothing to do, the operator waits", options.agents) is None:
        controller_cost.jobs(figures, options.agents, options.dir)
    compare(figures, [f"{tool} -R exec, {fan_out}" for tool in ("pdsh", "clush") for fan_out in ("default", "best -f")],
            options.agents, "nothing to do, the operator waits")


def over_ssh(figures, options):
    controller_cost.jobs(figures, SSH_TARGETS, options.dir)
    peers.over_ssh(figures, SSH_TARGETS, options.runs)
    compare(figures, [f"{tool} -R ssh, {fan_out}" for tool in ("pdsh", "clush") for fan_out in ("default", "best -f")],
            SSH_TARGETS, "nothing to do, the operator waits")


def store(figures, options):
    with tempfile.TemporaryDirectory(dir=options.dir) as directory:
        program = os.path.join(options.build, "tests/bench/store_bench")
        text = subprocess.run([program, "--dir", directory], check=True, capture_output=True, text=True, timeout=3600).stdout
    print(text)
    for what, unit, pattern in (("store of 1,000 jobs, a task", "B", r"^size .* (\d+) bytes a task"),
                                ("store of 1,000 jobs, size", "MB", r"^size +(\d+) MB"),
                                ("open and load the store of 1,000 jobs", "ms", r"^open and load +(\d+) ms"),
                                ("list 1,000 jobs", "ms", r"^listing jobs +([\d.]+) ms")):
        figures.add(what, 10_000, unit, float(re.search(pattern, text, re.M)[1]))


def agent(figures, options):
    costs = idle_agent.report(os.path.abspath(options.build), 300)
    for (setting, program), cost in costs.items():
        if program == idle_agent.OURS:
            for column, value in cost.items():
                figures.add(f"idle agent, {setting}: {column}", 1, "", value)


def run(figures, options, only):
    def stage(name, what, *arguments, runs=options.runs):
        for _ in range(runs if name in only else 0):
            print(f"{name}:", flush=True)
            what(figures, *arguments)

    most = (options.agents, options.dir)
    stage("jobs", controller_cost.jobs, *most)
    for size in SIZES:
        stage("sizes", controller_cost.jobs, size, options.dir, runs=1)
    stage("storm", controller_cost.storm, *most)
    stage("slow", controller_cost.slow_storm, *most)
    stage("watch", controller_cost.watch, *most, runs=1)
    stage("health", controller_cost.health, *most, runs=1)
    stage("picture", fleet_cost.picture, *most, runs=1)
    stage("changes", fleet_cost.changes, *most, runs=1)
    stage("metrics", fleet_cost.metrics, *most, runs=1)
    stage("idle", controller_cost.idle, *most, runs=1)
    stage("exec", over_exec, options, runs=1)
    stage("ssh", over_ssh, options, runs=1)
    stage("soak", controller_cost.soak, *most, runs=1)
    stage("store", store, options, runs=1)
    stage("agent", agent, options, runs=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default=STAGES)
    parser.add_argument("--results", help="a file that keeps the samples")
    parser.add_argument("--dir", help="for stores and certificates (the system's for temporary files)")
    parser.add_argument("--build", default=os.path.join(os.path.dirname(__file__), "../../build/release"))
    options = parser.parse_args()
    only = options.only.split(",")
    if unknown := set(only) - set(STAGES.split(",")):
        parser.error(f"no stage is called {', '.join(sorted(unknown))}; there are {STAGES}")
    fleet.use_build(options.build)
    figures = Figures(options.results, aims(options.agents))
    run(figures, options, only)
    return 0 if figures.print() else 1


if __name__ == "__main__":
    sys.exit(main())
