"""bos_nodes.py - what BOS asks HSM, and which nodes a session takes: those of a boot set of its template, within its limit.

A limit is a list with commas of xnames, groups, partitions or roles (also ROLE_SUBROLE), and `all` or `*`, which are all of the boot set.
It is read from left to right, from nothing: a name adds, &name keeps only those, !name takes away; "!x" alone is therefore nothing. What
is no such name is taken for an xname: a NID is not found, and nobody says so.
"""

import json
import re

from httpd import FETCH_ERRORS, fetch

NID = re.compile(r"(nid)?\d+")


class SetupError(Exception):
    """Ends a session before it has begun."""


class Hsm:
    """The client; `base` is such as http://127.0.0.1:27779/hsm/v2."""

    def __init__(self, base):
        self.base = base

    async def get(self, path):
        try:
            answer = await fetch(f"{self.base}/{path}")
            if answer.status != 200:
                raise SetupError(f"HSM answers {answer.status} to GET {path}")
            return json.loads(answer.body)
        except FETCH_ERRORS as error:
            raise SetupError(f"HSM does not answer GET {path}: {error}") from error

    async def inventory(self):
        components = (await self.get("State/Components?type=Node"))["Components"]
        return Inventory(components, await self.get("groups"), await self.get("partitions"))

    async def states(self):
        """{xname: state}; None if HSM does not answer."""
        try:
            found = await self.get("State/Components?type=Node&stateonly=true")
        except SetupError:
            return None
        return {component["ID"]: component.get("State") for component in found["Components"]}

    async def set_state(self, xname, state):
        """What went wrong, or an empty text."""
        path = f"State/Components/{xname}/StateData"
        body = json.dumps({"State": state, "Flag": "OK"}).encode()
        try:
            answer = await fetch(f"{self.base}/{path}", "PATCH", body, {"Content-Type": "application/json"})
        except FETCH_ERRORS as error:
            return f"HSM does not answer PATCH {path}: {error}"
        return "" if answer.status // 100 == 2 else f"HSM answers {answer.status} to PATCH {path}"


def members(named, key):
    """{its name: its members} of HSM's groups or partitions."""
    return {each[key]: set(each.get("members", {}).get("ids") or []) for each in named}


def role_names(component):
    """Its role, and ROLE_SUBROLE."""
    names = [component[field] for field in ("Role", "SubRole") if component.get(field)]
    return ["_".join(names[:count]) for count in range(1, len(names) + 1)]


class Inventory:
    """What HSM said at one time."""

    def __init__(self, components, groups, partitions):
        self.components = {component["ID"]: component for component in components}
        self.groups = members(groups, "label")
        self.roles = {}
        for xname, component in self.components.items():
            for name in role_names(component):
                self.roles.setdefault(name, set()).add(xname)
        self.named = {**self.groups, **members(partitions, "name"), **self.roles}

    def nodes_of(self, boot_set):
        """Those of its architecture that HSM knows."""
        nodes = set(boot_set.get("node_list", []))
        for label in boot_set.get("node_groups", []):
            nodes |= self.groups.get(label, set())
        for role in boot_set.get("node_roles_groups", []):
            nodes |= self.roles.get(role, set())
        arch = boot_set.get("arch", "X86").lower()
        arches = {arch, "unknown"} if arch == "x86" else {arch}
        return {xname for xname in nodes & self.components.keys() if self.components[xname].get("Arch", "Unknown").lower() in arches}

    def within(self, limit, nodes):
        """An empty limit is none."""
        if not limit:
            return nodes
        taken = set()
        for item in limit.split(","):
            if not item:
                raise SetupError("string index out of range")  # as BOS says it
            name = item[1:] if item[0] in "&!" else item
            meant = nodes if name in ("all", "*") else self.named.get(name, {name})
            if item[0] == "&":
                taken &= meant
            elif item[0] == "!":
                taken -= meant
            else:
                taken |= meant
        return nodes & taken

    def taken(self, boot_set, limit, include_disabled):
        """The xnames that a session takes of a boot set."""
        nodes = self.within(limit, self.nodes_of(boot_set))
        return {xname for xname in nodes if include_disabled or self.components[xname].get("Enabled", True)}


def names_nids(limit):
    return any(NID.fullmatch(item.lstrip("&!")) for item in limit.split(","))
