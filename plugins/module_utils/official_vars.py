# SPDX-License-Identifier: GPL-3.0-or-later
"""The variable files of the official disaster recovery role, read as they are: what they say of a registration. Pure.

The names of that role's variables begin with dr_, those of the values in its lists with the name of a site, usually
primary_ or secondary_.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .document import Node
from .mapping import Lun, Pair, Profile, Section, SiteMapping, key_of

_NAME_LISTS: dict[Section, str] = {
    "clusters": "dr_cluster_mappings",
    "affinity_groups": "dr_affinity_group_mappings",
    "affinity_labels": "dr_affinity_label_mappings",
    "roles": "dr_role_mappings",
    "user_domains": "dr_domain_mappings",
}
_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
# What the role's generator writes where it has found nothing, or must not tell.
_NO_ID = "00000000-0000-0000-0000-000000000000"
_NO_PASSWORD = "PLEASE_SET_PASSWORD_HERE"
_ISCSI_PORT = 3260

T = TypeVar("T")


@dataclass(frozen=True)
class OfficialVars:
    """What a variable file says of a registration; None where it says nothing.

    notes: what could not be taken over as it stands there, in sentences for the operator.
    """

    mapping: SiteMapping
    allow_partial: bool | None = None
    reassign_bad_macs: bool | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OfficialStorage:
    """A storage domain that the role imports; source and target: where it lies there, None where the file is silent.

    A place has the keys of a recovery plan's: storage_type, and portals and targets, or address, path and vfs_type.
    """

    id: str
    name: str
    source: Mapping[str, Any] | None
    target: Mapping[str, Any] | None


def is_official(node: Node) -> bool:
    """Return whether a document is a variable file of the official role."""
    return isinstance(node.value, dict) and any(str(key).startswith("dr_") for key in node.value)


def convert(node: Node, target: str | None = None) -> OfficialVars:
    """Return what the variables say for a registration at the site target.

    target: without it the file's dr_target_host counts. The other site is the source, so naming dr_source_map here
    makes a failback of it. EngineError invalid names the key with a value that nobody can make sense of.
    """
    variables = node.entries()
    reader = _Reader(*_direction(node, target))
    mapping = SiteMapping(
        **{section: reader.pairs(_items(variables.get(key)), reader.name) for section, key in _NAME_LISTS.items()},
        vnic_profiles=reader.pairs(_items(variables.get("dr_network_mappings")), reader.profile),
        luns=reader.pairs(_items(variables.get("dr_lun_mappings")), reader.lun),
    )
    return OfficialVars(
        mapping,
        _truth(variables.get("dr_partial_import")),
        _truth(variables.get("dr_reset_mac_pool")),
        tuple(reader.notes),
    )


def storages(node: Node) -> tuple[OfficialStorage, ...]:
    """Return the storage domains of a variable file; one without an id is left out, for a plan knows them by it."""
    source, target = _direction(node, None)
    found = []
    for item in _items(node.entries().get("dr_import_storages")):
        values = item.entries()
        id_ = values.get("dr_domain_id")
        if _text(id_) is None or id_ is None:
            continue
        name = _text(values.get(f"dr_{target}_name")) or _text(values.get(f"dr_{source}_name")) or id_.uuid()
        found.append(OfficialStorage(id_.uuid(), name, _place(item, source), _place(item, target)))
    return tuple(found)


def _place(item: Node, site: str) -> dict[str, Any] | None:
    values = item.entries()
    kind = _text(values.get("dr_domain_type"))
    address, path, vfs_type = (_text(values.get(f"dr_{site}_{key}")) for key in ("address", "path", "vfs_type"))
    if kind == "fcp":
        return {"storage_type": kind}
    if kind == "iscsi":
        targets = values.get(f"dr_{site}_target")
        named = [targets.text()] if targets and isinstance(targets.value, str) and targets.value.strip() else []
        named = named or [one.text() for one in _items(targets) if one.value]
        port = _port(values.get(f"dr_{site}_port")) or _ISCSI_PORT
        portals = [{"address": address, "port": port}]
        return {"storage_type": kind, "portals": portals, "targets": named} if address and named else None
    if path is None:
        return None
    place = {"storage_type": kind, "address": address, "path": path, "vfs_type": None if kind == "nfs" else vfs_type}
    return {key: value for key, value in place.items() if value is not None}


def _direction(node: Node, target: str | None) -> tuple[str, str]:
    variables = node.entries()
    usual = _text(variables.get("dr_target_host")) or "secondary"
    other = _text(variables.get("dr_source_map")) or ("primary" if usual == "secondary" else "secondary")
    if target in (None, usual):
        return other, usual
    if target == other:
        return usual, other
    raise node.wrong(f"knows no site {target}", f"its sites are {other} and {usual}")


@dataclass
class _Reader:
    """Reads the lists for one direction and notes what it had to leave out."""

    source: str
    target: str
    notes: list[str] = field(default_factory=list)

    def pairs(self, items: Sequence[Node], read: Callable[[Node, str], T | None]) -> tuple[Pair[T], ...]:
        """Return what read finds for both sites, each source once: the engine would fail on the second one."""
        pairs: dict[Hashable, Pair[T]] = {}
        for item in items:
            source, target = read(item, self.source), read(item, self.target)
            if source is None:
                if target is not None:
                    self.notes.append(f"{item.path} names no source for {target}: left out")
                continue
            pair = Pair(source, target)
            if pairs.setdefault(key_of(pair), pair).target != target:
                self.notes.append(f"{item.path} maps {source} a second time, to {target}: left out")
        return tuple(pairs.values())

    def name(self, item: Node, site: str) -> str | None:
        return _value(item, site, "name")

    def profile(self, item: Node, site: str) -> Profile | None:
        network, name = _value(item, site, "network_name"), _value(item, site, "profile_name")
        # An OVF names the profile of a NIC but not its id.
        id_ = _value(item, site, "profile_id") if site == self.target else None
        known = id_ not in (None, _NO_ID)
        if network is None or name is None:
            return Profile(id=id_) if known else None
        return Profile(network, name, _value(item, site, "network_dc"), id_ if known else None)

    def lun(self, item: Node, site: str) -> Lun | None:
        id_ = _value(item, site, "logical_unit_id")
        if id_ is None:
            return None
        kind = _value(item, site, "storage_type")
        if kind not in (None, "iscsi", "fcp"):
            self.notes.append(f"{item.path} has no known storage type for {id_}: {kind}")
            kind = None
        if kind == "fcp":
            return Lun(id_, kind)
        keys = ("address", "portal", "target", "username", "password")
        facts = {key: _value(item, site, f"logical_unit_{key}") for key in keys}
        if facts["password"] == _NO_PASSWORD:
            facts["password"] = None
            if site == self.target:
                self.notes.append(f"{item.path} has no password for {id_} yet")
        port = _port(item.entries().get(f"{site}_logical_unit_port"))
        return Lun(id_, kind, port=port or (_ISCSI_PORT if facts["address"] else None), **facts)


def _value(item: Node, site: str, key: str) -> str | None:
    return _text(item.entries().get(f"{site}_{key}"))


def _items(node: Node | None) -> list[Node]:
    return node.items() if node is not None and node.value not in (None, "") else []


def _text(node: Node | None) -> str | None:
    """Return a value as text, None for a blank one; a name like 10 stands there without quotes."""
    if node is None or node.value is None:
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, (str, int)):
        return node.text()
    return str(node.value).strip() or None


def _port(node: Node | None) -> int | None:
    text = _text(node)
    if node is None or text is None:
        return None
    if not text.isdecimal():
        raise node.wrong(f"has to be a port, not {text!r}")
    return int(text)


def _truth(node: Node | None) -> bool | None:
    """Return a boolean, which that role mostly has in quotes; None for a blank one."""
    if node is None or isinstance(node.value, bool):
        return None if node is None else node.value
    text = _text(node)
    if text is None:
        return None
    if text.lower() not in _TRUTHS:
        raise node.wrong(f"has to be true or false, not {text!r}")
    return _TRUTHS[text.lower()]
