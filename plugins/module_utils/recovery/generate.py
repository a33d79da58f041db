# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a recovery plan from two living sites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..document import parse
from ..domain_request import BLOCK_TYPES
from ..engine.errors import EngineError
from ..host_storage import answers
from ..mapping import SiteMapping
from ..mapping_info import proposed
from ..model.loader import load_storage
from ..model.site import HOSTED_ENGINE_ORIGINS, DataCenter, Domain, Site
from ..needs.groups import consistency_groups
from ..needs.place import VM_PARTS, Place, load_place
from ..official_vars import OfficialStorage, OfficialVars, convert, is_official, storages
from ..ovf.document import Document
from ..preflight.documents import Described, nics_of
from ..text_files import read_text, write_text
from .draft import Draft, DraftDomain, DraftGroup, DraftSite

if TYPE_CHECKING:
    from ..engine.records import Record
    from ..engine.session import Session

_FILE_KEYS = {
    "nfs": ("address", "path", "nfs_version", "mount_options"),
    "glusterfs": ("address", "path", "vfs_type", "mount_options"),
    "posixfs": ("address", "path", "vfs_type", "mount_options"),
}


def generate(
    source_engine: Session,
    target_engine: Session,
    *,
    path: str,
    name: str | None,
    source: str,
    target: str,
    source_data_center: str | None,
    data_center: str | None,
    storage_domains: Sequence[str],
    official_vars: str | None,
    overwrite: bool,
    check_mode: bool,
) -> dict[str, Any]:
    """Write a plan for the data centers of both sites, and return its text and what is left to decide.

    storage_domains: by default those of official_vars, else all active data domains that are neither the master nor
    the hosted engine's. EngineError invalid where the file is there already and says something else.
    """
    if source == target:
        raise EngineError("invalid", f"source and target are both {source}", remedy="give the sites different names")
    file = Path(path).absolute()
    before = read_text(str(file), "recovery plan") if file.exists() else None
    official, listed = _official(official_vars)
    there = load_storage(target_engine)
    machines = source_engine.parts("vms", follow=VM_PARTS)
    place = load_place(source_engine, with_units=False, vms=machines)
    center = _center(place.site, source_data_center, "source_data_center")
    documents = Described(place, nics_of(machines, place)).documents()
    chosen = _chosen(place.site, center, storage_domains, listed)
    target_center = _center(there, data_center, "data_center")
    known = _Places(source_engine, target_engine, there, target_center, listed)
    draft = Draft(
        name or file.stem,
        DraftSite(source, center.name),
        DraftSite(target, target_center.name),
        _groups(place, documents, known.of(chosen)),
        tuple(proposed(source_engine, target_engine, official.mapping)),
    )
    text = draft.render()
    changed = before != text
    if changed and before is not None and not overwrite:
        raise EngineError(
            "invalid",
            f"{file} is there already, and says something else",
            remedy="give another path, or overwrite: true",
        )
    if changed and not check_mode:
        write_text(file, text, "the recovery plan")
    return {
        "changed": changed,
        "path": str(file),
        "document": text,
        "groups": [{"name": one.name, "vms": list(one.vms)} for one in draft.groups],
        "undecided": draft.undecided(),
        "to_check": draft.to_check(),
        "diff": {"before": before or "", "after": text},
        "warnings": list(official.notes),
    }


def _official(path: str | None) -> tuple[OfficialVars, tuple[OfficialStorage, ...]]:
    if path is None:
        return OfficialVars(SiteMapping()), ()
    node = parse(read_text(path, "variable file"), path)
    if not is_official(node):
        raise node.wrong("is no variable file of the official disaster recovery role", "its variables begin with dr_")
    return convert(node), storages(node)


def _center(site: Site, reference: str | None, option: str) -> DataCenter:
    if reference:
        return site.data_center(reference)
    if len(site.data_centers) == 1:
        return site.data_centers[0]
    names = ", ".join(one.name for one in site.data_centers) or "none"
    raise EngineError("invalid", f"{option} is not given, and there are {names}", remedy=f"name one in {option}")


