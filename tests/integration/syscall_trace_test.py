"""The order checker finds a broken order; a checker that cannot fail proves nothing."""

import unittest

from syscall_trace import Call, Order, length_sent

LEDGER = "/run/muster-agent"
GOOD = '''
42  openat(5</run/muster-agent>, "a.new", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 7</run/muster-agent/a.new>
42  write(7</run/muster-agent/a.new>, "intent"..., 6) = 6
42  fdatasync(7</run/muster-agent/a.new>) = 0
42  renameat(5</run/muster-agent>, "a.new", 5</run/muster-agent>, "a") = 0
42  fsync(5</run/muster-agent>) = 0
42  sendmsg(6<UNIX-STREAM:[1->2,"/run/dbus/system_bus_socket"]>, {msg_iov=[{iov_base="RestartUnit", iov_len=11}]}, 0) = 11
'''.strip().split("\n")


def effect_of(call):
    return "restart" if "RestartUnit" in call.arguments else None


def order_of(lines):
    return Order(LEDGER, effect_of).follow(lines)


def without(word):
    return [line for line in GOOD if word not in line]


class SyscallTraceTest(unittest.TestCase):
    def test_the_right_order(self):
        order = order_of(GOOD)
        self.assertEqual(["restart"], [effect for effect, _, _ in order.effects])
        self.assertEqual([], order.violations())

    def test_a_missing_sync_of_the_file(self):
        self.assertEqual([f"restart with unsynced {LEDGER}/a"], order_of(without("fdatasync(")).violations())

    def test_a_file_that_nothing_waits_for(self):
        lines = without("fdatasync(")
        self.assertEqual([], Order(LEDGER, effect_of, unsynced="a").follow(lines).violations())
        self.assertEqual(1, len(Order(LEDGER, effect_of, unsynced="b").follow(lines).violations()))

    def test_a_missing_sync_of_the_directory(self):
        self.assertEqual([f"restart with unsynced {LEDGER}"], order_of(without(" fsync(")).violations())

    def test_a_sync_that_failed(self):
        lines = [line.replace("fdatasync(7</run/muster-agent/a.new>) = 0",
                              "fdatasync(7</run/muster-agent/a.new>) = -1 EIO (Input/output error)") for line in GOOD]
        self.assertEqual(1, len(order_of(lines).violations()))

    def test_a_send_before_the_sync(self):
        self.assertEqual(1, len(order_of(GOOD[:2] + GOOD[5:] + GOOD[2:5]).violations()))

    def test_a_sync_of_another_thread_counts_when_it_has_ended(self):
        begun = "43  fdatasync(7</run/muster-agent/a.new> <unfinished ...>"
        ended = "43  <... fdatasync resumed>) = 0"
        self.assertEqual(1, len(order_of(GOOD[:2] + [begun, GOOD[5], ended]).violations()))
        file_only = GOOD[1:2]
        self.assertEqual([], order_of(file_only + [begun, ended, GOOD[5]]).violations())

    def test_a_restart_without_any_intent_is_seen_by_the_count_of_syncs(self):
        ((_, _, syncs),) = order_of(GOOD[5:]).effects
        self.assertEqual(0, syncs)

    def test_lengths(self):
        self.assertEqual(132, length_sent(Call("write", '9<TCP:[1->2]>, "\\27\\3"..., 132', "132")))
        self.assertEqual(132, length_sent(Call("sendto", '9<TCP:[1->2]>, "\\27"..., 132, MSG_NOSIGNAL, NULL, 0', "132")))
        self.assertEqual(30, length_sent(Call("sendmsg", "9<TCP:[1->2]>, {msg_iov=[{iov_base=\"a\", iov_len=10}, "
                                              "{iov_base=\"b\", iov_len=20}]}", "30")))


if __name__ == "__main__":
    unittest.main()
