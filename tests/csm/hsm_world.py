"""hsm_world.py - what HSM and SLS know: nodes from a file, which may change under way, or so many made-up ones.

The file is JSON:
    {"Components": [{"ID": "x1000c0s0b0n0", "State": "Ready", "Role": "Compute", "NID": 1, "Aliases": ["nid000001"]}, …],
     "Groups": [{"label": "blue", "description": "…", "tags": [], "members": {"ids": ["x1000c0s0b0n0"]}}, …],
     "Partitions": [{"name": "p1", "description": "…", "members": {"ids": […]}}, …]}
What a component does not say is as of a good node: Type Node, State Ready, Flag OK, Enabled true; null leaves a field out. Aliases are
SLS's alone. Locked and ReservationDisabled are shown when true only.
"""

import json
import os

GOOD = {"Type": "Node", "State": "Ready", "Flag": "OK", "Enabled": True, "NetType": "Sling", "Arch": "X86"}
ONLY_WHEN_TRUE = ("Locked", "ReservationDisabled")
WORKERS = 3


def compute_xname(number):
    """Of the computes from 0 on: 8 chassis of 8 slots of 2 cards of 2 nodes are a cabinet."""
    return f"x{1000 + number // 256}c{number // 32 % 8}s{number // 4 % 8}b{number // 2 % 2}n{number % 2}"


def make_up(computes):
    """So many compute nodes, and three workers, locked as they are by habit."""
    nodes = [{"ID": compute_xname(number), "Role": "Compute", "NID": number + 1, "Class": "Mountain", "SoftwareStatus": "DvsAvailable",
              "Aliases": [f"nid{number + 1:06d}"]} for number in range(computes)]
    return {"Components": nodes + [
        {"ID": f"x3000c0s{2 * number + 5}b0n0", "Role": "Management", "SubRole": "Worker", "NID": 100000 + number, "Class": "River",
         "Locked": True, "Aliases": [f"ncn-w{number:03d}"]} for number in range(1, WORKERS + 1)]}


class World:
    """Components by xname, groups and partitions by name. What is changed over HTTP holds until the file changes."""

    def __init__(self, path=None, computes=0):
        self.path, self.stamp = path, None
        self.components, self.groups, self.partitions = {}, {}, {}
        if path is None:
            self.set(make_up(computes))
        else:
            self.look_at_file()

    def look_at_file(self):
        if self.path is None:
            return
        status = os.stat(self.path)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self.stamp:
            return
        with open(self.path, encoding="utf-8") as file:
            try:
                read = json.load(file)
            except ValueError:
                if self.stamp is None:
                    raise
                return  # half written: as it was, until it is whole
        self.stamp = stamp
        self.set(read)

    def set(self, read):
        self.components = {}
        for fields in read["Components"]:
            component = {name: value for name, value in {**GOOD, **fields}.items() if value is not None}
            for name in ONLY_WHEN_TRUE:
                if not component.get(name):
                    component.pop(name, None)
            self.components[component["ID"]] = component
        self.groups = {group["label"]: group for group in read.get("Groups", [])}
        self.partitions = {partition["name"]: partition for partition in read.get("Partitions", [])}

    def shown(self, component):
        """As HSM shows it."""
        return {name: value for name, value in component.items() if name != "Aliases"}

    def find(self, xname):
        """The component or None; xnames are found in any case."""
        return self.components.get(xname.lower()) or self.components.get(xname)

    def own_values(self, field):
        """Those of this site's nodes: sites may have roles of their own."""
        return {component[field] for component in self.components.values() if field in component}

    def group_members(self, label):
        return set(self.groups.get(label, {}).get("members", {}).get("ids") or [])

    def partition_members(self, name):
        return set(self.partitions.get(name, {}).get("members", {}).get("ids") or [])

    def membership(self, xname):
        return {"id": xname, "groupLabels": sorted(label for label in self.groups if xname in self.group_members(label)),
                "partitionName": next((name for name in self.partitions if xname in self.partition_members(name)), "")}

    def hardware(self):
        """The nodes as SLS shows them."""
        return [hardware_of(component) for component in self.components.values() if component["Type"] == "Node"]


def hardware_of(component):
    extra = {name: component[name] for name in ("NID", "Role", "SubRole", "Aliases") if name in component}
    return {"Parent": component["ID"].rpartition("n")[0], "Xname": component["ID"], "Type": "comptype_node",
            "Class": component.get("Class", "River"), "TypeString": "Node", "ExtraProperties": extra}
