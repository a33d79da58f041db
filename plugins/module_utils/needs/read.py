# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits on storage domains, what each needs here, and what travels together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..document import parse
from ..given_mapping import given_mapping
from ..model.loader import load_storage
from ..ovf.document import Document
from ..registration.plan import Unregistered
from ..registration.waiting import OnDomain, load_disks, load_waiting
from .candidate import Candidate, Origin, Reason, Verdict
from .checks import Judge, is_refused, verdict_of
from .groups import Group, consistency_groups
from .manifest import read_manifest, write_manifest
from .place import Place, load_place
from .sources import Kept, LivingSite, OvfStores, Source, best_documents

if TYPE_CHECKING:
    from ..engine.session import Session
    from ..model.site import Domain, Site
    from ..ovf.reader import OvfError

_VERDICTS: tuple[Verdict, ...] = ("ready", "needs_mapping", "incomplete", "conflict", "unknown")
_API: Origin = "api"
_TOGETHER = 8

Best = Mapping[str, "tuple[Origin, Document | OvfError]"]


@dataclass(frozen=True)
class Judged:
    """What waits, with its reasons."""

    candidate: Candidate
    reasons: tuple[Reason, ...]


def read(
    engine: Session,
    source: Session | None,
    *,
    storage_domains: Sequence[str],
    mapping: Mapping[str, Any] | None,
    mapping_yaml: str | None,
    mapping_target: str | None,
    cluster: str | None,
    deep: bool,
    manifest_yaml: str | None,
    timeout: float,
) -> dict[str, Any]:
    """Return what waits on the domains, all active data domains for none, judged by the best document at hand.

    source: the site that the workloads come from, while it lives. deep: read the OVF stores by image transfers, which
    a session that is read-only does not.
    """
    given = given_mapping(mapping, mapping_yaml, mapping_target).mapping
    kept = read_manifest(parse(manifest_yaml, "manifest_yaml")) if manifest_yaml else None
    site = load_storage(engine)
    target = site.cluster(cluster).name if cluster else None
    domains, warnings = _domains(site, storage_domains)
    sources: list[Source] = []
    if deep and not engine.read_only:
        sources.append(OvfStores(engine, domains, timeout))
    if source is not None:
        sources.append(LivingSite(source))
    if kept is not None:
        sources.append(Kept(kept))
    best = best_documents(sources)
    waiting = load_waiting(engine, domains, _TOGETHER)
    candidates = _candidates(waiting, best)
    documents = {id_: found for id_, (_origin, found) in best.items() if isinstance(found, Document)}
    known = [one.document for one in candidates if one.document is not None]
    place = load_place(engine, with_units=any(one.lun_disks for one in known))
    candidates += _unlisted(best, candidates, place, domains)
    templates = {one.id: one.document for one in candidates if one.kind == "template"}
    judged = _judged(candidates, Judge(place, given, target, templates))
    judged += _floating(load_disks(engine, domains, _TOGETHER), candidates, documents.values())
    warnings += [warning for one in sources for warning in one.warnings]
    return {
        "changed": False,
        "entities": [_shown(one, place) for one in judged],
        "counts": _counts(judged),
        "groups": [_shown_group(one, documents, place) for one in consistency_groups(documents.values())],
        "groups_complete": all(one.document is not None for one in candidates),
        "manifest": write_manifest(documents.values(), datetime.now(UTC).isoformat(timespec="seconds")),
        "warnings": warnings,
    }


def _domains(site: Site, names: Sequence[str]) -> tuple[list[Domain], list[str]]:
    """Return the domains to look at, and warnings of those that cannot tell what waits on them."""
    if not names:
        return [one for one in site.domains if one.type == "data" and one.status == "active"], []
    chosen = list({domain.id: domain for domain in (site.domain(name) for name in names)}.values())
    asleep = [one for one in chosen if one.status != "active"]
    warnings = [f"what waits on {one.name} is not known: it is {one.status}" for one in asleep]
    return [one for one in chosen if one.status == "active"], warnings


def _candidates(waiting: Sequence[OnDomain], best: Best) -> list[Candidate]:
    places: dict[tuple[str, str], list[str]] = {}
    first: dict[tuple[str, str], Unregistered] = {}
    for one in waiting:
        for entity in one.waiting:
            places.setdefault((entity.kind, entity.id), []).append(one.domain.id)
            first.setdefault((entity.kind, entity.id), entity)
    found = []
    for key, entity in first.items():
        origin, document = best.get(entity.id) or (_API, None)
        readable = document if isinstance(document, Document) else None
        damage = None if document is None or readable else str(document)
        domain_ids = _registered_from(places[key], readable)
        template = entity.template_id
        found.append(Candidate(entity.kind, entity.id, entity.name, domain_ids, template, origin, readable, damage))
    return found


