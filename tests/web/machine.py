"""machine.py - a synthetic machine for the stand-in: nodes in EX cabinets, some of them not well, and jobs whose tasks go on if told to."""

import itertools
import random
import re

KINDS = ["AgentAttached", "OrcaActive", "Subscribed", "ContentMounted", "SpireHealthy", "AgentCurrent", "ClockSynced"]
ENUMS = ["AGENT_ATTACHED", "ORCA_ACTIVE", "SUBSCRIBED", "CONTENT_MOUNTED", "SPIRE_HEALTHY", "AGENT_CURRENT", "CLOCK_SYNCED"]
STATES = {"T": "CONDITION_STATE_TRUE", "F": "CONDITION_STATE_FALSE", "U": "CONDITION_STATE_UNKNOWN"}
WELL = "TTT-T-T"
AWAY = "UUU-U-U"
REASONS = {(0, "F"): ("Away", "HSM says Ready"), (0, "U"): ("Away", "HSM says Off"),
           (1, "F"): ("CrashLoop", "cray-orca.service was started again 7 times by itself, the last end was exit-code"),
           (2, "F"): ("NotSubscribed", "HMNFD's list does not have it"),
           (3, "F"): ("Gone", "it was mounted since the node has booted, and is not any more"),
           (4, "F"): ("Stopped", "spire-agent.service is inactive"),
           (5, "U"): ("OtherVersion", "its agent is 0.0.9, this controller 0.1.0"), (6, "F"): ("ClockOff", "its clock is 3.2 s behind")}
AGENT_AWAY = ("AgentAway", "")
WELL_REASONS = ["Attached", "Active", "Subscribed", "Mounted", "Active", "Same", "Synced"]
STARTED = "2026-11-22T06:00:00Z"
TIME = "2026-11-22T06:09:03Z"
# What tasks go through, and how they may end, with the share of each.
STEPS = ["PENDING", "DISPATCHED", "RUNNING", "VERIFYING"]
ENDS = {"SUCCEEDED": 960, "ALREADY_SATISFIED": 15, "FAILED": 12, "TIMED_OUT": 6, "LOST": 3, "UNDELIVERED": 2, "REFUSED": 1,
        "NOT_APPLICABLE": 1}


