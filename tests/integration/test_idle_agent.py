"""An idle agent makes no noise: the limits of tests/bench/idle_agent.py hold, for a shorter time than its own."""

import os
import sys
import unittest

from harness import Story, World
from programs import HERE

sys.path.append(os.path.join(HERE, "../bench"))

import idle_agent  # noqa: E402

SECONDS = int(os.environ.get("IDLE_SECONDS", "60"))


class IdleAgentTest(Story):
    def test_a_host_that_starts_ten_units_a_second_does_not_wake_it(self):
        Story.world = World(1)
        self.addCleanup(Story.world.close)
        host = self.world.host(1)
        load = idle_agent.Load(host)
        figures = idle_agent.measure([host], [idle_agent.OURS], SECONDS)[host, idle_agent.OURS]
        rate = load.units_per_second()
        load.stop()
        print(figures)
        self.assertGreater(rate, 5, "the host was to be busy")
        self.assertEqual([], idle_agent.limits_exceeded(figures, SECONDS))

    def test_it_needs_no_other_libraries(self):
        needed = set(idle_agent.needed_libraries(os.environ["MUSTER_AGENT"]))
        self.assertEqual(set(), needed - idle_agent.ALLOWED_LIBRARIES)


if __name__ == "__main__":
    unittest.main()
