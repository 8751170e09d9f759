#!/usr/bin/python3
"""screen_shot.py - prints what an operator sees during and after a job in which some nodes fail: for the README.

    tests/integration/screen_shot.py [--build build/release] [--columns 110]

60 agents of muster-swarm; some of their units fail, some hang until they are given up. Needs tmux and no root; half a minute.
"""

import argparse
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))

import fleet  # noqa: E402
from programs import program, use_build, wait_until  # noqa: E402
from tmux import Terminal  # noqa: E402

AGENTS = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/release"))
    parser.add_argument("--columns", type=int, default=110)
    options = parser.parse_args()
    use_build(options.build)
    with fleet.Fleet(AGENTS) as world:
        world.start_musterd()
        world.start_agents(AGENTS, "--start-ms", "500", "--start-ms-max", "4000", "--fails", "10", "--hangs", "5")
        world.wait_attached(AGENTS)
        terminal = Terminal(world.directory, world.env, options.columns, rows=40)
        try:
            terminal.run(program("MUSTER"), "restart", "cray-orca.service", "--all", "--settle", "1s", "--max-parallel", "12",
                         "--max-failures", "50%", "--execution-deadline", "15s")
            wait_until(lambda: " left; waiting for " in terminal.screen()[-1], "it has a pace", 60)
            print("\n".join(line for line in terminal.screen() if line))
            terminal.type("C-c")
            terminal.wait_for("[d]etach")
            print("\n--- Ctrl-C:\n\n" + terminal.screen()[-1])
            terminal.type("g")
            terminal.exit_code(120)
            print("\n--- at the end:\n\n" + "\n".join(line for line in terminal.screen() if line))
        finally:
            terminal.close()


if __name__ == "__main__":
    main()
