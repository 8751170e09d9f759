"""A few rounds of chaos.py, and one with a planted double start that it must find."""

import contextlib
import io
import os
import unittest

import chaos
from chaos_world import ORCA

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "5"))
SEED = int(os.environ.get("CHAOS_SEED", "3"))
HOSTS = 8


class ChaosTest(unittest.TestCase):
    def test_rounds(self):
        tally, wrong = chaos.run(HOSTS, SEED, 1, ROUNDS)
        print(tally.text())
        self.assertEqual([], wrong)
        self.assertEqual((ROUNDS, 0), (tally.rounds, tally.bad))
        self.assertGreater(sum(tally.faults.values()), 0, "there was to be chaos")
        self.assertGreater(tally.counts["starts"], 0, "and work")

    def test_a_double_start_is_found(self):
        def plant(world):
            world.rest()
            world.host(1).systemctl("restart", ORCA)

        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
            tally, _ = chaos.run(2, SEED, 1, 1, quiet=True, before_check=plant)
        self.assertEqual((1, 1), (tally.bad, tally.counts["double"]), said.getvalue())
        self.assertRegex(said.getvalue(), f"again: --seed {SEED} --first 1 --rounds 1\n")


if __name__ == "__main__":
    unittest.main()
