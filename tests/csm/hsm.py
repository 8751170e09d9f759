#!/usr/bin/env python3
"""hsm.py - stand-in for HSM, which knows the state and role of every node, and for SLS, which knows their names.

    hsm.py --listen HOST:PORT --state-dir DIR (--nodes FILE | --compute N) [--hmnfd URL]

HSM is below /hsm/v2: State/Components with its filters, Query, ByNID and one xname, groups, partitions, memberships, locks/status,
service/ready, liveness and values, Subscriptions/SCN. PATCH of a component's Enabled, StateData or SoftwareStatus is kept, and told to the
HMNFD of --hmnfd as an SCN. SLS is below /v1: search/hardware, hardware, health, readiness. The nodes: hsm_world.py; the file is read again
whenever it changes. The switches in DIR: service.py.
"""

import asyncio
import json

from hsm_filters import ARCHES, CLASSES, FLAGS, ROLES, STATES, SUBROLES, TYPES, Refusal, make_cut, make_filter
from hsm_world import World
from httpd import FETCH_ERRORS, Answer, fetch, json_answer
import service as services

HSM = "/hsm/v2/"
SLS = "/v1/"
VALUES = {"state": ("State", STATES), "flag": ("Flag", FLAGS), "role": ("Role", ROLES), "subrole": ("SubRole", SUBROLES),
          "type": ("Type", TYPES), "arch": ("Arch", ARCHES), "class": ("Class", CLASSES),
          "nettype": ("NetType", ("Sling", "Infiniband", "Ethernet", "OEM", "None"))}
# Of the body of a Query, and the query parameters that they are.
QUERY_FIELDS = ("type", "state", "flag", "role", "subrole", "enabled", "softwarestatus", "subtype", "arch", "class", "nid", "nid_start",
                "nid_end", "partition", "group", "stateonly", "flagonly", "roleonly", "nidonly")
# What may be patched -> the fields that it may change.
PATCHES = {"Enabled": ("Enabled",), "SoftwareStatus": ("SoftwareStatus",), "StateData": ("State", "Flag"), "Role": ("Role", "SubRole")}


def parse_body(request):
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "Bad Request", "error decoding JSON")
    return body


def as_texts(value):
    """Values of a body as those of a query."""
    values = value if isinstance(value, list) else [value]
    return [json.dumps(value) if isinstance(value, (bool, int)) else str(value) for value in values]


def listed_ids(body):
    ids = body.get("ComponentIDs")
    if not ids or not isinstance(ids, list):
        raise Refusal(400, "Bad Request", "Missing IDs")
    return ids


def not_found(what="no such xname."):
    return Refusal(404, "Not Found", what)


def first_subscription():
    """HMNFD's own, as it is on any system."""
    return {"ID": 1, "Subscriber": "hmnfd@cray-hmnfd-0", "Enabled": True, "Roles": list(ROLES), "States": list(STATES),
            "Url": "http://cray-hmnfd/hmi/v1/scn"}


