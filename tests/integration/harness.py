"""A small world for the integration tests: real systemd hosts (tests/bed), musterd in the management network, a stand-in HMNFD.

Every test program has a world of its own, which ends with it, however it ends. Programs come from the environment, as CMakeLists.txt sets
it: MUSTERD, MUSTER, MUSTER_AGENT, MUSTERD_ARMED, MUSTER_AGENT_ARMED, ORCA_STUB.
"""

import atexit
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BED = os.path.join(HERE, "..", "bed", "bed")
UNITS = os.path.join(HERE, "..", "bed", "units")
HMNFD = os.path.join(HERE, "..", "csm", "hmnfd.py")
# No single command of a test takes longer than this.
COMMAND_LIMIT = 90

REACHED = ("SUCCEEDED", "ALREADY_SATISFIED", "NOT_APPLICABLE", "FAILED", "REFUSED", "TIMED_OUT", "UNDELIVERED", "LOST",
           "CANCELLED")


def use_build(build):
    """For commands that ctest does not run: the programs of this build, but for those that the environment names."""
    for name, path in [("MUSTERD", "controller/musterd"), ("MUSTER", "controller/cli/muster"),
                       ("MUSTER_AGENT", "agent/muster-agent"), ("ORCA_STUB", "tests/bed/orca_stub"),
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
    def tasks(self):
        """{xname: task}"""
        return {task["node"]: task for task in self.json["tasks"]}

    @property
    def endings(self):
        """{xname: "STATE" or "STATE REASON"}"""
        return {node: ending(task) for node, task in self.tasks.items()}


def ending(task):
    return f"{task['state']} {task.get('reason') or ''}".strip()


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
        """The child of nsenter, which the bed leaves in front. Children of the bed's script, before that, are none of ours."""
        front = f"/proc/{self.popen.pid}"

        def child():
            with open(f"{front}/comm", encoding="ascii") as file:
                if file.read() != "nsenter\n":
                    return 0
            with open(f"{front}/task/{self.popen.pid}/children", encoding="ascii") as file:
                return int((file.read().split() or ["0"])[0])

        return wait_until(child, f"{self.name} runs", 10)

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


class Host:
    """Host i of the bed: nid00000i, with an agent of its own."""

    def __init__(self, world, number):
        self.world, self.number = world, number
        self.nid = f"nid{number:06d}"
        self.name = f"{self.nid}-nmn"
        i = number - 1
        self.xname = f"x1000c{i // 32}s{i // 4 % 8}b{i // 2 % 2}n{i % 2}"
        self.directory = os.path.join(world.etc, self.nid)
        self.mark = os.path.join(self.directory, "mark")

    def run(self, *command, check=True):
        done = subprocess.run([BED, "exec", self.nid, *command], env=self.world.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=COMMAND_LIMIT, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.nid}: {' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *command):
        """The same, without waiting for its end."""
        return subprocess.Popen([BED, "exec", self.nid, *command], env=self.world.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def systemctl(self, *arguments, check=True):
        return self.run("systemctl", *arguments, check=check)

    def show(self, unit, name):
        return self.systemctl("show", "-P", name, unit).strip()

    def invocation(self, unit="cray-orca.service"):
        return self.show(unit, "InvocationID")

    def write_unit(self, name, text):
        """Adds or replaces a unit in this host."""
        path = os.path.join(self.root, "etc/systemd/system", name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        self.systemctl("daemon-reload")

    @property
    def root(self):
        return self.world.bed("root", self.nid).strip()

    def agent_pid(self):
        """In the host's pid namespace; 0 if it does not run."""
        return int(self.show("muster-agent.service", "MainPID"))

    def set_agent_env(self, **variables):
        """For the agent's next start."""
        with open(os.path.join(self.directory, "env"), "w", encoding="ascii") as file:
            file.writelines(f"{name}={value}\n" for name, value in variables.items())

    def journal(self, unit="muster-agent.service"):
        return self.run("journalctl", "--no-pager", "-o", "short-precise", "-u", unit, check=False)

    def starts(self):
        """How often ORCA (or another unit that subscribes) was started, as HMNFD saw it: distinct invocations."""
        return self.world.starts().get(self.xname, [])

    def cut(self):
        self.world.bed("cut", self.nid)

    def heal(self):
        self.world.bed("heal", self.nid)

    def kill(self):
        self.world.bed("kill", self.nid)

    def boot(self):
        self.world.bed("boot", self.nid)


class World:
    """N hosts that are up, each with its agent attached to one musterd."""

    def __init__(self, hosts, musterd="MUSTERD", agent="MUSTER_AGENT", units=None, before_boot=None, unit_files=None):
        """`units`: more units of the agents' policy. `unit_files`: {name: text} of units that are added or replaced on every host."""
        self.directory = tempfile.mkdtemp(prefix="muster-test-")
        self.etc = os.path.join(self.directory, "etc")
        self.hmnfd_state = os.path.join(self.directory, "hmnfd")
        self.env = {**os.environ, "BED_STATE": f"/run/bed/test-{os.getpid()}", "MUSTER_CONTROLLER": "mgmt-nmn:7421",
                    "MUSTER_TLS_DIR": os.path.join(self.directory, "operator")}
        self.hosts = [Host(self, number) for number in range(1, hosts + 1)]
        self.musterd_program = program(musterd)
        self.musterd = None
        # Ctrl-C ends unittest without its cleanups.
        atexit.register(self.close)
        try:
            self._make_files(units or [])
            unit_directory = self._make_units(unit_files or {})
            if before_boot:
                before_boot(self)
            self.bed("up", str(hosts), "--off", "--owner", str(os.getpid()), "--units", unit_directory,
                     "--bind", f"{program(agent)}:/opt/muster/muster-agent",
                     "--bind", f"{program('ORCA_STUB')}:/opt/bed/orca_stub", "--bind", f"{self.etc}:/opt/muster-etc")
            self.hmnfd = Process(self, "hmnfd", [sys.executable, HMNFD, "--listen", "10.252.0.1:28600", "--state-dir",
                                                 self.hmnfd_state])
            wait_until(lambda: "listening" in self.hmnfd.log(), "HMNFD listens")
            self.start_musterd()
            self.bed("boot", "all")
            self.wait_attached()
        except BaseException:
            self.show_logs()
            self.close()
            raise

    def _make_files(self, units):
        ca = os.path.join(self.directory, "ca")

        def issue(role, name, out, *options):
            self.plain_muster("pki", "issue", "--dir", ca, "--role", role, *options, "--out", out, name)

        self.plain_muster("pki", "init", ca)
        issue("controller", "musterd", os.path.join(self.directory, "controller"), "--san", "mgmt-nmn", "--san",
              "10.252.0.1")
        issue("operator", "tester", self.env["MUSTER_TLS_DIR"])
        os.makedirs(self.etc)
        for host in self.hosts:
            issue("agent", host.xname, host.directory)
        with open(os.path.join(self.etc, "agent.toml"), "w", encoding="ascii") as file:
            names = ["cray-orca.service", "cray-dvs-orca.service", *units]
            file.write(f"[policy]\nunits = {json.dumps(names)}\n")
        with open(os.path.join(self.directory, "inventory.toml"), "w", encoding="ascii") as file:
            for host in self.hosts:
                file.write(f'[[node]]\nxname = "{host.xname}"\naliases = ["{host.nid}", "{host.name}"]\n'
                           'role = "Compute"\n\n')
        with open(os.path.join(self.directory, "musterd.toml"), "w", encoding="ascii") as file:
            file.write(f'inventory = "{self.directory}/inventory.toml"\n')

    def _make_units(self, unit_files):
        """The directory with the hosts' units."""
        directory = os.path.join(self.directory, "units")
        shutil.copytree(UNITS, directory, symlinks=True)
        for name, text in unit_files.items():
            with open(os.path.join(directory, name), "w", encoding="ascii") as file:
                file.write(text)
        return directory

    def host(self, number):
        return self.hosts[number - 1]

    def bed(self, *arguments):
        done = subprocess.run([BED, *arguments], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=COMMAND_LIMIT, check=False)
        if done.returncode != 0:
            raise AssertionError(f"bed {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout

    @property
    def state_dir(self):
        return os.path.join(self.directory, "state")

    def musterd_command(self, *arguments):
        return [
            self.musterd_program, "--listen", "10.252.0.1:7420", "--operator-listen", "10.252.0.1:7421", "--state-dir",
            self.state_dir, "--tls-dir", os.path.join(self.directory, "controller"), "--config",
            os.path.join(self.directory, "musterd.toml"), *arguments]

    def start_musterd(self, *arguments, **env):
        self.musterd = Process(self, "musterd", self.musterd_command(*arguments), env)

    def in_mgmt(self, *command):
        """What a program that ends by itself answers in the management network."""
        return subprocess.run([BED, "mgmt", *command], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=COMMAND_LIMIT, check=False)

    def plain_muster(self, *arguments):
        """On this machine, for what needs no controller."""
        subprocess.run([program("MUSTER"), *arguments], check=True, stdout=subprocess.DEVNULL, timeout=COMMAND_LIMIT)

    def muster(self, *arguments, code=None):
        """What the operator's command answers; `code`, if given, is its exit code."""
        done = subprocess.run([BED, "mgmt", program("MUSTER"), *arguments], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=COMMAND_LIMIT, check=False)
        result = Result(done)
        if code is not None and result.code != code:
            raise AssertionError(f"muster {' '.join(arguments)}: exit code {result.code}, expected {code}\n"
                                 f"{result.out}{result.err}")
        return result

    def muster_json(self, *arguments, code=None):
        return self.muster(*arguments, "-o", "json", code=code)

    def start_muster(self, *arguments):
        """The same, without waiting for its end; .communicate() gives the output."""
        return subprocess.Popen([BED, "mgmt", program("MUSTER"), *arguments, "-o", "json"], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def job_ended(self, job, limit=60.0):
        """The job's JSON once it has ended."""

        def ended():
            shown = self.muster_json("job", "show", job)
            if shown.code == 3:  # the controller is on its way
                return None
            return shown if shown.json["state"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None

        return wait_until(ended, f"{job} has ended", limit)

    def presence(self):
        """{xname: "ATTACHED", …}; empty while the controller cannot be reached."""
        listed = self.muster_json("node", "list")
        if listed.code != 0:
            return {}
        return {node["node"]: node["presence"] for node in listed.json["nodes"]}

    def wait_attached(self, *hosts, limit=60.0):
        wanted = {host.xname for host in (hosts or self.hosts)}
        wait_until(lambda: wanted <= {node for node, state in self.presence().items() if state == "ATTACHED"},
                   f"attached: {' '.join(sorted(wanted))}", limit)

    def posts(self):
        """Every subscription that was asked for at HMNFD, in order."""
        path = os.path.join(self.hmnfd_state, "subscriptions.log")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as log:
            return [json.loads(line) for line in log if line.endswith("\n")]

    def starts(self):
        """{xname: [invocation, …]}, each once, in the order of their first subscription."""
        seen = {}
        for post in self.posts():
            invocations = seen.setdefault(post["xname"], [])
            if post["invocation"] not in invocations:
                invocations.append(post["invocation"])
        return seen

    def hmnfd_refuses(self, on):
        path = os.path.join(self.hmnfd_state, "refuse")
        if on:
            with open(path, "w", encoding="ascii"):
                pass
        else:
            os.unlink(path)

    def show_logs(self):
        if self.musterd:
            print("---- musterd", self.musterd.log()[-6000:], sep="\n", file=sys.stderr)
        for host in self.hosts[:4]:
            try:
                text = host.journal()[-4000:]
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                text = str(error)
            print(f"---- agent of {host.nid}", text, sep="\n", file=sys.stderr)

    def close(self):
        subprocess.run([BED, "down"], env=self.env, check=False, timeout=COMMAND_LIMIT)
        shutil.rmtree(self.directory, ignore_errors=True)


class Story(unittest.TestCase):
    """A test in a world; shows the daemons' logs if it fails. Set `world` in setUpModule or setUpClass."""

    world = None

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before and self.world:
            self.world.show_logs()
        return result

    def assert_restarted_once(self, host, before):
        """`before`: host.starts() from before; one more start since, and it is the one that runs."""
        new = [invocation for invocation in host.starts() if invocation not in before]
        self.assertEqual([host.invocation()], new, f"{host.nid}: the unit was to be started exactly once")

