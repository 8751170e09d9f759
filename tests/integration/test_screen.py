"""What an operator sees while a job runs, on a real terminal (tmux): the line that is drawn over, the history above it, and what Ctrl-C asks.

musterd is real, and the agents are of muster-swarm: some of their units fail, and some never come back, so that a job stays as it is.
"""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))

import fleet  # noqa: E402
from programs import program, wait_until  # noqa: E402
from tmux import Terminal  # noqa: E402

AGENTS = 16
LIVE = re.compile(rf"^\d+( of |/){AGENTS}\b")
HISTORY = re.compile(r"^(\d\d:\d\d(:\d\d)?Z  |\d{4}-\d\d-\d\d, times in UTC$)")
PROMPT = "[d]etach"
# Ends when what hangs is given up; long enough for every story that does not wait for it.
SOON, LATE = "12s", "5min"


def restart(deadline, *options):
    return ["restart", "cray-orca.service", "--all", "--settle", "0s", "--max-failures", "100%", "--execution-deadline", deadline, *options]


def history(text):
    return [line.rstrip() for line in text.splitlines() if HISTORY.match(line)]


class ScreenTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = fleet.Fleet(AGENTS)
        cls.addClassCleanup(cls.world.close)
        cls.world.start_musterd()
        cls.world.start_agents(AGENTS, "--start-ms", "50", "--start-ms-max", "1500", "--fails", "30", "--hangs", "30")
        cls.world.wait_attached(AGENTS)

    def setUp(self):
        # Units that hang in the last story are at their restart until it ends.
        for job in self.world.muster("job", "list")["jobs"]:
            if job["state"] in ("RUNNING", "PAUSED", "CANCELLING"):
                self.world.muster("job", "cancel", job["name"])
        self.world.stop_agents()
        self.world.start_agents(AGENTS, "--start-ms", "50", "--start-ms-max", "1500", "--fails", "30", "--hangs", "30")
        self.world.wait_attached(AGENTS)

    def terminal(self, columns=80, **env):
        terminal = Terminal(self.world.directory, {**self.world.env, **env}, columns)
        self.addCleanup(terminal.close)
        return terminal

    def follow(self, terminal, *options, deadline=LATE, env=()):
        terminal.run(program("MUSTER"), *restart(deadline, *options), env=env)
        wait_until(lambda: self.live(terminal), "the line is there", 30)

    def live(self, terminal):
        """The line that is drawn over; None unless it is the only one of its kind and the last on the screen, with the cursor at its
        beginning."""
        screen = terminal.screen()
        if not screen or sum(bool(LIVE.match(line)) for line in screen) != 1 or not LIVE.match(screen[-1]):
            return None
        return screen[-1] if terminal.cursor() == (0, len(screen) - 1, True) else None

    def fits(self, terminal, columns, text):
        """Each bad end, whatever the width, and whatever else is to be there."""
        line = self.live(terminal)
        return line if line and len(line) < columns and text in line and re.search("bad|failed", line) else None

    def test_the_line_fits_every_screen(self):
        terminal = self.terminal()
        self.follow(terminal)
        wait_until(lambda: self.fits(terminal, 80, "failed"), "80 columns", 30)
        for columns, text in [(40, "of"), (200, "waiting for x1000c0s"), (20, "/16; "), (80, "succeeded"), (21, "/16; "), (200, "waiting for")]:
            terminal.resize(columns)
            wait_until(lambda: self.fits(terminal, columns, text), f"the line in {columns} columns: {terminal.screen()}", 30)
        # What stood above is there, once.
        self.assertEqual(1, terminal.all_text().count("restart cray-orca.service on 16 nodes"))

    def test_narrow_from_the_beginning(self):
        terminal = self.terminal(columns=20)
        self.follow(terminal)
        wait_until(lambda: self.fits(terminal, 20, "/16; "), "20 columns", 30)
        terminal.type("C-c")
        terminal.wait_for("[d]")
        terminal.type("d")
        self.assertEqual(4, terminal.exit_code())

    def test_ctrl_c_asks_and_it_goes_on(self):
        terminal = self.terminal()
        self.follow(terminal)
        for _ in range(2):
            terminal.type("C-c")
            terminal.wait_for(PROMPT)
            terminal.type("g")
            wait_until(lambda: self.live(terminal) and PROMPT not in "\n".join(terminal.screen()), "it goes on", 30)
        # The question fits, too.
        terminal.type("C-c")
        terminal.wait_for("detach or cancel?")
        terminal.resize(30)
        wait_until(lambda: terminal.screen()[-1] == "[d]etach/[c]ancel/[g]o on", "the question in 30 columns", 30)
        terminal.resize(80)
        terminal.wait_for("detach or cancel?")
        terminal.type("d")
        self.assertEqual(4, terminal.exit_code())
        self.assertIn("muster: interrupted; jobs/", terminal.all_text())
        self.assertNotIn(PROMPT, "\n".join(terminal.screen()), "nothing is left of it")

    def test_an_arrow_is_no_answer(self):
        """Right is an escape code that ends in C."""
        terminal = self.terminal()
        self.follow(terminal)
        terminal.type("C-c")
        terminal.wait_for("detach or cancel?")
        terminal.type("Right")
        # Keys are looked for between two drawings.
        for columns, text in [(30, "[d]etach/[c]ancel/[g]o on"), (80, "detach or cancel?"), (30, "[d]etach/[c]ancel/[g]o on"), (80, "detach or cancel?")]:
            terminal.resize(columns)
            wait_until(lambda: terminal.screen()[-1].startswith(text), f"the question in {columns} columns", 30)
        terminal.type("g")
        wait_until(lambda: self.live(terminal) and PROMPT not in "\n".join(terminal.screen()), "it goes on", 30)
        self.assertEqual("RUNNING", self.world.muster("job", "show", "last")["state"])
        terminal.type("C-c")
        terminal.wait_for("detach or cancel?")
        terminal.type("d")
        self.assertEqual(4, terminal.exit_code())

    def test_enter_detaches(self):
        terminal = self.terminal()
        self.follow(terminal)
        terminal.type("C-c")
        terminal.wait_for(PROMPT)
        terminal.type("Enter")
        self.assertEqual(4, terminal.exit_code())

    def test_ctrl_c_twice_detaches(self):
        terminal = self.terminal()
        self.follow(terminal)
        terminal.type("C-c")
        terminal.wait_for(PROMPT)
        terminal.type("C-c")
        self.assertEqual(4, terminal.exit_code())
        self.assertIn("goes on: `muster job watch jobs/", terminal.all_text())
        # The terminal is as it was: what is typed is shown, and lines are edited.
        terminal.type("echo as before", "Enter")
        terminal.wait_for("$ echo as before\nas before")

    def test_ctrl_c_cancels(self):
        terminal = self.terminal(columns=150)
        self.follow(terminal, "--max-parallel", "8", deadline=SOON)
        terminal.type("C-c")
        terminal.wait_for(PROMPT)
        terminal.type("c")
        terminal.wait_for("is cancelled: what has started ends as it truly ends")
        self.assertEqual(1, terminal.exit_code())
        text = terminal.all_text()
        self.assertRegex(text, r"\d\d:\d\d:\d\dZ  CANCELLED  jobs/")
        self.assertIn("cancelled by bench", text)

    def test_colours_and_none(self):
        terminal = self.terminal()
        self.follow(terminal)
        wait_until(lambda: self.fits(terminal, 80, "failed"), "somebody has failed", 30)
        self.assertRegex(terminal.all_text(escapes=True), r"\x1b\[31m\d+ failed")
        plain = self.terminal(NO_COLOR="1")
        self.follow(plain)
        wait_until(lambda: self.fits(plain, 80, "failed"), "somebody has failed", 30)
        self.assertNotRegex(plain.all_text(escapes=True), r"\x1b\[3\d")

    def raw(self, env):
        """The bytes that a terminal of that kind gets, until the job has ended."""
        leader, follower = pty.openpty()
        termios.tcsetwinsize(follower, (24, 80))
        with subprocess.Popen([program("MUSTER"), *restart(SOON)], env={**self.world.env, **env}, stdin=follower, stdout=follower,
                              stderr=follower, start_new_session=True) as run:
            os.close(follower)
            data = b""
            try:
                while more := os.read(leader, 65536):
                    data += more
            except OSError:  # the other end is closed
                pass
            os.close(leader)
            self.assertEqual(1, run.wait(60))
        return data

    def test_a_dumb_terminal_gets_no_escape_codes(self):
        data = self.raw({"TERM": "dumb"})
        self.assertNotIn(b"\x1b", data)
        self.assertRegex(data, rb"\n\d\d:\d\d:\d\dZ  FAILED ")
        self.assertIn(b"\x1b[J", self.raw({"TERM": "xterm"}))

    def test_no_color_leaves_the_line(self):
        data = self.raw({"TERM": "xterm", "NO_COLOR": "1"})
        self.assertIn(b"\x1b[J", data)
        self.assertNotRegex(data, rb"\x1b\[\d+m")
        # The cursor is never hidden, and lines may break again.
        self.assertNotIn(b"\x1b[?25l", data)
        self.assertEqual(data.count(b"\x1b[?7l"), data.count(b"\x1b[?7h"))

    def test_without_a_terminal_there_are_lines(self):
        run = subprocess.Popen([program("MUSTER"), *restart(LATE)], env=self.world.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        lines = []
        for line in run.stderr:
            lines.append(line)
            if line.startswith("muster: ") and " ended: " in line:
                break
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        self.assertEqual(4, run.returncode)
        text = "".join(lines) + err
        self.assertNotIn("\x1b", out + text)
        self.assertNotIn("\r", out + text)
        self.assertIn("interrupted; jobs/", text)
        self.assertRegex(text, r"(?m)^\d\d:\d\d:\d\dZ  FAILED ")

    def test_health_keeps_one_screen(self):
        terminal = self.terminal()
        terminal.run(program("MUSTER"), "health", "--watch")
        for columns in (80, 30, 120):
            terminal.resize(columns)
            wait_until(lambda: self.is_one_health(terminal, columns), f"health in {columns} columns", 30)
        terminal.type("C-c")
        self.assertEqual(4, terminal.exit_code())

    def is_one_health(self, terminal, columns):
        screen = terminal.screen()
        return (screen[0].startswith(("WELL: ", "DEGRADED: ", "UNKNOWN: ")) and sum("CONDITION " in line and "TRUE" in line for line in screen) == 1
                and all(len(line) < columns for line in screen))

    def test_health_without_a_terminal_says_what_is_new(self):
        run = subprocess.Popen([program("MUSTER"), "health", "--watch"], env=self.world.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        first = run.stdout.readline()
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=60)
        self.assertEqual(4, run.returncode)
        self.assertRegex(first, rb"^(WELL|DEGRADED|UNKNOWN): ")
        self.assertNotIn(b"\x1b", first + out)

    def test_nohup_is_heeded(self):
        run = subprocess.Popen(["nohup", program("MUSTER"), *restart(SOON)], env=self.world.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in run.stderr:
            if "on 16 nodes" in line:
                break
        run.send_signal(signal.SIGHUP)
        out, err = run.communicate(timeout=60)
        self.assertEqual(1, run.returncode, err)
        self.assertIn(": FAILED: ", out)

    def test_a_closed_terminal_detaches(self):
        terminal = self.terminal()
        self.follow(terminal)
        pid = terminal.pid("muster")
        terminal.close()
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "muster has gone with its terminal", 30)
        self.assertEqual("RUNNING", self.world.muster("job", "show", "last")["state"])


class OperationTest(unittest.TestCase):
    def test_ctrl_c_asks_of_an_operation_likewise(self):
        """HMNFD is not there, so that the operation waits for it."""
        world = fleet.Fleet(2)
        self.addCleanup(world.close)
        world.settings = f'[csm]\nhmnfd = "http://127.0.0.1:{fleet.free_ports(1)[0]}/hmi/v2"\n'
        world.start_musterd()
        world.start_agents(2)
        world.wait_attached(2)
        terminal = Terminal(world.directory, world.env, 150)
        self.addCleanup(terminal.close)
        terminal.run(program("MUSTER"), "resubscribe", "--all")
        terminal.wait_for("HMNFD takes subscriptions: running")
        terminal.type("C-c")
        terminal.wait_for(PROMPT)
        terminal.type("c")
        terminal.wait_for("is cancelled: what has started ends as it truly ends")
        self.assertEqual(1, terminal.exit_code())
        self.assertIn(": CANCELLED", terminal.all_text())


class HistoryTest(unittest.TestCase):
    """One job, watched from terminals of different widths, one of them killed and attached again."""

    def test_every_watch_tells_the_same(self):
        world = fleet.Fleet(60)
        self.addCleanup(world.close)
        world.start_musterd()
        world.start_agents(60, "--start-ms", "50", "--start-ms-max", "2500", "--fails", "30", "--hangs", "5")
        world.wait_attached(60)

        def terminal(columns):
            made = Terminal(world.directory, world.env, columns)
            self.addCleanup(made.close)
            return made

        muster = program("MUSTER")
        first, second, again = terminal(200), terminal(70), terminal(40)
        first.run(muster, *restart("8s", "--max-parallel", "6", "--retries", "0"))
        first.wait_for(" of 60 ended")
        second.run(muster, "job", "watch", "last")
        second.wait_for("FAILED")
        # Tmux gives its programs a shell, and that one this program.
        os.kill(second.pid("muster"), signal.SIGKILL)
        second.exit_code()
        told = history(second.all_text())
        again.run(muster, "job", "watch", "last")
        self.assertEqual([1, 1], [first.exit_code(120), again.exit_code(120)])
        whole = history(first.all_text())
        self.assertGreater(len(whole), 5)
        self.assertEqual(whole, history(again.all_text()))
        self.assertEqual(whole[:len(told)], told, "what was told before the kill")
        later = subprocess.run([muster, "job", "watch", "last"], env=world.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               timeout=60, check=False)
        self.assertEqual(whole, history(later.stderr))


if __name__ == "__main__":
    unittest.main()
