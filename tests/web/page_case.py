"""page_case.py - for the tests: a browser, a stand-in for each test, and what no test may leave behind."""

import unittest

import machine
import stand_in
from browser import Browser, Page

JOB = "01a201df-541e-709a-a82f-f5e6dce5ef53"
LOST_ORCA, NOT_SUBSCRIBED = "TFT-T-T", "TTF-T-T"
INKS = {"well": "well", "degraded": "bad", "unknown": "dim"}


def small_machine():
    """Twenty nodes, three of which are degraded, and one that is off."""
    made = machine.Machine(machine.xnames(20), is_well=True)
    made.change({3: LOST_ORCA, 7: NOT_SUBSCRIBED, 8: NOT_SUBSCRIBED, 15: machine.AWAY})
    return made


class PageCase(unittest.TestCase):
    """One browser for all; each test has a stand-in of its own, and ends without a complaint of the browser."""

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.resize(1440, 900)
        self.browser.prefer(prefers_color_scheme="light")
        self.browser.complaints()
        self.browser.requested()
        self.may_complain = False

    def tearDown(self):
        """Nothing is asked of anybody else, whatever was done, and the policy forbids nothing that the page does."""
        if not hasattr(self, "page"):
            return
        self.assertEqual([], self.page.run("return violations"))
        complaints = self.browser.complaints()
        if not self.may_complain:
            self.assertEqual([], complaints)
        elsewhere = [url for url in self.browser.requested() if not url.startswith((self.page.url, "data:"))]
        self.assertEqual([], elsewhere)

    def serve(self, the_machine):
        self.stand_in = stand_in.start(the_machine)
        self.addCleanup(self.stand_in.stop)
        self.page = Page(self.browser, self.stand_in.url, stand_in.TOKEN)
        return self.page

    def add_job(self, tasks=20, identity=JOB):
        return self.stand_in.add_job(machine.Job(identity, "restart ORCA", tasks))
