# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps bring existing storage domains to a state, in which order, and everything that is in the way of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .domain_users import hearing, holding, running
from .engine.errors import EngineError, Kind
from .engine.query import checked_uuid
from .model.site import DataCenter, Disk, Domain, Host, Site, Template, Vm
from .results import EntityResult, report
from .rules.catalogue import judge
from .rules.configuring import hosted_engine
from .rules.rule import Finding, Violation, blocking

STATES = ("active", "maintenance", "unattached", "removed", "destroyed")
FORGOTTEN = frozenset({"removed", "destroyed"})

_FORGETS = frozenset({"detach", "remove", "destroy"})
_LEAVE = ("update_ovf_store", "deactivate")
_PATHS: dict[tuple[str, str], tuple[str, ...]] = {
    ("active", "maintenance"): _LEAVE,
    ("active", "unattached"): (*_LEAVE, "detach"),
    ("active", "removed"): (*_LEAVE, "detach", "remove"),
    ("inactive", "active"): ("activate",),
    ("inactive", "maintenance"): ("deactivate",),
    ("inactive", "unattached"): ("deactivate", "detach"),
    ("inactive", "removed"): ("deactivate", "detach", "remove"),
    ("inactive", "destroyed"): ("destroy",),
    ("unknown", "active"): ("activate",),
    ("unknown", "destroyed"): ("destroy",),
    ("maintenance", "active"): ("activate",),
    ("maintenance", "unattached"): ("detach",),
    ("maintenance", "removed"): ("detach", "remove"),
    ("maintenance", "destroyed"): ("destroy",),
    ("unattached", "active"): ("attach",),
    ("unattached", "maintenance"): ("attach", "deactivate"),
    ("unattached", "removed"): ("remove",),
    ("unattached", "destroyed"): ("destroy",),
}


@dataclass(frozen=True)
class Aim:
    """What all of the named domains shall come to. data_center: where unattached ones go; host: what removes them."""

    state: str
    data_center: DataCenter | None = None
    host: Host | None = None
    shutdown_vms: bool = False

    def is_reached_by(self, domain: Domain) -> bool:
        """Return whether nothing is left to do for a domain: it is in the state, and not in another data center."""
        return domain.status == self.state and self.is_place_of(domain)

    def is_place_of(self, domain: Domain) -> bool:
        """Return whether a domain is in the wanted data center, or in none."""
        return self.data_center is None or domain.data_center_id in (None, self.data_center.id)


@dataclass(frozen=True)
class Way:
    """What one domain goes through; data_center is where it is, or where it is going to be attached.

    host: what removes it, None where nothing does, or no host can. vms: identifiers of those that have a disk on it.
    """

    domain: Domain
    actions: tuple[str, ...]
    data_center: DataCenter | None
    host: Host | None = None
    vms: frozenset[str] = frozenset()

    @property
    def keeping(self) -> tuple[str, ...]:
        """Return the actions that leave to VMs what they have on the domain."""
        return self.actions[: len(self.actions) - len(self.leaving)]

    @property
    def leaving(self) -> tuple[str, ...]:
        """Return the actions from which on the engine forgets what is on the domain."""
        first = next((at for at, action in enumerate(self.actions) if action in _FORGETS), len(self.actions))
        return self.actions[first:]

    @property
    def takes_storage_from_vms(self) -> bool:
        """Return whether no VM may run from the domain meanwhile."""
        return not {"deactivate", "destroy"}.isdisjoint(self.actions)


@dataclass(frozen=True)
class Plan:
    """What brings the named domains to the state.

    gone: ids that the engine does not know any more. unsettled: domains that the engine is at work on, to be waited
    for; those whose state cannot be told before have no way. waves: what goes side by side, one wave after the other.
    warnings: what a detach does to VMs of which something stays.
    """

    named: tuple[Domain, ...]
    gone: tuple[str, ...]
    unsettled: tuple[Domain, ...]
    shutdowns: tuple[Vm, ...]
    waves: tuple[tuple[Way, ...], ...]
    warnings: tuple[str, ...] = ()

    @property
    def ways(self) -> list[Way]:
        """Return the ways in the order in which they begin."""
        return [way for wave in self.waves for way in wave]


