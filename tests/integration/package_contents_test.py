"""What is in the packages: files, modes, owners, settings, scripts, and what they need of a machine."""

import glob
import os
import re
import subprocess
import unittest

PACKAGES, VERSION = os.environ.get("PACKAGES", ""), os.environ.get("VERSION", "")
# {path: mode}
FILES = {
    "muster-controller": {
        "/etc/muster": 0o40755,
        "/etc/muster/controller": 0o40750,
        "/etc/muster/musterd.toml": 0o100644,
        "/usr/sbin/musterd": 0o100755,
        "/usr/lib/systemd/system/musterd.service": 0o100644,
        "/usr/lib/sysusers.d/muster-controller.conf": 0o100644,
        "/usr/lib/tmpfiles.d/muster-controller.conf": 0o100644,
        "/usr/share/muster/grafana/muster.json": 0o100644,
        "/usr/share/muster/prometheus/muster.rules.yml": 0o100644,
        "/usr/share/muster/prometheus/prometheus.yml.example": 0o100644,
    },
    "muster-agent": {
        "/etc/muster": 0o40755,
        "/etc/muster/agent": 0o40700,
        "/etc/muster/agent.toml": 0o100644,
        "/usr/sbin/muster-agent": 0o100755,
        "/usr/lib/systemd/system/muster-agent.service": 0o100644,
    },
    "muster": {
        "/etc/muster": 0o40755,
        "/etc/muster/muster.toml": 0o100644,
        "/usr/bin/muster": 0o100755,
    },
}
SETTINGS = {"muster-controller": ["/etc/muster/musterd.toml"], "muster-agent": ["/etc/muster/agent.toml"],
            "muster": ["/etc/muster/muster.toml"]}
UNITS = {"muster-controller": "musterd.service", "muster-agent": "muster-agent.service"}
# Manual pages, guides and completions.
DOCUMENTS = re.compile(
    r"/usr/share/(man/man[158]/muster[^/]*|man/man5/agent\.toml\.5[^/]*|doc/muster/[^/]*\.md|bash-completion/completions/muster|"
    r"zsh/site-functions/_muster)$")
# Some of them, without what compressing adds to their names.
NEEDED_DOCUMENTS = {
    "muster-controller": ["man/man8/musterd.8", "man/man5/musterd.toml.5"],
    "muster-agent": ["man/man8/muster-agent.8", "man/man5/agent.toml.5"],
    "muster": ["man/man1/muster.1", "man/man1/muster-job-list.1", "man/man5/muster.toml.5", "doc/muster/setup.md",
               "bash-completion/completions/muster", "zsh/site-functions/_muster"],
}
# Of the agent, whatever version of their symbols: the C library, systemd's and OpenSSL's.
AGENT_LIBRARIES = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libsystemd.so.0", "libssl.so.3",
                   "libcrypto.so.3"}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def file_of(pattern):
    found = glob.glob(os.path.join(PACKAGES, pattern))
    assert len(found) == 1, f"{pattern} was to be one file of {PACKAGES}: {found}"
    return found[0]


def mode_of(letters):
    """040755 of "drwxr-xr-x"."""
    kind = {"d": 0o40000, "-": 0o100000, "l": 0o120000}[letters[0]]
    return kind | sum(1 << (8 - i) for i, letter in enumerate(letters[1:]) if letter != "-")


