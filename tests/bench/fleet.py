"""A fleet on this machine: one musterd, and agents of muster-swarm in as many processes as their descriptors need. Needs no root.

Programs come from the environment: MUSTERD, MUSTER, MUSTER_SWARM; use_build() names those of a build folder.
"""

import collections
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../integration"))

from programs import program, use_build, wait_until  # noqa: E402,F401  use_build is for those who import this

# Of one process here: descriptors that are no agent's connection, those of the swarm's loops among them.
OTHER_DESCRIPTORS = 1200
TICKS = os.sysconf("SC_CLK_TCK")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Usage:
    """What a process has used and holds at one moment."""

    def __init__(self, pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        self.cpu = (int(fields[11]) + int(fields[12])) / TICKS  # seconds
        self.threads = int(fields[17])
        self.rss = self.anonymous = 0  # bytes
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name == "VmRSS":
                    self.rss = int(value.split()[0]) << 10
                elif name == "RssAnon":
                    self.anonymous = int(value.split()[0]) << 10
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        self.thread_names = collections.Counter(self._name(pid, thread) for thread in os.listdir(f"/proc/{pid}/task"))
        self.at = time.monotonic()

    @staticmethod
    def _name(pid, thread):
        try:
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as file:
                return file.read().strip()
        except FileNotFoundError:
            return "ended"


class Swarm:
    """One process of muster-swarm. `tallies` are its lines, the newest last."""

    def __init__(self, fleet, first, count, options):
        command = [program("MUSTER_SWARM"), "--controller", f"127.0.0.1:{fleet.agent_port}", "--tls-dir", fleet.tls_dir,
                   "--first", str(first), "--count", str(count), "--seed", str(first), "--json", *options]
        self.tallies = []
        self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.popen.stdout:
            self.tallies.append(json.loads(line))

    def newest(self, name):
        if self.popen.poll() is not None:
            raise AssertionError(f"muster-swarm has ended with exit code {self.popen.returncode}")
        return self.tallies[-1][name] if self.tallies else 0


class Fleet:
    def __init__(self, agents, directory=None):
        """`agents`: how many may be started, two or more. `directory`: for the store; on the disk that is to be measured."""
        self.directory = tempfile.mkdtemp(prefix="muster-fleet-", dir=directory)
        self.agents = agents
        self.tls_dir = os.path.join(self.directory, "agents")
        self.state_dir = os.path.join(self.directory, "state")
        self.agent_port, self.operator_port = free_ports(2)
        self.env = {**os.environ, "MUSTER_CONTROLLER": f"127.0.0.1:{self.operator_port}",
                    "MUSTER_TLS_DIR": os.path.join(self.directory, "operator")}
        self.settings = ""  # of musterd, TOML
        self.musterd = None
        self.swarms = []
        self._make_certificates()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _make_certificates(self):
        ca = os.path.join(self.directory, "ca")

        def pki(*arguments):
            subprocess.run([program("MUSTER"), "pki", *arguments], check=True, stdout=subprocess.DEVNULL)

        pki("init", ca)
        issue = ["issue", "--dir", ca, "--role"]
        pki(*issue, "controller", "--san", "127.0.0.1", "--out", os.path.join(self.directory, "controller"), "musterd")
        pki(*issue, "operator", "--out", self.env["MUSTER_TLS_DIR"], "bench")
        pki(*issue, "agent", "--out", self.tls_dir, self.node_set(self.agents))

    @staticmethod
    def node_set(count):
        """The names of that many nodes of a Cray EX system: 256 in a cabinet."""
        names = []
        for cabinet in range((count + 255) // 256):
            here = min(256, count - 256 * cabinet)
            if here == 256:
                names.append(f"x{1000 + cabinet}c[0-7]s[0-7]b[0-1]n[0-1]")
            else:
                names += [f"x{1000 + cabinet}c{i // 32}s{i // 4 % 8}b{i // 2 % 2}n{i % 2}" for i in range(here)]
        return ",".join(names)

    def start_musterd(self, prefix=()):
        """`prefix`: a command that runs it, such as nice."""
        os.makedirs(self.state_dir, exist_ok=True)
        config = os.path.join(self.directory, "musterd.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(self.settings)
        command = [*prefix, program("MUSTERD"), "--listen", f"127.0.0.1:{self.agent_port}", "--operator-listen",
                   f"127.0.0.1:{self.operator_port}", "--state-dir", self.state_dir, "--tls-dir",
                   os.path.join(self.directory, "controller"), "--config", config]
        with open(os.path.join(self.directory, "musterd.log"), "ab") as log:
            self.musterd = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._listens, "musterd listens", 60)

    def _listens(self):
        if self.musterd.poll() is not None:
            raise AssertionError(f"musterd has ended with exit code {self.musterd.returncode}:\n{self.musterd_log()[-2000:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.operator_port)) == 0

    def musterd_log(self):
        with open(os.path.join(self.directory, "musterd.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop_musterd(self, number=signal.SIGTERM):
        self.musterd.send_signal(number)
        self.musterd.wait(60)

    def usage(self):
        return Usage(self.musterd.pid)

    def start_agents(self, count, *options):
        """Starts so many in all, and does not wait for them."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        for first in range(0, count, hard - OTHER_DESCRIPTORS):
            self.swarms.append(Swarm(self, first, min(count - first, hard - OTHER_DESCRIPTORS), options))

    def start_agents_at(self, first, count, *options):
        """The same, one more process of them."""
        self.swarms.append(Swarm(self, first, count, options))

    def stop_last(self):
        swarm = self.swarms.pop()
        swarm.popen.kill()
        swarm.popen.wait(60)

    def stop_agents(self):
        for swarm in self.swarms:
            swarm.popen.kill()
            swarm.popen.wait(60)
            swarm.reader.join(60)
        self.swarms = []

    def sum(self, name):
        return sum(swarm.newest(name) for swarm in self.swarms)

    def wait_attached(self, count, limit=300):
        wait_until(lambda: self.sum("attached") == count, f"{count} agents are attached", limit)

    def attached_at(self, share, since):
        """How long after `since` (monotonic) so large a share of all agents was attached for good, to the tenth of a second of the
        tallies."""
        agents = sum(swarm.newest("agents") for swarm in self.swarms)
        times = sorted({t["monotonic"] for swarm in self.swarms for t in swarm.tallies if t["monotonic"] > since}, reverse=True)
        reached = None
        for moment in times:
            attached = sum([t["attached"] for t in swarm.tallies if t["monotonic"] <= moment][-1] for swarm in self.swarms)
            if attached < share * agents:
                break
            reached = moment - since
        return reached

    def muster(self, *arguments, code=0, limit=600):
        """What the operator's command prints, as JSON."""
        done = subprocess.run([program("MUSTER"), *arguments, "-o", "json"], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=limit, check=False)
        if code is not None and done.returncode != code:
            raise AssertionError(f"muster {' '.join(arguments)}: exit code {done.returncode}, expected {code}\n"
                                 f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def close(self):
        self.stop_agents()
        if self.musterd is not None and self.musterd.poll() is None:
            self.musterd.kill()
            self.musterd.wait(60)
        shutil.rmtree(self.directory, ignore_errors=True)
