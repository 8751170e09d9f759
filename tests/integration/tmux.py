"""A real terminal: tmux, with a server of its own that ends with the test. What is on the screen is what an operator would read."""

import os
import secrets
import shlex
import subprocess

from programs import wait_until


class Terminal:
    def __init__(self, directory, env, columns=80, rows=24):
        """`env`: of what is run in it, but for TERM, which is tmux's own."""
        self.socket = os.path.join(directory, f"tmux-{secrets.token_hex(4)}")
        self.env = {**env, "TERM": "screen-256color"}
        self.exit_code_path = f"{self.socket}.code"
        self._tmux("-f", "/dev/null", "new-session", "-x", str(columns), "-y", str(rows), "-d", "env PS1='$ ' sh")

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", self.socket, *arguments], env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise AssertionError(f"tmux {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)

    def run(self, *command, env=()):
        """Types the command; .exit_code() is there when it has ended. `env`: "NAME=VALUE" of it alone. It begins at the bottom of an
        empty screen: at the top of one, tmux moves what it breaks into several lines partly out of the screen, where nobody can erase it."""
        if os.path.exists(self.exit_code_path):
            os.unlink(self.exit_code_path)
        typed = shlex.join(["env", *env, *command])
        script = f"{self.socket}.sh"
        with open(script, "w", encoding="utf-8") as file:
            # The code comes with its file, for who waits for it. Ctrl-C is for the command.
            file.write(f"trap : INT\nclear; yes '' | head -n 40; {typed}\necho $? >{self.exit_code_path}.new; mv {self.exit_code_path}.new {self.exit_code_path}\n")
        self.type(f". {script}", "Enter")

    def type(self, *keys):
        self._tmux("send-keys", *keys)

    def resize(self, columns, rows=24):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self):
        """The lines that are on it, without empty ones at the end; at least one."""
        return self._tmux("capture-pane", "-p").rstrip().splitlines() or [""]

    def all_text(self, escapes=False):
        """What scrolled away, too; lines that the terminal broke are one."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-", *(["-e"] if escapes else []))

    def cursor(self):
        """(column, row, whether it is shown)"""
        column, row, flag = self._tmux("display-message", "-p", "#{cursor_x} #{cursor_y} #{cursor_flag}").split()
        return int(column), int(row), flag == "1"

    def wait_for(self, text, limit=30):
        """Until it is on the screen."""
        try:
            wait_until(lambda: text in "\n".join(self.screen()), text, limit)
        except AssertionError as error:
            shown = "\n".join(self.screen())
            raise AssertionError(f"{error}; the screen:\n{shown}") from None

    def pid(self, name):
        """Of the program of that name that runs in it."""
        shell = self._tmux("display-message", "-p", "#{pane_pid}").strip()

        def child():
            found = subprocess.run(["pgrep", "-P", shell, "-x", name], capture_output=True, text=True, check=False).stdout.split()
            return int(found[0]) if found else None

        return wait_until(child, f"{name} runs", 30)

    def exit_code(self, limit=60):
        wait_until(lambda: os.path.exists(self.exit_code_path), "the command has ended", limit)
        with open(self.exit_code_path, encoding="ascii") as file:
            return int(file.read())
