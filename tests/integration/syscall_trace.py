"""Reads a trace of strace -f -yy and checks that nothing goes out before what it rests on is on the disk.

A kill keeps the page cache, so a missing sync passes every test that kills; only the order of the calls shows it. The rule: at each call
that has an effect outside, no file of the watched directory holds bytes that are not synced, and no name in it was made or changed
without a sync of the directory.
"""

import re
from collections import namedtuple

Call = namedtuple("Call", "name arguments result")

LINE = re.compile(r"^(?:(?:\[pid\s+)?(\d+)\]?\s+)?(.*)$")
WHOLE = re.compile(r"^(\w+)\((.*)\)\s+=\s+(.*)$", re.S)
UNFINISHED = re.compile(r"^(\w+)\((.*) <unfinished \.\.\.>$", re.S)
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)\)\s+=\s+(.*)$", re.S)
PATH_OF_FD = re.compile(r"^(?:\d+|AT_FDCWD)<((?:[^<>\\]|\\.|<[^<>]*>)*)>")
NAME = re.compile(r'(?:(?:\d+|AT_FDCWD)<([^<>]*)>, )?"((?:[^"\\]|\\.)*)"')

WRITES = ("write", "writev", "pwrite64", "pwritev", "ftruncate")
SYNCS = ("fsync", "fdatasync")
SENDS = ("sendmsg", "sendto", "write", "writev")
NAME_CHANGES = ("rename", "renameat", "renameat2", "link", "linkat")

# What strace is to record.
TRACED = "write,writev,pwrite64,pwritev,ftruncate,fsync,fdatasync,sendmsg,sendto,openat,rename,renameat,renameat2,link,linkat"


def parse(lines):
    """(Call, phase) in the order of the trace; phase is "whole", or "begun" and later "ended" where threads overlapped."""
    begun = {}
    for line in lines:
        match = LINE.match(line.rstrip("\n"))
        pid, text = match[1], match[2]
        if found := WHOLE.match(text):
            yield Call(*found.groups()), "whole"
        elif found := UNFINISHED.match(text):
            begun[pid] = found[2]
            yield Call(found[1], found[2], None), "begun"
        elif found := RESUMED.match(text):
            yield Call(found[1], begun.pop(pid, "") + found[2], found[3]), "ended"


def names_in(arguments):
    """The paths that a call names, each joined with the directory descriptor in front of it."""
    return [name if name.startswith("/") else f"{base}/{name}" for base, name in NAME.findall(arguments)]


def path_of(arguments):
    """The path of the call's first descriptor, as strace -yy shows it."""
    found = PATH_OF_FD.match(arguments)
    return found[1] if found else ""


class Order:
    """Follows a trace. `effects` lists what went out: (name, violations at that moment)."""

    def __init__(self, directory, effect_of, unsynced=None):
        """`effect_of(call)` names the effect of a call that sends, or gives None. `unsynced`: how names of files in the directory begin
        that nothing waits for."""
        self.directory = directory.rstrip("/")
        self.unsynced = f"{self.directory}/{unsynced}" if unsynced else None
        self.effect_of = effect_of
        self.dirty = set()
        self.syncs = 0
        self.effects = []

    def follow(self, lines):
        for call, phase in parse(lines):
            # What is written counts from its beginning, what is synced from its end.
            if phase != "ended":
                self._begin(call)
            if phase != "begun":
                self._end(call)
        return self

    def _is_watched(self, path):
        if self.unsynced and path.startswith(self.unsynced):
            return False
        # SQLite's -shm is memory that happens to have a name; it is made anew after a crash.
        return (path == self.directory or path.startswith(self.directory + "/")) and not path.endswith("-shm")

    def _begin(self, call):
        if call.name in SENDS and (effect := self.effect_of(call)):
            self.effects.append((effect, sorted(self.dirty), self.syncs))
        path = path_of(call.arguments)
        if call.name in WRITES and self._is_watched(path):
            self.dirty.add(path)
        if call.name in NAME_CHANGES or (call.name == "openat" and "O_CREAT" in call.arguments):
            for name in names_in(call.arguments):
                if self._is_watched(name):
                    self.dirty.add(name.rpartition("/")[0])

    def _end(self, call):
        if call.name in SYNCS and call.result == "0":
            path = path_of(call.arguments)
            if self._is_watched(path):
                self.dirty.discard(path)
                self.syncs += 1
        if call.name.startswith("rename") and call.result == "0":
            # Bytes that were not synced under the old name are not synced under the new one.
            old, new = names_in(call.arguments)
            if old in self.dirty:
                self.dirty.discard(old)
                self.dirty.add(new)

    def violations(self):
        return [f"{effect} with unsynced {', '.join(dirty)}" for effect, dirty, _ in self.effects if dirty]


def length_sent(call):
    """Bytes that a send was asked to send; 0 if that cannot be read from it."""
    if call.name in ("write", "sendto"):
        found = re.search(r", (\d+)(?:, MSG_\w+(?:\|MSG_\w+)*)?(?:, NULL, 0)?$", call.arguments)
        return int(found[1]) if found else 0
    return sum(int(length) for length in re.findall(r"iov_len=(\d+)", call.arguments))
