"""bos_power.py - how BOS puts a node on or off: by a command, if there is one, and then in HSM.

The command is run as COMMAND on|off XNAME, without a shell; success is exit code 0, and else the last line of its stderr says what was
wrong. So many at once, each for so long; then it and what it started are killed. HSM is told Off after off, and Ready after on.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile

AT_ONCE = 8
DEADLINE = 60.0
STATES = {"off": "Off", "on": "Ready"}


class Power:
    """Actions on nodes; `command` is a list of words, or nothing."""

    def __init__(self, hsm, switches, command=(), deadline=DEADLINE):
        self.hsm, self.switches, self.command, self.deadline = hsm, switches, command, deadline
        self.places = asyncio.Semaphore(AT_ONCE)

    async def act(self, action, xname, session, attempt):
        """What went wrong, or an empty text."""
        async with self.places:
            error = await self.try_it(action, xname)
        self.switches.append("bos.log", what="power", action=action, xname=xname, session=session, attempt=attempt, error=error)
        return error

    async def try_it(self, action, xname):
        switch = f"bos-fail-{xname}"
        if switch in self.switches.present():
            return self.switches.text(switch) or f"{xname} does not go {action}"
        error = await self.run(action, xname) if self.command else ""
        return error or await self.hsm.set_state(xname, STATES[action])

    async def run(self, action, xname):
        # Stderr is a file: a pipe would end only with what the command leaves running.
        with tempfile.TemporaryFile() as said:
            try:
                process = await asyncio.create_subprocess_exec(*self.command, action, xname, stdin=subprocess.DEVNULL,
                                                               stdout=subprocess.DEVNULL, stderr=said, start_new_session=True)
            except OSError as error:
                return str(error)
            if not await self.is_in_time(process):
                return f"{action} of {xname} took longer than {self.deadline:g} s"
            if process.returncode == 0:
                return ""
            said.seek(0)
            lines = said.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), f"exit code {process.returncode}")

    async def is_in_time(self, process):
        """It has ended when this returns."""
        try:
            async with asyncio.timeout(self.deadline):
                await process.wait()
            return True
        except TimeoutError:
            kill(process)
            await process.wait()
            return False
        except asyncio.CancelledError:
            kill(process)
            raise


def kill(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
