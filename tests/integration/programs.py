"""The programs under test, those of them that run, and what they answer. Programs come from the environment, as CMakeLists.txt sets it:
MUSTERD, MUSTER, MUSTER_AGENT, MUSTERD_ARMED, MUSTER_AGENT_ARMED, ORCA_STUB.
"""

import concurrent.futures
import json
import os
import signal
import subprocess
import time

# A shell's background job is started with Ctrl-C ignored, and so would be what it starts; tests send it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = os.path.dirname(os.path.abspath(__file__))
BED = os.path.join(HERE, "..", "bed", "bed")
# No single command of a test takes longer than this.
COMMAND_LIMIT = 90

REACHED = ("SUCCEEDED", "ALREADY_SATISFIED", "NOT_APPLICABLE", "FAILED", "REFUSED", "TIMED_OUT", "UNDELIVERED", "LOST",
           "CANCELLED")


def use_build(build):
    """For commands that ctest does not run: the programs of this build, but for those that the environment names."""
    for name, path in [("MUSTERD", "controller/musterd"), ("MUSTER", "controller/cli/muster"),
                       ("MUSTER_AGENT", "agent/muster-agent"), ("ORCA_STUB", "tests/bed/orca_stub"), ("CONTENTFS", "tests/bed/contentfs"),
                       ("MUSTER_SWARM", "agent/swarm/muster-swarm"), ("RUDE_AGENT", "tests/bench/rude_agent")]:
        os.environ.setdefault(name, os.path.join(os.path.abspath(build), path))


def program(name):
    path = os.environ.get(name)
    if not path or not os.path.exists(path):
        raise RuntimeError(f"{name} must name a built program; run this through ctest")
    return path


def wait_until(condition, what, limit=30.0):
    """The first true value of condition(); polls, since what is awaited happens in another process."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit} s still not: {what}")
        time.sleep(0.02)


def in_parallel(calls):
    """The results of the calls, in their order."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=32) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


class Result:
    """What a command answered."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise AssertionError(f"not JSON, exit code {self.code}:\n{self.out}{self.err}") from None

    @property
    def job(self):
        return self.json["name"]

    @property
    def steps(self):
        """["STATE", …] of an operation."""
        return [step["state"] for step in self.json["steps"]]

    @property
    def notes(self):
        return [note["text"] for note in self.json["notes"]]

    @property
    def tasks(self):
        """{xname: task} of a job, or of an operation's."""
        return {task["node"]: task for task in self.json.get("job", self.json)["tasks"]}

    @property
    def endings(self):
        """{xname: "STATE" or "STATE REASON"}"""
        return {node: ending(task) for node, task in self.tasks.items()}


def ending(task):
    return f"{task['state']} {task.get('reason') or ''}".strip()


def pid_in_mgmt(popen, name):
    """The child of nsenter, which the bed leaves in front. Children of the bed's script, before that, are none of ours."""
    front = f"/proc/{popen.pid}"

    def child():
        with open(f"{front}/comm", encoding="ascii") as file:
            if file.read() != "nsenter\n":
                return 0
        with open(f"{front}/task/{popen.pid}/children", encoding="ascii") as file:
            return int((file.read().split() or ["0"])[0])

    return wait_until(child, f"{name} runs", 10)


class Process:
    """A program in the management network. Its pid is that of this namespace."""

    def __init__(self, world, name, command, env=None):
        self.name = name
        self.log_path = os.path.join(world.directory, f"{name}.log")
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen([BED, "mgmt", *command], env={**world.env, **(env or {})},
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def pid(self):
        return pid_in_mgmt(self.popen, self.name)

    def signal(self, number):
        os.kill(self.pid, number)
        if number == signal.SIGCONT:
            # nsenter stops itself when its child does.
            self.popen.send_signal(number)

    def wait(self, limit=30):
        return self.popen.wait(limit)

    def kill(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(10)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()
