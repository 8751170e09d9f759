"""Whatever systemd answers to a restart, the agent gives it its own name: the table of what was seen of systemd 252, row by row.

All on one host. Units are in tests/bed/units; each is restarted by a job of its own, and the jobs run at the same time.
"""

import json
import time
import unittest

from harness import Story, World
from programs import ending, in_parallel, wait_until

SETTLE = "500ms"
# unit -> how the attempt ends. Units that need more than "muster restart UNIT" have a test of their own below.
TABLE = {
    # unit: (ending, state it was in before, options)
    "cray-orca.service": ("SUCCEEDED", None, []),
    "orca-second.service": ("SUCCEEDED", "inactive", []),
    "orca-simple.service": ("SUCCEEDED", "inactive", []),
    "orca-failexec-simple.service": ("FAILED EXIT_CODE", None, []),
    "orca-latefail.service": ("FAILED EXIT_CODE", None, ["--settle", "3s"]),
    "orca-failexec-exec.service": ("FAILED EXIT_CODE", None, []),
    "orca-failexec.service": ("FAILED EXIT_CODE", None, []),
    "orca-failstart.service": ("FAILED EXIT_CODE", None, []),
    "orca-signal.service": ("FAILED SIGNAL", None, []),
    "orca-starttimeout.service": ("FAILED START_TIMEOUT", None, []),
    "orca-hang.service": ("TIMED_OUT JOB_RUNNING", None, ["--execution-deadline", "2s"]),
    "orca-jobtimeout.service": ("FAILED JOB_TIMEOUT", None, []),
    "orca-slowstop.service": ("SUCCEEDED", "active", []),
    "orca-stubborn.service": ("SUCCEEDED", "active", []),
    "orca-dep.service": ("FAILED DEPENDENCY_FAILED", None, []),
    "orca-cond.service": ("FAILED CONDITION_NOT_MET", None, []),
    "orca-execcond.service": ("FAILED CONDITION_NOT_MET", None, []),
    "orca-assert.service": ("FAILED ASSERT_NOT_MET", None, []),
    "orca-oneshot.service": ("FAILED NOT_ACTIVE", None, []),
    "orca-masked.service": ("FAILED UNIT_MASKED", None, []),
    "orca-nosuch.service": ("FAILED NO_SUCH_UNIT", None, []),
    "orca-bad.service": ("FAILED BAD_UNIT_SETTING", None, []),
    "orca-refuse.service": ("FAILED MANUAL_START_REFUSED", None, []),
    "orca-crashloop.service": ("FAILED CRASH_LOOP", None, ["--settle", "3s"]),
    "dbus.socket": ("REFUSED POLICY", None, []),
}
OTHERS = ["orca-restart.service", "orca-limit.service", "orca-settling.service", "orca-stopped.service", "orca-busy.service",
          "orca-cancelled.service", "orca-taken.service", "orca-reload.service", "orca-reexec.service", "orca-bus.service",
          "orca-edited.service"]


def setUpModule():
    units = [unit for unit, (expected, _, _) in TABLE.items() if "POLICY" not in expected] + OTHERS
    Story.world = World(2, units=units)
    unittest.addModuleCleanup(Story.world.close)


def service(*lines, unit=()):
    return "\n".join(["[Unit]", *unit, "[Service]", "Type=notify", *lines, ""])