def plan(site: Site, names: Sequence[str], aim: Aim) -> Plan:
    """Return what brings the named domains to the state of aim, nothing where they are there.

    EngineError for an unknown name, and for everything that is in the way of any of them.
    """
    named, gone = _find(site, names, aim.state)
    moving = [domain for domain in named if not domain.in_process and not aim.is_reached_by(domain)]
    loose = [domain.name for domain in moving if domain.data_center_id is None and aim.state not in FORGOTTEN]
    if loose and aim.data_center is None:
        told = ", ".join(loose)
        raise EngineError(
            "invalid",
            f"storage domain {told} is unattached: data_center is needed to attach it",
            remedy="give the data center to attach it to",
        )
    ways = [_way(site, domain, aim) for domain in moving]
    leaving = [way.domain for way in ways if way.takes_storage_from_vms]
    shutdowns = hearing(vm for domain in leaving for vm in holding(site, domain)) if aim.shutdown_vms else ()
    _refuse(site, named, ways, aim, shutdowns)
    # Storage that is lost may never give its locks back, and no host touches it where it is destroyed.
    patient = aim.state not in ("active", "destroyed")
    held = [domain for domain in moving if patient and _has_locked_disk(site, domain)]
    unsettled = tuple(domain for domain in named if domain.in_process or domain in held)
    return Plan(named, gone, unsettled, shutdowns, _waves(ways, aim.state), tuple(_torn(site, ways)))


def _find(site: Site, names: Sequence[str], state: str) -> tuple[tuple[Domain, ...], tuple[str, ...]]:
    found: dict[str, Domain] = {}
    gone: dict[str, None] = {}
    for name in names:
        try:
            domain = site.domain(name)
        except EngineError as exc:
            # Only an id can be taken for a domain that is gone: a name may just be mistyped.
            if exc.kind != "not_found" or state not in FORGOTTEN or not _is_id(name):
                raise
            gone[name] = None
        else:
            found[domain.id] = domain
    return tuple(found.values()), tuple(gone)


def _is_id(name: str) -> bool:
    try:
        checked_uuid(name, "storage domain")
    except EngineError:
        return False
    return True


def _way(site: Site, domain: Domain, aim: Aim) -> Way:
    actions = _PATHS.get((domain.status, aim.state), ())
    if domain.type != "data":
        actions = tuple(action for action in actions if action != "update_ovf_store")
    place = aim.data_center
    if domain.data_center_id is not None:
        place = site.data_center(domain.data_center_id)
    host = (aim.host or next(iter(_up(site.hosts)), None)) if "remove" in actions else None
    return Way(domain, actions, place, host, frozenset(vm.id for vm in site.vms_on(domain)))


def _has_locked_disk(site: Site, domain: Domain) -> bool:
    return any(disk.status == "locked" for disk in site.disks_by_domain.get(domain.id, ()))


def _waves(ways: Sequence[Way], state: str) -> tuple[tuple[Way, ...], ...]:
    """Return the ways in waves: the master leaves last and comes back first, since the engine moves none without it.

    Otherwise the engine locks no more than the domain itself (storage contract 7.4).
    """
    leaders = tuple(way for way in ways if way.domain.master)
    if state == "active":
        leaders += _founders(ways)
    rest = tuple(way for way in ways if way not in leaders)
    order = (leaders, rest) if state == "active" else (rest, leaders)
    return tuple(wave for wave in order if wave)


