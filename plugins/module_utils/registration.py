# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering the VMs and templates that came with imported storage domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .model.loader import load_storage
from .model.site import Domain, Site
from .results import EntityResult, named, raise_if_failed, report

if TYPE_CHECKING:
    from .engine.session import Session

_COLLECTIONS = {"template": "templates", "vm": "vms"}


@dataclass(frozen=True)
class Mappings:
    """What source-site names become at this site: (source, target) pairs, and vNIC profiles by network and profile."""

    clusters: tuple[tuple[str, str], ...] = ()
    vnic_profiles: tuple[Mapping[str, str], ...] = ()

    def as_configuration(self) -> dict[str, Any]:
        """Return it as the `registration_configuration` of a register request; empty lists are left out."""
        named = [{"from": {"name": source}, "to": {"name": target}} for source, target in self.clusters]
        profiles = [
            {
                "from": {"name": item["source_profile"], "network": {"name": item["source_network"]}},
                "to": {"name": item["target_profile"], "network": {"name": item["target_network"]}},
            }
            for item in self.vnic_profiles
        ]
        lists = {"cluster_mappings": named, "vnic_profile_mappings": profiles}
        return {key: items for key, items in lists.items() if items}


@dataclass(frozen=True)
class Unregistered:
    """A VM or template that waits on a storage domain."""

    kind: str
    id: str
    name: str
    domain: Domain = field(compare=False)


@dataclass(frozen=True)
class Choice:
    """Which unregistered entities are wanted: all, or those named by name or id."""

    all: bool
    names: frozenset[str]

    def includes(self, entity: Unregistered) -> bool:
        """Return whether the entity is wanted."""
        return self.all or entity.id in self.names or entity.name in self.names


def read_mappings(
    engine: Session,
    site: Site,
    clusters: Sequence[Mapping[str, str]],
    vnic_profiles: Sequence[Mapping[str, str]],
) -> Mappings:
    """Return the mappings, their targets checked: the engine falls back silently where one does not exist."""
    for item in clusters:
        site.cluster(item["target"])
    pairs = tuple((item["source"], item["target"]) for item in clusters)
    _refuse_duplicates("cluster_mappings", [source for source, _target in pairs])
    _refuse_duplicates(
        "vnic_profile_mappings", [f"{item['source_network']}/{item['source_profile']}" for item in vnic_profiles]
    )
    if vnic_profiles:
        networks = {record.id: record.name for record in engine.list("networks")}
        known = {(networks.get(record.network.id), record.name) for record in engine.list("vnicprofiles")}
        for item in vnic_profiles:
            if (item["target_network"], item["target_profile"]) not in known:
                raise EngineError(
                    "not_found",
                    f"vNIC profile {item['target_profile']} of network {item['target_network']} does not exist",
                    remedy="correct vnic_profile_mappings, or create the profile",
                )
    return Mappings(pairs, tuple(vnic_profiles))


def _refuse_duplicates(option: str, sources: Sequence[str]) -> None:
    twice = sorted({source for source in sources if list(sources).count(source) > 1})
    if twice:
        raise EngineError("invalid", f"{option} maps {', '.join(twice)} more than once")


def register(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    vms: Sequence[str] | None,
    templates: Sequence[str] | None,
    cluster: str | None,
    cluster_mappings: Sequence[Mapping[str, str]],
    vnic_profile_mappings: Sequence[Mapping[str, str]],
    allow_partial: bool,
    reassign_bad_macs: bool,
    concurrency: int,
    check_mode: bool,
) -> dict[str, Any]:
    """Register what waits on the domains: templates first, then the VMs, each once.

    vms, templates: names or ids; None means all. What is registered already is skipped. What the engine answered is
    verified by reading. EngineError partial names those that failed. In check mode a domain that is not attached yet is
    reported as unknown: what waits on it shows only after the attach.
    """
    if not storage_domains:
        raise EngineError("invalid", "storage_domains is empty", remedy="name the domains to register from")
    site = load_storage(engine)
    mappings = read_mappings(engine, site, cluster_mappings, vnic_profile_mappings)
    target = site.cluster(cluster) if cluster else None
    domains, absent = _active_domains(site, storage_domains, check_mode)
    choice = {"vm": _choice(vms), "template": _choice(templates)}
    waiting = _waiting(engine, domains, choice)
    present = {kind: _registered(engine, kind) for kind in _COLLECTIONS}
    registrar = _Registrar(engine, target.id if target else None, mappings, allow_partial, reassign_bad_macs)
    results = [
        EntityResult(name, name, "unknown", "unknown until the storage domain is attached and active")
        for name in absent
    ]
    results += _already(choice, waiting, present)
    work = [one for one in waiting if one.id not in present[one.kind]]
    outcomes = [None] * len(work) if check_mode else registrar.run(work, concurrency)
    results += [
        EntityResult.of(one.id, one.name, outcome, one.kind) for one, outcome in zip(work, outcomes, strict=True)
    ]
    result = report(
        results,
        before={"registered": named(results, "skipped")},
        after={"registered": named(results, "skipped", "succeeded")},
    )
    if not check_mode:
        raise_if_failed("register", results, result)
    return result


