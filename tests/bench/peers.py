"""What the same costs with pdsh and ClusterShell, on this machine: `true` for each target. For bench.py.

With `-R exec`, which is the tool alone, without any ssh, at its default fan-out and at its best; and over real sshd on loopback, as a user whose
shell reads no start-up files.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import fleet

USER = "muster-bench"
PDSH_DEFAULT, CLUSH_DEFAULT = 32, 64  # pdsh(1), clush.conf(5)
FAN_OUTS = (16, 64, 256, 1000)


def timed(command, env=None):
    begin = time.monotonic()
    done = subprocess.run(command, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=1200, check=False)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{' '.join(command)[:200]}: exit code {done.returncode}: {done.stderr[:500]}")
    return time.monotonic() - begin


def pdsh(module, nodes, fan_out):
    return ["pdsh", "-R", module, "-f", str(fan_out), "-w", nodes, "true"]


def clush(module, nodes, fan_out):
    return ["clush", "-q", "-R", module, "-b", "-f", str(fan_out), "-w", nodes, "true"]


def both(figures, module, nodes, targets, runs, env=None, ssh_options=None):
    """Each tool at its default fan-out, and at the best of the others."""
    for name, make, default in (("pdsh", pdsh, PDSH_DEFAULT), ("clush", clush, CLUSH_DEFAULT)):
        extra = ["-o", ssh_options] if ssh_options and make is clush else []

        def wall(fan_out, make=make, extra=extra):
            words = make(module, nodes, fan_out)
            return timed([words[0], *extra, *words[1:]], env)

        walls = {fan_out: wall(fan_out) for fan_out in FAN_OUTS}
        best = min(walls, key=walls.get)
        print(f"  {name} -R {module} is best with -f {best}")
        for run in range(runs):
            figures.add(f"{name} -R {module}, default", targets, "s", wall(default))
            figures.add(f"{name} -R {module}, best -f", targets, "s", wall(best) if run else walls[best])


@contextlib.contextmanager
def sshd():
    """(user's ssh options) with an sshd of our own on all loopback addresses."""
    subprocess.run(["useradd", "--system", "--create-home", "--shell", "/bin/dash", "--password", "*",
                    USER], check=True)
    directory = tempfile.mkdtemp(prefix="muster-sshd-")
    daemon = None
    try:
        os.chmod(directory, 0o755)
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{directory}/{key}"], check=True)
        os.makedirs("/run/sshd", exist_ok=True)
        port = fleet.free_ports(1)[0]
        config = os.path.join(directory, "config")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"Port {port}\nListenAddress 0.0.0.0\nHostKey {directory}/host\nPidFile none\nUsePAM no\n"
                       f"AuthorizedKeysFile {directory}/user.pub\nStrictModes no\nMaxStartups 10000\nLogLevel ERROR\n")
        daemon = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", config], stdin=subprocess.DEVNULL)
        fleet.wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "sshd listens", 30)
        yield (f"-p {port} -i {directory}/user -l {USER} -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null "
               "-oLogLevel=ERROR -oBatchMode=yes")
    finally:
        if daemon is not None:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(30)
        subprocess.run(["userdel", "--remove", USER], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(directory, ignore_errors=True)


def without_ssh(figures, targets, runs):
    both(figures, "exec", f"n[1-{targets}]", targets, runs)


def over_ssh(figures, targets, runs):
    with sshd() as ssh_options:
        hosts = ",".join(f"127.0.{i // 250 + 1}.{i % 250 + 1}" for i in range(targets))
        both(figures, "ssh", hosts, targets, runs, {"PDSH_SSH_ARGS_APPEND": ssh_options}, ssh_options)
