"""A world for chaos: hosts whose ORCA writes down its own starts, the faults that are done to them, and an operator whose command
can be killed and typed again."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import chaos_check
from harness import World
from programs import BED, in_parallel, program, wait_until

ORCA = "cray-orca.service"
# No Restart=: whatever starts it is a boot, an attempt or a hand. It is quick on some hosts, and takes a second to stop, to start or
# both on others: the middle in which things happen.
ORCA_UNIT = """[Unit]
After=network.target
StartLimitIntervalSec=0
[Service]
Type=notify
EnvironmentFile=/opt/muster-etc/%H/orca.env
ExecStart=/opt/bed/orca_stub --starts /opt/muster-etc/%H/starts --subscribe mgmt-nmn:28600 $ORCA_OPTIONS
TimeoutStartSec=10
"""
ORCA_OPTIONS = ["", "--stop-delay 1", "--ready-after 1", "--stop-delay 1 --ready-after 1"]
LEDGER = "run/muster-agent"
# Three sessions in a minute that replace a live one of another incarnation are told as two agents of one name; so no host comes back
# with a new ledger more often than this.
NEW_LEDGERS, NEW_LEDGER_WINDOW = 2, 65.0
# Far longer than a round's faults and any deadline of its jobs.
PATIENCE = 120.0


def write_orca_options(world):
    for host in world.hosts:
        with open(os.path.join(host.directory, "orca.env"), "w", encoding="ascii") as file:
            file.write(f'ORCA_OPTIONS="{ORCA_OPTIONS[host.number % len(ORCA_OPTIONS)]}"\n')


class ChaosHost:
    """What chaos knows of one host beyond the harness; its lane's thread only, and between rounds."""

    def __init__(self, world, host):
        self.world, self.host = world, host
        self.start_log = chaos_check.StartLog()
        self.new_ledgers = []  # when
        self.root = ""
        self.agent_kills = 0  # since its boot
        self.begin_round()

    def begin_round(self):
        self.is_ledger_lost = False
        self.foreign = 0

    def may_lose_ledger(self):
        now = time.monotonic()
        self.new_ledgers = [at for at in self.new_ledgers if now - at < NEW_LEDGER_WINDOW]
        return len(self.new_ledgers) < NEW_LEDGERS

    def note_lost_ledger(self):
        self.new_ledgers.append(time.monotonic())
        self.is_ledger_lost = True

    def path(self, name):
        """Of a file in the host, as seen from here."""
        if not self.root or not os.path.isdir(self.root):
            self.root = self.host.root
        return os.path.join(self.root, name)

    def agent_pids(self):
        """As seen from here; none while it is down."""
        try:
            group = os.path.join(self.world.cgroup, self.host.nid, "system.slice/muster-agent.service/cgroup.procs")
            with open(group, encoding="ascii") as file:
                return [int(line) for line in file]
        except OSError:
            return []

    def signal_agent(self, number):
        """False if it does not run."""
        pids = self.agent_pids()
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return False
        return bool(pids)

    def kill_agent(self):
        is_killed = self.signal_agent(signal.SIGKILL)
        self.agent_kills += is_killed
        return is_killed

    def wait_for_unit(self):
        wait_until(lambda: self.host.show(ORCA, "Job") in ("", "0"), f"no job is left for ORCA on {self.host.nid}", PATIENCE)

    def agent_restarts(self):
        return int(self.host.show("muster-agent.service", "NRestarts"))

    def new_starts(self):
        try:
            with open(os.path.join(self.host.directory, "starts"), encoding="ascii") as file:
                return self.start_log.read(file.read())
        except FileNotFoundError:
            return []

    def is_at_work(self):
        """Whether the ledger has an attempt without an outcome, or cannot be read now."""
        try:
            path = self.path(f"{LEDGER}/attempts")
            for name in os.listdir(path):
                with open(os.path.join(path, name), encoding="utf-8") as file:
                    if "outcome" not in json.load(file):
                        return True
            return False
        except (OSError, ValueError):
            return True

    def intents(self, jobs):
        """{(job's name, attempt): invocation before} of these jobs, settled or not."""
        found = {}
        for directory in ("attempts", "settled"):
            path = self.path(f"{LEDGER}/{directory}")
            for name in os.listdir(path):
                with open(os.path.join(path, name), encoding="utf-8") as file:
                    intent = json.load(file)["intent"]
                job = intent["task"].split("/tasks/")[0]
                if job in jobs and intent["unit"]:
                    found[job, intent["attempt"]] = intent["invocation_before"]
        return found


