"""A state directory that is lost, restored from a backup, or used twice: agents obey no store that does not know what was done, until the
operator says that it counts; and what was done is not done again."""

import glob
import os
import shutil
import signal
import unittest

from harness import Story, World
from programs import wait_until


def setUpModule():
    Story.world = World(2)
    unittest.addModuleCleanup(Story.world.close)


class StoreTest(Story):
    def setUp(self):
        self.world.wait_attached()

    def stop_musterd(self):
        self.world.musterd.signal(signal.SIGTERM)
        self.world.musterd.wait(30)

    def restart(self, *options):
        """What musterd says from then on: a call that gives the log since."""
        before = len(self.world.musterd.log())
        self.world.start_musterd(*options)
        return lambda: self.world.musterd.log()[before:]

    def agents_say(self, text):
        return all(text in host.journal() for host in self.world.hosts)

    def resubscribe(self, host, *options, code=0):
        return self.world.muster_json("resubscribe", "--no-verify", "-w", host.nid, "--settle", "0s", *options, code=code)

    def test_a_state_directory_that_is_lost(self):
        """The jobs are gone, and nothing happens on any node; agents accept the new store and say so."""
        self.resubscribe(self.world.host(1))
        before = self.world.starts()
        self.stop_musterd()
        shutil.rmtree(self.world.state_dir)
        self.restart()
        self.world.wait_attached()
        self.assertEqual([], self.world.muster_json("job", "list", code=0).json["jobs"])
        self.assertTrue(self.agents_say("the controller has a new store"))
        self.assertEqual(before, self.world.starts())
        self.resubscribe(self.world.host(1))

    def test_a_backup_that_is_restored(self):
        """Agents refuse it until it is started with --restored; what it has still to do and was done is not done again."""
        host, backup = self.world.host(1), os.path.join(self.world.directory, "backup")
        host.systemctl("stop", "muster-agent.service")
        wait_until(lambda: self.world.presence()[host.xname] == "AWAY", "the controller sees it go")
        job = self.resubscribe(host, "--delivery-deadline", "10min", "--detach").job
        self.stop_musterd()
        shutil.copytree(self.world.state_dir, backup)

        self.restart()
        before = host.starts()
        host.systemctl("start", "muster-agent.service")
        self.assertEqual("SUCCEEDED", self.world.job_ended(job).endings[host.xname])
        self.assert_restarted_once(host, before)
        later = self.resubscribe(self.world.host(2)).job
        done = self.world.starts()
        # Once more, so that agents have seen more lives of the store than the backup will have.
        self.stop_musterd()
        self.restart()
        self.world.wait_attached()
        self.stop_musterd()

        shutil.rmtree(self.world.state_dir)
        shutil.copytree(backup, self.world.state_dir)
        log = self.restart()
        wait_until(lambda: "its state directory is a restored backup or a copy" in log(), "musterd says that agents are refused", 60)
        wait_until(lambda: self.agents_say("start musterd once with --restored"), "each agent says why", 60)
        self.assertNotIn("ATTACHED", self.world.presence().values())
        self.assertLessEqual(log().count("reason=STALE_STORE"), 2, "once a minute")
        refused = {each["reason"]: each for each in self.world.muster_json("status", code=0).json["refusals"]}
        self.assertIn("start musterd once with --restored", refused["STALE_STORE"]["last_detail"])
        self.assertEqual("RUNNING", self.world.muster_json("job", "show", job).json["state"])
        self.assertEqual(done, self.world.starts())

        self.stop_musterd()
        log = self.restart("--restored")
        self.world.wait_attached()
        self.assertIn("the store has a new id, because of --restored", log())
        # The agent's tombstone answers, and the unit is left alone.
        self.assertEqual("SUCCEEDED", self.world.job_ended(job).endings[host.xname])
        self.assertEqual(done, self.world.starts())
        self.assertNotEqual(0, self.world.muster_json("job", "show", later).code, "the backup does not know it")
        self.stop_musterd()
        self.restart()
        self.world.wait_attached()
        self.resubscribe(host)

    def test_a_backup_of_a_running_controller(self):
        """Taken while a job runs, and restored into another state directory: its job is there, agents attach, nothing is done twice."""
        away, host, backup = self.world.host(1), self.world.host(2), os.path.join(self.world.directory, "taken.db")
        away.systemctl("stop", "muster-agent.service")
        wait_until(lambda: self.world.presence()[away.xname] == "AWAY", "the controller sees it go")
        job = self.world.muster_json("resubscribe", "--no-verify", "-w", f"{away.nid},{host.nid}", "--settle", "0s",
                                     "--delivery-deadline", "10min", "--detach", code=0).job
        wait_until(lambda: self.world.muster_json("job", "show", job).endings[host.xname] == "SUCCEEDED", "one of two nodes is done")
        answer = self.world.muster_json("backup", backup, code=0).json
        self.assertEqual(answer["bytes"], os.path.getsize(backup))
        self.assertEqual(0o600, os.stat(backup).st_mode & 0o777)
        self.assertEqual(["lock"], [name for name in os.listdir(self.world.state_dir) if not name.startswith(("muster.db", "history.db"))])
        self.assertFalse(os.path.exists(os.path.join(self.world.state_dir, "muster.db.copy")))
        self.assertIn("is there already", self.world.muster("backup", backup).err)
        self.assertEqual(answer["bytes"], os.path.getsize(backup))
        self.world.muster("backup", backup, "--force", code=0)
        self.assertEqual([], glob.glob(backup + "*.part"))

        # The node comes back, and its task is done; the backup does not know that.
        before = away.starts()
        away.systemctl("start", "muster-agent.service")
        self.assertEqual("SUCCEEDED", self.world.job_ended(job).endings[away.xname])
        self.assert_restarted_once(away, before)
        done = self.world.starts()
        self.stop_musterd()
        shutil.rmtree(self.world.state_dir)
        os.mkdir(self.world.state_dir, 0o700)
        shutil.copy(backup, os.path.join(self.world.state_dir, "muster.db"))
        self.restart("--restored")
        self.world.wait_attached()
        self.assertEqual({away.xname: "SUCCEEDED", host.xname: "SUCCEEDED"}, self.world.job_ended(job).endings)
        self.assertEqual(done, self.world.starts())

    def test_a_second_musterd_on_the_same_directory(self):
        command = self.world.musterd_command()
        for option, address in (("--listen", "10.252.0.1:7430"), ("--operator-listen", "10.252.0.1:7431")):
            command[command.index(option) + 1] = address
        second = self.world.in_mgmt(*command)
        self.assertEqual(1, second.returncode)
        with open(os.path.join(self.world.state_dir, "lock"), encoding="ascii") as lock:
            holder = lock.read().strip()
        self.assertIn(f"another musterd (pid {holder}) uses the state directory {self.world.state_dir}", second.stderr)
        self.resubscribe(self.world.host(1))


if __name__ == "__main__":
    unittest.main()