def _chosen(site: Site, center: DataCenter, names: Sequence[str], listed: Iterable[OfficialStorage]) -> list[Domain]:
    here = site.domains_of(center.id)
    if names:
        return [site.domain(name) for name in names]
    ids = {one.id for one in listed}
    if ids:
        return [domain for domain in here if domain.id in ids]
    engines = {
        id_
        for vm in site.vms
        if vm.origin in HOSTED_ENGINE_ORIGINS
        for disk in site.image_disks(vm)
        for id_ in disk.domain_ids
    }
    return [
        one
        for one in here
        if one.type == "data" and one.status == "active" and not one.master and one.id not in engines
    ]


class _Places:
    """Finds out where storage domains lie at both sites."""

    def __init__(
        self,
        source: Session,
        target: Session,
        there: Site,
        target_center: DataCenter,
        listed: Iterable[OfficialStorage],
    ) -> None:
        self._source = {record.id: record for record in source.list("storagedomains")}
        self._target = {record.id: record for record in target.list("storagedomains")}
        self._listed = {one.id: one for one in listed}
        up = [host for host in there.hosts_of(target_center) if host.status == "up"]
        # A host that gives no answer leaves a place undecided, which the draft tells.
        self._views = [view for view in answers(target, up).values() if not isinstance(view, EngineError)]

    def of(self, domains: Iterable[Domain]) -> list[DraftDomain]:
        """Return the domains with their places."""
        return [
            DraftDomain(
                domain.name, domain.id, domain.storage_type, _placed(self._source[domain.id]), self._at_target(domain)
            )
            for domain in domains
        ]

    def _at_target(self, domain: Domain) -> Mapping[str, Any] | None:
        """Return where the target finds it: as the variables say, as its engine knows it, or as its hosts see it."""
        listed = self._listed.get(domain.id)
        if listed is not None and listed.target is not None:
            return listed.target
        if domain.storage_type == "fcp":
            return {"storage_type": "fcp"}
        if domain.id in self._target:
            return _placed(self._target[domain.id])
        if domain.storage_type not in BLOCK_TYPES:
            return None
        own = [unit for view in self._views for unit in view if unit.storage_domain_id == domain.id]
        return _over_iscsi(own)


def _placed(record: Record) -> Mapping[str, Any] | None:
    storage = record.storage
    kind = storage.type
    if kind == "iscsi":
        return _over_iscsi(record.at("storage", "volume_group", "logical_units") or ())
    keys = _FILE_KEYS.get(kind, ())
    settings = {key: value for key in keys if (value := getattr(storage, key)) is not None}
    return {"storage_type": kind, **settings}


def _over_iscsi(units: Iterable[Any]) -> Mapping[str, Any] | None:
    """Return the place behind what units say of their connections, None where they say nothing."""
    found = [unit for unit in units if unit.target and unit.address]
    portals = [
        {"address": address, "port": port} for address, port in dict.fromkeys((one.address, one.port) for one in found)
    ]
    targets = list(dict.fromkeys(unit.target for unit in found))
    return {"storage_type": "iscsi", "portals": portals, "targets": targets} if found else None


def _groups(place: Place, documents: Mapping[str, Document], domains: Sequence[DraftDomain]) -> tuple[DraftGroup, ...]:
    """Return the groups that what lies on the domains makes of them, by name."""
    by_id = {domain.id: domain for domain in domains}
    names = {domain.id: domain.name for domain in place.site.domains}
    found = []
    left = dict(by_id)
    for tied in consistency_groups(documents.values()):
        inside = [by_id[id_] for id_ in tied.domain_ids if id_ in by_id]
        if not inside:
            continue
        vms = [vm for id_ in tied.member_ids if (vm := place.site.vm_by_id.get(id_)) is not None]
        here = [
            vm for vm in vms if by_id.keys() & {one for disk in place.site.image_disks(vm) for one in disk.domain_ids}
        ]
        found.append(
            DraftGroup(
                tuple(sorted(inside, key=lambda one: one.name)),
                tuple(sorted(vm.name for vm in here)),
                tuple(sorted(vm.name for vm in here if vm.status != "down")),
                tuple(sorted(names.get(id_, id_) for id_ in tied.domain_ids if id_ not in by_id)),
            )
        )
        for one in inside:
            left.pop(one.id)
    found += [DraftGroup((domain,)) for domain in left.values()]
    return tuple(sorted(found, key=lambda one: one.name))
