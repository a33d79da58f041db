# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the storage of the plan is what and where the plan says, at the source and before the target. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..domain_request import BLOCK_TYPES
from ..engine.errors import EngineError
from ..host_storage import Unit
from ..model.site import Domain
from ..recovery.plan import Group, Placement, PlanDomain, Procedure
from .case import Case
from .finding import Finding, Severity

# A failback cleans it up, and a drill must not touch it.
_KNOWN: dict[Procedure, Severity] = {
    "failover": "warn",
    "planned_migration": "block",
    "failback": "info",
    "drill": "block",
}


def _planned(case: Case) -> Iterator[tuple[Group, PlanDomain]]:
    return ((group, domain) for group in case.groups for domain in group.domains)


def at_source(case: Case) -> Iterator[Finding]:
    """Find the domains of the plan that the source does not have, or not as the plan says."""
    facts = case.source
    if facts is None:
        return
    for group, planned in _planned(case):
        subject, at = f"storage domain {planned.name}", f"groups.{group.name}.domains.{planned.name}"
        domain = facts.domain(planned.id)
        if domain is None:
            message = f"no storage domain of {facts.name} has the id {planned.id} that the plan gives {planned.name}"
            yield Finding("domain_missing", "block", facts.name, subject, message, f"correct {at}.id in the plan")
            continue
        placement = planned.placements[facts.name]
        if domain.name != planned.name:
            message = f"{facts.name} calls the storage domain {domain.name}, the plan {planned.name}"
            remedy = "give both the same name: the target will use that of the plan"
            yield Finding("domain_name_differs", "warn", facts.name, subject, message, remedy)
        if domain.status != "active" or not facts.is_ours(domain):
            message = f"storage domain {domain.name} is {domain.status}, or not in data center {facts.plan.data_center}"
            yield Finding("domain_not_active", "warn", facts.name, subject, message, "attach and activate it there")
        yield from _lies_elsewhere(facts.name, subject, at, domain, placement)


def _lies_elsewhere(site: str, subject: str, at: str, domain: Domain, placement: Placement) -> Iterator[Finding]:
    if domain.storage_type != placement.storage_type:
        message = f"it is of type {domain.storage_type}, the plan says {placement.storage_type}"
        yield Finding("domain_type_differs", "block", site, subject, message, f"correct {at}.sites.{site}.storage_type")
    elif domain.storage_type not in BLOCK_TYPES:
        place = ":".join(filter(None, (placement.settings.get("address"), placement.settings.get("path"))))
        if place != domain.place:
            message = f"it lies at {domain.place}, the plan says {place}"
            remedy = f"correct {at}.sites.{site}: the way back would not find it"
            yield Finding("domain_place_differs", "warn", site, subject, message, remedy)


def masters(case: Case) -> Iterator[Finding]:
    """Find the master among the domains of the plan: the source cannot let go of it while it has no other."""
    facts = case.source
    for _group, planned in _planned(case):
        domain = facts.domain(planned.id) if facts else None
        if facts is not None and domain is not None and domain.master:
            message = f"storage domain {domain.name} is the master of its data center, which then needs another"
            remedy = "make a domain that stays the master, before a planned migration"
            yield Finding("master_domain", "warn", facts.name, f"storage domain {domain.name}", message, remedy)


def at_target(case: Case) -> Iterator[Finding]:
    """Find what stands in the way of an import: the domain itself, or another of its name."""
    facts = case.target
    if facts is None:
        return
    by_name = {domain.name: domain for domain in facts.place.site.domains}
    for _group, planned in _planned(case):
        subject = f"storage domain {planned.name}"
        known, other = facts.domain(planned.id), by_name.get(planned.name)
        if known is not None:
            message = f"{facts.name} has it already, and it is {known.status}"
            remedy = "make sure that this is not left over from a failover, and release it if it is"
            if case.procedure == "failback":
                remedy = "failback releases what is left over"
            elif case.procedure == "planned_migration":
                remedy = "if this is left over from a failover, run failback instead, which releases it"
            yield Finding("domain_known_at_target", _KNOWN[case.procedure], facts.name, subject, message, remedy)
        elif other is not None:
            message = f"{facts.name} has another storage domain of this name, {other.id}"
            yield Finding("domain_name_taken", "block", facts.name, subject, message, "rename one of the two")


