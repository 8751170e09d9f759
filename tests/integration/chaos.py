#!/usr/bin/env python3
"""chaos.py - kills musterd, agents, hosts, links and operators' commands at random while jobs run on real systemd hosts.

    tests/integration/chaos.py [--rounds 200] [--hosts 8] [--seed S] [--first N] [--quiet] [--build build/release]

In each round an operator restarts ORCA on all or some hosts, and faults that the seed chooses come meanwhile: musterd killed or
stopped for a while, agents killed or stopped, hosts without power, links cut and healed, ledgers removed, the operator's command
killed and typed again, jobs cancelled, units restarted by hand. When the faults are over every job must end, every target must have
an end in the report, no attempt may have started the unit twice, a success must have its start, and nothing that an operator was
told may change. chaos_check.py says how that is known.

Prints a line for each round (--quiet: only for bad ones) and the tally; exit code 1 if anything was wrong. A bad round is done again
with --seed S --first N --rounds 1; processes are not deterministic, so it may take a few times.
"""

import argparse
import collections
import os
import statistics
import sys
import threading
import time
import traceback

import chaos_check
import chaos_plan
import chaos_world
import programs


class Round:
    """One plan, carried out. `told` is what operators know from all rounds."""

    def __init__(self, world, plan, told):
        self.world, self.plan, self.told = world, plan, told
        self.wrong = []
        self.done = collections.Counter()  # faults, by kind
        self.tasks = []  # (job, typed, task)
        self.counts = collections.Counter()
        self.is_over = threading.Event()
        self.commands = [chaos_world.Command(world, submit) for submit in plan.submits]
        self.began = 0.0

    def run(self, before_check=None):
        for host in self.world.chaos_hosts:
            host.begin_round()
        self.began = time.monotonic()
        watcher = self.start(self.watch)
        threads = [self.start(self.type_command, command) for command in self.commands]
        threads += [self.start(self.do_lane, lane) for lane in self.lanes()]
        for thread in threads:
            thread.join(2 * chaos_world.PATIENCE)
        self.is_over.set()
        watcher.join(chaos_world.PATIENCE)
        if any(thread.is_alive() for thread in (*threads, watcher)):
            self.wrong.append("a fault or a command does not end")
        if before_check:
            before_check(self.world)
        self.guarded(self.check)

    def start(self, function, *arguments):
        thread = threading.Thread(target=self.guarded, args=(function, *arguments), daemon=True)
        thread.start()
        return thread

    def guarded(self, function, *arguments):
        try:
            function(*arguments)
        except Exception:  # pylint: disable=broad-except - whatever it is, the round is bad and says so
            self.wrong.append(traceback.format_exc())

    def wait_for(self, at):
        time.sleep(max(0.0, self.began + at - time.monotonic()))

    def lanes(self):
        """Faults on one thing come one after the other."""
        lanes = collections.defaultdict(list)
        for fault in self.plan.faults:
            of = "host" if fault.kind in chaos_plan.OF_A_HOST else "job" if fault.kind in chaos_plan.OF_A_JOB else "musterd"
            lanes[of, fault.target].append(fault)
        return lanes.values()

    def do_lane(self, faults):
        for fault in faults:
            self.wait_for(fault.at)
            if self.world.do(fault, self.commands):
                self.done[fault.kind] += 1

    def type_command(self, command):
        self.wait_for(command.submit.at)
        command.run()

    def watch(self):
        """Looks at the jobs all the time, as an operator would."""
        while not self.is_over.wait(0.1):
            for command in self.commands:
                if name := command.name():
                    self.look(name)

    def look(self, name):
        """The job as it is shown now; None if there is no controller to ask."""
        shown = self.world.muster_json("--connect-timeout", "5s", "job", "show", name)
        if shown.code not in (0, 1):
            if shown.code != 3:
                self.wrong.append(f"{name} is not shown: {shown.err}")
            return None
        self.wrong += self.told.note(shown.json)
        return shown.json

    # ---- after the faults

    def check(self):
        self.world.rest()
        self.wrong += self.world.check_daemons()
        jobs = [self.check_job(command) for command in self.commands]
        self.check_list([job["name"] for job in jobs if job])
        for host in self.world.chaos_hosts:
            self.check_host(host)

    def check_job(self, command):
        name = command.name()
        if name is None:
            self.wrong.append(f"no job came of the command: exit code {command.code}: {command.errors()}")
            return None
        job = programs.wait_until(lambda: self.look(name), f"{name} is shown", chaos_world.PATIENCE)
        self.wrong += chaos_check.check_report(job, command.nodes, command.submit.is_roomy)
        self.wrong += chaos_check.check_command(command.code, command.output, job)
        self.tasks += [(name, command.typed, task) for task in job["tasks"]]
        return job

    def check_list(self, names):
        """One job for each command, however often it was typed."""
        listed = {job["name"] for job in self.world.muster_json("job", "list", code=0).json["jobs"]}
        new = listed - self.told.jobs.keys()
        if new:
            self.wrong.append(f"jobs that nobody asked for: {new}")
        if not set(names) <= listed:
            self.wrong.append(f"jobs that are not listed: {set(names) - listed}")

    def check_host(self, host):
        jobs = {name for name, _, _ in self.tasks}
        mine = [entry for entry in self.tasks if entry[2]["node"] == host.host.xname]
        round_ = chaos_check.HostRound(host.host.xname, host.new_starts(), mine, host.intents(jobs), host.is_ledger_lost,
                                       host.foreign)
        excess, sentences = chaos_check.check_starts(round_)
        self.wrong += sentences + chaos_check.check_evidence(round_)
        own = len(round_.own_starts())
        self.counts.update(attempts=sum(task["attempt"] for _, _, task in mine), starts=own, boots=len(round_.starts) - own,
                           by_hand=host.foreign, double=excess)


