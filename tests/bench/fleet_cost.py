"""What knowing how the fleet is costs the controller: the picture after a restart, a storm of changes, and who asks for it all the time."""

import os
import ssl
import statistics
import time
import urllib.request

import fleet

TOKEN = "a-token-of-the-benchmark-0123456789"


def thread_cpu(pid, name):
    """Seconds that the threads of this name have used."""
    ticks = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii") as file:
                head, _, rest = file.read().rpartition(")")
        except FileNotFoundError:
            continue
        if head.partition("(")[2] == name:
            fields = rest.split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / fleet.TICKS


class Web:
    """The web port of a fleet's controller."""

    def __init__(self, world):
        (self.port,) = fleet.free_ports(1)
        token_file = os.path.join(world.directory, "web.token")
        with open(token_file, "w", encoding="ascii") as file:
            file.write(TOKEN)
        world.settings += f'[web]\nlisten = "127.0.0.1:{self.port}"\ntoken_file = "{token_file}"\n'
        self.context = ssl.create_default_context(cafile=os.path.join(world.env["MUSTER_TLS_DIR"], "ca.pem"))

    def get(self, path):
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, context=self.context, timeout=60) as answer:
            return answer.read().decode()


def attach(world, agents, *options):
    """Those that were never seen are not what is measured, so the controller is started again once they were."""
    world.start_musterd()
    world.start_agents(agents, *options)
    world.wait_attached(agents)


def wait_well(world, agents):
    fleet.wait_until(lambda: world.muster("health", code=None)["counts"]["well"] == agents, "all nodes are well", 60)


def picture(figures, agents, directory):
    """A controller that is started again, and the fleet's thread until everybody is back and known to be well."""
    with fleet.Fleet(agents, directory) as world:
        attach(world, agents)
        world.stop_musterd()
        world.start_musterd()
        fleet.wait_until(lambda: world.muster("status", code=None)["attached_nodes"] == agents, "all are back", 300)
        wait_well(world, agents)
        figures.add("restarted: the picture, CPU of each node", agents, "µs", thread_cpu(world.musterd.pid, "fleet") / agents * 1e6)


def metrics(figures, agents, directory, count=5):
    """What Prometheus waits for, and how much it gets."""
    with fleet.Fleet(agents, directory) as world:
        web = Web(world)
        attach(world, agents)
        wait_well(world, agents)
        for _ in range(count):
            before, begin = world.usage(), time.monotonic()
            text = web.get("/metrics")
            figures.add("metrics, Prometheus waits", agents, "ms", (time.monotonic() - begin) * 1e3)
            figures.add("metrics, CPU", agents, "ms", (world.usage().cpu - before.cpu) * 1e3)
        figures.add("metrics, series", agents, "", sum(1 for line in text.splitlines() if line and not line.startswith("#")))
        begin = time.monotonic()
        size = len(web.get("/api/map"))
        figures.add("the map, a browser waits", agents, "ms", (time.monotonic() - begin) * 1e3)
        figures.add("the map, size", agents, "KB", size / 1e3)


def changes(figures, agents, directory):
    """Each agent's unit fails or comes up once a second for ten seconds, while an operator asks."""
    begins, lasts = 15 + agents // 100, 10
    with fleet.Fleet(agents, directory) as world:
        begin = time.monotonic()
        attach(world, agents, "--fault", f"{begins}:flap:100:{lasts}")
        wait_well(world, agents)
        if time.monotonic() > begin + begins:
            raise AssertionError("the storm began before all were attached; this machine needs more time than it was given")
        time.sleep(begin + begins + 1 - time.monotonic())
        before, waits = world.usage(), []
        while time.monotonic() < begin + begins + lasts:
            asked = time.monotonic()
            world.muster("status")
            waits.append(time.monotonic() - asked)
        after = world.usage()
        figures.add("storm of changes, the operator waits, median", agents, "ms", statistics.median(waits) * 1e3)
        figures.add("storm of changes, the operator waits, longest", agents, "ms", max(waits) * 1e3)
        figures.add("storm of changes, CPU of each second", agents, "s", (after.cpu - before.cpu) / (after.at - before.at))
        figures.add("storm of changes, RSS more", agents, "MB", (after.rss - before.rss) / 1e6)
        wait_well(world, agents)
