"""bos_sessions.py - the sessions of BOS: an operation on the nodes of a template. Pending, then running, and complete when none of the
components that it still has is enabled - whether they got where they should or not.

The status of a session that is complete stays as it was at its end.
"""

import re
import uuid
from collections import Counter
from datetime import datetime, timedelta

from bos_components import NO_ARTIFACTS, timestamp
from bos_nodes import SetupError, names_nids
from bos_templates import bad, flaw
from httpd import Problem

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
MAX_NAME, MAX_LIMIT = 45, 524288
OPERATIONS = ("boot", "reboot", "shutdown")
FIELDS = {"name": str, "operation": str, "template_name": str, "limit": str, "stage": bool, "include_disabled": bool}
MAX_NODES_OF_ERROR = 10
AGE = re.compile(r"(\d+)([mhdw])", re.IGNORECASE)
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def check_fields(body):
    """As the API's specification has them."""
    for name, value in body.items():
        if name not in FIELDS:
            raise bad(f"Additional properties are not allowed ('{name}' was unexpected)")
        if not isinstance(value, FIELDS[name]):
            raise bad(f"{value!r} is not of type '{FIELDS[name].__name__}' - '{name}'")
    for name in ("operation", "template_name"):
        if name not in body:
            raise bad(f"'{name}' is a required property")
    if body["operation"] not in OPERATIONS:
        raise bad(f"'{body['operation']}' is not one of {list(OPERATIONS)} - 'operation'")
    if "name" in body and not (NAME.fullmatch(body["name"]) and len(body["name"]) <= MAX_NAME):
        raise bad(f"'{body['name']}' is no name of a session: '{NAME.pattern}', at most {MAX_NAME} characters")
    if len(body.get("limit", "")) > MAX_LIMIT:
        raise bad(f"The limit is longer than {MAX_LIMIT} characters")


def check_limit(limit, options):
    if options["session_limit_required"] and not limit:
        raise bad("The session_limit_required option is set, but this session has no limit")
    if options["reject_nids"] and names_nids(limit):
        raise bad("The reject_nids option is set, but the limit of this session names NIDs")


def desired_state(template, boot_set, operation):
    """Of the nodes of a boot set."""
    if operation == "shutdown":
        return {"boot_artifacts": dict(NO_ARTIFACTS), "configuration": "", "bss_token": ""}
    image = boot_set["path"].rpartition("/")[0]
    parameters = [boot_set.get("kernel_parameters", "")]
    if boot_set.get("rootfs_provider") == "cpss3":
        parameters.append(":".join(["root=craycps-s3", f"{image}/rootfs", boot_set.get("etag", ""),
                                    boot_set.get("rootfs_provider_passthrough", "")]))
    artifacts = {"kernel": f"{image}/kernel", "kernel_parameters": " ".join(parameters).strip(), "initrd": f"{image}/initrd"}
    cfs = boot_set.get("cfs") or template.get("cfs") or {}
    configuration = cfs.get("configuration", "") if template.get("enable_cfs", True) else ""
    return {"boot_artifacts": artifacts, "configuration": configuration, "bss_token": ""}


def summary_of_errors(components):
    """{what: how many, and the first of them}"""
    errors = {}
    for component in components:
        if component["error"]:
            errors.setdefault(component["error"], []).append(component["id"])
    return {error: {"count": len(xnames),
                    "list": ",".join(xnames[:MAX_NODES_OF_ERROR]) + ("..." if len(xnames) > MAX_NODES_OF_ERROR else "")}
            for error, xnames in errors.items()}


def moment_before(age):
    """Of an age such as 3d or 90m."""
    match = AGE.fullmatch(age)
    if match is None:
        raise Problem(400, "Error parsing age field", f"'{age}' is no age")
    return (datetime.now() - timedelta(**{UNITS[match[2].lower()]: int(match[1])})).isoformat(timespec="seconds")


