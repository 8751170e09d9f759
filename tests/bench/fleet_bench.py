#!/usr/bin/env python3
"""fleet_bench.py - what one musterd costs with thousands of agents, each with its own mTLS connection (muster-swarm), on this machine.

    tests/bench/fleet_bench.py [--agents 1000,5000,10000] [--runs 3] [--only jobs,storm,slow,watch,idle,soak] [--dir DIR] [--build build/release]

jobs   attaching, a job that changes nothing (--since) and one that restarts the unit everywhere (settle 0): medians of the runs
storm  musterd is killed and started again; until when everybody is back
slow   the same, and the new one runs for a quarter of the time only
watch  the CPU of a job with none, one and ten who watch it
idle   CPU of a musterd that has nothing to do, over two PINGs to each agent
soak   many jobs and mass reconnects; what is held at the end against after the warm-up

The agents run on the same cores. CPU is musterd's alone, wall time that of the operator's command, from its start to its last line:
every outcome is synced in the store by then. Latencies are those of outcomes in the store, from the creation of the job.
"""

import argparse
import datetime
import os
import signal
import statistics
import subprocess
import threading
import time

import fleet


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def print_table(title, rows):
    """rows: [{column: text}], all with the same columns."""
    print(f"\n{title}")
    columns = list(rows[0])
    widths = [max(len(column), *(len(str(row[column])) for row in rows)) for column in columns]
    print("  ".join(column.rjust(width) for column, width in zip(columns, widths)))
    for row in rows:
        print("  ".join(str(row[column]).rjust(width) for column, width in zip(columns, widths)), flush=True)


def seconds_of(stamp):
    """RFC 3339 with up to nine digits, which this Python cannot read."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + float("0." + (fraction or "0"))


def run_muster(world, *arguments):
    """How long the operator's command took, as a person types it."""
    begin = time.monotonic()
    subprocess.run([fleet.program("MUSTER"), *arguments], env=world.env, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    return time.monotonic() - begin


def measure_job(world, agents, *arguments):
    before = world.usage()
    wall = run_muster(world, "resubscribe", "--all", "--settle", "0s", *arguments)
    after = world.usage()
    job = world.muster("job", "show", "last")
    created = seconds_of(job["create_time"])
    outcomes = [seconds_of(task["update_time"]) - created for task in job["tasks"]]
    return {"wall": wall, "cpu": (after.cpu - before.cpu) / agents, "p50": quantile(outcomes, 0.5),
            "p99": quantile(outcomes, 0.99), "max": max(outcomes)}


def medians(samples):
    return {name: statistics.median(sample[name] for sample in samples) for name in samples[0]}


def attach(world, agents):
    """Attaches them to a musterd that is just up."""
    world.start_musterd()
    empty = world.usage()
    begin = time.monotonic()
    world.start_agents(agents)
    world.wait_attached(agents)
    full = world.usage()
    return {"wall": world.attached_at(1, begin), "cpu": (full.cpu - empty.cpu) / agents,
            "session": (full.rss - empty.rss) / agents, "opens": world.sum("opened")}


def bench_jobs(agents, runs, directory):
    attaches, nothing, restarts, sessions = [], [], [], []
    for _ in range(runs):
        with fleet.Fleet(agents, directory) as world:
            attaches.append(attach(world, agents))
            empty_rss = world.usage().rss - attaches[-1]["session"] * agents
            for _ in range(2):
                restarts.append(measure_job(world, agents))
                nothing.append(measure_job(world, agents, "--since", "1h"))
            sessions.append((world.usage().rss - empty_rss) / agents)
    attached = medians(attaches)

    def job(sample):
        return {"wall s": f"{sample['wall']:.2f}", "µs CPU/node": f"{sample['cpu'] * 1e6:.0f}", "p50 s": f"{sample['p50']:.2f}",
                "p99 s": f"{sample['p99']:.2f}", "max s": f"{sample['max']:.2f}"}

    return ({"agents": agents, "attach s": f"{attached['wall']:.1f}", "ms CPU/attach": f"{attached['cpu'] * 1e3:.2f}",
             "KB/session": f"{attached['session'] / 1e3:.0f}", "KB/session after jobs": f"{statistics.median(sessions) / 1e3:.0f}"},
            {"agents": agents, "job": "nothing to do", **job(medians(nothing))},
            {"agents": agents, "job": "restart", **job(medians(restarts))})


def passive_opens():
    with open("/proc/net/snmp", encoding="ascii") as file:
        names, values = [line.split() for line in file if line.startswith("Tcp:")]
    return int(values[names.index("PassiveOpens")])


def run_at_a_quarter(process):
    """Until it ends it is stopped for three quarters of each tenth of a second."""

    def turn():
        while process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.075)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.025)

    threading.Thread(target=turn, daemon=True).start()


