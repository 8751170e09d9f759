"""The plans and the checkers of chaos.py, without a host: a checker that finds nothing in a bad round would be worth nothing."""

import copy
import unittest

import chaos_check
import chaos_plan

NODE = "x1000c0s0b0n0"


def task(state="SUCCEEDED", attempt=1, after="b", **more):
    return {"node": NODE, "state": state, "attempt": attempt, "reason": "", "detail": "…",
            "outcome": {"evidence": {"after": {"invocation_id": after}}}, **more}


def job(*tasks, state="SUCCEEDED"):
    return {"name": "jobs/1", "state": state, "tasks": list(tasks)}


def starts(*lines):
    return chaos_check.StartLog().read("".join(f"{line}\n" for line in lines))


def host(*lines, tasks=None, intents=None, **more):
    """The command was typed at 10."""
    return chaos_check.HostRound(NODE, starts(*lines), [("jobs/1", 10.0, t) for t in tasks or [task()]],
                                 {("jobs/1", 1): "a"} if intents is None else intents, **more)


class PlanTest(unittest.TestCase):
    def test_a_seed_is_a_plan(self):
        self.assertEqual(chaos_plan.make_plan(7, 3, 8), chaos_plan.make_plan(7, 3, 8))
        self.assertNotEqual(chaos_plan.make_plan(7, 3, 8), chaos_plan.make_plan(7, 4, 8))
        self.assertNotEqual(chaos_plan.make_plan(7, 3, 8), chaos_plan.make_plan(8, 3, 8))

    def test_every_kind_of_fault_comes(self):
        plans = [chaos_plan.make_plan(1, number, 8) for number in range(200)]
        self.assertEqual(set(chaos_plan.FAULTS), {fault.kind for plan in plans for fault in plan.faults})


class ToldTest(unittest.TestCase):
    def after(self, change):
        """What is wrong if the job is shown as `change` makes it, after it was shown as ended."""
        told, shown = chaos_check.Told(), job(task())
        self.assertEqual([], told.note(shown))
        now = copy.deepcopy(shown)
        change(now)
        return told.note(now)

    def test_what_stays_as_it_was_told_is_good(self):
        self.assertEqual([], self.after(lambda now: None))

    def test_a_late_outcome_may_come(self):
        self.assertEqual([], self.after(lambda now: now["tasks"][0].update(late_outcome={"state": "SUCCEEDED"})))

    def test_an_end_that_is_unsaid(self):
        self.assertIn("was told as", self.after(lambda now: now["tasks"][0].update(state="RUNNING"))[0])
        self.assertIn("was told as", self.after(lambda now: now["tasks"][0].update(detail="other"))[0])
        self.assertIn("is now RUNNING", self.after(lambda now: now.update(state="RUNNING"))[0])

    def test_a_target_that_vanishes(self):
        self.assertIn("is gone", self.after(lambda now: now["tasks"].clear())[0])

    def test_an_attempt_that_is_forgotten(self):
        told = chaos_check.Told()
        told.note(job(task("RUNNING", attempt=2), state="RUNNING"))
        self.assertIn("goes back", told.note(job(task("PENDING", attempt=1), state="RUNNING"))[0])


class ReportTest(unittest.TestCase):
    def test_good(self):
        self.assertEqual([], chaos_check.check_report(job(task()), [NODE], True))
        self.assertEqual([], chaos_check.check_report(job(task("LOST"), state="FAILED"), [NODE], False))

    def test_bad(self):
        for shown, targets in [(job(task()), [NODE, "x1"]), (job(task("RUNNING")), [NODE]),
                               (job(task(), state="RUNNING"), [NODE]), (job(task("LOST"), state="FAILED"), [NODE])]:
            with self.subTest(shown):
                self.assertEqual(1, len(chaos_check.check_report(shown, targets, True)))

    def test_a_command_that_says_other_than_the_job(self):
        ended = job(task())
        self.assertEqual([], chaos_check.check_command(0, ended, ended))
        self.assertEqual(1, len(chaos_check.check_command(1, ended, ended)))
        self.assertEqual(1, len(chaos_check.check_command(0, job(task(), state="FAILED"), ended)))
        self.assertEqual(1, len(chaos_check.check_command(0, job(task(after="c")), ended)))
        self.assertTrue(chaos_check.check_command(3, None, ended))


