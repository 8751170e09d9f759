"""hmnfd_load.py - a HMNFD under load: so many POSTs a second, a queue of so many, and 503 beyond it."""

import asyncio
import json
import time


class Capacity:
    """The queue in front of it; without a limit there is none."""

    def __init__(self, clock=time.monotonic):
        self.clock = clock
        self.text = None
        self.per_second = self.queue = None
        self.free_at = 0.0  # when the last that waits will have been served

    def set(self, text):
        """{"per_second": 100, "queue": 200}, or nothing."""
        if text == self.text:
            return
        try:
            limits = json.loads(text) if text else {}
        except ValueError:
            return  # not yet written
        self.text = text
        self.per_second, self.queue = limits.get("per_second"), limits.get("queue", 200)

    @property
    def wait(self):
        return max(0.0, self.free_at - self.clock())

    @property
    def is_full(self):
        return bool(self.per_second) and self.wait * self.per_second >= self.queue

    async def pass_through(self):
        """False at once if the queue is full; else true, when it is served."""
        if not self.per_second:
            return True
        if self.is_full:
            return False
        self.free_at = max(self.free_at, self.clock()) + 1 / self.per_second
        await asyncio.sleep(self.wait)
        return True
