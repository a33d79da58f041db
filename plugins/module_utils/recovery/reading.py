# SPDX-License-Identifier: GPL-3.0-or-later
"""From the YAML of a recovery plan to a Plan; every error names the place in the file. Pure.

docs/recovery-plan.md describes the format. What refers to nothing, stands in two groups, or goes round in a circle is
found here, before anything is sent anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import cast

from ..document import Fields, Node, parse
from ..mapping import SiteMapping, read_mapping_within
from ..official_vars import is_official
from .plan import (
    ACTING_HOOKS,
    HOOKED,
    VERSION,
    BootGroup,
    Direction,
    Group,
    Hooks,
    OnError,
    OnFailure,
    Placement,
    Plan,
    PlanDomain,
    PlanSite,
    Portal,
    Ready,
    Restore,
    Selection,
)
from .soundness import refuse_unsound

STORAGE_TYPES = ("iscsi", "fcp", "nfs", "glusterfs", "posixfs")
_FILE_KEYS = {
    "nfs": (("address", "path"), ("nfs_version", "mount_options")),
    "glusterfs": (("path", "vfs_type"), ("address", "mount_options")),
    "posixfs": (("path", "vfs_type"), ("address", "mount_options")),
}
_NO_SETTINGS = frozenset({"storage_type", "backup", "drill", "portals", "targets"})


def read_plan(text: str, path: str) -> Plan:
    """Return the plan in a file's text; EngineError invalid names the place of what is wrong.

    path: of the file; hooks are relative to its folder.
    """
    root = parse(text, path)
    if is_official(root):
        raise root.wrong(
            "is a variable file of the official disaster recovery role, and no recovery plan",
            "give it as official_vars to recovery_plan, or to the playbook generate_plan.yml, which make a plan of it",
        )
    fields = root.keys(
        "version", "name", "sites", "groups", "mappings", "hooks", "on_error", required=("version", "sites", "groups")
    )
    if fields["version"].whole() != VERSION:
        raise fields["version"].wrong(f"has to be {VERSION}", "this collection knows no other version of the format")
    sites = _sites(fields["sites"])
    on_error = _on_error(fields, "fail")
    plan = Plan(
        name=fields["name"].text() if "name" in fields else PurePath(path).stem,
        sites=sites,
        groups={name: _group(name, node, sites, on_error) for name, node in fields["groups"].entries().items()},
        mappings=_mappings(fields.get("mappings"), sites),
        hooks=_hooks(fields.get("hooks"), PurePath(path).parent),
    )
    refuse_unsound(plan, root)
    return plan


def _sites(node: Node) -> dict[str, PlanSite]:
    sites = {}
    for name, entry in node.entries().items():
        fields = entry.keys("data_center", "host", "drill", required=("data_center",))
        drill = (
            fields["drill"].keys("network", "profile", required=("network", "profile")) if "drill" in fields else None
        )
        sites[name] = PlanSite(
            name,
            fields["data_center"].text(),
            fields["host"].text() if "host" in fields else None,
            drill["network"].text() if drill else None,
            drill["profile"].text() if drill else None,
        )
    if len(sites) < 2:
        raise node.wrong("has to name two sites at least")
    return sites


def _on_error(fields: Fields, default: OnError) -> OnError:
    node = fields.get("on_error")
    return cast(OnError, node.choice("fail", "warn")) if node else default


def _group(name: str, node: Node, sites: Mapping[str, PlanSite], on_error: OnError) -> Group:
    fields = node.keys("domains", "vms", "mode", "restore", "boot", "dependencies", "on_error", required=("domains",))
    mode = fields["mode"].choice("promote", "restore") if "mode" in fields else "promote"
    domains = tuple(
        _domain(domain, entry, sites, mode == "restore") for domain, entry in fields["domains"].entries().items()
    )
    if not domains:
        raise fields["domains"].wrong("names no storage domain")
    dependencies = fields["dependencies"].entries() if "dependencies" in fields else {}
    return Group(
        name=name,
        domains=domains,
        vms=_selection(fields.get("vms")),
        boot=tuple(_boot_group(number, item) for number, item in enumerate(_items(fields.get("boot")), 1)),
        dependencies={vm: entry.texts() for vm, entry in dependencies.items()},
        restore=_restore(fields.get("restore"), sites),
        on_error=_on_error(fields, on_error),
    )


def _items(node: Node | None) -> list[Node]:
    return node.items() if node else []


def _domain(name: str, node: Node, sites: Mapping[str, PlanSite], backup: bool) -> PlanDomain:
    fields = node.keys("id", "sites", required=("id", "sites"))
    placements = {}
    for site, entry in fields["sites"].entries().items():
        if site not in sites:
            raise entry.wrong("is no site of the plan", f"its sites are {', '.join(sites)}")
        placements[site] = _placement(entry, backup)
    return PlanDomain(name, fields["id"].uuid(), placements)


def _placement(node: Node, backup: bool) -> Placement:
    kind = _storage_type(node)
    required, optional = _FILE_KEYS.get(kind, ((), ()))
    iscsi = ("portals", "targets") if kind == "iscsi" else ()
    keys = (*iscsi, *required, *optional)
    fields = node.keys("storage_type", "backup", "drill", *keys, required=(*iscsi, *required))
    flag = fields["backup"].flag() if "backup" in fields else backup
    placement = _addressing(fields, kind, flag)
    if "drill" in fields:
        drill = fields["drill"].keys(*keys, required=(*iscsi, *required))
        placement = replace(placement, drill=_addressing(drill, kind, flag))
    return placement


def _addressing(fields: Fields, kind: str, backup: bool) -> Placement:
    given = {key: fields[key].text() for key in fields if key not in _NO_SETTINGS}
    return Placement(
        storage_type=kind,
        backup=backup,
        portals=tuple(_portal(item) for item in _items(fields.get("portals"))),
        targets=fields["targets"].texts() if "targets" in fields else (),
        settings=given,
    )


def _storage_type(node: Node) -> str:
    entry = node.entries().get("storage_type")
    if entry is None:
        raise node.wrong("lacks the key storage_type")
    return entry.choice(*STORAGE_TYPES)


def _portal(node: Node) -> Portal:
    fields = node.keys("address", "port", required=("address",))
    return Portal(fields["address"].text(), fields["port"].whole(1, 65535) if "port" in fields else 3260)


def _selection(node: Node | None) -> Selection:
    if node is None:
        return Selection()
    fields = node.keys("names", "search")
    if ("names" in fields) == ("search" in fields):
        raise node.wrong("needs one of the keys names and search", "leave the key out for all VMs on the domains")
    if "search" in fields:
        return Selection(search=fields["search"].text())
    return Selection(names=fields["names"].texts())


def _boot_group(number: int, node: Node) -> BootGroup:
    fields = node.keys("name", "vms", "ready", "port", "timeout", "delay", "on_failure", required=("vms",))
    ready = cast(Ready, fields["ready"].choice("accepted", "up", "agent", "tcp")) if "ready" in fields else "up"
    if (ready == "tcp") != ("port" in fields):
        raise node.wrong("needs a port where ready is tcp, and only there")
    default = BootGroup("", ())
    return BootGroup(
        name=fields["name"].text() if "name" in fields else f"group {number}",
        vms=fields["vms"].texts(),
        ready=ready,
        port=fields["port"].whole(1, 65535) if "port" in fields else None,
        timeout=fields["timeout"].whole(1) if "timeout" in fields else default.timeout,
        delay=fields["delay"].whole() if "delay" in fields else default.delay,
        on_failure=cast(OnFailure, fields["on_failure"].choice("stop", "continue"))
        if "on_failure" in fields
        else default.on_failure,
    )


def _restore(node: Node | None, sites: Mapping[str, PlanSite]) -> Restore | None:
    if node is None:
        return None
    fields = node.keys("method", "to", required=("to",))
    targets = {}
    for site, entry in fields["to"].entries().items():
        if site not in sites:
            raise entry.wrong("is no site of the plan", f"its sites are {', '.join(sites)}")
        targets[site] = entry.text()
    method = fields["method"].choice("move", "copy") if "method" in fields else "move"
    return Restore("move" if method == "move" else "copy", targets)


def _mappings(node: Node | None, sites: Mapping[str, PlanSite]) -> dict[Direction, SiteMapping]:
    found: dict[Direction, SiteMapping] = {}
    for item in _items(node):
        entries = item.entries()
        ends = []
        for key in ("from", "to"):
            if key not in entries:
                raise item.wrong(f"lacks the key {key}")
            ends.append(entries[key].choice(*sites))
        direction = Direction(*ends)
        if direction.source == direction.target:
            raise item.wrong("maps a site to itself")
        if direction in found:
            raise item.wrong(f"maps {direction.source} to {direction.target} a second time")
        found[direction] = read_mapping_within(item, "from", "to")
    return found


def _hooks(node: Node | None, folder: PurePath) -> Hooks:
    if node is None:
        return Hooks()
    fields = node.keys("before", "after", *ACTING_HOOKS)

    def path(entry: Node) -> str:
        return str(folder / entry.text())

    def beside(key: str) -> dict[str, str]:
        if key not in fields:
            return {}
        phases = fields[key].keys(*HOOKED)
        return {phase: path(phases[phase]) for phase in phases}

    acting = {key: path(fields[key]) for key in ACTING_HOOKS if key in fields}
    return Hooks(beside("before"), beside("after"), acting)