class PackageContentsTest(unittest.TestCase):
    def check_files(self, package, files):
        """`files`: {path: (mode, owner)} of it, without directories of the system."""
        for path, (_, owner) in files.items():
            self.assertEqual("root/root", owner, path)
        modes = {path: mode for path, (mode, _) in files.items() if not DOCUMENTS.match(path)}
        wrong = {path: oct(mode) for path, mode in FILES[package].items() if modes.get(path) != mode}
        self.assertEqual({}, wrong, f"of {package}, as it was to be")
        is_other = [path for path, mode in modes.items() if path not in FILES[package] and not mode & 0o40000 and "/.build-id/" not in path]
        self.assertEqual([], is_other, f"{package} was to have nothing else")
        for document in NEEDED_DOCUMENTS[package]:
            self.assertTrue(any(path.startswith(f"/usr/share/{document}") for path in files), f"{document} of {package}")

    def check_scripts(self, package, text, is_gone):
        unit = UNITS[package]
        self.assertIn(f"systemctl is-enabled --quiet {unit}", text)
        self.assertIn(f"systemctl try-restart {unit}", text)
        self.assertIn(f"systemctl enable --now {unit}", text)
        self.assertIn(f"systemctl disable --quiet --now {unit}", text)
        self.assertIn(is_gone, text)
        self.assertEqual(package == "muster-controller", "systemd-sysusers muster-controller.conf" in text)
        self.assertNotIn("@", text, "everything was to be filled in")

    def test_rpm(self):
        for package in FILES:
            with self.subTest(package=package):
                path = file_of(f"{package}-{VERSION}-1.*.rpm")
                files = {}
                for line in run("rpm", "-qp", "--dump", path).splitlines():
                    name, _, _, _, mode, user, group, *_ = line.split(" ")
                    files[name] = (int(mode, 8), f"{user}/{group}")
                self.check_files(package, files)
                listed = run("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]", path)
                flags = dict(line.split(" ", 1) for line in listed.splitlines())
                self.assertEqual(SETTINGS[package], [name for name, flag in flags.items() if flag == "cn"], "%config(noreplace)")
                self.assertEqual(SETTINGS[package], run("rpm", "-qp", "--configfiles", path).split())
                if package in UNITS:
                    self.check_scripts(package, run("rpm", "-qp", "--scripts", path), '[ "$1" = 0 ] || exit 0')
                # Of the system, which other packages own.
                of_others = {"/etc", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib/systemd/system"}
                self.assertEqual(set(), of_others & files.keys())

    def test_deb(self):
        for package in FILES:
            with self.subTest(package=package):
                path = file_of(f"{package}_{VERSION}_*.deb")
                files = {}
                for line in run("dpkg-deb", "-c", path).splitlines():
                    letters, owner, _, _, _, name = line.split(maxsplit=5)
                    files[name[1:].rstrip("/")] = (mode_of(letters), owner)
                self.check_files(package, files)
                control = dict.fromkeys(["conffiles", "postinst", "prerm", "postrm"], "")
                members = run("sh", "-c", f"dpkg-deb --ctrl-tarfile '{path}' | tar -t").split()
                for name in control:
                    if f"./{name}" in members:
                        control[name] = run("dpkg-deb", "-I", path, name)
                self.assertEqual(SETTINGS[package], control["conffiles"].split())
                if package in UNITS:
                    scripts = control["postinst"] + control["prerm"] + control["postrm"]
                    self.check_scripts(package, scripts, '[ "$1" = purge ] || exit 0')

    def test_the_agent_needs_what_every_node_has(self):
        required = run("rpm", "-qp", "--requires", file_of(f"muster-agent-{VERSION}-1.*.rpm")).splitlines()
        libraries = {line.split("(")[0] for line in required if ".so" in line}
        self.assertLessEqual({"libc.so.6", "libsystemd.so.0"}, libraries)
        self.assertEqual(set(), libraries - AGENT_LIBRARIES)
        others = {line for line in required if ".so" not in line and not line.startswith(("rpmlib(", "config(muster-agent)"))}
        self.assertEqual({"/bin/sh", "rtld(GNU_HASH)"}, others)
        depends = run("dpkg-deb", "-f", file_of(f"muster-agent_{VERSION}_*.deb"), "Depends")
        self.assertEqual({"systemd", "libc6", "libssl3", "libsystemd0"}, {item.split()[0] for item in depends.split(",")})

    def test_debug_information_is_beside_the_programs(self):
        programs = {"muster-controller": "usr/sbin/musterd", "muster-agent": "usr/sbin/muster-agent", "muster": "usr/bin/muster"}
        for package, path in programs.items():
            with self.subTest(package=package):
                deb = file_of(f"{package}_{VERSION}_*.deb")
                program = os.path.join(self.enterContext(Unpacked(deb)), path)
                self.assertNotIn(".debug_info", run("readelf", "-SW", program))
                build_id = re.search(r"Build ID: (\w+)", run("readelf", "-n", program)).group(1)
                listed = run("dpkg-deb", "-c", file_of(f"{package}-dbgsym_{VERSION}_*.ddeb"))
                self.assertIn(f"/usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug", listed)


class Unpacked:
    """The files of a deb, in a directory for as long as it is used."""

    def __init__(self, deb):
        self.deb, self.directory = deb, None

    def __enter__(self):
        self.directory = run("mktemp", "-d").strip()
        run("dpkg-deb", "-x", self.deb, self.directory)
        return self.directory

    def __exit__(self, *_):
        run("rm", "-rf", self.directory)


if __name__ == "__main__":
    unittest.main()