class Tally:
    def __init__(self):
        self.rounds, self.bad, self.seconds = 0, 0, []
        self.jobs, self.states = collections.Counter(), collections.Counter()
        self.faults, self.counts = collections.Counter(), collections.Counter()

    def add(self, round_, seconds):
        self.rounds += 1
        self.bad += bool(round_.wrong)
        self.seconds.append(seconds)
        self.faults += round_.done
        self.counts += round_.counts
        for command in round_.commands:
            self.add_job(round_.told.jobs.get(command.name()), command)

    def add_job(self, job, command):
        self.jobs[job["state"] if job else "MISSING"] += 1
        tasks = {task["node"]: task for task in job["tasks"]} if job else {}
        for node in command.nodes:
            task = tasks.get(node, {"state": "MISSING"})
            self.states[programs.ending(task)] += 1
            is_needless = task["state"] == "LOST" and command.submit.is_roomy
            self.counts["lost"] += is_needless or task["state"] not in chaos_check.TERMINAL

    def text(self):
        def shown(counter):
            return ", ".join(f"{what} {count}" for what, count in counter.most_common()) or "none"

        c = self.counts
        return "\n".join([
            f"rounds         {self.rounds}, {self.bad} bad; a round takes {statistics.median(self.seconds):.1f} s (median), "
            f"{max(self.seconds):.1f} s at most",
            f"faults         {sum(self.faults.values())}: {shown(self.faults)}",
            f"jobs           {sum(self.jobs.values())}: {shown(self.jobs)}; not ended: "
            f"{sum(count for state, count in self.jobs.items() if state not in chaos_check.ENDED_JOB)}",
            f"tasks          {sum(self.states.values())}: {shown(self.states)}",
            f"attempts       {c['attempts']}",
            f"starts         {c['starts']}, besides {c['boots']} by boots; {c['by_hand']} restarts by hand",
            f"double starts  {c['double']}",
            f"lost tasks     {c['lost']}",
        ])


def run(hosts, seed, first, rounds, quiet=False, before_check=None):
    """(the tally, what is wrong at the end). before_check(world) comes in each round between the faults and the checks: a test of
    the checks."""
    world = chaos_world.ChaosWorld(hosts)
    tally, told = Tally(), chaos_check.Told()
    try:
        for host in world.chaos_hosts:
            programs.wait_until(host.new_starts, f"ORCA of {host.host.nid} was started by the boot")
        for number in range(first, first + rounds):
            plan = chaos_plan.make_plan(seed, number, hosts)
            began = time.monotonic()
            round_ = Round(world, plan, told)
            round_.run(before_check)
            seconds = time.monotonic() - began
            tally.add(round_, seconds)
            tell(seed, round_, seconds, quiet)
        wrong = check_all(world, told)
    except BaseException:
        world.show_logs()
        raise
    finally:
        world.close()
    return tally, wrong


def check_all(world, told):
    """After one more crash of musterd every job is still as it was told."""
    world.do_musterd_kill(chaos_plan.Fault(0, "musterd-kill", 0, 0), None)
    world.wait_attached()
    wrong = []
    for name in sorted(told.jobs):
        wrong += told.note(world.muster_json("job", "show", name).json)
    return wrong


def tell(seed, round_, seconds, quiet):
    if round_.wrong:
        print(f"round {round_.plan.number} is BAD; again: --seed {seed} --first {round_.plan.number} --rounds 1")
        print(f"  {round_.plan}")
        for sentence in round_.wrong:
            print(f"  {sentence}")
        round_.world.show_logs()
    elif not quiet:
        print(f"round {round_.plan.number} ok, {seconds:.1f} s, seed {seed}: {round_.plan}")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--first", type=int, default=1, metavar="N", help="number of the first round")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--build", default=os.path.join(programs.HERE, "..", "..", "build", "release"))
    arguments = parser.parse_args()
    programs.use_build(arguments.build)
    tally, wrong = run(arguments.hosts, arguments.seed, arguments.first, arguments.rounds, arguments.quiet)
    for sentence in wrong:
        print(f"at the end: {sentence}")
    print(f"seed           {arguments.seed}")
    print(tally.text())
    return 1 if wrong or tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
