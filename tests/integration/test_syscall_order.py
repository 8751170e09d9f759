"""Write, sync, then act: asserted from the system calls that both daemons really made while two jobs ran."""

import os
import unittest

from harness import Story, World
from programs import Process, wait_until
from syscall_trace import TRACED, Order, length_sent

# A TLS record with nothing but HTTP/2's own frames (PING, WINDOW_UPDATE, SETTINGS) is shorter than this, one with a message longer.
CONTROL_FRAMES = 90


def setUpModule():
    Story.world = World(1)
    unittest.addModuleCleanup(Story.world.close)


def strace(pid, output):
    return ["strace", "-f", "-yy", "-s", "400", "-e", f"trace={TRACED}", "-o", output, "-p", str(pid)]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.readlines()


class SyscallOrderTest(Story):
    def is_traced(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return "TracerPid:\t0\n" not in status.read()

    def trace_a_restart(self):
        """The traces of agent and controller over two resubscriptions."""
        world, host = self.world, self.world.host(1)
        agent_trace = os.path.join(host.directory, "trace")
        controller_trace = os.path.join(world.directory, "musterd.trace")
        pid = host.agent_pid()
        tracer = host.start(*strace(pid, f"/opt/muster-etc/{host.nid}/trace"))
        # The pid that musterd has in the bed: strace runs there, too.
        with open(f"/proc/{world.musterd.pid}/status", encoding="ascii") as status:
            inner = next(line.split()[-1] for line in status if line.startswith("NSpid:"))
        other = Process(world, "strace", strace(inner, controller_trace))
        wait_until(lambda: self.is_traced(world.musterd.pid) and
                   "TracerPid:\t0\n" not in host.run("cat", f"/proc/{pid}/status"), "both daemons are traced")
        for _ in range(2):  # the second Command has the first one's Settled with it
            result = world.muster_json("resubscribe", "--no-verify", "--all", "--settle", "500ms", code=0)
            self.assertEqual({host.xname: "SUCCEEDED"}, result.endings)
            self.await_quiet(agent_trace)
        other.kill()
        tracer.kill()
        tracer.wait()
        return read(agent_trace), read(controller_trace)

    def await_quiet(self, path):
        """Until the trace has not grown for half a second."""
        seen = {"size": -1, "calm": 0}

        def calm():
            size = os.path.getsize(path)
            seen["calm"] = seen["calm"] + 1 if size == seen["size"] else 0
            seen["size"] = size
            return seen["calm"] >= 25

        wait_until(calm, "the trace has come to rest")

    def test_order(self):
        agent, controller = self.trace_a_restart()
        with self.subTest("agent"):
            self.check_agent(agent)
        with self.subTest("controller"):
            self.check_controller(controller)

    def check_agent(self, lines):
        def effect_of(call):
            if call.name == "sendmsg" and "RestartUnit" in call.arguments:
                return "RestartUnit"
            if ":7420]>" in call.arguments and length_sent(call) > CONTROL_FRAMES:
                return "report"
            return None

        order = Order("/run/muster-agent", effect_of).follow(lines)
        self.assertEqual(["RestartUnit", "report"] * 2, [effect for effect, _, _ in order.effects],
                         "one call of systemd, then one report")
        self.assertEqual([], order.violations())
        (_, _, syncs_at_call), (_, _, syncs_at_report) = order.effects[:2]
        self.assertGreater(syncs_at_call, 0, "the intent was synced before the call")
        self.assertGreater(syncs_at_report, syncs_at_call, "the outcome was synced before the report")

    def check_controller(self, lines):
        def effect_of(call):
            if "10.252.0.1:7420->" in call.arguments and length_sent(call) > CONTROL_FRAMES:
                return "to the agent"
            return None

        # What happens to the fleet is written down, too, and no command and no outcome depends on it.
        order = Order(os.path.join(self.world.directory, "state"), effect_of, unsynced="history.db").follow(lines)
        self.assertEqual(["to the agent"] * 2, [effect for effect, _, _ in order.effects],
                         "a Command, and one with Settled")
        self.assertEqual([], order.violations())
        (_, _, syncs_at_command), (_, _, syncs_at_settled) = order.effects
        self.assertGreater(syncs_at_command, 0, "the task was committed before the Command")
        self.assertGreater(syncs_at_settled, syncs_at_command, "the outcome was committed before Settled")


if __name__ == "__main__":
    unittest.main()
