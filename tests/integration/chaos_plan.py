"""What happens in one round of chaos: which jobs an operator starts, and which faults come meanwhile. Pure: a plan follows from
the seed, the round's number and the number of hosts alone, so that a round can be done again."""

import dataclasses
import random
import uuid

# How likely a fault is beside the others, and for how many seconds it lasts: (weight, at least, at most).
FAULTS = {
    "musterd-kill": (4, 0.0, 0.6),     # SIGKILL; started again after so long
    "musterd-stop": (2, 0.2, 1.5),     # SIGSTOP, then SIGCONT
    "all-killed": (1, 0.0, 0.6),       # musterd and every agent at once
    "agent-kill": (4, 0.0, 0.0),       # SIGKILL; its unit starts it again
    "agent-stop": (2, 0.2, 2.0),       # SIGSTOP, then SIGCONT
    "reboot": (3, 0.0, 0.5),           # the power is cut, and is back after so long
    "cut": (4, 0.2, 2.0),              # the link is down for so long
    "new-ledger": (2, 0.0, 0.3),       # its directory is removed, and after so long the agent killed
    "cli-kill": (2, 0.0, 0.3),         # SIGKILL; the same command is typed again after so long
    "cancel": (1, 0.0, 0.0),           # an operator cancels the job
    "pause": (2, 0.2, 1.5),            # an operator pauses the job, and resumes it after so long
    "foreign-restart": (1, 0.0, 0.0),  # somebody restarts the unit by hand
}
OF_A_HOST = {"agent-kill", "agent-stop", "reboot", "cut", "new-ledger", "foreign-restart"}
OF_A_JOB = {"cli-kill", "cancel", "pause"}

# A job with these ends by its deadlines long after every fault has ended: what it loses is lost by Muster.
ROOMY = ("--delivery-deadline", "30s", "--execution-deadline", "30s")


@dataclasses.dataclass(frozen=True)
class Submit:
    """A command that an operator types `at` seconds after the round has begun."""

    at: float
    words: tuple  # before the targets: the verb, and the unit if it names one
    hosts: tuple  # numbers; all of them: --all
    options: tuple
    is_roomy: bool
    request_id: str

    def __str__(self):
        return f"{self.at:.1f} {' '.join(self.words)} {len(self.hosts)} nodes {' '.join(self.options)}"


@dataclasses.dataclass(frozen=True)
class Fault:
    at: float
    kind: str
    target: int  # a host's number or a job's place in the plan; 0 if the kind has none
    seconds: float

    def __str__(self):
        target = f"({self.target})" if self.kind in OF_A_HOST or self.kind in OF_A_JOB else ""
        return f"{self.at:.1f} {self.kind}{target}" + (f" for {self.seconds:.1f}" if self.seconds else "")


@dataclasses.dataclass(frozen=True)
class Plan:
    number: int
    submits: tuple
    faults: tuple  # in the order of their times

    def __str__(self):
        return "; ".join(str(part) for part in (*self.submits, *self.faults))


def make_plan(seed, number, hosts):
    rng = random.Random(f"{seed}/{number}")
    submits = [make_submit(rng, hosts, 0.0)]
    if rng.random() < 0.25:
        submits.append(make_submit(rng, hosts, rng.uniform(0.0, 1.0)))
    faults = [make_fault(rng, hosts, len(submits)) for _ in range(rng.randint(1, 7))]
    return Plan(number, tuple(submits), tuple(sorted(faults, key=lambda fault: fault.at)))


def make_submit(rng, hosts, delay):
    # The first faults may come before the job.
    at = delay + rng.uniform(0.0, 0.5)
    words = ("resubscribe", "--no-verify") if rng.random() < 0.7 else ("restart", "cray-orca.service")
    everybody = tuple(range(1, hosts + 1))
    some = everybody if rng.random() < 0.6 else tuple(sorted(rng.sample(everybody, rng.randint(1, hosts))))
    options = ["--settle", rng.choice(("0s", "300ms", "1s"))]
    options += rollout(rng)
    is_roomy = rng.random() < 0.75
    options += ROOMY if is_roomy else rough_deadlines(rng)
    return Submit(at, words, some, tuple(options), is_roomy, str(uuid.UUID(int=rng.getrandbits(128), version=4)))


def rollout(rng):
    """Whatever of a job's policy says what is started when. Without an amount of failures the first one would end most jobs."""
    options = []
    for chance, choices in [(0.3, ("--max-parallel 1", "--max-parallel 2", "--max-parallel 4")),
                            (0.2, ("--rate 4/s", "--rate 20/s")),
                            (0.2, ("--ramp",)),
                            (0.2, ("--canary 1 --min-healthy 0s", "--canary 25% --min-healthy 500ms")),
                            (0.7, ("--max-failures 1", "--max-failures 50%", "--max-failures 100%", "--max-failures 100%")),
                            (0.1, ("--retries 1", "--retries 2")),
                            (0.3, ("--on-conflict refuse",))]:
        # Drawn in any case, so that a plan changes in one place if a chance does.
        choice = rng.choice(choices)
        if rng.random() < chance:
            options += choice.split()
    return options


def rough_deadlines(rng):
    """Deadlines that come in the middle of the faults."""
    if rng.random() < 0.5:
        return ("--timeout", f"{rng.randint(3500, 7000)}ms")
    return ("--delivery-deadline", f"{rng.randint(1, 3)}s", "--execution-deadline", f"{rng.randint(2, 4)}s")


def make_fault(rng, hosts, jobs):
    kind = rng.choices(list(FAULTS), [weight for weight, _, _ in FAULTS.values()])[0]
    _, least, most = FAULTS[kind]
    target = rng.randint(1, hosts) if kind in OF_A_HOST else rng.randint(1, jobs) if kind in OF_A_JOB else 0
    return Fault(rng.uniform(0.0, 2.0), kind, target, rng.uniform(least, most))
