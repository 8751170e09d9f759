"""What the tests of operations have in common."""

import json
import os
import subprocess

from harness import DIRECT, Story, World
from programs import in_parallel, wait_until

SUBSCRIBED = "SUCCEEDED SUBSCRIBED"
BSS = "x0"
HMNFD, NODES, OTHERS, STEPS = 1, 3, 4, 5
# The whole of the longest operation, on a machine that does other things as well.
LIMIT = 240
RESTART = ["-n", "services", "rollout", "restart"]


class OperationStory(Story):
    """A world of its own for each class."""

    hosts, csm, csm_options = 20, DIRECT, ()

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.hosts, csm=cls.csm, csm_options=cls.csm_options)
        cls.addClassCleanup(cls.world.close)

    def resubscribe(self, *arguments):
        """Under way, with each node's unit left to itself as soon as it runs; end_of() gives what it answers."""
        popen = self.world.start_muster("resubscribe", "--settle", "0s", *arguments)
        self.addCleanup(self.end_what_is_left, popen)
        return popen

    def end_what_is_left(self, popen):
        """Of a test that failed."""
        if popen.stdout.closed:
            return
        if popen.poll() is None:
            self.world.muster("operation", "cancel", "last")
            popen.kill()
        popen.communicate()

    def end_of(self, popen, code=0):
        answer = self.world.answer_of(popen, LIMIT)
        self.assertEqual(code, answer.code, answer.out + answer.err)
        return answer

    def shown(self):
        """The newest operation; None while the controller cannot be reached, or as long as there is none."""
        shown = self.world.muster_json("operation", "show", "last")
        return shown if shown.code in (0, 1) and shown.out else None

    def wait_shown(self, condition, what, limit=60):
        def is_so():
            shown = self.shown()
            return shown if shown and condition(shown) else None

        return wait_until(is_so, what, limit)

    def wait_step(self, number, what="", limit=60):
        """Until that step runs, and says that."""
        def is_there(shown):
            step = shown.json["steps"][number]
            return step["state"] == "RUNNING" and what in step["detail"]

        return self.wait_shown(is_there, f"step {number} runs: {what}", limit)

    def states(self, shown):
        return [task["state"] for task in shown.tasks.values()] if shown and "job" in shown.json else []

    def invocations(self):
        return in_parallel([host.invocation for host in self.world.hosts])

    def subscribers(self):
        """{node: [agent, …]} as HMNFD has them, by way of what `muster subscriptions save` writes."""
        saved = self.world.muster("subscriptions", "save", "-", code=0).out
        return {entry["node"]: entry["agents"] for entry in json.loads(saved)["subscribers"]}

    def assert_all_are_subscribed(self, answer):
        self.assertEqual("SUCCEEDED", answer.json["state"], answer.json["detail"])
        self.assertEqual(["SUCCEEDED"] * STEPS, answer.steps)
        self.assertEqual({host.xname: SUBSCRIBED for host in self.world.hosts}, answer.endings)
        status = self.world.muster_json("subscriptions", "status", code=0).json
        self.assertEqual(sorted(host.xname for host in self.world.hosts), sorted(status["subscribed"]))
        self.assertIn(f"boot-script-service@{BSS}", status["others"])

    def new_starts(self, before):
        """{xname: number of starts since}"""
        now = self.world.starts()
        return {host.xname: len(now[host.xname]) - len(before[host.xname]) for host in self.world.hosts}

    def rollouts(self):
        return [line["arguments"] for line in self.world.csm_log("kubectl.log") if line["arguments"][3:4] == ["restart"]]

    def roll_out(self, name):
        """As an operator would by hand."""
        done = subprocess.run([os.path.join(os.path.dirname(__file__), "../csm/kubectl"), *RESTART, f"deployment/{name}"],
                              env=self.world.env, stdout=subprocess.DEVNULL, timeout=30, check=False)
        self.assertEqual(0, done.returncode)