class StartsTest(unittest.TestCase):
    def excess(self, *lines, **more):
        return chaos_check.check_starts(host(*lines, **more))[0]

    def test_one_start_for_one_attempt(self):
        self.assertEqual(0, self.excess("1 boot a", "11 boot b"))

    def test_two_starts_for_one_attempt(self):
        self.assertEqual(1, self.excess("1 boot a", "11 boot b", "12 boot c"))

    def test_one_too_many_is_not_hidden_by_an_attempt_that_started_nothing(self):
        two = [task(), task("FAILED")]
        self.assertEqual(1, self.excess("1 boot a", "11 boot b", "12 boot c", tasks=two))

    def test_each_of_two_attempts_may_start_it(self):
        two = {("jobs/1", 1): "a", ("jobs/1", 2): "b"}
        self.assertEqual(0, self.excess("1 boot a", "11 boot b", "12 boot c", tasks=[task(attempt=2)], intents=two))
        self.assertEqual(1, self.excess("1 boot a", "11 boot b", "12 boot c", "13 boot d", tasks=[task(attempt=2)], intents=two))

    def test_a_boots_own_start_is_nobodys(self):
        self.assertEqual(0, self.excess("1 boot a", "11 boot b", "12 other c"))
        self.assertEqual(1, self.excess("1 boot a", "11 boot b", "12 other c", "13 other d"))

    def test_a_lost_ledger_leaves_the_count(self):
        self.assertEqual(0, self.excess("1 boot a", "11 boot b", intents={}, is_ledger_lost=True))
        self.assertEqual(1, self.excess("1 boot a", "11 boot b", "12 boot c", intents={}, is_ledger_lost=True))
        self.assertEqual(1, self.excess("1 boot a", "11 boot b", intents={}))

    def test_a_restart_by_hand(self):
        self.assertEqual(0, self.excess("1 boot a", "11 boot b", "12 boot c", foreign=1))
        self.assertEqual(1, self.excess("1 boot a", "11 boot b", "12 boot c", "13 boot d", foreign=1))

    def test_a_start_by_what_touched_nothing(self):
        self.assertEqual(1, self.excess("1 boot a", "11 boot b", tasks=[task("UNDELIVERED")], intents={}, is_ledger_lost=True))

    def test_a_line_that_is_being_written_is_left_for_later(self):
        log = chaos_check.StartLog()
        self.assertEqual([None], [before for _, before in log.read("1 boot a\n2 boot ")])
        self.assertEqual(["a"], [before for _, before in log.read("1 boot a\n2 boot b\n")])


class EvidenceTest(unittest.TestCase):
    def wrong(self, *lines, **more):
        return chaos_check.check_evidence(host(*lines, **more))

    def test_good(self):
        self.assertEqual([], self.wrong("1 boot a", "11 boot b"))

    def test_a_success_without_a_start(self):
        self.assertIn("not started after", self.wrong("1 boot a")[0])
        self.assertIn("not started after", self.wrong("1 boot a", "9 boot b")[0])

    def test_two_successes_with_one_start(self):
        self.assertIn("too", self.wrong("1 boot a", "11 boot b", tasks=[task(), task()])[0])

    def test_a_boot_that_was_none(self):
        rebooted = task("ALREADY_SATISFIED", reason="REBOOTED")
        self.assertIn("has not been started", self.wrong("1 boot a", tasks=[rebooted])[0])
        self.assertEqual([], self.wrong("1 boot a", "11 other b", tasks=[rebooted]))

    def test_an_intent_of_what_touched_nothing(self):
        self.assertIn("about to act", self.wrong("1 boot a", tasks=[task("UNDELIVERED")])[0])

    def test_a_lost_task_whose_outcome_is_there(self):
        self.assertIn("not shown", self.wrong("1 boot a", tasks=[task("LOST")])[0])
        self.assertEqual([], self.wrong("1 boot a", tasks=[task("LOST", late_outcome={"state": "SUCCEEDED"})]))


if __name__ == "__main__":
    unittest.main()