class Hsm(services.Service):
    """Both services."""

    def __init__(self, state_dir, world, *, hmnfd=None, **common):
        super().__init__(state_dir, **common)
        self.world, self.hmnfd = world, hmnfd
        self.subscriptions = [first_subscription()]
        self.jobs = set()

    def is_readiness(self, request):
        return request.path in (HSM + "service/ready", SLS + "readiness")

    async def route(self, request):
        self.world.look_at_file()
        if request.path.startswith(HSM):
            routes = self.hsm_routes(request, request.path.removeprefix(HSM).rstrip("/").split("/"))
        elif request.path.startswith(SLS):
            routes = self.sls_routes(request, request.path.removeprefix(SLS).rstrip("/").split("/"))
        else:
            routes = None
        if routes is None:
            raise not_found("no such path")
        return await services.allow(request, routes)()

    # Which path is what: {method: handler}.

    def hsm_routes(self, request, parts):
        rooms = {"State": self.state_routes, "groups": self.group_routes, "partitions": self.partition_routes,
                 "memberships": self.membership_routes, "service": self.service_routes, "Subscriptions": self.subscription_routes}
        if parts == ["locks", "status"]:
            return {"POST": lambda: self.locks(request)}
        return rooms[parts[0]](request, parts[1:]) if parts[0] in rooms else None

    def state_routes(self, request, parts):
        if not parts or parts[0] != "Components":
            return None
        if len(parts) == 1:
            return {"GET": lambda: self.components(request)}
        if parts[1:] == ["Query"]:
            return {"POST": lambda: self.query(request)}
        if parts[1] == "ByNID":
            return {"GET": lambda: self.by_nid(parts[2])} if len(parts) == 3 else None
        if len(parts) == 2:
            return {"GET": lambda: self.component(parts[1])}
        return {"PATCH": lambda: self.patch(request, parts[1], parts[2])} if len(parts) == 3 and parts[2] in PATCHES else None

    def group_routes(self, request, parts):
        if not parts:
            return {"GET": lambda: self.named(self.world.groups, request.parameters.get("group")), "POST": lambda: self.add_group(request)}
        if parts == ["labels"]:
            return {"GET": lambda: self.show(sorted(self.world.groups))}
        return self.one_of(self.world.groups, parts)

    def partition_routes(self, request, parts):
        if not parts:
            return {"GET": lambda: self.named(self.world.partitions, request.parameters.get("partition"))}
        if parts == ["names"]:
            return {"GET": lambda: self.show(sorted(self.world.partitions))}
        return self.one_of(self.world.partitions, parts)

    def one_of(self, named, parts):
        if len(parts) == 1:
            return {"GET": lambda: self.one(named, parts[0])}
        return {"GET": lambda: self.members(named, parts[0])} if parts[1:] == ["members"] else None

    def membership_routes(self, request, parts):
        if not parts:
            return {"GET": lambda: self.memberships(request)}
        return {"GET": lambda: self.membership(parts[0])} if len(parts) == 1 else None

    def service_routes(self, _, parts):
        if parts == ["ready"]:
            return {"GET": lambda: self.show({"code": 0, "message": "HSM is healthy"})}
        if parts == ["liveness"]:
            return {"GET": self.nothing}
        if parts[:1] != ["values"]:
            return None
        if len(parts) == 1:
            return {"GET": lambda: self.show({name: self.values_of(name) for name, _ in VALUES.values()})}
        if len(parts) == 2 and parts[1] in VALUES:
            name = VALUES[parts[1]][0]
            return {"GET": lambda: self.show({name: self.values_of(name)})}
        return None

    def subscription_routes(self, request, parts):
        if parts != ["SCN"]:
            return None
        return {"GET": lambda: self.show({"SubscriptionList": self.subscriptions}), "POST": lambda: self.add_subscription(request)}

    def sls_routes(self, request, parts):
        if parts == ["search", "hardware"]:
            return {"GET": lambda: self.search_hardware(request)}
        if parts == ["hardware"]:
            return {"GET": lambda: self.show(self.world.hardware())}
        if parts[0] == "hardware" and len(parts) == 2:
            return {"GET": lambda: self.hardware(parts[1])}
        if parts == ["health"]:
            return {"GET": lambda: self.show({"Vault": "Not checked", "DBConnection": "Ready"})}
        return {"GET": self.nothing} if parts in (["readiness"], ["liveness"]) else None

    # HSM.

    async def show(self, value):
        return json_answer(value)

    async def nothing(self):
        return Answer(204)

    async def components(self, request):
        return self.chosen({name.lower(): values for name, values in request.parameters.items()}, self.world.components.values())

    async def query(self, request):
        body = {name.lower(): value for name, value in parse_body(request).items()}
        found = map(self.world.find, listed_ids({"ComponentIDs": body.get("componentids")}))
        parameters = {name: as_texts(body[name]) for name in QUERY_FIELDS if name in body}
        return self.chosen(parameters, [component for component in found if component is not None])

    def chosen(self, parameters, components):
        test, cut = make_filter(parameters, self.world), make_cut(parameters)
        return json_answer({"Components": [cut(self.world.shown(component)) for component in components if test(component)]})

    async def by_nid(self, text):
        found = [component for component in self.world.components.values() if str(component.get("NID")) == text]
        if not found:
            raise not_found("no such NID.")
        return json_answer(self.world.shown(found[0]))

    async def component(self, xname):
        return json_answer(self.world.shown(self.found(xname)))

    def found(self, xname):
        component = self.world.find(xname)
        if component is None:
            raise not_found()
        return component

    async def patch(self, request, xname, what):
        component, body = self.found(xname), parse_body(request)
        changes = {name: body[name] for name in PATCHES[what] if name in body}
        if not changes:
            raise Refusal(400, "Bad Request", f"Missing {PATCHES[what][0]}")
        component.update(changes)
        self.tell_hmnfd({name: changes[name] for name in changes if name != "Flag"}, component["ID"])
        return Answer(204)

    def tell_hmnfd(self, changes, xname):
        if not self.hmnfd:
            return
        body = json.dumps({"Components": [xname], **changes}).encode()
        job = asyncio.get_running_loop().create_task(self.send_scn(body))
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)

    async def send_scn(self, body):
        try:
            await fetch(f"{self.hmnfd}/hmi/v1/scn", "POST", body, {"Content-Type": "application/json"})
        except FETCH_ERRORS:
            pass  # it is told once

    async def named(self, named, wanted):
        return json_answer([value for name, value in sorted(named.items()) if wanted is None or name in wanted])

    async def one(self, named, name):
        if name not in named:
            raise not_found(f"No such group: {name}" if named is self.world.groups else f"No such partition: {name}")
        return json_answer(named[name])

    async def members(self, named, name):
        if name not in named:
            raise not_found(f"No such group: {name}" if named is self.world.groups else f"No such partition: {name}")
        return json_answer({"ids": named[name].get("members", {}).get("ids") or []})

    async def add_group(self, request):
        group = parse_body(request)
        label = group.get("label")
        if not label:
            raise Refusal(400, "Bad Request", "label is missing")
        if label in self.world.groups:
            raise Refusal(409, "Conflict", "operation would conflict with an existing group that has the same label.")
        self.world.groups[label] = group
        return json_answer([{"URI": f"{HSM}groups/{label}"}], 201)

    async def memberships(self, request):
        parameters = {name.lower(): values for name, values in request.parameters.items()}
        test = make_filter(parameters, self.world)
        return json_answer([self.world.membership(xname) for xname, component in self.world.components.items() if test(component)])

    async def membership(self, xname):
        return json_answer(self.world.membership(self.found(xname)["ID"]))

    async def locks(self, request):
        found, missing = [], []
        for xname in listed_ids(parse_body(request)):
            component = self.world.find(xname)
            if component is None:
                missing.append(xname)
                continue
            found.append({"ID": component["ID"], "Locked": component.get("Locked", False), "Reserved": component.get("Reserved", False),
                          "ReservationDisabled": component.get("ReservationDisabled", False)})
        return json_answer({"Components": found, **({"NotFound": missing} if missing else {})})

    def values_of(self, name):
        known = next(values for field, values in VALUES.values() if field == name)
        return [*known, *sorted(self.world.own_values(name) - set(known))]

    async def add_subscription(self, request):
        subscription = parse_body(request)
        if not subscription.get("Subscriber") or not subscription.get("Url"):
            raise Refusal(400, "Bad Request", "Missing Subscriber or Url")
        subscription["ID"] = len(self.subscriptions) + 1
        self.subscriptions.append(subscription)
        return json_answer(subscription)

    # SLS.

    async def search_hardware(self, request):
        wanted = {name.lower(): values[0].lower() for name, values in request.parameters.items()}
        kind = wanted.pop("type", "comptype_node")
        if not kind.startswith("comptype_"):
            raise Refusal(400, "Bad Request", "type is not a valid HMS type")
        found = self.world.hardware() if kind == "comptype_node" else []
        return json_answer([hardware for hardware in found if all(fits(hardware, name, value) for name, value in wanted.items())])

    async def hardware(self, xname):
        for hardware in self.world.hardware():
            if hardware["Xname"] == xname.lower():
                return json_answer(hardware)
        raise not_found("no such xname.")


