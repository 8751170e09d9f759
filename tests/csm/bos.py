#!/usr/bin/env python3
"""bos.py - stand-in for BOS, which boots and shuts down the nodes of a session template; its API v2.

    bos.py --listen HOST:PORT --state-dir DIR [--hsm URL] [--bos-step SECONDS] [--power COMMAND]

Below /v2: sessiontemplates, sessiontemplatesvalid, sessions with their status, components, options, healthz. HSM says which nodes there
are, in what role and state. All that BOS does it does in polls, one each --bos-step, whatever the option polling_frequency says. A node
is put on or off by COMMAND on|off XNAME (bos_power.py); without one, in HSM alone. Templates: one named compute, for the role Compute,
which boots from CPS. It is the traps that matter: a session that is complete may have failed nodes, or none at all; a node that the
template does not have, HSM does not enable, or the limit names by its NID is left out without a word (bos_nodes.py).

In DIR it writes and looks at, beside the switches that all have (service.py):
    bos.log         one JSON line for each session made, and each action on a node that has ended: error is empty if it went well
    templates.json  the templates, as GET sessiontemplates lists them; read again when it changes
    bos-fail-XNAME  while it exists, every action on that node fails, and its text says why
    bos-hold-XNAME  while it exists, no action on that node begins
"""

import asyncio
import shlex

from bos_components import Components
from bos_nodes import Hsm, SetupError
from bos_power import Power
from bos_sessions import Sessions
from bos_templates import Templates, bad, flaw
from httpd import Answer, Problem, json_answer
import service as services

BASE = "/v2/"
STEP = 0.2
OPTIONS = {"bss_read_timeout": 20, "cfs_read_timeout": 20, "cleanup_completed_session_ttl": "7d", "clear_stage": False,
           "component_actual_state_ttl": "4h", "default_retry_policy": 3, "disable_components_on_completion": True,
           "discovery_frequency": 300, "hsm_read_timeout": 20, "ims_errors_fatal": False, "ims_images_must_exist": False,
           "ims_read_timeout": 20, "logging_level": "INFO", "max_boot_wait_time": 1200, "max_component_batch_size": 2800,
           "max_power_off_wait_time": 300, "max_power_on_wait_time": 120, "pcs_read_timeout": 20, "polling_frequency": 15,
           "reject_nids": False, "session_limit_required": False}


def single(request):
    """{name: value} of the query; of a name that comes again, the last."""
    return {name: values[-1] for name, values in request.parameters.items()}