class OutcomeTest(Story):
    @property
    def host(self):
        return self.world.host(1)

    def restart(self, unit, *options, verb=("restart",), host=None):
        """The task's JSON."""
        host = host or self.host
        settle = [] if "--settle" in options else ["--settle", SETTLE]
        result = self.world.muster_json(*verb, *([unit] if unit else []), "-w", host.nid, *settle, *options)
        self.assertEqual([host.xname], list(result.tasks))
        return result.tasks[host.xname]

    def start_restart(self, unit, *options):
        """A job that runs while the test goes on; .communicate() for its end."""
        settle = [] if "--settle" in options else ["--settle", SETTLE]
        return self.world.start_muster("restart", unit, "-w", self.host.nid, *settle, *options)

    def end_of(self, process):
        out, err = process.communicate(timeout=60)
        try:
            (task,) = json.loads(out)["tasks"]
        except ValueError:
            self.fail(f"not JSON: {out}{err}")
        return task

    def job_of(self, unit):
        return self.host.show(unit, "Job")

    def await_job(self, unit):
        wait_until(lambda: self.job_of(unit) not in ("", "0"), f"systemd has a job for {unit}")

    def test_the_table(self):
        active = [unit for unit, (_, state, _) in TABLE.items() if state == "active"]
        self.host.systemctl("start", *active)
        before = {unit: self.host.invocation(unit) for unit in TABLE}
        tasks = dict(zip(TABLE, in_parallel(
            [lambda unit=unit, options=options: self.restart(unit, *options) for unit, (_, _, options) in TABLE.items()])))
        self.assertEqual({unit: expected for unit, (expected, _, _) in TABLE.items()},
                         {unit: ending(task) for unit, task in tasks.items()})
        for unit, task in tasks.items():
            with self.subTest(unit):
                self.check_evidence(unit, task, before[unit])

    def check_evidence(self, unit, task, before):
        evidence = task["outcome"].get("evidence") or {}
        self.assertTrue(task["outcome"]["detail"], "an ending has a sentence for people")
        if task["state"] != "SUCCEEDED":
            return
        after = evidence["after"]
        self.assertEqual("active", after["active_state"])
        self.assertEqual("done", evidence["job_result"])
        self.assertNotEqual(before, after["invocation_id"])
        self.assertEqual(self.host.invocation(unit), after["invocation_id"])

    def test_the_systemd_error_is_evidence(self):
        task = self.restart("orca-masked.service")
        self.assertEqual("org.freedesktop.systemd1.UnitMasked", task["outcome"]["evidence"]["error_name"])

    def test_a_failed_unit_is_started(self):
        self.host.systemctl("start", "orca-second.service")
        self.host.systemctl("kill", "-s", "KILL", "orca-second.service")
        wait_until(lambda: self.host.show("orca-second.service", "ActiveState") == "failed", "it failed")
        self.assertEqual("SUCCEEDED", ending(self.restart("orca-second.service")))

    def test_a_refused_subscription_is_the_units_exit_code(self):
        self.world.hmnfd_refuses(True)
        try:
            self.assertEqual("FAILED EXIT_CODE", ending(self.restart("orca-second.service")))
            # systemd tries it again and again: the job has failed, and what follows is not ours to wait for.
            self.assertIn(ending(self.restart("orca-restart.service")), ("FAILED EXIT_CODE", "FAILED CRASH_LOOP"))
        finally:
            self.world.hmnfd_refuses(False)

    def test_restarts_by_us_never_hit_the_start_limit(self):
        """StartLimitBurst=2: without ResetFailedUnit the third would take the service down."""
        for _ in range(4):
            self.assertEqual("SUCCEEDED", ending(self.restart("orca-limit.service", "--settle", "0s")))

    def test_two_jobs_for_one_unit(self):
        """The second waits, or is refused if it wants that."""
        self.host.write_unit("orca-busy.service", service("ExecStart=/opt/bed/orca_stub --stop-delay 2"))
        self.host.systemctl("start", "orca-busy.service")
        first = self.start_restart("orca-busy.service")
        self.await_job("orca-busy.service")
        refused = self.restart("orca-busy.service", "--on-conflict", "refuse")
        self.assertEqual("REFUSED UNIT_BUSY", ending(refused))
        self.assertEqual("SUCCEEDED", ending(self.restart("orca-busy.service")))
        self.assertEqual("SUCCEEDED", ending(self.end_of(first)))

    def test_somebody_elses_job_makes_the_unit_busy(self):
        self.host.write_unit("orca-busy.service", service("ExecStart=/opt/bed/orca_stub --stop-delay 2"))
        self.host.systemctl("start", "orca-busy.service")
        other = self.host.start("systemctl", "restart", "orca-busy.service")
        self.await_job("orca-busy.service")
        self.assertEqual("REFUSED UNIT_BUSY", ending(self.restart("orca-busy.service")))
        other.wait(30)

    def test_restarted_by_others_in_the_settle_time(self):
        """Settling starts over with the new instance; that it succeeds names the foreign restart in its evidence."""
        self.host.write_unit("orca-settling.service", service("ExecStart=/opt/bed/orca_stub"))
        job = self.start_restart("orca-settling.service", "--settle", "3s")
        wait_until(lambda: self.host.show("orca-settling.service", "ActiveState") == "active", "it is active")
        self.host.systemctl("restart", "orca-settling.service")
        task = self.end_of(job)
        self.assertEqual("SUCCEEDED", ending(task))
        self.assertEqual(1, task["outcome"]["evidence"]["foreign_restarts"])
        self.assertEqual(self.host.invocation("orca-settling.service"),
                         task["outcome"]["evidence"]["after"]["invocation_id"])

    def test_restarted_by_others_until_the_deadline(self):
        self.host.write_unit("orca-settling.service", service("ExecStart=/opt/bed/orca_stub", unit=["StartLimitIntervalSec=0"]))
        job = self.start_restart("orca-settling.service", "--settle", "3s", "--execution-deadline", "6s")
        while job.poll() is None:
            self.host.systemctl("restart", "orca-settling.service", check=False)
            time.sleep(0.5)
        self.assertEqual("TIMED_OUT RESTARTED_BY_OTHERS", ending(self.end_of(job)))

    def test_stopped_by_somebody_in_the_settle_time(self):
        self.host.write_unit("orca-stopped.service", service("ExecStart=/opt/bed/orca_stub"))
        job = self.start_restart("orca-stopped.service", "--settle", "5s")
        wait_until(lambda: self.host.show("orca-stopped.service", "ActiveState") == "active", "it is active")
        self.host.systemctl("stop", "orca-stopped.service")
        self.assertEqual("FAILED NOT_ACTIVE", ending(self.end_of(job)))

    def test_cancelled_by_an_operator_of_systemd(self):
        self.host.write_unit("orca-cancelled.service", service("ExecStart=/opt/bed/orca_stub --stop-delay 2"))
        self.host.systemctl("start", "orca-cancelled.service")
        job = self.start_restart("orca-cancelled.service")
        self.await_job("orca-cancelled.service")
        self.host.systemctl("cancel", self.job_of("orca-cancelled.service"))
        self.assertEqual("FAILED JOB_CANCELLED", ending(self.end_of(job)))

    def test_cancelled_by_another_job(self):
        self.host.write_unit("orca-taken.service", service("ExecStart=/opt/bed/orca_stub --stop-delay 2"))
        self.host.systemctl("start", "orca-taken.service")
        job = self.start_restart("orca-taken.service")
        self.await_job("orca-taken.service")
        self.host.systemctl("stop", "orca-taken.service")
        self.assertEqual("FAILED JOB_CANCELLED", ending(self.end_of(job)))

    def in_the_middle(self, unit, *command):
        """The ending of a restart while whose stop phase `command` runs in the host; and the unit's starts."""
        self.host.write_unit(unit, service("ExecStart=/opt/bed/orca_stub --subscribe mgmt-nmn:28600 --stop-delay 2"))
        self.host.systemctl("start", unit)
        before = self.host.starts()
        job = self.start_restart(unit)
        self.await_job(unit)
        self.host.run(*command)
        task = self.end_of(job)
        new = [start for start in self.host.starts() if start not in before]
        self.assertEqual([self.host.invocation(unit)], new)
        return ending(task)

    def test_daemon_reload_in_the_middle(self):
        self.assertEqual("SUCCEEDED", self.in_the_middle("orca-reload.service", "systemctl", "daemon-reload"))

    def test_daemon_reexec_in_the_middle(self):
        self.assertEqual("SUCCEEDED", self.in_the_middle("orca-reexec.service", "systemctl", "daemon-reexec"))

    def test_dbus_restarted_in_the_middle(self):
        self.assertEqual("SUCCEEDED", self.in_the_middle("orca-bus.service", "systemctl", "restart", "dbus.service"))

    def test_need_daemon_reload_is_evidence(self):
        self.host.write_unit("orca-edited.service", service("ExecStart=/opt/bed/orca_stub"))
        self.host.systemctl("start", "orca-edited.service")
        self.host.run("touch", "-d", "+1 hour", "/etc/systemd/system/orca-edited.service")
        task = self.restart("orca-edited.service")
        self.assertEqual("SUCCEEDED", ending(task))
        self.assertIs(True, task["outcome"]["evidence"]["after"]["need_daemon_reload"])

    def test_orca_by_its_older_name_and_no_orca_at_all(self):
        host = self.world.host(2)
        host.run("sh", "-c", "cd /etc/systemd/system && systemctl stop cray-orca && mv cray-orca.service cray-dvs-orca.service && "
                             "systemctl daemon-reload")
        task = self.restart("", verb=("resubscribe", "--no-verify"), host=host)
        self.assertEqual("SUCCEEDED", ending(task))
        self.assertEqual("cray-dvs-orca.service", task["outcome"]["evidence"]["after"]["unit"])

        host.run("sh", "-c", "cd /etc/systemd/system && systemctl stop cray-dvs-orca && rm cray-dvs-orca.service && "
                             "systemctl daemon-reload")
        self.assertEqual("NOT_APPLICABLE NO_ORCA_UNIT", ending(self.restart("", verb=("resubscribe", "--no-verify"), host=host)))
        only_that = self.world.muster("resubscribe", "--no-verify", "-w", host.nid)
        self.assertEqual(1, only_that.code, "nothing succeeded and nothing was satisfied")


if __name__ == "__main__":
    unittest.main()
