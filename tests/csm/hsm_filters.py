"""hsm_filters.py - how HSM chooses components: values of one name are OR-ed, names are AND-ed, a leading ! says "not"."""

import json

from httpd import Answer, Problem

STATES = ("Unknown", "Empty", "Populated", "Off", "On", "Standby", "Halt", "Ready")
FLAGS = ("OK", "Warning", "Alert", "Locked", "Unknown")
ROLES = ("Compute", "Service", "System", "Application", "Storage", "Management")
SUBROLES = ("Master", "Worker", "Storage")
ARCHES = ("X86", "ARM", "Other", "UNKNOWN")
CLASSES = ("River", "Mountain", "Hill")
TYPES = ("Node", "NodeBMC", "NodeEnclosure", "ComputeModule", "Chassis", "ChassisBMC", "RouterBMC", "RouterModule", "CabinetPDU",
         "CabinetPDUController", "MgmtSwitch", "MgmtHLSwitch", "CDUMgmtSwitch", "Cabinet", "VirtualNode", "System", "CDU")

# Parameter -> (field, its values or None for any text, what HSM calls a value that is none).
FIELDS = {"id": ("ID", None, "xname"), "type": ("Type", TYPES, "HMS Type"), "state": ("State", STATES, "HMS State"),
          "flag": ("Flag", FLAGS, "HMS Flag"), "role": ("Role", ROLES, "HMS Role"), "subrole": ("SubRole", SUBROLES, "HMS SubRole"),
          "softwarestatus": ("SoftwareStatus", None, ""), "subtype": ("Subtype", None, ""), "arch": ("Arch", ARCHES, "HMS Arch"),
          "class": ("Class", CLASSES, "HMS Class"), "enabled": ("Enabled", ("true", "false"), "boolean"), "nid": ("NID", None, "NID")}
# Which field it leaves, beside ID and Type.
CUTS = {"stateonly": ("State", "Flag"), "flagonly": ("Flag",), "roleonly": ("Role", "SubRole"), "nidonly": ("NID",)}


class Refusal(Problem):
    """HSM's problems do not name the path that was asked for."""

    def answer(self, request):
        body = {"type": "about:blank", "title": self.title, "detail": self.detail, "status": self.status}
        return Answer(self.status, json.dumps(body), "application/problem+json")


def bad(what):
    return Refusal(400, "Bad Request", f"bad query param: Argument was not a valid {what}")


def checked_values(name, values, sites_own):
    """({wanted}, {unwanted}), in lower case; `sites_own` are values that this site has beside the built-in ones."""
    _, known, what = FIELDS[name]
    wanted, unwanted = set(), set()
    for value in values:
        bare = value.removeprefix("!").lower()
        if known is not None and bare not in {text.lower() for text in (*known, *sites_own)}:
            raise bad(what)
        if name == "nid" and not bare.isdigit():
            raise bad(what)
        (unwanted if value.startswith("!") else wanted).add(bare)
    return wanted, unwanted


def text_of(component, field):
    value = component.get(field)
    return "" if value is None else str(value).lower()


def checked_number(name, values):
    if not values[0].isdigit():
        raise bad("NID" if name.startswith("nid") else name)
    return int(values[0])


def field_test(name, values, sites_own):
    field = FIELDS[name][0]
    wanted, unwanted = checked_values(name, values, sites_own)

    def test(component):
        text = text_of(component, field)
        return (not wanted or text in wanted) and text not in unwanted
    return test


def range_test(parameters):
    first = checked_number("nid_start", parameters["nid_start"]) if "nid_start" in parameters else 0
    last = checked_number("nid_end", parameters["nid_end"]) if "nid_end" in parameters else None

    def test(component):
        nid = component.get("NID")
        return nid is not None and first <= nid and (last is None or nid <= last)
    return test


def member_test(names, members_of):
    """members_of(name) is the set of xnames of a group or partition, empty if there is none such."""
    unwanted = [name.removeprefix("!") for name in names if name.startswith("!")]
    wanted = [name for name in names if not name.startswith("!")]
    inside = set().union(*map(members_of, wanted))
    outside = set().union(*map(members_of, unwanted))
    return lambda component: (not wanted or component["ID"] in inside) and component["ID"] not in outside


def make_filter(parameters, world):
    """A test of a component; a Refusal of values that HSM would not take. Parameters, in lower case, that it does not know it ignores."""
    tests = []
    for name, values in parameters.items():
        if name in FIELDS:
            own = world.own_values(FIELDS[name][0]) if name in ("role", "subrole") else ()
            tests.append(field_test(name, values, own))
        elif name == "group":
            tests.append(member_test(values, world.group_members))
        elif name == "partition":
            tests.append(member_test(values, world.partition_members))
    if "nid_start" in parameters or "nid_end" in parameters:
        tests.append(range_test(parameters))
    return lambda component: all(test(component) for test in tests)


def make_cut(parameters):
    """What is left of a component."""
    fields = next((CUTS[name] for name in CUTS if parameters.get(name, ["false"])[0].lower() in ("true", "1")), None)
    if fields is None:
        return lambda component: component
    return lambda component: {name: component[name] for name in ("ID", "Type", *fields) if name in component}
