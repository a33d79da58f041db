# SPDX-License-Identifier: GPL-3.0-or-later
"""What the registration of each VM and template at the target will meet. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..model.site import HOSTED_ENGINE_ORIGINS, Template, Vm
from ..needs.candidate import Candidate, Reason
from ..needs.checks import Judge
from ..needs.place import Place
from ..ovf.document import Document
from ..registration.plan import BLANK_TEMPLATE
from .case import Case
from .finding import Finding, Severity

# Without a cluster there is no registration; the rest is dropped and can be added afterwards.
_BLOCKING_MAPPINGS = frozenset({"cluster"})
_NO_REMEDY = "see to it at the source"


@dataclass(frozen=True)
class Judged:
    """A VM or template with everything that its registration will meet."""

    candidate: Candidate
    reasons: tuple[Reason, ...]


def judged(case: Case) -> list[Judged]:
    """Return the VMs of the plan and the templates on its domains, as if the domains were active at the target."""
    if case.source is None or case.target is None or case.target.data_center is None:
        return []
    moved = []
    for domain in case.source.place.site.domains:
        if domain.id in case.domain_ids:
            moved.append(replace(domain, status="active", data_center_id=case.target.data_center.id))
    place = _cleaned(case, case.target.place) if case.procedure == "failback" else case.target.place
    stay = [one for one in place.site.domains if one.id not in case.domain_ids]
    site = replace(place.site, domains=(*stay, *moved))
    chosen = {vm.id for vm in case.vms} | _templates(case)
    candidates = [
        Candidate(document.kind, id_, document.name, _places(case, document), source="site", document=document)
        for id_, document in case.documents.items()
        if id_ in chosen
    ]
    templates = {one.id: one.document for one in candidates if one.kind == "template"}
    judge = Judge(replace(place, site=site), case.mapping, None, templates)
    return [Judged(one, judge.reasons(one)) for one in candidates if one.domain_ids]


def _cleaned(case: Case, place: Place) -> Place:
    """Return the target without what lies on the domains of the plan there, as a failback leaves it at first."""
    gone = {disk.id for disk in place.site.disks if case.domain_ids & set(disk.domain_ids)}

    def stays(one: Vm | Template) -> bool:
        return not any(attachment.disk_id in gone for attachment in one.attachments)

    left = {vm.name for vm in place.site.vms if not stays(vm)}
    site = replace(
        place.site,
        disks=tuple(disk for disk in place.site.disks if disk.id not in gone),
        vms=tuple(vm for vm in place.site.vms if stays(vm)),
        templates=tuple(template for template in place.site.templates if stays(template)),
    )
    return replace(place, site=site, macs={mac: owner for mac, owner in place.macs.items() if owner not in left})


def _templates(case: Case) -> set[str]:
    facts = case.source
    domains = [facts.domain(id_) for id_ in case.domain_ids] if facts else []
    site = facts.place.site if facts else None
    return {one.id for domain in domains if domain and site for one in site.templates_on(domain)} - {BLANK_TEMPLATE}


def _places(case: Case, document: Document) -> tuple[str, ...]:
    """Return the domains of the plan that it is registered from, the one with the memory of a snapshot first."""
    found = dict.fromkeys(id_ for disk in document.disks for id_ in disk.domain_ids if id_ in case.domain_ids)
    memories = {one.memory.domain_id for one in document.snapshots if one.memory}
    return tuple(sorted(found, key=lambda id_: id_ not in memories))


def of_registration(case: Case, found: list[Judged]) -> Iterator[Finding]:
    """Return a finding for each reason that the registration of something has."""
    for one in found:
        kind = "VM" if one.candidate.kind == "vm" else one.candidate.kind
        for reason in one.reasons:
            subject = f"{kind} {one.candidate.name}"
            message, remedy = f"{subject}: {reason.text}", reason.remedy or _NO_REMEDY
            yield Finding(reason.code, _severity(reason), case.direction.target, subject, message, remedy)


def _severity(reason: Reason) -> Severity:
    if reason.verdict == "ready":
        return "info"
    if reason.verdict in ("incomplete", "conflict") or reason.code in _BLOCKING_MAPPINGS:
        return "block"
    return "warn"


def states(case: Case) -> Iterator[Finding]:
    """Find the VMs whose present state does not survive a recovery."""
    for vm in case.vms:
        yield from (
            Finding(kind, severity, case.direction.source, f"VM {vm.name}", f"VM {vm.name} {what}", remedy)
            for kind, severity, what, remedy in _state(case, vm)
        )


def _state(case: Case, vm: Vm) -> Iterator[tuple[str, Severity, str, str]]:
    if vm.origin in HOSTED_ENGINE_ORIGINS:
        yield (
            "hosted_engine",
            "block",
            "is the engine itself, which recovers nobody else's",
            "move it to its own domain",
        )
    if vm.in_preview:
        yield "vm_in_preview", "block", "shows a snapshot in preview, and cannot be registered so", "commit or undo it"
    if vm.status == "suspended":
        yield "vm_suspended", "warn", "is suspended: its memory is lost", "resume it, or shut it down"
    if vm.status == "image_locked":
        yield "vm_locked", "warn", "is locked by an operation on its disks", "wait for its end"
    if vm.pool_id is not None:
        yield "vm_in_pool", "info", "belongs to a pool, which does not travel", "make the pool anew at the target"
    if case.source is not None:
        for disk in case.source.place.site.image_disks(vm):
            if disk.status == "illegal":
                yield "disk_illegal", "block", f"has the illegal disk {disk.name}", "repair or remove the disk"
            elif disk.shareable:
                yield (
                    "disk_shareable",
                    "warn",
                    f"has the shareable disk {disk.name}, of which no OVF document tells who shares it",
                    "attach it by hand after the recovery, or make it an ordinary one",
                )


CHECKS = (states,)