class Bos(services.Service):
    """The service. A restart is one of the API alone: what it knows is in a data base, and the polls are others' business."""

    def __init__(self, state_dir, *, hsm, step=STEP, power=(), **common):
        super().__init__(state_dir, **common)
        self.hsm, self.step = Hsm(hsm), step
        self.options = dict(OPTIONS)
        self.templates = Templates(self.switches.path("templates.json"))
        self.components = Components(Power(self.hsm, self.switches, power), self.options, self.switches)
        self.sessions = Sessions(self.templates, self.components, self.options)
        self.next_poll, self.polling = 0.0, None

    def is_readiness(self, request):
        return request.path == BASE + "healthz"

    def look_at(self, on):
        if "templates.json" in on:
            self.templates.look_at_file()

    # Polls.

    def tick(self, now):
        if self.polling is not None and self.polling.done():
            self.polling.result()  # raises what went wrong
            self.polling = None
        if self.polling is None and now >= self.next_poll:
            self.next_poll = now + self.step
            self.polling = asyncio.get_running_loop().create_task(self.poll())

    async def poll(self):
        self.components.advance(await self.hsm.states() if self.components.must_know_states else None)
        self.sessions.complete_what_is_done()
        pending = self.sessions.in_status("pending")
        if not pending and self.components.by_id:
            return
        try:
            inventory = await self.hsm.inventory()
        except SetupError as error:
            for session in pending:
                self.sessions.fail(session, str(error))
            return
        self.components.discover(inventory.components)
        for session in pending:
            self.sessions.set_up(session, inventory)

    # Which path is what: {method: handler}.

    async def route(self, request):
        parts = request.path.removeprefix(BASE).rstrip("/").split("/")
        rooms = {"sessiontemplates": self.template_routes, "sessiontemplatesvalid": self.validity_routes, "sessions": self.session_routes,
                 "components": self.component_routes, "options": self.option_routes, "healthz": self.health_routes}
        routes = rooms[parts[0]](request, parts[1:]) if request.path.startswith(BASE) and parts[0] in rooms else None
        if routes is None:
            raise Problem(404, "Not Found", "no such path")
        return services.allow(request, routes)()

    def template_routes(self, request, parts):
        if not parts:
            return {"GET": lambda: json_answer(list(self.templates.by_name.values()))}
        return {"GET": lambda: json_answer(self.templates.find(parts[0])),
                "PUT": lambda: json_answer(self.templates.put(parts[0], services.json_object(request), tenant_of(request))),
                "PATCH": lambda: json_answer(self.templates.patch(parts[0], services.json_object(request))),
                "DELETE": lambda: self.nothing(self.templates.delete(parts[0]))} if len(parts) == 1 else None

    def validity_routes(self, _, parts):
        return {"GET": lambda: json_answer(flaw(self.templates.find(parts[0])) or "Valid.")} if len(parts) == 1 else None

    def session_routes(self, request, parts):
        if not parts:
            return {"GET": lambda: json_answer(self.sessions.chosen(single(request))), "POST": lambda: self.make_session(request)}
        if parts[1:] == ["status"]:
            return {"GET": lambda: json_answer(self.sessions.status(parts[0]))}
        return {"GET": lambda: json_answer(self.sessions.find(parts[0])),
                "DELETE": lambda: self.nothing(self.sessions.delete(parts[0]))} if len(parts) == 1 else None

    def component_routes(self, request, parts):
        if not parts:
            return {"GET": lambda: json_answer(list(map(self.components.shown, self.components.chosen(single(request)))))}
        return {"GET": lambda: json_answer(self.components.shown(self.components.find(parts[0]))),
                "PATCH": lambda: self.patch_component(request, parts[0])} if len(parts) == 1 else None

    def option_routes(self, request, parts):
        return None if parts else {"GET": lambda: json_answer(self.options), "PATCH": lambda: self.change_options(request)}

    def health_routes(self, _, parts):
        return None if parts else {"GET": lambda: json_answer({"dbStatus": "ok", "apiStatus": "ok"})}

    # What is done.

    def nothing(self, _):
        return Answer(204)

    def make_session(self, request):
        session = self.sessions.make(services.json_object(request), tenant_of(request))
        told = ("tenant", "operation", "template_name", "limit", "stage", "include_disabled")
        self.switches.append("bos.log", what="session", session=session["name"], **{name: session[name] for name in told})
        return json_answer(session, 201)

    def patch_component(self, request, xname):
        return json_answer(self.components.shown(self.components.patch(xname, services.json_object(request))))

    def change_options(self, request):
        """What is no option is dropped without a word."""
        changes = {name: value for name, value in services.json_object(request).items() if name in OPTIONS}
        for name, value in changes.items():
            if not isinstance(value, type(OPTIONS[name])):
                raise bad(f"{value!r} is not of type '{type(OPTIONS[name]).__name__}' - '{name}'")
        self.options.update(changes)
        return json_answer(self.options)


def tenant_of(request):
    return request.headers.get("cray-tenant-name") or None


def add_arguments(parser):
    parser.add_argument("--bos-step", type=float, default=STEP, help="from one poll of BOS to the next, in seconds")
    parser.add_argument("--power", type=shlex.split, default=[], metavar="COMMAND", help="runs as COMMAND on|off XNAME for a node")


def make_service(arguments, state_dir):
    return Bos(state_dir, hsm=arguments.hsm, step=arguments.bos_step, power=arguments.power,
               restart_seconds=arguments.restart_seconds, seed=arguments.seed)


def main():
    parser = services.common_arguments(__doc__, "127.0.0.1:27780")
    parser.add_argument("--hsm", default="http://127.0.0.1:27779/hsm/v2", help="base of HSM")
    add_arguments(parser)
    arguments = parser.parse_args()
    services.serve("bos", make_service(arguments, arguments.state_dir), arguments.listen)


if __name__ == "__main__":
    main()
