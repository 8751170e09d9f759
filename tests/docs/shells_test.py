"""Tab in a real bash and a real zsh, with the packaged completions, a real musterd and its inventory."""

import os
import pty
import re
import select
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

DOCS, MUSTER, MUSTERD = (os.environ[name] for name in ("DOCS", "MUSTER", "MUSTERD"))
COMPLETIONS = os.path.join(DOCS, "completions")
LIMIT = 20
# The line that was typed, as the shell has it, between these.
LINE = re.compile(r"LINE<(.*?)>ENIL", re.S)
BASH = f"""PS1='ready$ '; bind 'set enable-bracketed-paste off' 'set bell-style none' 'set show-all-if-ambiguous on' 'set page-completions off'
source {COMPLETIONS}/muster.bash
show() {{ printf 'LINE<%s>ENIL\\n' "$READLINE_LINE"; READLINE_LINE=; }}
bind -x '"\\C-x": show'
"""
ZSH = f"""PS1='ready$ '; PS2=; unset zle_bracketed_paste; setopt nobeep nolistbeep; unsetopt automenu
fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D
show() {{ print -rn -- "LINE<$BUFFER>ENIL"; BUFFER=; }}
zle -N show; bindkey '^X' show
"""


def free_ports():
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


class Shell:
    """An interactive shell on a terminal."""

    def __init__(self, command, settings, directory, env):
        self.text = ""
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(directory)
            os.execvpe(command[0], command, {**env, "TERM": "dumb", "COLUMNS": "200", "LINES": "200"})
        self.pid = pid
        for line in settings.splitlines():
            os.write(self.terminal, line.encode() + b"\n")
        os.write(self.terminal, b"echo set\"\"tled\n")
        self.read_until(lambda: "settled" in self.text, "the shell is there")

    def read_until(self, condition, what):
        deadline = time.monotonic() + LIMIT
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
                raise AssertionError(f"after {LIMIT} s still not: {what}\n{self.text}")
            self.text += os.read(self.terminal, 65536).decode(errors="replace").replace("\r", "")

    def tab(self, typed):
        """(the line after Tab, what was shown meanwhile)"""
        self.text = ""
        os.write(self.terminal, typed.encode() + b"\t\x18")
        self.read_until(lambda: LINE.search(self.text), f"Tab after {typed}")
        return LINE.search(self.text).group(1), self.text

    def close(self):
        os.close(self.terminal)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


