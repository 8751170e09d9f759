"""A small world for the integration tests: real systemd hosts (tests/bed), musterd in the management network, a stand-in HMNFD.

Every test program has a world of its own, which ends with it, however it ends.
"""

import atexit
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import unittest

from programs import BED, COMMAND_LIMIT, HERE, Process, Result, program, wait_until

UNITS = os.path.join(HERE, "..", "bed", "units")
STAND_INS = os.path.join(HERE, "..", "csm")
# Of the management network. Those of csm.py listen one after the other from here on: HMNFD, HSM, BSS, gateway, BOS, CPS.
MGMT, CSM_PORT = "10.252.0.1", 28600
GATEWAY = f"http://{MGMT}:{CSM_PORT + 3}"
DIRECT = {"hmnfd": f"http://{MGMT}:{CSM_PORT}/hmi/v2", "hsm": f"http://{MGMT}:{CSM_PORT + 1}/hsm/v2",
          "bss": f"http://{MGMT}:{CSM_PORT + 2}/boot/v1"}
WEB_PORT = 7422
WEB = f"https://{MGMT}:{WEB_PORT}"
THROUGH_GATEWAY = {"gateway": f"{GATEWAY}/apis", "token_url": f"{GATEWAY}/keycloak/realms/shasta/protocol/openid-connect/token",
                   "client_id": "admin-client"}


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

    def __init__(self, hosts, musterd="MUSTERD", agent="MUSTER_AGENT", units=None, before_boot=None, unit_files=None, csm=None,
                 csm_options=(), agent_settings="", programs=(), web=False):
        """`units`: more units of the agents' policy. `unit_files`: {name: text} of units that are added or replaced on every host.
        `agent_settings`: more of the agents' file. `programs`: names in the environment, found in the hosts' /opt/bed, in lower case.

        `web`: musterd's web port is open, at WEB, with the token of web_token.

        `csm`: the table [csm] of musterd's settings, such as DIRECT or THROUGH_GATEWAY; then all of CSM's stand-ins run, with
        `csm_options`, in which {directory} is this world's.
        Without it musterd knows nothing of CSM, and there is HMNFD alone.
        """
        self.directory = tempfile.mkdtemp(prefix="muster-test-")
        self.etc = os.path.join(self.directory, "etc")
        # Where the stand-ins' switches and logs are; HMNFD's own, too, if it is alone.
        self.csm_state = os.path.join(self.directory, "csm")
        self.hmnfd_state = os.path.join(self.csm_state, "hmnfd")
        self.env = {**os.environ, "CSM_STATE": self.csm_state, "BED_STATE": f"/run/bed/test-{os.getpid()}",
                    "MUSTER_CONTROLLER": "mgmt-nmn:7421", "MUSTER_TLS_DIR": os.path.join(self.directory, "operator")}
        self.web_token = secrets.token_urlsafe(32)
        self.hosts = [Host(self, number) for number in range(1, hosts + 1)]
        self.musterd_program = program(musterd)
        self.musterd = None
        # Ctrl-C ends unittest without its cleanups.
        atexit.register(self.close)
        try:
            self._make_files(units or [], agent_settings)
            if web:
                self._add_web()
            if csm is not None:
                self._add_csm(csm)
            unit_directory = self._make_units(unit_files or {})
            if before_boot:
                before_boot(self)
            binds = [option for name in programs for option in ("--bind", f"{program(name)}:/opt/bed/{name.lower()}")]
            self.bed("up", str(hosts), "--off", "--owner", str(os.getpid()), "--units", unit_directory, *binds,
                     *self._agent_options(program(agent)),
                     "--bind", f"{program('ORCA_STUB')}:/opt/bed/orca_stub", "--bind", f"{self.etc}:/opt/muster-etc")
            self._start_stand_ins(csm is not None, csm_options)
            self._begin()
        except BaseException:
            self.show_logs()
            self.close()
            raise

    def _agent_options(self, path):
        """Of `bed up`: how hosts come by the agent."""
        return ["--bind", f"{path}:/opt/muster/muster-agent"]

    def _begin(self):
        self.start_musterd()
        self.bed("boot", "all")
        self.wait_attached()

    def _make_files(self, units, agent_settings):
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
            file.write(f"[policy]\nunits = {json.dumps(names)}\n{agent_settings}")
        with open(os.path.join(self.directory, "inventory.toml"), "w", encoding="ascii") as file:
            for host in self.hosts:
                file.write(f'[[node]]\nxname = "{host.xname}"\naliases = ["{host.nid}", "{host.name}"]\n'
                           'role = "Compute"\n\n')
        with open(os.path.join(self.directory, "musterd.toml"), "w", encoding="ascii") as file:
            file.write(f'inventory = "{self.directory}/inventory.toml"\n')

    def _add_web(self):
        token_file = os.path.join(self.directory, "web.token")
        with open(token_file, "w", encoding="ascii") as file:
            file.write(self.web_token + "\n")
        with open(os.path.join(self.directory, "musterd.toml"), "a", encoding="ascii") as file:
            file.write(f'[web]\nlisten = "{MGMT}:{WEB_PORT}"\ntoken_file = "{token_file}"\n')

    def _add_csm(self, table):
        """To musterd's settings, and what HSM's stand-in knows."""
        secret = os.path.join(self.directory, "client-secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write("secret\n")
        table = {**table, "kubectl": os.path.join(STAND_INS, "kubectl")}
        if "token_url" in table:
            table["client_secret_file"] = secret
        with open(os.path.join(self.directory, "musterd.toml"), "a", encoding="ascii") as file:
            file.write("[csm]\n")
            file.writelines(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        nodes = [{"ID": host.xname, "Role": "Compute", "NID": host.number, "Aliases": [host.nid]} for host in self.hosts]
        with open(os.path.join(self.directory, "nodes.json"), "w", encoding="ascii") as file:
            json.dump({"Components": nodes}, file)

    def _start_stand_ins(self, all_of_them, options):
        listen = ["--listen", f"{MGMT}:{CSM_PORT}"]
        if all_of_them:
            name, last = "csm", "cps: listening"
            command = ["csm.py", *listen, "--state-dir", self.csm_state, "--nodes", os.path.join(self.directory, "nodes.json")]
        else:
            name, last = "hmnfd", "hmnfd: listening"
            command = ["hmnfd.py", *listen, "--state-dir", self.hmnfd_state]
        self.csm = Process(self, name, [sys.executable, os.path.join(STAND_INS, command[0]), *command[1:],
                                         *(option.format(directory=self.directory) for option in options)])
        wait_until(lambda: last in self.csm.log(), f"{name} listens")

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

    def answer_of(self, popen, limit):
        """What start_muster() answers in the end."""
        out, err = popen.communicate(timeout=limit)
        return Result(subprocess.CompletedProcess(popen.args, popen.returncode, out, err))

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

    def csm_log(self, name):
        """What a stand-in has written down: the whole lines of a log, such as "kubectl.log" or "bss/bss.log"."""
        path = os.path.join(self.csm_state, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as log:
            return [json.loads(line) for line in log if line.endswith("\n")]

    def posts(self):
        """Every subscription that was asked for at HMNFD, in order."""
        return self.csm_log("hmnfd/subscriptions.log")

    def starts(self):
        """{xname: [invocation, …]}, each once, in the order of their first subscription."""
        seen = {}
        for post in self.posts():
            invocations = seen.setdefault(post["xname"], [])
            if post["invocation"] not in invocations:
                invocations.append(post["invocation"])
        return seen

    def put(self, name, text=""):
        """Puts a switch of a stand-in, such as "hmnfd/refuse"; see the head of tests/csm/service.py."""
        path = os.path.join(self.csm_state, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def is_put(self, name):
        return os.path.exists(os.path.join(self.csm_state, name))

    def unput(self, name):
        os.unlink(os.path.join(self.csm_state, name))

    def put_and_wait(self, name, text=""):
        """Of those that the stand-in removes once it has done so."""
        self.put(name, text)
        wait_until(lambda: not self.is_put(name), f"the stand-in takes {name}")

    def hmnfd_refuses(self, on):
        if on:
            self.put("hmnfd/refuse")
        else:
            self.unput("hmnfd/refuse")

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