class Sessions:
    """By name."""

    def __init__(self, templates, components, options):
        self.templates, self.components, self.options = templates, components, options
        self.by_name, self.last_status = {}, {}

    def find(self, name):
        if name not in self.by_name:
            raise Problem(404, "Session could not found.", f"Session {name} could not be found")
        return self.by_name[name]

    def chosen(self, parameters):
        found = list(self.by_name.values())
        if "status" in parameters:
            found = [session for session in found if session["status"]["status"] == parameters["status"]]
        if "min_age" in parameters:
            last = moment_before(parameters["min_age"])
            found = [session for session in found if session["status"]["start_time"] <= last]
        if "max_age" in parameters:
            first = moment_before(parameters["max_age"])
            found = [session for session in found if session["status"]["start_time"] >= first]
        return found

    def make(self, body, tenant):
        check_fields(body)
        check_limit(body.get("limit", ""), self.options)
        template = self.templates.by_name.get(body["template_name"])
        if template is None:
            raise bad(f"Session Template Name invalid: {body['template_name']}")
        if what := flaw(template):
            raise bad(what)
        name = body.get("name") or str(uuid.uuid4())
        if name in self.by_name:
            raise Problem(409, "Conflicting session name", f"A session with the name {name} already exists")
        self.by_name[name] = {
            "name": name, "tenant": tenant, "operation": body["operation"], "template_name": body["template_name"],
            "limit": body.get("limit", ""), "stage": body.get("stage", False), "components": "",
            "include_disabled": body.get("include_disabled", False),
            "status": {"start_time": timestamp(), "end_time": None, "status": "pending", "error": None}}
        return self.by_name[name]

    def delete(self, name):
        """Its components go on all the same."""
        self.find(name)
        del self.by_name[name]
        self.last_status.pop(name, None)

    # Poll by poll.

    def in_status(self, status):
        return [session for session in self.by_name.values() if session["status"]["status"] == status]

    def set_up(self, session, inventory):
        """From pending to running - or, without any node, to complete."""
        try:
            self.give_components(session, inventory)
        except SetupError as error:
            self.fail(session, str(error))

    def give_components(self, session, inventory):
        template = self.templates.by_name.get(session["template_name"])
        if template is None:
            raise SetupError(f"Sessiontemplate {session['template_name']} could not be found")
        self.components.discover(inventory.components)
        taken = set()
        for boot_set in template["boot_sets"].values():
            xnames = inventory.taken(boot_set, session["limit"], session["include_disabled"])
            self.give(session, xnames, desired_state(template, boot_set, session["operation"]))
            taken |= xnames
        if not taken:
            raise SetupError("No nodes were found to act upon.")
        session["components"] = ",".join(sorted(taken))
        session["status"]["status"] = "running"

    def give(self, session, xnames, state):
        for xname in xnames:
            if session["stage"]:
                self.components.stage(xname, session["name"], state)
            else:
                self.components.take(xname, session["name"], session["operation"], state)

    def fail(self, session, error):
        session["status"]["error"] = error
        self.complete(session)

    def complete_what_is_done(self):
        for session in self.in_status("running"):
            if not session["stage"] and not any(component["enabled"] for component in self.components.of_session(session["name"])):
                self.complete(session)

    def complete(self, session):
        session["status"].update(status="complete", end_time=timestamp())
        self.last_status[session["name"]] = self.status_now(session)

    # What became of it.

    def status(self, name):
        session = self.find(name)
        return self.last_status.get(name) or self.status_now(session)

    def status_now(self, session):
        components = self.components.of_session(session["name"])
        staged = len(self.components.chosen({"staged_session": session["name"]}))
        total = len(components) + staged
        phases = Counter(component["status"]["phase"] for component in components)
        statuses = Counter(component["status"]["status"] for component in components)

        def percent(count):
            return count / total * 100 if total else 0
        return {"status": session["status"]["status"], "managed_components_count": total,
                "phases": {"percent_complete": percent(statuses["stable"] + statuses["failed"]),
                           **{f"percent_{phase}": percent(phases[phase]) for phase in ("powering_on", "powering_off", "configuring")}},
                "percent_successful": percent(statuses["stable"]), "percent_failed": percent(statuses["failed"]),
                "percent_staged": percent(staged), "error_summary": summary_of_errors(components), "timing": timing(session["status"])}


def timing(status):
    end = datetime.fromisoformat(status["end_time"]) if status["end_time"] else datetime.now().replace(microsecond=0)
    return {"start_time": status["start_time"], "end_time": status["end_time"],
            "duration": str(end - datetime.fromisoformat(status["start_time"]))}
