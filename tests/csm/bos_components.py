"""bos_components.py - the components of BOS, which are HSM's nodes, and how they get to the state that a session wants.

A component that was given to a session is enabled and on hold for one poll. Then, poll by poll, it goes through its actions: pending,
called, and again if that failed, as often as its retry policy says. At the end it is disabled: stable and in no phase, or failed. What
another session takes over goes that one's way as soon as the action under way has ended.
"""

import asyncio
from datetime import datetime

from bos_templates import bad, merged
from httpd import Problem

NO_ARTIFACTS = {"kernel": "", "kernel_parameters": "", "initrd": ""}
PATCHABLE = {"actual_state", "desired_state", "enabled", "error", "id", "last_action", "retry_policy", "session", "staged_state", "status"}
# Action -> phase, status before, status while it is under way, name as the last action.
ACTIONS = {"off": ("powering_off", "power_off_pending", "power_off_gracefully_called", "powering_off_gracefully"),
           "on": ("powering_on", "power_on_pending", "power_on_called", "powering_on"),
           "configure": ("configuring", "configuring", "configuring", "")}


def timestamp():
    return datetime.now().isoformat(timespec="seconds")


def new_component(xname):
    state = {"boot_artifacts": dict(NO_ARTIFACTS), "bss_token": "", "last_updated": timestamp()}
    return {"id": xname, "enabled": False, "error": "", "session": "",
            "status": {"phase": "", "status": "stable", "status_override": ""},
            "actual_state": state, "desired_state": {**state, "configuration": ""},
            "last_action": {"last_updated": timestamp(), "action": "newly_discovered", "num_attempts": 0}}


def plan(operation, state, configuration):
    """The actions that bring a node from its state in HSM to what the operation wants."""
    if operation == "shutdown":
        return [] if state == "Off" else ["off"]
    if operation == "boot" and state == "Ready":
        return []
    return [*([] if state == "Off" else ["off"]), "on", *(["configure"] if configuration else [])]


def set_status(component, phase, status, override=""):
    component["status"] = {"phase": phase, "status": override or status, "status_override": override}


def set_last_action(component, action, attempts):
    component["last_action"] = {"last_updated": timestamp(), "action": action, "num_attempts": attempts}


class Work:
    """What is being done to a component. `actions`, the first of them under way or next, are None until it is known how the node is."""

    def __init__(self, operation, task=None):
        self.operation, self.task = operation, task
        self.actions, self.attempts = None, 0


