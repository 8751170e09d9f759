"""An idle agent makes no noise: idle_agent.py's limits hold, for a shorter time than its own."""

import os
import unittest

import idle_agent
from harness import Story, World

SECONDS = int(os.environ.get("IDLE_SECONDS", "60"))


class IdleAgentTest(Story):
    def test_a_host_that_starts_ten_units_a_second_does_not_wake_it(self):
        Story.world = World(1)
        self.addCleanup(Story.world.close)
        rows = idle_agent.measure(self.world, SECONDS)
        idle_agent.print_table(rows, SECONDS)
        self.assertGreater(rows[0][1], 5, "the host was to be busy")
        for what, value, limit in rows:
            if limit is not None:
                self.assertLessEqual(value, limit, what)

    def test_it_needs_no_other_libraries(self):
        needed = set(idle_agent.needed_libraries(os.environ["MUSTER_AGENT"]))
        self.assertEqual(set(), needed - idle_agent.ALLOWED_LIBRARIES)


if __name__ == "__main__":
    unittest.main()