def fits(hardware, name, value):
    """Of one parameter of a search: a field, or extra_properties.<field>."""
    fields = hardware
    if name.startswith("extra_properties."):
        fields, name = hardware["ExtraProperties"], name.removeprefix("extra_properties.")
    found = {field.lower(): fields[field] for field in fields}.get(name)
    return value in [str(text).lower() for text in found] if isinstance(found, list) else str(found).lower() == value


def add_arguments(parser):
    nodes = parser.add_mutually_exclusive_group(required=True)
    nodes.add_argument("--nodes", help="file of what it knows; read again when it changes")
    nodes.add_argument("--compute", type=int, help="so many made-up compute nodes, all Ready, and three workers")
    parser.add_argument("--hmnfd", help="base of HMNFD, such as http://127.0.0.1:28600: it is told what changes")


def make_service(arguments, state_dir):
    world = World(arguments.nodes, arguments.compute or 0)
    return Hsm(state_dir, world, hmnfd=arguments.hmnfd, restart_seconds=arguments.restart_seconds, seed=arguments.seed)


def main():
    parser = services.common_arguments(__doc__, "127.0.0.1:27779")
    add_arguments(parser)
    arguments = parser.parse_args()
    services.serve("hsm", make_service(arguments, arguments.state_dir), arguments.listen)


if __name__ == "__main__":
    main()