def portals(case: Case) -> Iterator[Finding]:
    """Find the portals of the plan that do not answer the target, and the targets that none of them leads to."""
    facts = case.target
    if facts is None or not case.sight.portals:
        return
    told = {label: said for label, said in case.sight.portals.items() if not isinstance(said, EngineError)}
    for label, said in case.sight.portals.items():
        if isinstance(said, EngineError):
            remedy = "see to the network between the hosts and the array, or correct the portal in the plan"
            yield Finding("portal_dead", "warn", facts.name, f"portal {label}", str(said), remedy)
    for _group, planned in _planned(case):
        placement = case.placement(planned)
        known = {target for label in _labels(placement) for target in told.get(label, ())}
        for target in placement.targets:
            if target not in known:
                message = f"no portal of storage domain {planned.name} that answers leads to the target {target}"
                remedy = "have the array present it to the hosts, or correct the target in the plan"
                yield Finding("target_missing", "block", facts.name, f"target {target}", message, remedy)


def _labels(placement: Placement) -> Iterator[str]:
    return (f"{portal.address}:{portal.port}" for portal in placement.portals)


def units(case: Case) -> Iterator[Finding]:
    """Find the block domains that hosts of the target should see and do not, and paths that do not work.

    A host that is not logged in to a target sees nothing behind it; then there is nothing to tell.
    """
    facts = case.target
    if facts is None:
        return
    for host, view in case.sight.views.items():
        if isinstance(view, EngineError):
            remedy = "see /var/log/vdsm/vdsm.log on the host"
            yield Finding("host_storage_unknown", "warn", facts.name, f"host {host.name}", str(view), remedy)
            continue
        for _group, planned in _planned(case):
            placement = case.placement(planned)
            if placement.storage_type not in BLOCK_TYPES:
                continue
            subject = f"storage domain {planned.name}"
            own = [unit for unit in view if unit.storage_domain_id == planned.id]
            if not own and _should_see(placement, view):
                message = f"host {host.name} sees no logical unit of storage domain {planned.name}"
                remedy = "have the array present the copy to this host; a copy without content shows no domain"
                yield Finding("domain_not_seen", "block", facts.name, subject, message, remedy)
            lost = [unit.id for unit in own if unit.lost_paths]
            if lost:
                message = f"host {host.name} has lost paths to the logical unit {', '.join(lost)}"
                remedy = "see to the paths between host and array"
                yield Finding("paths_lost", "warn", facts.name, subject, message, remedy)


def _should_see(placement: Placement, view: tuple[Unit, ...]) -> bool:
    return placement.storage_type == "fcp" or any(unit.target in placement.targets for unit in view)


def restores(case: Case) -> Iterator[Finding]:
    """Find the domains that VMs are to be restored to and that cannot take them."""
    facts = case.target
    for group in case.groups if facts else ():
        name = group.restore.targets.get(case.direction.target) if group.restore else None
        if facts is None or name is None:
            continue
        domain = next((one for one in facts.place.site.domains if name in (one.name, one.id)), None)
        subject, at = f"storage domain {name}", f"groups.{group.name}.restore.to.{facts.name}"
        if domain is None:
            message = f"there is no storage domain {name}, to which the VMs of {group.name} go"
            yield Finding("restore_domain_missing", "block", facts.name, subject, message, f"correct {at}")
        elif domain.status != "active" or domain.backup or not facts.is_ours(domain):
            state = "a backup domain" if domain.backup else f"{domain.status}, or in another data center"
            message = f"storage domain {name}, to which the VMs of {group.name} go, is {state}"
            remedy = f"activate it, or name another in {at}"
            yield Finding("restore_domain_unfit", "block", facts.name, subject, message, remedy)


CHECKS = (at_source, masters, at_target, portals, units, restores)