class Tabs:
    """What both shells are asked."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="muster-shells-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        path = lambda name: os.path.join(cls.directory, name)
        os.makedirs(path("bin"))
        os.symlink(MUSTER, path("bin/muster"))
        os.makedirs(path("clustershell/groups.d"))
        with open(path("clustershell/groups.d/local.yaml"), "w", encoding="ascii") as file:
            file.write("local:\n  compute: x1000c0s0b0n0\nracks:\n  rack1: x1000c0s0b0n1\n")
        for name in ("nodes.txt", "status.json"):
            with open(path(name), "w", encoding="ascii") as file:
                file.write("x1\n")
        subprocess.run([MUSTER, "pki", "init", path("ca")], check=True, stdout=subprocess.DEVNULL)
        for role, name, options in [("controller", "musterd", ["--san", "127.0.0.1"]), ("operator", "tester", [])]:
            subprocess.run([MUSTER, "pki", "issue", "--dir", path("ca"), "--role", role, *options, "--out", path(name), name], check=True,
                           stdout=subprocess.DEVNULL)
        with open(path("inventory.toml"), "w", encoding="ascii") as file:
            for number in range(4):
                file.write(f'[[node]]\nxname = "x1000c0s0b{number // 2}n{number % 2}"\naliases = ["nid00000{number + 1}"]\n'
                           f'role = "{"Application" if number == 3 else "Compute"}"\n\n')
        with open(path("musterd.toml"), "w", encoding="ascii") as file:
            file.write(f'inventory = "{path("inventory.toml")}"\n')
        agents, operators = free_ports()
        cls.env = {**os.environ, "PATH": f"{path('bin')}:{os.environ['PATH']}", "MUSTER_CONTROLLER": f"127.0.0.1:{operators}",
                   "MUSTER_TLS_DIR": path("tester"), "HOME": cls.directory, "CLUSTERSHELL_CFGDIR": path("clustershell")}
        with open(path("musterd.log"), "wb") as log:
            musterd = subprocess.Popen([MUSTERD, "--listen", f"127.0.0.1:{agents}", "--operator-listen", f"127.0.0.1:{operators}",
                                        "--state-dir", path("state"), "--tls-dir", path("musterd"), "--config", path("musterd.toml")],
                                       stdout=log, stderr=log)
        cls.addClassCleanup(musterd.wait)
        cls.addClassCleanup(musterd.kill)
        subprocess.run([MUSTER, "node", "list"], env=cls.env, check=True, stdout=subprocess.DEVNULL, timeout=60)
        cls.shell = Shell(cls.command, cls.settings, cls.directory, cls.env)
        cls.addClassCleanup(cls.shell.close)

    def becomes(self, typed, line):
        self.assertEqual(line, self.shell.tab(typed)[0])

    def shows(self, typed, *words):
        text = self.shell.tab(typed)[1]
        for word in words:
            self.assertIn(word, text.replace(typed, "", 1))

    def test_verbs_and_options(self):
        self.becomes("muster resub", "muster resubscribe ")
        self.becomes("muster job can", "muster job cancel ")
        self.becomes("muster restart cray-orca.service --can", "muster restart cray-orca.service --canary ")
        self.shows("muster job re", "resume", "retry")

    def test_values(self):
        self.becomes("muster --output=ta", "muster --output=table ")
        self.becomes("muster restart u --role app", "muster restart u --role application ")
        self.becomes("muster restart u --from-job last --state timed", "muster restart u --from-job last --state timed-out")

    def test_nodes(self):
        self.becomes("muster restart u -w x1000c0s0b1n1", "muster restart u -w x1000c0s0b1n1")
        self.becomes("muster restart u -w nid000001,x10", "muster restart u -w nid000001,x1000c0s0b")
        self.becomes("muster restart u --nodes=nid000003,ni", "muster restart u --nodes=nid000003,nid00000")
        self.becomes("muster restart u -w x1[2-3],nid000004", "muster restart u -w x1[2-3],nid000004")
        self.shows("muster restart u -w x1000c0s0b", "x1000c0s0b0n0", "x1000c0s0b1n1")
        self.becomes("muster restart u -w ^nod", "muster restart u -w ^nodes.txt")
        self.becomes("muster node show nid000004", "muster node show nid000004 ")

    def test_groups(self):
        self.becomes("muster restart u -w @com", "muster restart u -w @compute")
        self.becomes("muster restart u -w x1,@rac", "muster restart u -w x1,@racks:rack1")
        self.becomes("muster nodeset fold @racks:", "muster nodeset fold @racks:rack1")
        self.becomes("muster nodeset fold 'x1&@com", "muster nodeset fold 'x1&@compute" + self.closing)
        self.becomes("muster nodeset fold ^nod", "muster nodeset fold ^nodes.txt")

    def test_files(self):
        self.becomes("muster resubscribe --sat statu", "muster resubscribe --sat status.json ")
        self.becomes("muster resubscribe --baseline=nod", "muster resubscribe --baseline=nodes.txt ")

    def test_a_controller_that_is_not_there_is_no_matter(self):
        self.becomes("muster --controller 127.0.0.1:1 restart u -w x10", "muster --controller 127.0.0.1:1 restart u -w x10")
        self.becomes("muster --controller 127.0.0.1:1 job show la", "muster --controller 127.0.0.1:1 job show last ")


class BashTest(Tabs, unittest.TestCase):
    command, settings = ["bash", "--norc", "--noprofile", "-i"], BASH
    closing = "'"  # readline closes a quote by itself


class ZshTest(Tabs, unittest.TestCase):
    command, settings = ["zsh", "-f", "-i"], ZSH
    closing = ""


if __name__ == "__main__":
    unittest.main()