def _registered_from(domain_ids: Sequence[str], document: Document | None) -> tuple[str, ...]:
    """Return the domains with the one first that holds the memory of a snapshot: it is looked for nowhere else."""
    memories = {one.memory.domain_id for one in document.snapshots if one.memory} if document else set()
    return tuple(sorted(domain_ids, key=lambda id_: id_ not in memories))


def _unlisted(best: Best, listed: Iterable[Candidate], place: Place, domains: Sequence[Domain]) -> list[Candidate]:
    """Return what the stores hold and the engine leaves out of its lists, since it cannot read the document."""
    known = {one.id for one in listed} | {one.id for one in place.site.vms} | {one.id for one in place.site.templates}
    ids = tuple(domain.id for domain in domains)
    return [
        Candidate("vm", id_, id_, ids, None, origin, None, str(found))
        for id_, (origin, found) in best.items()
        if origin == "ovf_store" and id_ not in known and not isinstance(found, Document)
    ]


def _judged(candidates: Sequence[Candidate], judge: Judge) -> list[Judged]:
    """Judge bases of templates first, then their versions, then VMs: none of them comes without what it stands on."""
    judged: list[Judged] = []
    for batch in _by_dependence(candidates):
        found = [Judged(one, judge.reasons(one)) for one in batch]
        refused = {one.candidate.id for one in found if is_refused(one.reasons)}
        judge = replace(judge, stuck=judge.stuck | refused)
        judged += found
    return judged


def _by_dependence(candidates: Sequence[Candidate]) -> Iterable[list[Candidate]]:
    batches: list[list[Candidate]] = [[], [], []]
    for one in candidates:
        is_version = one.document is not None and one.document.template_id is not None
        batches[2 if one.kind == "vm" else int(is_version)].append(one)
    return batches


def _floating(
    disks: Sequence[Unregistered], candidates: Sequence[Candidate], documents: Iterable[Document]
) -> list[Judged]:
    """Return the disks that belong to nobody, as far as that can be told."""
    owned = {disk.id for one in documents for disk in one.disks}
    owned |= {id_ for one in documents for id_ in one.memory_disk_ids}
    reasons: tuple[Reason, ...] = ()
    unread = sorted(one.name for one in candidates if one.document is None)
    if unread:
        text = f"it may belong to {unread[0]}, whose OVF document nobody has read"
        remedy = "run with deep, or register the VMs and templates first"
        reasons = (Reason("owner_unknown", "unknown", text, remedy),)
    return [
        Judged(Candidate("disk", disk.id, disk.name, (disk.domain.id,)), reasons)
        for disk in disks
        if disk.id not in owned
    ]


def _counts(judged: Iterable[Judged]) -> dict[str, int]:
    found = Counter(verdict_of(one.reasons) for one in judged)
    return {verdict: found[verdict] for verdict in _VERDICTS}


def _shown(one: Judged, place: Place) -> dict[str, Any]:
    candidate = one.candidate
    return {
        "kind": candidate.kind,
        "id": candidate.id,
        "name": candidate.name,
        "storage_domains": [_domain_name(place, id_) for id_ in candidate.domain_ids],
        "source": candidate.source,
        "verdict": verdict_of(one.reasons),
        "reasons": [asdict(reason) for reason in one.reasons],
        "needs": _needs(candidate.document, place) if candidate.document else None,
    }


def _needs(document: Document, place: Place) -> dict[str, Any]:
    domain_ids = dict.fromkeys(id_ for disk in document.disks for id_ in disk.domain_ids[:1])
    profiles = dict.fromkeys((nic.network, nic.profile) for nic in document.nics if nic.profile)
    return {
        "cluster": document.cluster_name,
        "template": document.template_name if document.template_id else None,
        "storage_domains": [_domain_name(place, id_) for id_ in domain_ids],
        "vnic_profiles": [{"network": network, "profile": profile} for network, profile in profiles],
        "luns": [lun.lun_id for lun in document.lun_disks],
        "users": [user.principal for user in document.users],
        "roles": sorted({role for user in document.users for role in user.roles}),
        "affinity_groups": list(document.affinity_groups),
        "affinity_labels": list(document.affinity_labels),
        "lease_domain": _domain_name(place, document.lease_domain_id) if document.lease_domain_id else None,
        "host_devices": list(document.host_devices),
    }


def _shown_group(group: Group, documents: Mapping[str, Document], place: Place) -> dict[str, Any]:
    members = [documents[id_] for id_ in group.member_ids]
    domains = [{"id": id_, "name": _domain_name(place, id_)} for id_ in group.domain_ids]
    return {
        "storage_domains": sorted(domains, key=lambda one: one["name"]),
        "vms": sorted(one.name for one in members if one.kind == "vm"),
        "templates": sorted(one.name for one in members if one.kind == "template"),
    }


def _domain_name(place: Place, id_: str) -> str:
    """Return the name of a domain, its id where this site does not know it."""
    domain = place.domain(id_)
    return domain.name if domain else id_