def _founders(ways: Iterable[Way]) -> tuple[Way, ...]:
    """Return for each data center without a storage domain the one to attach first, which becomes its master."""
    found: dict[str, Way] = {}
    for way in ways:
        place = way.data_center
        if "attach" in way.actions and place and place.status == "uninitialized" and not way.domain.backup:
            found.setdefault(place.id, way)
    return tuple(found.values())


def _refuse(site: Site, named: Sequence[Domain], ways: Sequence[Way], aim: Aim, shutdowns: Sequence[Vm]) -> None:
    """Raise EngineError that names every obstacle of every domain, if there is one."""
    down = {vm.id for vm in shutdowns}
    quiet = replace(site, vms=tuple(replace(vm, status="down") if vm.id in down else vm for vm in site.vms))
    violations = [one for way in ways for one in _violations(site, way, ways)]
    obstacles = {way.domain.name: list(_obstacles(quiet, way, aim, ways)) for way in ways}
    for violation in violations:
        obstacles[violation.subject].append(Finding(violation.message, violation.remedy))
    found = [finding for findings in obstacles.values() for finding in findings]
    if not found:
        return
    kind: Kind = "rule" if violations else "rejected"
    raise EngineError(
        kind,
        "; ".join(dict.fromkeys(finding.message for finding in found)),
        remedy="; ".join(dict.fromkeys(finding.remedy for finding in found)) + "; nothing was changed",
        details=_untouched(named, obstacles),
    )


def _untouched(named: Sequence[Domain], obstacles: Mapping[str, Sequence[Finding]]) -> dict[str, Any]:
    results = []
    for domain in named:
        found = obstacles.get(domain.name, ())
        if found:
            reason = "; ".join(finding.message for finding in found)
            remedy = "; ".join(finding.remedy for finding in found)
            results.append(EntityResult(domain.id, domain.name, "failed", reason, remedy))
        else:
            reason = "not begun, since others have obstacles"
            results.append(EntityResult(domain.id, domain.name, "skipped", reason))
    return {**report(results, before={}, after={}), "steps": [], "vms_shut_down": []}


def _violations(site: Site, way: Way, ways: Sequence[Way]) -> list[Violation]:
    place = way.data_center
    if "attach" not in way.actions or place is None or any(one.data_center == place for one in _founders(ways)):
        return []
    arriving = replace(way.domain, data_center_id=place.id)
    return blocking(judge(site, "attach_domain", arriving, way.domain.name))


def _obstacles(site: Site, way: Way, aim: Aim, ways: Sequence[Way]) -> Iterator[Finding]:
    name = f"storage domain {way.domain.name}"
    if not way.actions and way.domain.status != aim.state:
        yield Finding(f"{name} is {way.domain.status} and cannot become {aim.state}", "bring it to maintenance first")
    if way.data_center and not aim.is_place_of(way.domain):
        yield Finding(f"{name} is attached to data center {way.data_center.name}", "name that data center, or none")
    if "attach" in way.actions and way.data_center and not _up(site.hosts_of(way.data_center)):
        yield Finding(f"no host of data center {way.data_center.name} is up", "activate a host of this data center")
    if "remove" in way.actions:
        yield from _without_host(way.host)
    if "destroy" in way.actions:
        yield from _users(way.domain, running(site, way.domain))
    if "deactivate" in way.actions:
        yield from _users(way.domain, holding(site, way.domain))
        yield from hosted_engine(site, way.domain)
    if "detach" in way.actions:
        yield from _erased(way.domain)
        yield from _kept_there(site, way.domain)
    if aim.state != "active" and way.domain.data_center_id is not None:
        yield from _of_master(site, way, aim, ways)


def _up(hosts: Iterable[Host]) -> list[Host]:
    return [host for host in hosts if host.status == "up"]


def _without_host(host: Host | None) -> Iterator[Finding]:
    if host is None:
        yield Finding("no host is up to remove a storage domain with", "activate a host")
    elif host.status != "up":
        yield Finding(f"host {host.name} is {host.status}", f"activate host {host.name}, or name another")


