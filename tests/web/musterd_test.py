"""The page as a real musterd serves it, with real uplinks attached (muster-swarm): the map, a job painted over it, nodes that go."""

import os
import sys
import unittest

from browser import Page, wait_until
from page_case import PageCase

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import fleet  # noqa: E402
from fleet_cost import TOKEN, Web  # noqa: E402

AGENTS = 20


class MusterdTest(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world = fleet.Fleet(AGENTS)
        cls.addClassCleanup(cls.world.close)
        web = Web(cls.world)
        cls.world.start_musterd()
        # Half of them in a process of their own, which can go.
        for first in (0, AGENTS // 2):
            cls.world.start_agents_at(first, AGENTS // 2, "--start-ms", "200", "--start-ms-max", "2000")
        cls.world.wait_attached(AGENTS)
        cls.url = f"https://127.0.0.1:{web.port}"

    def setUp(self):
        super().setUp()
        self.page = Page(self.browser, self.url, TOKEN)

    def wait_counts(self, *expected):
        wait_until(lambda: self.page.counts() == expected, f"(well, degraded, unknown) are {expected}, not {self.page.counts()}")

    def test_the_machine_is_shown_as_it_is(self):
        self.page.open()
        self.wait_counts(AGENTS, 0, 0)
        self.page.wait_ink(0, "well")
        self.page.point(3, click=True)
        self.page.wait_text("#node-body", "OrcaActive")
        self.page.press("x1000c0s0b[0-1]n0\n", "#query")
        wait_until(lambda: self.page.highlighted() == 2, "two nodes are found")

    def test_a_job_is_painted_while_it_runs(self):
        job = self.world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s", "--detach")["name"].removeprefix("jobs/")
        self.page.open(f"/?job={job}")
        wait_until(lambda: self.page.legend().get("succeeded") == AGENTS, "the whole job is painted")
        self.page.wait_ink(0, "well")

    def test_nodes_that_go_are_seen_to_go_and_come_back(self):
        self.page.open()
        self.wait_counts(AGENTS, 0, 0)
        self.world.stop_last()
        self.wait_counts(AGENTS // 2, AGENTS // 2, 0)
        self.page.wait_ink(AGENTS - 1, "bad")
        self.world.start_agents_at(AGENTS // 2, AGENTS // 2)
        self.wait_counts(AGENTS, 0, 0)

    def test_a_restart_of_the_controller_is_seen_and_survived(self):
        self.page.open()
        self.wait_counts(AGENTS, 0, 0)
        self.may_complain = True
        self.world.stop_musterd()
        self.page.wait_stream("lost")
        self.world.start_musterd()
        self.page.wait_stream("live")
        self.wait_counts(AGENTS, 0, 0)


if __name__ == "__main__":
    unittest.main()