def xnames(count):
    """The first so many of a machine with eight chassis of eight slots of four nodes in each cabinet."""
    places = itertools.product(range(1000, 1001 + count // 256), range(8), range(8), range(2), range(2))
    return [f"x{x}c{c}s{s}b{b}n{n}" for x, c, s, b, n in itertools.islice(places, count)]


def letters_of(number, shares):
    """A few are not well, in the ways that occur: a chassis without power, nodes that lack their subscription, single ones."""
    chance = shares.random()
    if number // 32 % 97 == 5:
        return AWAY
    if chance < 0.004:
        return "TFT-T-T"
    if chance < 0.010 or number % 1024 in range(130, 160):
        return "TTF-T-T"
    if chance < 0.012:
        return "FUU-U-U"
    if chance < 0.030:
        return "TTTTT-T"
    return "TTT-TUT" if chance < 0.035 else WELL


class Machine:
    """Its nodes by their numbers; whoever changes it says so to the streams."""

    def __init__(self, names, is_well=False):
        shares = random.Random(1)
        self.names = list(names)
        self.aliases = [f"nid{number:06}" for number in range(1, len(self.names) + 1)]
        self.roles = ["Compute", "Application"]
        self.role_of = [1 if number % 256 >= 252 else 0 for number in range(len(self.names))]
        self.letters = [WELL if is_well else letters_of(number, shares) for number in range(len(self.names))]
        self.numbers = {name: number for number, name in enumerate(self.names)}
        self.messages = {}
        self.revision = 100

    def map(self):
        return {"revision": self.revision, "version": "0.1.0", "started": STARTED, "kinds": KINDS, "nodes": self.names,
                "aliases": self.aliases, "roles": self.roles, "role_of": self.role_of, "conditions": self.letters}

    def change(self, changes):
        """Of {number: letters}; what the streams tell."""
        for number, letters in changes.items():
            self.letters[number] = letters
        self.revision += 1
        return {"revision": self.revision, "changed": [[number, letters] for number, letters in changes.items()]}

    def conditions(self, number):
        """[(kind's number, letter, reason, message)]"""
        told = []
        for kind, letter in enumerate(self.letters[number]):
            if letter == "-":
                continue
            reason, message = (WELL_REASONS[kind], "") if letter == "T" else REASONS.get((kind, letter), AGENT_AWAY)
            told.append((kind, letter, reason, self.messages.get((number, kind), message)))
        return told

    def groups(self):
        found = {}
        for number in range(len(self.names)):
            if self.letters[number] == WELL:
                continue
            for kind, letter, reason, message in self.conditions(number):
                if letter != "T" and reason != "AgentAway":
                    found.setdefault((letter, kind, reason), []).append((number, message))
        ordered = sorted(found.items(), key=lambda item: (item[0][0], -len(item[1])))
        return [{"kind": f"CONDITION_KIND_{ENUMS[kind]}", "state": STATES[letter], "reason": reason, "count": len(members),
                 "nodes": fold([self.names[number] for number, _ in members]), "example_node": self.names[members[0][0]],
                 "message": members[0][1]} for (letter, kind, reason), members in ordered]

    def health(self):
        verdicts = [verdict(letters) for letters in self.letters]
        counts = {name: verdicts.count(name) for name in ("well", "degraded", "unknown")}
        state = "DEGRADED" if counts["degraded"] else "WELL"
        return {"verdict": f"HEALTH_VERDICT_{state}", "counts": counts, "conditions": [], "groups": self.groups(), "parts": [],
                "time": TIME, "subscriptions_problem": ""}

    def node(self, name):
        """None if there is none."""
        number = self.numbers.get(name)
        if number is None:
            return None
        conditions = [{"kind": f"CONDITION_KIND_{ENUMS[kind]}", "state": STATES[letter], "reason": reason, "message": message,
                       "since": TIME} for kind, letter, reason, message in self.conditions(number)]
        units = [{"unit": "cray-orca.service", "load_state": "loaded", "active_state": "active", "sub_state": "running",
                  "result": "success"}]
        return {"node": name, "name": f"nodes/{name}", "aliases": [self.aliases[number]], "role": self.roles[self.role_of[number]],
                "sub_role": "", "presence": "ATTACHED", "presence_time": STARTED, "agent_version": "0.1.0", "address": "10.100.0.7:42310",
                "hsm_state": "Ready", "enabled": True, "locked": False, "groups": [], "partition": "", "status": {"units": units},
                "conditions": conditions, "events": self.history()[:3]}

    def history(self):
        """Of what is not well: as if all of it had happened at once."""
        return [{"time": TIME, "kind": group["kind"], "state": group["state"], "reason": group["reason"], "count": group["count"],
                 "nodes": group["nodes"], "message": group["message"]} for group in self.groups()]

    def select(self, query):
        """The numbers, or ValueError with a sentence."""
        numbers = []
        for item in re.findall(r"(?:\[[^\]]*\]|[^,\[])+", query):
            for name in unfold(item):
                number = self.numbers.get(name, self.aliases.index(name) if name in self.aliases else None)
                if number is None:
                    raise ValueError(f"nobody knows a node {name}")
                numbers.append(number)
        return numbers


def fold(names):
    """As musterd folds them: "x1000c[0-7]s0b0n[0-1]"; names without numbers as they are."""
    sets = [re.split(r"(\d+)", name) for name in names]
    for at in range(max(map(len, sets)) // 2 * 2 - 1, 0, -2):
        merged = {}
        for parts in sets:
            key = (*parts[:at], None, *parts[at + 1:])
            merged.setdefault(key, []).append(parts[at] if at < len(parts) else "")
        sets = [[*key[:at], ranges(texts), *key[at + 1:]] if len(texts) > 1 else [*key[:at], *texts, *key[at + 1:]]
                for key, texts in merged.items()]
    return ",".join("".join(parts) for parts in sets)


def ranges(texts):
    """Of texts of numbers: "[0-3,7]"."""
    numbers = sorted(int(text) for text in texts)
    spans = []
    for _, members in itertools.groupby(enumerate(numbers), key=lambda item: item[1] - item[0]):
        span = [number for _, number in members]
        spans.append(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]))
    return f"[{','.join(spans)}]"


def unfold(item):
    """The names of "x[1-2]c[0,4]"."""
    parts = []
    for text, ranges in re.findall(r"([^\[]+)|\[([^\]]*)\]", item):
        parts.append([text] if text else [str(number) for each in ranges.split(",") for number in in_range(each)])
    return ["".join(choice) for choice in itertools.product(*parts)]


def in_range(text):
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def verdict(letters):
    if "F" in letters:
        return "degraded"
    return "unknown" if letters[0] == "U" else "well"


class Job:
    """Tasks of the first so many nodes. go_on() moves so many a step further."""

    def __init__(self, identity, what, tasks):
        self.identity, self.what = identity, what
        self.tasks = [""] * tasks
        self.random = random.Random(7)
        self.begin()

    def begin(self):
        """Or again."""
        self.state = "RUNNING"
        self.tasks = ["PENDING"] * len(self.tasks)
        self.active = []
        self.next = 0

    def counts(self):
        return {state: self.tasks.count(state) for state in sorted(set(self.tasks))}

    def brief(self):
        return {"id": self.identity, "what": self.what, "state": self.state, "created": STARTED, "created_by": "alice",
                "counts": self.counts()}

    def event(self, changed):
        return {"id": self.identity, "what": self.what, "state": self.state, "detail": "", "counts": self.counts(), "changed": changed}

    def everything(self):
        return self.event([[number, state] for number, state in enumerate(self.tasks)])

    def put(self, changes):
        """Of {number: state}; what the streams tell."""
        for number, state in changes.items():
            self.tasks[number] = state
        return self.event([[number, state] for number, state in changes.items()])

    def go_on(self, steps):
        changes = {}
        for _ in range(steps):
            if self.next < len(self.tasks) and (len(self.active) < 600 or self.random.random() < 0.3):
                self.active.append(self.next)
                self.next += 1
            if not self.active:
                break
            at = self.random.randrange(len(self.active))
            number = self.active[at]
            step = STEPS.index(self.tasks[number]) + 1
            changes[number] = self.tasks[number] = STEPS[step] if step < len(STEPS) else self.end()
            if step == len(STEPS):
                self.active[at] = self.active[-1]
                self.active.pop()
        if self.next == len(self.tasks) and not self.active:
            self.state = "FAILED" if "FAILED" in self.tasks else "SUCCEEDED"
        return self.put(changes)

    def end(self):
        return self.random.choices(list(ENDS), ENDS.values())[0]
