"""hmnfd_fanout.py - a replica of HMNFD: it tells subscribers what changed, and forgets those that it cannot reach.

Whom it forgets stands in its prune map, in its own memory, until its own prune loop comes by; that deletes from the etcd of all whatever
the name has there by then, a new subscription included.
"""

import asyncio
import json
import time

from httpd import FETCH_ERRORS, fetch

GONE_STATES = ("empty", "off", "halt")
WILDCARDS = ("all", "allnodes")
PARAMS = {"Debug": 0, "KV_url": "http://cray-hmnfd-bitnami-etcd:2379", "Nosm": 0, "Port": 28600,
          "Scn_in_url": "http://cray-hmnfd/hmi/v1/scn", "Scn_max_cache": 100, "Scn_cache_delay": 5,
          "Scn_retries": 5, "Scn_backoff": 1, "SM_retries": 3, "SM_timeout": 10,
          "SM_url": "http://cray-smd/hsm/v2", "Telemetry_host": "", "Use_telemetry": 1}
WORKERS = 500
SAME = ("State", "SoftwareStatus", "Enabled", "Role", "SubRole")


def is_gone(scn):
    """True if it says of its nodes that they need to be told nothing more."""
    return str(scn.get("State", "")).lower() in GONE_STATES or scn.get("Enabled") is False


def attributes_of(scn):
    """As they can be found in a subscription's key."""
    words = [str(scn[name]).lower() for name in ("Role", "SubRole", "State", "SoftwareStatus") if scn.get(name)]
    return words + (["enbl"] if scn.get("Enabled") is not None else [])


def intersect(wanted, changed):
    return changed if any(name in wanted for name in WILDCARDS) else [xname for xname in changed if xname in wanted]


class Replica:
    """One pod."""

    def __init__(self, number, store, params, prune_interval, phase, record_pruned):
        self.number, self.store, self.params = number, store, {**PARAMS, **params}
        self.prune_interval, self.prune_at = prune_interval, time.monotonic() + phase
        self.record_pruned = record_pruned
        self.prune_map = {}  # name -> why
        self.cached, self.cached_count, self.flush_at = None, 0, 0.0
        self.workers = asyncio.Semaphore(WORKERS)
        self.jobs = set()

    def stop(self):
        for job in self.jobs:
            job.cancel()

    def doom(self, name, why):
        self.prune_map.setdefault(name, why)

    def tick(self, now):
        if self.cached is not None and now >= self.flush_at:
            self.flush()
        if now >= self.prune_at:
            self.prune_at = now + self.prune_interval
            self.prune()

    def prune(self):
        for name, why in self.prune_map.items():
            for entry in self.store.prune(name):
                self.record_pruned(entry, why, self.number)
        self.prune_map.clear()

    def take(self, scn, now):
        """Equal ones are told together."""
        if self.cached is not None and any(self.cached.get(name) != scn.get(name) for name in SAME):
            self.flush()
        if self.cached is None:
            self.cached, self.cached_count, self.flush_at = dict(scn, Components=[]), 0, now + self.params["Scn_cache_delay"]
        self.cached["Components"] += [str(xname).lower() for xname in scn.get("Components") or []]
        self.cached_count += 1
        if self.cached_count >= self.params["Scn_max_cache"]:
            self.flush()

    def flush(self):
        scn, self.cached = self.cached, None
        if is_gone(scn):
            for xname in scn["Components"]:
                self.doom(xname, "gone")
        attributes = attributes_of(scn)
        for entry in self.store:
            if entry.xname in self.prune_map or not any(word in entry.key for word in attributes):
                continue
            nodes = intersect(entry.shown["Components"], scn["Components"])
            if nodes:
                self.start_telling(entry, scn, nodes)

    def start_telling(self, entry, scn, nodes):
        told = {name: scn[name] for name in SAME if scn.get(name) not in (None, "")}
        told.update(Components=nodes, Timestamp=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        job = asyncio.get_running_loop().create_task(self.tell(entry.name, entry.url, json.dumps(told).encode()))
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)

    async def tell(self, name, url, body):
        """A refused connection dooms the subscriber at once, anything else but 200 after some tries."""
        async with self.workers:
            for _ in range(max(1, int(self.params["Scn_retries"]))):
                if name in self.prune_map:
                    return
                began = time.monotonic()
                try:
                    answer = await fetch(url, "POST", body, {"Content-Type": "application/json"}, self.params["SM_timeout"])
                    if answer.status == 200:
                        return
                except ConnectionRefusedError:
                    return self.doom(name, "refused")
                except FETCH_ERRORS:
                    pass  # another try
                if time.monotonic() - began < 1:
                    await asyncio.sleep(self.params["Scn_backoff"])
            self.doom(name, "failed")
