"""bos_templates.py - the session templates of BOS: what nodes are to boot, in sets."""

import json
import os
import re

from httpd import Problem

NAME = re.compile(r"[a-zA-Z0-9](?:[-._a-zA-Z0-9]{0,125}[a-zA-Z0-9])?")
FIELDS = {"description", "enable_cfs", "cfs", "boot_sets"}
READ_ONLY = {"name", "tenant", "links"}
NODES = ("node_groups", "node_list", "node_roles_groups")
BOOT_SET_FIELDS = {"arch", "cfs", "etag", "kernel_parameters", "name", "path", "rootfs_provider", "rootfs_provider_passthrough", "type",
                   *NODES}
ARCHES = ("X86", "ARM", "Other", "Unknown")
COMPUTE = {"name": "compute", "tenant": None, "description": "compute nodes", "enable_cfs": True, "cfs": {"configuration": "compute"},
           "boot_sets": {"compute": {
               "type": "s3", "path": "s3://boot-images/6a1bd0d5-53a3-4ba8-8f50-2d5ea8f0a1c7/manifest.json",
               "etag": "5d41402abc4b2a76b9719d911017c592", "kernel_parameters": "ip=dhcp quiet", "node_roles_groups": ["Compute"],
               "arch": "X86", "rootfs_provider": "cpss3", "rootfs_provider_passthrough": "dvs:api-gw-service-nmn.local:300:nmn0"}}}


def bad(detail):
    return Problem(400, "Bad Request", detail)


def merged(old, new):
    """`new` over `old`, in depth."""
    if not isinstance(old, dict):
        return new
    if not isinstance(new, dict):
        raise bad(f"{new!r} is not of type 'object'")
    return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}


def check_fields(body):
    """Of what was sent."""
    for name in body:
        if name in READ_ONLY:
            raise bad(f"Property is read-only - '{name}'")
        if name not in FIELDS:
            raise bad(f"Additional properties are not allowed ('{name}' was unexpected)")


def check_boot_sets(boot_sets):
    if not isinstance(boot_sets, dict):
        raise bad("boot_sets is not of type 'object'")
    for name, boot_set in boot_sets.items():
        if not NAME.fullmatch(name) or not isinstance(boot_set, dict):
            raise bad(f"'{name}' is no boot set")
        check_boot_set(name, boot_set)


def check_boot_set(name, boot_set):
    for field in boot_set.keys() - BOOT_SET_FIELDS:
        raise bad(f"Additional properties are not allowed ('{field}' was unexpected) - 'boot_sets.{name}'")
    for field in ("path", "type"):
        if not isinstance(boot_set.get(field), str):
            raise bad(f"'{field}' is a required property - 'boot_sets.{name}'")
    if boot_set.get("arch", "X86") not in ARCHES:
        raise bad(f"'{boot_set['arch']}' is not one of {list(ARCHES)} - 'boot_sets.{name}.arch'")
    if lacks_nodes(boot_set):
        raise bad(f"Boot set '{name}' needs at least one of {', '.join(NODES)}")


def lacks_nodes(boot_set):
    return not any(boot_set.get(field) for field in NODES)


def flaw(template):
    """Why no session can be made of it, or an empty text."""
    boot_sets = template.get("boot_sets")
    if not boot_sets:
        return f"Session template '{template['name']}' has no boot sets"
    for name, boot_set in boot_sets.items():
        if lacks_nodes(boot_set):
            return f"Session template '{template['name']}' boot set '{name}' needs at least one of {', '.join(NODES)}"
    return ""


class Templates:
    """By name. The file is a list of them, as GET shows it; what is changed over HTTP holds until the file changes."""

    def __init__(self, path):
        self.path, self.stamp = path, None
        self.by_name = {COMPUTE["name"]: COMPUTE}

    def look_at_file(self):
        try:
            status = os.stat(self.path)
            with open(self.path, encoding="utf-8") as file:
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                if stamp == self.stamp:
                    return
                templates = json.load(file)
        except (FileNotFoundError, ValueError):
            return  # half written: as it was, until it is whole
        self.stamp = stamp
        self.by_name = {template["name"]: template for template in templates}

    def find(self, name):
        if name not in self.by_name:
            raise Problem(404, "Sessiontemplate could not found.", f"Sessiontemplate {name} could not be found")
        return self.by_name[name]

    def put(self, name, body, tenant):
        if not NAME.fullmatch(name):
            raise bad(f"'{name}' does not match '{NAME.pattern}'")
        check_fields(body)
        check_boot_sets(body.get("boot_sets", {}))
        self.by_name[name] = {**body, "name": name, "tenant": tenant}
        return self.by_name[name]

    def patch(self, name, body):
        template = self.find(name)
        check_fields(body)
        changed = merged(template, body)
        check_boot_sets(changed.get("boot_sets", {}))
        self.by_name[name] = changed
        return changed

    def delete(self, name):
        self.find(name)
        del self.by_name[name]