def _active_domains(site: Site, names: Sequence[str], check_mode: bool) -> tuple[list[Domain], list[str]]:
    domains, absent = [], []
    for name in dict.fromkeys(names):
        try:
            domain = site.domain(name)
        except EngineError:
            if not check_mode:
                raise
            absent.append(name)
            continue
        if domain.status == "active":
            domains.append(domain)
        elif check_mode:
            absent.append(name)
        else:
            raise EngineError(
                "rejected",
                f"storage domain {domain.name} is {domain.status}",
                remedy="attach and activate it first, for example with storage_domain_state",
            )
    return domains, absent


def _choice(names: Sequence[str] | None) -> Choice:
    return Choice(names is None, frozenset(names or ()))


def _waiting(engine: Session, domains: Sequence[Domain], choice: Mapping[str, Choice]) -> list[Unregistered]:
    """Return the wanted unregistered entities, each once although every domain with a disk of it lists it."""
    found: dict[tuple[str, str], Unregistered] = {}
    for kind, collection in _COLLECTIONS.items():
        for domain in domains:
            for record in engine.list(f"storagedomains/{domain.id}/{collection}", unregistered=True):
                one = Unregistered(kind, record.id, record.name, domain)
                if choice[kind].includes(one):
                    found.setdefault((kind, one.id), one)
    return list(found.values())


def _registered(engine: Session, kind: str) -> dict[str, str]:
    return {record.id: record.name for record in engine.list(_COLLECTIONS[kind])}


def _already(
    choice: Mapping[str, Choice], waiting: Sequence[Unregistered], present: Mapping[str, Mapping[str, str]]
) -> list[EntityResult]:
    """Return results for what needs no registration; EngineError not_found for a name that is nowhere."""
    results = []
    for kind, wanted in choice.items():
        known = present[kind]
        listed = {one.id: one.name for one in waiting if one.kind == kind}
        for id_, name in listed.items():
            if id_ in known:
                results.append(EntityResult(id_, name, "skipped", "already registered"))
        for reference in sorted(wanted.names - set(listed) - set(listed.values())):
            found = next((one for one, name in known.items() if reference in (one, name)), None)
            if found is None:
                raise EngineError(
                    "not_found",
                    f"{kind} {reference} is neither registered nor waiting on the storage domains",
                    remedy="check the name, and that the domains that hold its disks are attached",
                )
            results.append(EntityResult(found, known[found], "skipped", "already registered"))
    return results


@dataclass(frozen=True)
class _Registrar:
    engine: Session
    cluster_id: str | None
    mappings: Mappings
    allow_partial: bool
    reassign_bad_macs: bool

    def run(self, work: Sequence[Unregistered], concurrency: int) -> list[Any]:
        """Register templates before the VMs that may stand on them; return an outcome for each, in their order."""
        outcomes: dict[Unregistered, Any] = {}
        for kind in _COLLECTIONS:
            batch = [one for one in work if one.kind == kind]
            # A template's registration takes no lock, so versions of one base must not race (workloads contract 7).
            width = 1 if kind == "template" else concurrency
            outcomes |= zip(batch, each(self.engine, batch, self._register, concurrency=width), strict=True)
            self._verify(kind, outcomes)
        return [outcomes[one] for one in work]

    def _register(self, one: Unregistered) -> None:
        collection = _COLLECTIONS[one.kind]
        intent = Intent(
            doing=f"register {one.kind} {one.name}",
            entity=Entity(one.kind, one.id, one.name),
            landed=lambda: self.engine.find(f"{collection}/{one.id}"),
            busy=lambda: self._is_locked(f"{collection}/{one.id}"),
        )
        path = f"storagedomains/{one.domain.id}/{collection}/{one.id}"
        self.engine.act(path, "register", self._body(one), intent)

    def _body(self, one: Unregistered) -> dict[str, Any]:
        body: dict[str, Any] = {"allow_partial_import": self.allow_partial}
        if one.kind == "vm":
            body["reassign_bad_macs"] = self.reassign_bad_macs
        if self.cluster_id:
            body["cluster"] = {"id": self.cluster_id}
        configuration = self.mappings.as_configuration()
        if configuration:
            body["registration_configuration"] = configuration
        return body

    def _is_locked(self, path: str) -> bool:
        found = self.engine.find(path)
        return found is not None and found.status in ("image_locked", "locked")

    def _verify(self, kind: str, outcomes: dict[Unregistered, Any]) -> None:
        """Replace the success of what cannot be read by a failure: the engine answers `complete` even then."""
        claimed = [
            one for one, outcome in outcomes.items() if one.kind == kind and not isinstance(outcome, EngineError)
        ]
        known = _registered(self.engine, kind) if claimed else {}
        for one in claimed:
            if one.id not in known:
                outcomes[one] = EngineError(
                    "rejected",
                    f"the engine accepted the registration of {one.kind} {one.name}, but does not have it",
                    remedy="see the events of the engine for the reason",
                    entity=Entity(one.kind, one.id, one.name),
                )
