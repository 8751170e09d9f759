"""The page never pretends to be live: what it says while the controller is away, and that all is right once it is back."""

import re
import unittest

import machine
from browser import wait_until
from page_case import JOB, NOT_SUBSCRIBED, PageCase, small_machine

AWAY = (503, "musterd is starting")


class StreamTest(PageCase):
    def setUp(self):
        super().setUp()
        self.may_complain = True

    def lose(self, refusal=AWAY):
        self.stand_in.refusal = refusal
        self.stand_in.drop_streams()
        self.page.wait_stream("lost")

    def heal(self):
        self.stand_in.refusal = None
        self.page.wait_stream("live")

    def test_a_lost_stream_is_told_and_heals(self):
        page = self.serve(small_machine()).open()
        self.assertEqual("live", page.text("#live"))
        self.lose()
        self.assertRegex(page.text("#live"), r"^lost since \d\d:\d\d:\d\dZ$")
        self.assertRegex(page.text("#problem"), r"^Not live since .*Z: ")
        page.wait_text("#problem", AWAY[1])
        wait_until(lambda: re.search(r"what is shown is [1-9]\d* s old", page.text("#problem")), "its age is told")
        self.stand_in.change({0: NOT_SUBSCRIBED})
        self.assertEqual((16, 3, 1), page.counts(), "what is shown is what was")
        self.heal()
        page.wait_ink(0, "bad")
        self.assertEqual("live", page.text("#live"))
        self.assertFalse(page.element("#problem").is_displayed())

    def test_a_short_gap_hides_nothing(self):
        page = self.serve(small_machine()).open()
        with self.stand_in.lock:  # nobody is told
            self.stand_in.machine.change({0: NOT_SUBSCRIBED})
        self.stand_in.drop_streams()
        page.wait_ink(0, "bad")
        page.wait_stream("live")

    def test_a_controller_that_was_started_again_may_be_at_the_same_revision(self):
        page = self.serve(small_machine()).open()
        self.lose()
        revision = self.stand_in.machine.revision
        self.stand_in.machine.change({0: NOT_SUBSCRIBED})
        self.stand_in.machine.revision = revision
        self.heal()
        page.wait_ink(0, "bad")

    def test_it_waits_for_a_controller_that_is_not_ready(self):
        page = self.serve(small_machine())
        self.stand_in.refusal = AWAY
        page.begin()
        page.wait_stream("lost")
        page.wait_text("#problem", AWAY[1])
        self.assertNotIn("old", page.text("#problem"), "there is no picture")
        self.heal()
        wait_until(lambda: page.counts() == (16, 3, 1), "the map is shown")
        page.wait_ink(3, "bad")

    def test_who_is_no_longer_let_in_reads_why(self):
        page = self.serve(small_machine()).open()
        self.lose((401, "the token is not the right one"))
        page.wait_text("#problem", "the token is not the right one")

    def test_a_job_goes_on_after_a_gap(self):
        page = self.serve(small_machine())
        job = self.add_job()
        page.open(f"/?job={JOB}")
        self.lose()
        job.put({0: "SUCCEEDED", 1: "FAILED"})
        self.heal()
        page.wait_ink(1, "bad")
        self.stand_in.change_job(job, {2: "FAILED"})
        page.wait_ink(2, "bad")

    def test_changes_during_a_load_are_not_lost(self):
        page = self.serve(small_machine()).open()
        served = self.stand_in.machine
        whole, wells = served.map, {number: machine.WELL for number in range(20)}

        def slow_map():
            """The answer is of before the change that is told meanwhile."""
            answer = whole()
            answer["conditions"] = list(answer["conditions"])
            self.stand_in.tell("map", served.change(wells))
            return answer

        served.map = slow_map
        self.stand_in.tell("reload", {})
        wait_until(lambda: page.counts() == (20, 0, 0), "the change is shown")
        page.wait_ink(3, "well")


if __name__ == "__main__":
    unittest.main()
