"""Projected content on the hosts of a bed: an artifact of CPS played by contentfs, the squashfs in it, an overlay of that, and a bind."""

import os
import shutil
import subprocess

# What the agents' file says of it: FUSE shows "dvs" as "fuse.dvs" or "fuseblk.dvs", and has a helper of its own.
AGENT_SETTINGS = """
[content]
types = ["fuse.dvs", "fuseblk.dvs"]
mount_helper = ["/opt/bed/contentfs", "/opt/muster-etc/image.sq", "{target}", "-o", "ro,subtype=dvs,fsname={source}"]
"""
TARGETS = ["/images/pe", "/sq/pe", "/opt/pe", "/usr-local-pe"]
ARTIFACT = "/var/lib/cps-local/0dbb42538e05485de6f433a28c19e200"


def make_image(world):
    """A squashfs that every host finds at /opt/muster-etc/image.sq."""
    source = os.path.join(world.directory, "image")
    os.makedirs(os.path.join(source, "bin"))
    with open(os.path.join(source, "bin", "tool"), "w", encoding="ascii") as file:
        file.write("tool\n")
    subprocess.run(["mksquashfs", source, os.path.join(world.etc, "image.sq"), "-quiet", "-no-progress"], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(source)


def mount_content(host, artifact=ARTIFACT):
    """As a boot does."""
    host.run("sh", "-ec", f"""
        mkdir -p /images/pe /sq/pe /opt/pe /usr-local-pe /run/pe/up /run/pe/work
        /opt/bed/contentfs /opt/muster-etc/image.sq /images/pe -o ro,subtype=dvs,fsname={artifact}
        mount -t squashfs -o loop,ro /images/pe/rootfs /sq/pe
        mount -t overlay overlay -o lowerdir=/sq/pe,upperdir=/run/pe/up,workdir=/run/pe/work /opt/pe
        mount --bind /opt/pe/bin /usr-local-pe
        mount -o remount,bind,nosuid,ro /usr-local-pe
        """)


def mount_block_content(host):
    """A FUSE of a block device: its umount2(2) asks the server, and waits for the answer."""
    host.run("sh", "-ec", f"""
        mkdir -p /images/pe {os.path.dirname(ARTIFACT)}
        truncate -s 1M /run/block
        cp -a $(losetup -f --show /run/block) {ARTIFACT}
        /opt/bed/contentfs /opt/muster-etc/image.sq /images/pe -o ro,subtype=dvs,blkdev,fsname={ARTIFACT}
        """)


def mounts_of(host):
    """What is mounted of it, in an order of its own: (target, type, root, what it is mounted from, options, propagation)."""
    found = []
    for line in host.run("cat", "/proc/self/mountinfo").splitlines():
        fields = line.split(" ")
        if fields[4] not in TARGETS:
            continue
        dash = fields.index("-")
        source = fields[dash + 2]
        if source.startswith("/dev/loop"):
            source = host.run("cat", f"/sys/block/{os.path.basename(source)}/loop/backing_file").strip()
        propagation = sorted(field.split(":")[0] for field in fields[6:dash])
        found.append((fields[4], fields[dash + 1], fields[3], source, fields[5], sorted(fields[dash + 3].split(",")), propagation))
    return sorted(found)
