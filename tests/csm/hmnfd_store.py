"""hmnfd_store.py - HMNFD's etcd, which its replicas share: the subscriptions and the health key."""

import json

from httpd import Problem

ATTRIBUTES = ("States", "SoftwareStatus", "Enabled", "Roles", "SubRoles")
FIELDS = ("Components",) + ATTRIBUTES + ("Url",)
# How an attribute is told in a key.
KEY_WORDS = {"States": "hs", "SoftwareStatus": "ss", "Enabled": "enbl", "Roles": "roles", "SubRoles": "subroles"}
NOTHING_TO_TELL = "Subscription request needs at least one of: States, SoftwareStatus, Roles, SubRoles."
EXISTS = "Subscription exists, cannot modify in POST operation"
INVALID = "Invalid Request"
BAD_JSON = "Error unmarshalling JSON payload"


def parse_object(raw):
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Problem(400, INVALID, BAD_JSON)
    return body


def has_right_type(name, value):
    if name == "Url":
        return isinstance(value, str)
    if name == "Enabled":
        return isinstance(value, bool)
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def parse_subscription(raw):
    """The lower-cased body as {field: value}, with Subscriber if it names one; field names are found in any case, as Go's decoder does."""
    body = parse_object(raw.decode(errors="replace").lower())
    found = {name: body[name.lower()] for name in FIELDS if body.get(name.lower())}
    if not all(has_right_type(name, value) for name, value in found.items()):
        raise Problem(400, INVALID, BAD_JSON)
    if body.get("enabled") is not None:
        found["Enabled"] = True  # however it is asked for
    if "Components" not in found:
        raise Problem(400, INVALID, "Subscription request missing Components array field.")
    if "Url" not in found:
        raise Problem(400, INVALID, "Subscription request missing Url field.")
    if not any(name in found for name in ATTRIBUTES):
        raise Problem(400, INVALID, NOTHING_TO_TELL)
    return found


def subscriber_name(xname, agent):
    return f"{agent}@{xname}" if agent else xname


def make_key(xname, agent, found):
    words = ["sub", xname]
    for name in ATTRIBUTES:
        if name == "Enabled" and found.get(name):
            words.append("enbl.enbl")
        elif found.get(name):
            words.append(".".join([KEY_WORDS[name], *found[name]]))
    return "#".join(words + ([f"svc.{agent}"] if agent else []))


class Subscription:
    """One entry: what it shows, and its key."""

    def __init__(self, xname, agent, found):
        self.xname, self.agent = xname, agent
        self.key = make_key(xname, agent, found)
        self.name = subscriber_name(xname, agent)
        self.shown = {name: found[name] for name in FIELDS if name in found}
        self.shown["Subscriber"] = self.name
        if agent:
            self.shown.update(SubscriberComponent=xname, SubscriberAgent=agent)

    @property
    def url(self):
        return self.shown["Url"]


class Store:
    """{xname: {key: Subscription}}, in the order of the first subscription of each."""

    def __init__(self):
        self.nodes = {}
        self.has_health_key = True

    def lose_everything(self):
        self.nodes.clear()
        self.has_health_key = False

    def __iter__(self):
        return (entry for entries in list(self.nodes.values()) for entry in list(entries.values()))

    def put(self, entry):
        self.nodes.setdefault(entry.xname, {})[entry.key] = entry

    def drop(self, entry):
        entries = self.nodes[entry.xname]
        del entries[entry.key]
        if not entries:
            del self.nodes[entry.xname]

    def of(self, xname, agent=None):
        """Those of the node, or of one of its agents."""
        return [entry for entry in self.nodes.get(xname, {}).values() if agent in (None, entry.agent)]

    def subscribe(self, xname, agent, found):
        entry = Subscription(xname, agent, found)
        if entry.key in self.nodes.get(xname, {}):
            raise Problem(400, INVALID, EXISTS)
        self.put(entry)

    def change(self, xname, agent, found, url=None):
        """The first that fits takes the new form. None fits: nothing happens, and nobody is told."""
        for entry in self.of(xname, agent):
            if url in (None, entry.url):
                self.drop(entry)
                self.put(Subscription(xname, agent, found))
                return

    def remove(self, xname, agent=None, url=None):
        """Those that were removed."""
        gone = [entry for entry in self.of(xname, agent) if url in (None, entry.url)]
        for entry in gone:
            self.drop(entry)
        return gone

    def prune(self, name):
        """Whatever `xname` or `agent@xname` has by now."""
        agent, _, xname = name.rpartition("@")
        return self.remove(xname, agent or None)

    def restore(self, shown):
        """Entries as a list shows them; with a backup the health key comes back, too."""
        for fields in shown:
            agent, _, xname = fields.get("Subscriber", "").rpartition("@")
            xname = fields.get("SubscriberComponent", xname)
            self.put(Subscription(xname, fields.get("SubscriberAgent", agent), fields))
        self.has_health_key = True

    def list(self, xname=None):
        entries = sorted(self if xname is None else self.of(xname), key=lambda entry: entry.key)
        return {"SubscriptionList": [entry.shown for entry in entries] or None}