class Components:
    """By xname; `options` are BOS's own, `power` does the actions."""

    def __init__(self, power, options, switches):
        self.power, self.options, self.switches = power, options, switches
        self.by_id, self.works = {}, {}

    # What is asked and changed from outside.

    def find(self, xname):
        if xname not in self.by_id:
            raise Problem(404, "Component not found.", f"Component {xname} could not be found")
        return self.by_id[xname]

    def of_session(self, name):
        return [component for component in self.by_id.values() if component["session"] == name]

    def shown(self, component):
        return {"retry_policy": self.options["default_retry_policy"], **component}

    def chosen(self, parameters):
        """Of a GET: filters, all of which must be met, and a page. Empty ones are none, but no ids are nobody."""
        found = [self.by_id[xname] for xname in sorted(self.by_id) if xname > parameters.get("start_after_id", "")]
        tests = {"ids": lambda wanted, component: component["id"] in wanted,
                 "session": lambda wanted, component: component["session"] in wanted,
                 "staged_session": lambda wanted, component: component.get("staged_state", {}).get("session") in wanted,
                 "enabled": lambda wanted, component: str(component["enabled"]).lower() in wanted,
                 "phase": lambda wanted, component: component["status"]["phase"] in wanted,
                 "status": lambda wanted, component: component["status"]["status"] in wanted}
        for name, test in tests.items():
            if parameters.get(name) or (name == "ids" and name in parameters):
                wanted = set(parameters[name].split(","))
                found = [component for component in found if test(wanted, component)]
        size = parameters.get("page_size", "0")
        if not size.isdigit():
            raise bad(f"'{size}' is not of type 'integer' - 'page_size'")
        return found[:int(size)] if int(size) else found

    def patch(self, xname, body):
        """Who wants another state without a session takes the component from its session."""
        component = self.find(xname)
        for name in body.keys() - PATCHABLE:
            raise bad(f"Additional properties are not allowed ('{name}' was unexpected)")
        if body.get("desired_state"):
            body = {"session": "", **body}
        component.update(merged(component, {**body, "id": xname}))
        if body.get("enabled") is True:
            self.begin(component, "boot" if component["desired_state"]["boot_artifacts"]["kernel"] else "shutdown")
        elif body.get("enabled") is False:
            self.works.pop(xname, None)
        return component

    # What sessions want.

    def discover(self, xnames):
        for xname in xnames:
            if xname not in self.by_id:
                self.by_id[xname] = new_component(xname)

    def take(self, xname, session, operation, desired_state):
        """For a session, whatever another one is doing with it."""
        component = self.by_id[xname]
        component.update(session=session, enabled=True, error="", desired_state={**desired_state, "last_updated": timestamp()})
        set_last_action(component, "session_setup", 0)
        self.begin(component, operation)

    def stage(self, xname, session, staged_state):
        """For later; nothing here applies it."""
        self.by_id[xname]["staged_state"] = {**staged_state, "session": session, "last_updated": timestamp()}

    def begin(self, component, operation):
        before = self.works.get(component["id"])
        self.works[component["id"]] = Work(operation, before and before.task)
        set_status(component, component["status"]["phase"], "", "on_hold")

    # Poll by poll.

    @property
    def must_know_states(self):
        return any(work.actions is None for work in self.works.values())

    def advance(self, states):
        """`states` are HSM's, if it answers."""
        for xname, work in list(self.works.items()):
            if work.task is None or work.task.done():
                self.advance_one(self.by_id[xname], work, states)

    def advance_one(self, component, work, states):
        if work.actions is None:
            if states is not None:
                configuration = component["desired_state"].get("configuration")
                work.task, work.actions = None, plan(work.operation, states.get(component["id"]), configuration)
                self.go_on(component, work)
        elif work.task is not None:
            self.judge(component, work, work.task.result())
        elif work.actions[0] == "configure":
            self.end(component)
        elif f"bos-hold-{component['id']}" not in self.switches.present():
            self.call(component, work)

    def go_on(self, component, work):
        """To the next action, or the end."""
        if work.actions:
            phase, pending, _, _ = ACTIONS[work.actions[0]]
            set_status(component, phase, pending)
        else:
            self.end(component)

    def call(self, component, work):
        action = work.actions[0]
        phase, _, called, name = ACTIONS[action]
        work.attempts += 1
        component["error"] = ""
        set_status(component, phase, called)
        set_last_action(component, name, work.attempts)
        act = self.power.act(action, component["id"], component["session"], work.attempts)
        work.task = asyncio.get_running_loop().create_task(act)

    def judge(self, component, work, error):
        """What an action that has ended leads to."""
        work.task = None
        if not error:
            artifacts = NO_ARTIFACTS if work.actions[0] == "off" else component["desired_state"]["boot_artifacts"]
            component["actual_state"].update(boot_artifacts=dict(artifacts), last_updated=timestamp())
            work.actions, work.attempts = work.actions[1:], 0
            self.go_on(component, work)
            return
        component["error"] = error
        if work.attempts >= self.shown(component)["retry_policy"]:
            self.end(component, "failed")
        else:
            self.go_on(component, work)

    def end(self, component, override=""):
        del self.works[component["id"]]
        component["enabled"] = False
        # One that has failed keeps the phase in which it did.
        set_status(component, component["status"]["phase"] if override else "", "stable", override)
