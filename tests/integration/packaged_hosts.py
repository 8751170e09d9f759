"""Hosts on which nothing of Muster is until its packages are installed: the first is a management node with controller, agent and
command, the others are nodes."""

import glob
import json
import os
import shutil
import subprocess
import sys

from harness import DIRECT, WEB_PORT, World
from programs import HERE, program

VERSION = os.environ.get("VERSION", "")
NEXT_VERSION = f"{VERSION}+1"
CONTROLLER = ("muster-controller", "muster-agent", "muster")
NODE = ("muster-agent",)
# What a life of any package leaves behind, and what runs by itself: the kernel's, logs, dpkg's own, systemd's, the backups that `useradd`
# and the like make, the trigger of man-db.
NOT_OURS = ("/proc", "/sys", "/dev", "/run/bed", "/run/systemd", "/run/log", "/var/log", "/var/lib/dpkg", "/var/cache/man",
            "/etc/.pwd.lock", "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-")

# musterd's settings of the site. What root writes with a umask of its own musterd is to read all the same.
MUSTERD_TOML = "\n".join([f"""[web]
listen = "0.0.0.0:{WEB_PORT}"
token_file = "/etc/muster/web.token"
[csm]
kubectl = "kubectl"
""", *(f"{key} = {json.dumps(value)}" for key, value in DIRECT.items())])
# It has a place that musterd may write: its state directory, where its home is.
KUBECTL = """#!/bin/sh
echo "$(id -un) $KUBECONFIG $*" >>"$HOME/kubectl.log"
exit 1
"""


def package_file(directory, pattern):
    found = glob.glob(os.path.join(directory, pattern))
    assert len(found) == 1, f"{directory} was to have one {pattern}: {found}"
    return os.path.join("/packages", os.path.basename(directory), os.path.basename(found[0]))


class PackagedWorld(World):
    """Installed, configured and purged host by host."""

    first_is_up = False

    def __init__(self, hosts, **options):
        self.directories = {VERSION: program("PACKAGES"), NEXT_VERSION: program("NEXT_PACKAGES")}
        super().__init__(hosts, csm=DIRECT, **options)

    def _make_units(self, unit_files):
        directory = super()._make_units(unit_files)
        os.unlink(os.path.join(directory, "muster-agent.service"))
        with open(os.path.join(directory, "WANTED"), "w", encoding="ascii") as file:
            file.write("cray-orca.service\n")
        return directory

    def _agent_options(self, path):
        return ["--writable", *(option for directory in self.directories.values()
                                for option in ("--bind", f"{directory}:/packages/{os.path.basename(directory)}"))]

    def _begin(self):
        """A site's certificate for the first host, with which it has its controller."""
        first = self.host(1)
        self.env["MUSTER_CONTROLLER"] = f"{first.name}:7421"
        subprocess.run([program("MUSTER"), "pki", "issue", "--dir", os.path.join(self.directory, "ca"), "--role", "controller", "--san",
                        first.name, "--out", os.path.join(self.etc, "controller"), "packaged"], check=True, stdout=subprocess.DEVNULL)
        shutil.copytree(self.env["MUSTER_TLS_DIR"], os.path.join(self.etc, "operator"))
        self.plain_muster("pki", "issue", "--dir", os.path.join(self.directory, "ca"), "--role", "operator", "--out",
                          os.path.join(self.etc, "leaver"), "leaver")
        for name, text in [("musterd.toml", MUSTERD_TOML), ("web.token", self.web_token + "\n"), ("kubectl", KUBECTL)]:
            with open(os.path.join(self.etc, name), "w", encoding="ascii") as file:
                file.write(text)
        self.bed("boot", "all")
        self.first_is_up = True

    def show_logs(self):
        if self.first_is_up:
            print("---- musterd", self.host(1).journal("musterd.service")[-6000:], sep="\n", file=sys.stderr)
        super().show_logs()

    def packages_of(self, host):
        return CONTROLLER if host is self.host(1) else NODE

    def install(self, host, version):
        """What dpkg says of it."""
        return host.run("dpkg", "-i", *(package_file(self.directories[version], f"{name}_{version}_*.deb")
                                        for name in self.packages_of(host)))

    def rpm(self, host, option, version):
        """What rpm says of all packages. It knows nothing of the libraries that dpkg has installed."""
        return host.run("rpm", option, "--force-debian", "--nodeps",
                        *(package_file(self.directories[version], f"{name}-{version}-1.*.rpm") for name in CONTROLLER))

    def purge(self, host):
        host.run("dpkg", "--purge", *self.packages_of(host))

    def configure(self, host, is_controller=False):
        """What a site does after it has installed the packages, with no step that their units could do themselves."""
        host.run("sh", "-ec", f"""
            cp /opt/muster-etc/{host.nid}/*.pem /etc/muster/agent/
            printf 'controllers = ["{self.host(1).name}:7420"]\\n' | cat - /opt/muster-etc/agent.toml >/etc/muster/agent.toml
            """)
        if is_controller:
            host.run("sh", "-ec", """
                umask 077
                cp /opt/muster-etc/controller/*.pem /etc/muster/controller/
                cat /opt/muster-etc/musterd.toml >/etc/muster/musterd.toml
                cp /opt/muster-etc/web.token /etc/muster/web.token
                install -m 755 /opt/muster-etc/kubectl /usr/local/bin/kubectl
                """)
            host.systemctl("enable", "--now", "musterd.service")
        host.systemctl("enable", "--now", "muster-agent.service")

    def forget(self, host):
        """Takes away what configure() has put outside of the packages' own places."""
        host.run("rm", "-rf", "/usr/local/bin/kubectl")


def written_in_setup(after):
    """The first block of packaging/docs/setup.md after these words."""
    with open(os.path.join(HERE, "..", "..", "packaging", "docs", "setup.md"), encoding="utf-8") as file:
        return file.read().partition(after)[2].split("```\n")[1]


def files_of(host):
    """{path: what it is, whose, and its content's sum if it is small}"""
    prune = " -o ".join(f"-path {path}" for path in NOT_OURS)
    listed = host.run("find", "/", "-regextype", "posix-extended", "(", *prune.split(), ")", "-prune", "-o", "-printf",
                      "%p\t%y %m %U:%G %l\n")
    files = dict(line.split("\t", 1) for line in listed.splitlines())
    sums = host.run("sh", "-c", "find /etc /usr/lib/systemd -type f -exec md5sum {} +", check=False)
    for line in sums.splitlines():
        total, path = line.split(maxsplit=1)
        if path in files:
            files[path] += f" {total}"
    return files
