"""What must be true after a round of chaos, and all through it. Pure: of what the operator was shown, what the agents' ledgers say,
and the starts that the units themselves wrote down. A check returns sentences about what is wrong; none is good.

Whose start is it? The first one of a boot is the boot's own. Any other replaced the invocation before it, and an attempt writes
down, before it acts, which invocation it is about to replace: so each start has an intent that names its predecessor, and one
without is one too many. Where the ledger was lost in the round with its intents, attempts are counted instead.
"""

import collections
import dataclasses

TERMINAL = {"SUCCEEDED", "ALREADY_SATISFIED", "NOT_APPLICABLE", "FAILED", "REFUSED", "TIMED_OUT", "UNDELIVERED", "LOST",
            "CANCELLED"}
ENDED_JOB = {"SUCCEEDED", "FAILED", "CANCELLED"}
# The last attempt of a task in such a state has touched nothing.
UNTOUCHED = {"UNDELIVERED", "REFUSED", "CANCELLED", "NOT_APPLICABLE"}
# Of a terminal task, what an operator may rely on.
FIXED = ("state", "reason", "detail", "attempt", "outcome")

Start = collections.namedtuple("Start", "time boot invocation")


def kept(task):
    return {name: task.get(name) for name in FIXED}


class Told:
    """What operators have been told of all jobs; none of it may be unsaid."""

    def __init__(self):
        self.jobs = {}  # name -> the newest that was shown

    def note(self, shown):
        name, before, wrong = shown["name"], self.jobs.get(shown["name"]), []
        if before:
            wrong += self.compare_job(before, shown)
            now = {task["node"]: task for task in shown["tasks"]}
            for old in before["tasks"]:
                wrong += self.compare_task(name, old, now.get(old["node"]))
        self.jobs[name] = shown
        return wrong

    @staticmethod
    def compare_job(before, shown):
        if before["state"] in ENDED_JOB and shown["state"] != before["state"]:
            return [f"{shown['name']} was told as {before['state']} and is now {shown['state']}"]
        return []

    @staticmethod
    def compare_task(job, old, new):
        if new is None:
            return [f"{job}: {old['node']} was shown as a target and is gone"]
        if old["state"] in TERMINAL and kept(old) != kept(new):
            return [f"{job}: {old['node']} was told as {kept(old)} and is now {kept(new)}"]
        if old.get("late_outcome") and old["late_outcome"] != new.get("late_outcome"):
            return [f"{job}: the late outcome of {old['node']} has changed"]
        if new["attempt"] < old["attempt"]:
            return [f"{job}: {old['node']} goes back from attempt {old['attempt']} to {new['attempt']}"]
        return []


def check_report(job, targets, is_roomy):
    """`job`: as it was shown at the end. Every target has a task, every task has ended, nobody is lost who need not be."""
    wrong = []
    nodes = sorted(task["node"] for task in job["tasks"])
    if nodes != sorted(targets):
        wrong.append(f"{job['name']}: asked for {sorted(targets)}, reported are {nodes}")
    if job["state"] not in ENDED_JOB:
        wrong.append(f"{job['name']} has not ended: {job['state']}")
    for task in job["tasks"]:
        if task["state"] not in TERMINAL:
            wrong.append(f"{job['name']}: {task['node']} has not ended: {task['state']}")
        if task["state"] == "LOST" and is_roomy:
            wrong.append(f"{job['name']}: {task['node']} is LOST, though every fault ended long before its deadlines")
    return wrong


def check_command(code, output, job):
    """What the operator's command said at its end against the job."""
    wrong = []
    if code not in (0, 1):
        wrong.append(f"{job['name']}: the command ended with exit code {code}")
    if (code == 0) != all(task["state"] in ("SUCCEEDED", "ALREADY_SATISFIED") for task in job["tasks"]):
        wrong.append(f"{job['name']}: exit code {code} does not fit the tasks")
    said = output and (output["state"], [kept(task) for task in output["tasks"]])
    if said and said != (job["state"], [kept(task) for task in job["tasks"]]):
        wrong.append(f"{job['name']}: the command said {said}, it is {job}")
    return wrong


class StartLog:
    """The starts of one host's unit, as the unit wrote them down."""

    def __init__(self):
        self.starts = []

    def read(self, text):
        """The starts that are new in `text`, the whole log: [(start, the invocation it replaced or None for a boot's own)]."""
        lines = [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]
        new = []
        for fields in lines[len(self.starts):]:
            start = Start(float(fields[0]), *fields[1:])
            last = self.starts[-1] if self.starts else None
            new.append((start, last.invocation if last and last.boot == start.boot else None))
            self.starts.append(start)
        return new


@dataclasses.dataclass
class HostRound:
    """What happened on one host in a round."""

    node: str
    starts: list  # as StartLog.read gave them
    tasks: list   # [(job's name, when its command was typed, the task as it ended)]
    intents: dict = dataclasses.field(default_factory=dict)  # {(job's name, attempt): invocation before}, from its ledger
    is_ledger_lost: bool = False
    foreign: int = 0  # restarts by hand

    def attempts(self):
        """(job's name, attempt) that may have touched the unit."""
        found = set()
        for job, _, task in self.tasks:
            last = task["attempt"]
            found |= {(job, number) for number in range(1, last + (0 if task["state"] in UNTOUCHED else 1))}
        return found

    def own_starts(self):
        return [(start, before) for start, before in self.starts if before is not None]


def check_starts(host):
    """(how many starts are too many, sentences)."""
    attempts, own = host.attempts(), host.own_starts()
    replaced = set(host.intents.values())
    stray = [start.invocation for start, before in own if before not in replaced]
    unknown = len(attempts - set(host.intents)) if host.is_ledger_lost else 0
    excess = max(len(stray) - unknown - host.foreign, len(own) - len(attempts) - host.foreign, 0)
    if not excess:
        return 0, []
    started = " ".join(start.invocation for start, _ in own)
    return excess, [f"{host.node}: {len(own)} starts ({started}) for {len(attempts)} attempts and {host.foreign} restarts by hand; "
                    f"without an intent: {' '.join(stray) or 'none'}; the intents: {host.intents}"]


def check_evidence(host):
    """A success has a start of its own after the command; what touched nothing has no intent; what is held is not lost."""
    wrong, claimed = [], {}
    times = {start.invocation: start.time for start, _ in host.starts}
    for job, typed, task in host.tasks:
        where, state = f"{job}: {host.node} is {task['state']}", task["state"]
        key = (job, task["attempt"])
        if state == "SUCCEEDED":
            after = task["outcome"]["evidence"]["after"]["invocation_id"]
            if times.get(after, 0) < typed:
                wrong.append(f"{where} with invocation {after}, which was not started after the command")
            if after in claimed:
                wrong.append(f"{where} with invocation {after}, which {claimed[after]} has, too")
            claimed[after] = job
        if task["reason"] == "REBOOTED" and not any(time >= typed for time in times.values()):
            wrong.append(f"{where}, but the unit has not been started since the command")
        if state in UNTOUCHED and key in host.intents:
            wrong.append(f"{where}, but its agent was about to act")
        if state == "LOST" and key in host.intents and not task.get("late_outcome"):
            wrong.append(f"{where}; its agent has the outcome, and it is not shown")
    return wrong
