# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup copies of VMs: which VMs are one, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .engine.errors import EngineError
from .markers import BackupCopy, read
from .model.loader import load_site
from .model.site import Disk, Domain, Site, Vm
from .transfer.naming import WorkingName

if TYPE_CHECKING:
    from .engine.session import Session

_NO_DISKS = "the engine's API does not show the disks of a VM that is not registered"


@dataclass(frozen=True)
class Copy:
    """A registered VM that is marked as a copy, or called like an unfinished one, with a disk on a domain looked at.

    flaw: why it is no copy, or none that could be used now; None for one that is down and whole where copies belong.
    """

    vm: Vm
    marker: BackupCopy
    domains: tuple[Domain, ...]
    size: int
    flaw: str | None

    @property
    def good(self) -> bool:
        """Whether the source could be restored from it."""
        return self.flaw is None and self.marker.complete


@dataclass(frozen=True)
class _Unregistered:
    id: str
    name: str
    marker: BackupCopy
    domains: list[str]


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def places(site: Site, storage_domains: Sequence[str]) -> list[Domain]:
    """Return the named domains, without names all backup domains; by name. EngineError not_found for an unknown one."""
    found = map(site.domain, storage_domains) if storage_domains else (one for one in site.domains if one.backup)
    return sorted({one.id: one for one in found}.values(), key=lambda one: one.name)


def find_copies(site: Site, domains: Sequence[Domain], sources: Sequence[str]) -> list[Copy]:
    """Return the copies on the domains, by source, the newest first.

    sources: names, as they are now or were then, or ids of VMs whose copies are wanted, empty for all. EngineError
    not_found for one that neither the site nor a copy knows.
    """
    wanted = {one.id for one in domains}
    found = [copy for vm in site.vms if (copy := _copy(site, vm)) and any(one.id in wanted for one in copy.domains)]
    _check_sources(site, found, sources)
    meant = _meant(site, sources)
    asked = [one for one in found if _is_of(one.marker, meant)]
    return sorted(asked, key=lambda one: _order(one.marker, one.vm.id))


def _copy(site: Site, vm: Vm) -> Copy | None:
    marker = _marker(site, vm.name, vm.description)
    if marker is None:
        return None
    disks = site.image_disks(vm)
    ids = {id_ for disk in disks for id_ in disk.domain_ids}
    domains = tuple(sorted((one for one in site.domains if one.id in ids), key=lambda one: one.name))
    return Copy(
        vm, marker, domains, sum(one.actual_size for one in disks), next(_flaws(site, vm, disks, domains), None)
    )


def _marker(site: Site, name: str, description: str | None) -> BackupCopy | None:
    """Return what a VM tells of the copy that it is; an unfinished one has but its working name for that."""
    working = WorkingName.read(name)
    if working is not None:
        source = site.vm_by_id.get(working.source_id)
        return BackupCopy(working.source_id, source.name if source else name, working.at, complete=False)
    marker = read(description)
    return marker if isinstance(marker, BackupCopy) else None


def _flaws(site: Site, vm: Vm, disks: Sequence[Disk], domains: Sequence[Domain]) -> Iterator[str]:
    if len(disks) != len(vm.attachments) or not disks:
        yield "it has no disks, or others than a copy has"
    if vm.pool_id is not None:
        yield "it belongs to a pool"
    for domain in domains:
        if not domain.backup:
            yield f"it has a disk on {domain.name}, which is no backup domain"
        if domain.status != "active":
            yield f"storage domain {domain.name} is {domain.status}"
    if vm.status != "down":
        yield f"it is {vm.status}"
    for disk in disks:
        if disk.status != "ok":
            yield f"its disk {disk.name} is {disk.status}"
        if disk.shareable or len(site.vms_by_disk[disk.id]) > 1 or not disk.domain_ids:
            yield f"its disk {disk.name} is not its own"
    yield from (f"its snapshot {one.description} is {one.status}" for one in vm.snapshots if one.status != "ok")


def _meant(site: Site, sources: Sequence[str]) -> frozenset[str]:
    # A name alone would miss copies of before a VM was renamed, and a long one is cut in the marker.
    return frozenset(sources) | {vm.id for vm in site.vms if vm.name in sources}


def _is_of(marker: BackupCopy, sources: Collection[str]) -> bool:
    return not sources or marker.source_id in sources or marker.source_name in sources


def _check_sources(site: Site, copies: Sequence[Copy], sources: Sequence[str]) -> None:
    known = {name for vm in site.vms for name in (vm.id, vm.name)}
    known |= {name for copy in copies for name in (copy.marker.source_id, copy.marker.source_name)}
    unknown = sorted(set(sources) - known)
    if unknown:
        raise EngineError(
            "not_found",
            f"there is neither a VM {unknown[0]} nor a copy of one",
            remedy="check the name of the VM",
        )


def _order(marker: BackupCopy, id_: str) -> tuple[str, str, float, str]:
    return marker.source_name, marker.source_id, -marker.at.timestamp(), id_


def info(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    vms: Sequence[str],
    clock: Callable[[], datetime] = now,
) -> dict[str, Any]:
    """Return the copies on the domains, without names on all backup domains; those that are not registered come last.

    vms: names or ids of the sources, empty for all.
    """
    site = load_site(engine)
    domains = places(site, storage_domains)
    moment = clock()
    shown = [_shown(one, moment) for one in find_copies(site, domains, vms)]
    shown += [_shown_unregistered(one, moment) for one in _unregistered(engine, site, domains, vms)]
    return {"changed": False, "copies": shown}


def _unregistered(
    engine: Session, site: Site, domains: Sequence[Domain], sources: Sequence[str]
) -> list[_Unregistered]:
    """Return the copies among what an engine has found on its domains, and knows no VM of."""
    meant = _meant(site, sources)
    found: dict[str, _Unregistered] = {}
    for domain in domains:
        for part in engine.parts(f"storagedomains/{domain.id}/vms", unregistered=True):
            name = part.text("name") or part.id
            marker = _marker(site, name, part.text("description"))
            if marker is not None and _is_of(marker, meant) and part.id not in site.vm_by_id:
                one = found.setdefault(part.id, _Unregistered(part.id, name, marker, []))
                one.domains.append(domain.name)
    return sorted(found.values(), key=lambda one: _order(one.marker, one.id))


def _shown(copy: Copy, moment: datetime) -> dict[str, Any]:
    return {
        **_common(copy.marker, moment),
        "id": copy.vm.id,
        "name": copy.vm.name,
        "storage_domains": [one.name for one in copy.domains],
        "size": copy.size,
        "registered": True,
        "usable": copy.good,
        "reason": copy.flaw,
    }


def _shown_unregistered(one: _Unregistered, moment: datetime) -> dict[str, Any]:
    return {
        **_common(one.marker, moment),
        "id": one.id,
        "name": one.name,
        "storage_domains": one.domains,
        "size": None,
        "registered": False,
        "usable": None,
        "reason": _NO_DISKS,
    }


def _common(marker: BackupCopy, moment: datetime) -> dict[str, Any]:
    return {
        "source": {"id": marker.source_id, "name": marker.source_name},
        "at": marker.at.isoformat(),
        "age": int((moment - marker.at).total_seconds()),
        "complete": marker.complete,
    }