class Command:
    """What an operator types, in a thread of its own: again with the same request id each time it is killed."""

    def __init__(self, world, submit):
        self.world, self.submit = world, submit
        hosts = [world.host(number) for number in submit.hosts]
        self.nodes = [host.xname for host in hosts]
        targets = ["--all"] if len(hosts) == len(world.hosts) else ["-w", ",".join(host.nid for host in hosts)]
        self.arguments = [*submit.words, *targets, *submit.options, "--request-id", submit.request_id]
        self.said = tempfile.TemporaryFile("w+", dir=world.directory)
        self.typed = None
        self.popen = None
        self.code = None
        self.output = None
        self.lock = threading.Lock()
        self.kills = []  # how long until it is typed again

    def run(self):
        while self.code is None:
            with self.lock:
                self.popen = subprocess.Popen([BED, "mgmt", program("MUSTER"), *self.arguments, "-o", "json"], env=self.world.env,
                                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.said)
                self.typed = self.typed or time.time()
            out, _ = self.popen.communicate(timeout=PATIENCE)
            with self.lock:
                if self.kills:
                    pause = self.kills.pop()
                else:
                    pause, self.code = 0, self.popen.returncode
                    self.output = json.loads(out) if self.code in (0, 1) and out else None
            time.sleep(pause)

    def kill(self, seconds):
        """False if it does not run, or has ended by itself."""
        with self.lock:
            if self.popen is None or self.popen.poll() is not None or self.kills:
                return False
            self.kills.append(seconds)
            self.popen.kill()
            return True

    def name(self):
        """The job's, once the command has said it."""
        found = re.search(r"jobs/[0-9a-f-]{36}", self.errors())
        return found and found[0]

    def errors(self):
        return os.pread(self.said.fileno(), 1 << 20, 0).decode(errors="replace")


class ChaosWorld(World):
    def __init__(self, hosts):
        super().__init__(hosts, unit_files={ORCA: ORCA_UNIT}, before_boot=write_orca_options)
        with open(os.path.join(self.env["BED_STATE"], "conf"), encoding="utf-8") as file:
            self.cgroup = re.search(r"^CG=(.*)$", file.read(), re.M)[1]
        self.chaos_hosts = [ChaosHost(self, host) for host in self.hosts]

    def chaos_host(self, number):
        return self.chaos_hosts[number - 1]

    def do(self, fault, commands):
        """Does it to its end; False if there was nothing to do it to."""
        return getattr(self, "do_" + fault.kind.replace("-", "_"))(fault, commands)

    def do_musterd_kill(self, fault, _):
        self.musterd.signal(signal.SIGKILL)
        self.musterd.wait(10)
        time.sleep(fault.seconds)
        self.start_musterd()
        return True

    def do_musterd_stop(self, fault, _):
        self.musterd.signal(signal.SIGSTOP)
        time.sleep(fault.seconds)
        self.musterd.signal(signal.SIGCONT)
        return True

    def do_all_killed(self, fault, _):
        self.musterd.signal(signal.SIGKILL)
        for host in self.chaos_hosts:
            host.kill_agent()
        self.musterd.wait(10)
        time.sleep(fault.seconds)
        self.start_musterd()
        return True

    def do_agent_kill(self, fault, _):
        return self.chaos_host(fault.target).kill_agent()

    def do_agent_stop(self, fault, _):
        host = self.chaos_host(fault.target)
        is_stopped = host.signal_agent(signal.SIGSTOP)
        time.sleep(fault.seconds)
        host.signal_agent(signal.SIGCONT)
        return is_stopped

    def do_reboot(self, fault, _):
        host = self.chaos_host(fault.target)
        if not host.may_lose_ledger():
            return False
        host.note_lost_ledger()
        host.host.kill()
        host.agent_kills = 0
        time.sleep(fault.seconds)
        host.host.boot()
        host.root = ""
        return True

    def do_cut(self, fault, _):
        host = self.host(fault.target)
        host.cut()
        time.sleep(fault.seconds)
        host.heal()
        return True

    def do_new_ledger(self, fault, _):
        host = self.chaos_host(fault.target)
        if not host.may_lose_ledger():
            return False
        host.note_lost_ledger()
        # At once for whoever opens it by name: half a ledger is another fault.
        gone = host.path(f"{LEDGER}.gone")
        os.rename(host.path(LEDGER), gone)
        shutil.rmtree(gone)
        time.sleep(fault.seconds)
        return host.kill_agent()

    def do_foreign_restart(self, fault, _):
        host = self.chaos_host(fault.target)
        host.foreign += 1
        host.host.start("systemctl", "restart", "--no-block", ORCA).wait(10)
        return True

    def do_cli_kill(self, fault, commands):
        return commands[fault.target - 1].kill(fault.seconds)

    def do_cancel(self, fault, commands):
        name = commands[fault.target - 1].name()
        return bool(name) and self.muster("job", "cancel", name).code == 0

    def do_pause(self, fault, commands):
        name = commands[fault.target - 1].name()
        if not name:
            return False
        is_paused = self.muster("job", "pause", name).code == 0
        time.sleep(fault.seconds)
        # One who cannot reach the controller tries again.
        wait_until(lambda: self.muster("job", "resume", name).code != 3, f"{name} is resumed", PATIENCE)
        return is_paused

    def rest(self):
        """Waits until every agent is attached and has an outcome for all it holds, and no unit is being restarted."""
        self.wait_attached(limit=PATIENCE)
        for host in self.chaos_hosts:
            wait_until(lambda host=host: not host.is_at_work(), f"{host.host.nid} has ended its attempts", PATIENCE)
        in_parallel([host.wait_for_unit for host in self.chaos_hosts])

    def check_daemons(self):
        """Sentences about daemons that have ended by themselves."""
        wrong = []
        if self.musterd.popen.poll() is not None:
            wrong.append(f"musterd has ended by itself: {self.musterd.log()[-500:]}")
            self.start_musterd()
        for host, restarts in zip(self.chaos_hosts, in_parallel([host.agent_restarts for host in self.chaos_hosts])):
            if restarts > host.agent_kills:
                wrong.append(f"the agent of {host.host.nid} was started again {restarts} times and killed {host.agent_kills}")
                host.agent_kills = restarts
        return wrong
