"""What one musterd costs with thousands of agents, each with its own mTLS connection (muster-swarm). For bench.py.

The agents run on the same cores. CPU is musterd's alone, wall time that of the operator's command, from its start to its last line:
every outcome is synced in the store by then. Latencies are those of outcomes in the store, from the creation of the job.
"""

import datetime
import signal
import subprocess
import threading
import time

import fleet


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


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
    wall = run_muster(world, "resubscribe", "--no-verify", "--all", "--settle", "0s", *arguments)
    after = world.usage()
    job = world.muster("job", "show", "last")
    created = seconds_of(job["create_time"])
    outcomes = [seconds_of(task["update_time"]) - created for task in job["tasks"]]
    return {"wall": wall, "cpu": (after.cpu - before.cpu) / agents, "p50": quantile(outcomes, 0.5),
            "p99": quantile(outcomes, 0.99), "max": max(outcomes)}


def attach(world, agents):
    """Attaches them to a musterd that is just up. Its usage before."""
    world.start_musterd()
    empty = world.usage()
    world.start_agents(agents)
    world.wait_attached(agents)
    return empty


def jobs(figures, agents, directory):
    """Attaching, a job that changes nothing (--since) and one that restarts the unit everywhere (settle 0)."""
    with fleet.Fleet(agents, directory) as world:
        begin = time.monotonic()
        empty = attach(world, agents)
        full = world.usage()
        figures.add("attaching, until all are", agents, "s", world.attached_at(1, begin))
        figures.add("attaching, CPU of each", agents, "ms", (full.cpu - empty.cpu) / agents * 1e3)
        figures.add("session, memory", agents, "KB", (full.rss - empty.rss) / agents / 1e3)
        for _ in range(2):
            add_job(figures, agents, "restart", measure_job(world, agents))
            add_job(figures, agents, "nothing to do", measure_job(world, agents, "--since", "1h"))
        figures.add("session, memory after jobs", agents, "KB", (world.usage().rss - empty.rss) / agents / 1e3)


def add_job(figures, agents, name, sample):
    figures.add(f"{name}, the operator waits", agents, "s", sample["wall"])
    figures.add(f"{name}, CPU of each node", agents, "µs", sample["cpu"] * 1e6)
    for quantile_name in ("p50", "p99", "max"):
        figures.add(f"{name}, outcome {quantile_name}", agents, "s", sample[quantile_name])


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


def storm(figures, agents, directory, name="killed", slow_down=None):
    """musterd is killed and started again; until everybody is back. `slow_down` gets the new musterd."""
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
        for share in (0.5, 0.9, 1):
            figures.add(f"{name}, {share:.0%} are back", agents, "s", world.attached_at(share, begin))
        figures.add(f"{name}, CPU until then", agents, "s", world.usage().cpu)
        # The pollers of this script open connections, too: a handful.
        figures.add(f"{name}, connections abandoned", agents, "", max(0, passive_opens() - opens - agents))


def slow_storm(figures, agents, directory):
    """The same, and the new musterd runs for a quarter of the time only."""
    storm(figures, agents, directory, "killed, then at a quarter", run_at_a_quarter)


def idle(figures, agents, directory, minutes=4):
    """The CPU of a musterd that has nothing to do, over two PINGs to each agent."""
    with fleet.Fleet(agents, directory) as world:
        attach(world, agents)
        time.sleep(5)
        before = world.usage()
        time.sleep(60 * minutes)
        after = world.usage()
        figures.add("idle controller, CPU a minute", agents, "s", (after.cpu - before.cpu) / minutes)
        figures.add("idle controller, threads", agents, "", after.threads)


def watch(figures, agents, directory):
    """A restart that nobody waits for, and none, one and ten who watch it."""
    for watchers in (0, 1, 10):
        with fleet.Fleet(agents, directory) as world:
            attach(world, agents)
            for is_warm in (False, True):
                before = world.usage()
                run_muster(world, "resubscribe", "--no-verify", "--all", "--settle", "0s", "--detach")
                watching = [subprocess.Popen([fleet.program("MUSTER"), "job", "watch", "last"], env=world.env, stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(watchers)]
                fleet.wait_until(lambda: world.muster("job", "list", "--limit", "1")["jobs"][0]["state"] != "RUNNING", "the job has ended", 300)
                for each in watching:
                    each.wait(300)
                if is_warm:
                    figures.add(f"restart with {watchers} watching, CPU of each node", agents, "µs",
                                (world.usage().cpu - before.cpu) / agents * 1e6)


def health(figures, agents, directory, count=5):
    """How long an operator waits for the health of all nodes, and what that costs."""
    with fleet.Fleet(agents, directory) as world:
        attach(world, agents)
        for _ in range(count):
            before = world.usage()
            begin = time.monotonic()
            answer = world.muster("health", "--by", "cabinet")
            figures.add("health, the operator waits", agents, "s", time.monotonic() - begin)
            figures.add("health, CPU", agents, "ms", (world.usage().cpu - before.cpu) * 1e3)
        assert answer["counts"]["well"] == agents, answer["counts"]


def soak(figures, agents, directory, count=200):
    """Many jobs, and at every fifth of the way all agents go at once and new ones come: what is held at the end against after the
    warm-up, which is a tenth of the jobs."""
    with fleet.Fleet(agents, directory) as world:
        attach(world, agents)
        warm = None
        for done in range(1, count + 1):
            run_muster(world, "resubscribe", "--no-verify", "--all", "--settle", "0s", "--delivery-deadline", "5min")
            if done % (count // 5) == 0:
                world.stop_agents()
                world.start_agents(agents)
                world.wait_attached(agents)
            if done == max(1, count // 10):
                warm = world.usage()
                print(f"  warm after {done} jobs: {warm.rss / 1e6:.0f} MB", flush=True)
        now = world.usage()
        nodes = world.muster("node", "list", "--all")["nodes"]
        print(f"  threads that were not there when warm: {dict(now.thread_names - warm.thread_names)}", flush=True)
        figures.add(f"after {count} jobs, RSS", agents, "MB", now.rss / 1e6)
        figures.add(f"after {count} jobs, RSS against warm", agents, "%", (now.rss / warm.rss - 1) * 100)
        figures.add(f"after {count} jobs, descriptors more", agents, "", now.descriptors - warm.descriptors)
        figures.add(f"after {count} jobs, threads more", agents, "", now.threads - warm.threads)
        figures.add(f"after {count} jobs, sessions lost", agents, "", agents - sum(node["presence"] == "ATTACHED" for node in nodes))