def _users(domain: Domain, found: Sequence[Vm]) -> Iterator[Finding]:
    if found:
        told = ", ".join(f"{vm.name} ({vm.status})" for vm in found)
        yield Finding(
            f"storage domain {domain.name} is used by VMs that are not down: {told}",
            f"shut these VMs down: {', '.join(vm.name for vm in found)}",
        )


def _erased(domain: Domain) -> Iterator[Finding]:
    if domain.storage_type == "localfs":
        yield Finding(
            f"storage domain {domain.name} is a local one, which the engine erases when it is detached",
            f"copy what is needed elsewhere, then remove {domain.name} in the engine itself",
        )


def _kept_there(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find the VMs and templates that a detach would have to remove from the engine, and may not (contract 5.4)."""
    vms = site.vms_on(domain)
    mine: list[Vm | Template] = [vm for vm in vms if _only_there(site, vm, domain)]
    mine += [template for template in site.templates_on(domain) if _only_there(site, template, domain)]
    protected = [one.name for one in mine if one.delete_protected]
    pooled = [vm.name for vm in vms if vm in mine and vm.pool_id]
    previewed = [vm.name for vm in vms if vm.in_preview]
    for names, what, remedy in (
        (protected, "are protected from deletion", "take the deletion protection from"),
        (pooled, "belong to a VM pool", "remove the pools of, or move the disks of"),
        (previewed, "show a snapshot in preview", "commit or undo the preview of"),
    ):
        if names:
            told = ", ".join(names)
            yield Finding(f"{told} on storage domain {domain.name} {what}", f"{remedy} {told}")


def _torn(site: Site, ways: Sequence[Way]) -> Iterator[str]:
    """Tell which VMs a detach takes apart: the engine does not ask (storage contract 5.4)."""
    leaving = {way.domain.id for way in ways if "detach" in way.actions}
    lost = {one.id: one.name for one in site.templates if _all_on(site.image_disks(one), leaving)}
    for vm in site.vms if leaving else ():
        disks = site.image_disks(vm)
        going = [disk for disk in disks if leaving.issuperset(disk.domain_ids)]
        if len(going) == len(disks):
            continue
        if vm.template_id in lost:
            template = lost[vm.template_id]
            yield f"VM {vm.name} leaves the engine with its template {template}, but some of its disks stay"
        elif going:
            names = ", ".join(disk.name for disk in going)
            yield f"VM {vm.name} loses its disk {names}, which lies on what is detached, and keeps its other disks"


def _all_on(disks: Sequence[Disk], domain_ids: Collection[str]) -> bool:
    return bool(disks) and all(set(domain_ids).issuperset(disk.domain_ids) for disk in disks)


def _only_there(site: Site, owner: Vm | Template, domain: Domain) -> bool:
    return all(disk.domain_ids == (domain.id,) for disk in site.image_disks(owner))


def _of_master(site: Site, way: Way, aim: Aim, ways: Sequence[Way]) -> Iterator[Finding]:
    """Find out whether the master would leave domains behind that nothing can be done with, or is missing itself."""
    name = f"storage domain {way.domain.name}"
    inside = site.domains_of(way.domain.data_center_id or "")
    if not way.domain.master:
        master = next((one for one in inside if one.master), None)
        if "detach" in way.actions and master is not None and master.status != "active":
            yield Finding(
                f"{name} cannot be detached while the master {master.name} is {master.status}",
                f"activate {master.name}",
            )
        return
    leaving = {one.domain.id for one in ways}
    staying = [one for one in inside if one.id not in leaving]
    left = [one.name for one in staying if aim.state != "maintenance" or one.status == "active"]
    if left and not any(one.may_be_master for one in staying):
        yield Finding(
            f"{name} is the master, and none of those that stay can take over: {', '.join(left)}",
            "name them, too, or activate another data domain there that is no backup",
        )