def bench_storm(agents, directory, slow_down=None):
    """`slow_down` gets the new musterd."""
    with fleet.Fleet(agents, directory) as world:
        attach(world, agents)
        opens = passive_opens()
        begin = time.monotonic()
        world.stop_musterd(signal.SIGKILL)
        world.start_musterd()
        if slow_down:
            slow_down(world.musterd)
        fleet.wait_until(lambda: world.sum("attached") < agents, "somebody has noticed", 60)
        world.wait_attached(agents)
        return {"agents": agents, **{f"{share:.0%} back s": f"{world.attached_at(share, begin):.1f}" for share in (0.5, 0.9, 1)},
                "musterd CPU s": f"{world.usage().cpu:.1f}", "TCP accepts": passive_opens() - opens}


def bench_idle(agents, directory, minutes=4):
    with fleet.Fleet(agents, directory) as world:
        attach(world, agents)
        time.sleep(5)
        before = world.usage()
        time.sleep(60 * minutes)
        after = world.usage()
        return {"agents": agents, "CPU s/min": f"{(after.cpu - before.cpu) / minutes:.2f}", "threads": after.threads}


def bench_watch(agents, directory, watchers):
    """A restart that nobody waits for, and so many who watch it."""
    with fleet.Fleet(agents, directory) as world:
        attach(world, agents)
        for _ in range(2):  # the first warms up
            before = world.usage()
            run_muster(world, "resubscribe", "--all", "--settle", "0s", "--detach")
            watching = [subprocess.Popen([fleet.program("MUSTER"), "job", "watch", "last"], env=world.env, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(watchers)]
            fleet.wait_until(lambda: world.muster("job", "list")["jobs"][0]["state"] != "RUNNING", "the job has ended", 300)
            for each in watching:
                each.wait(300)
            after = world.usage()
        return {"agents": agents, "watchers": watchers, "µs CPU/node": f"{(after.cpu - before.cpu) / agents * 1e6:.0f}"}


def bench_soak(agents, directory, jobs, warm_up):
    """At every fifth of the way all agents go at once and new ones come."""
    with fleet.Fleet(agents, directory) as world:
        attach(world, agents)
        rows = []
        for done in range(1, jobs + 1):
            run_muster(world, "resubscribe", "--all", "--settle", "0s", "--delivery-deadline", "5min")
            if done % (jobs // 5) == 0:
                world.stop_agents()
                world.start_agents(agents)
                world.wait_attached(agents)
            if done in (warm_up, jobs):
                usage = world.usage()
                attached = world.muster("node", "list", "--all")
                rows.append({"after jobs": done, "RSS MB": f"{usage.rss / 1e6:.0f}", "descriptors": usage.descriptors,
                             "threads": usage.threads,
                             "sessions": sum(node["presence"] == "ATTACHED" for node in attached["nodes"])})
        return rows


def main():
    parser = argparse.ArgumentParser(description="What one musterd costs with thousands of agents.")
    parser.add_argument("--agents", default="1000,5000,10000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="jobs,storm,idle")
    parser.add_argument("--soak-jobs", type=int, default=200)
    parser.add_argument("--dir", help="for stores and certificates (the system's for temporary files)")
    parser.add_argument("--build", default=os.path.join(os.path.dirname(__file__), "../../build/release"))
    options = parser.parse_args()
    fleet.use_build(options.build)
    counts, only = [int(n) for n in options.agents.split(",")], options.only.split(",")
    most = counts[-1]
    if "jobs" in only:
        rows = [bench_jobs(agents, options.runs, options.dir) for agents in counts]
        print_table("Attaching", [row[0] for row in rows])
        print_table("A job on all nodes", [part for row in rows for part in row[1:]])
    if "storm" in only:
        print_table("musterd is killed and started again", [bench_storm(most, options.dir)])
    if "slow" in only:
        print_table("The same, and the new one runs for a quarter of the time", [bench_storm(most, options.dir, run_at_a_quarter)])
    if "watch" in only:
        print_table("Watching", [bench_watch(most, options.dir, watchers) for watchers in (0, 1, 10)])
    if "idle" in only:
        print_table("An idle musterd", [bench_idle(most, options.dir)])
    if "soak" in only:
        print_table("Soak", bench_soak(most, options.dir, options.soak_jobs, max(1, options.soak_jobs // 10)))


if __name__ == "__main__":
    main()
