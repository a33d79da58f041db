# SPDX-License-Identifier: GPL-3.0-or-later
"""Block storage domains that hosts see and the engine does not know, and why a wanted one is not among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.query import checked_uuid
from .engine.session import Intent
from .host_storage import Unit, View, choose_hosts, views
from .iscsi import Portal, Target, read_targets
from .model.loader import load_storage
from .model.site import Host, Site
from .results import EntityResult, counts, entities, raise_if_failed

if TYPE_CHECKING:
    from .engine.records import Record
    from .engine.session import Session

_MAP = "map the logical unit to the host, and log the host in to its target"


@dataclass(frozen=True)
class Search:
    """One request to a host to look for domains; over iSCSI behind targets of one portal."""

    host: Host
    portal: Portal | None = None
    targets: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return how results name it."""
        return f"{self.host.name} over {self.portal.label if self.portal else 'Fibre Channel'}"

    def as_action(self) -> dict[str, Any]:
        """Return it as the body of the request."""
        if self.portal is None:
            return {}
        return {"iscsi": self.portal.as_iscsi(), "iscsi_targets": list(self.targets)}


@dataclass(frozen=True)
class Candidate:
    """A domain that could be imported, as one host found it; name and format are unknown in check mode."""

    id: str
    name: str | None
    type: str
    storage_type: str
    storage_format: str | None
    volume_group_id: str | None


@dataclass(frozen=True)
class Sought:
    """A domain that the caller asks about, by id or by name; logical_units: on which it has to lie, if known."""

    id: str | None
    name: str | None
    logical_units: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return how messages name it."""
        return self.name or self.id or ""

    def is_it(self, id_: str, name: str | None) -> bool:
        """Return whether a domain of this id and name is meant."""
        return id_ == self.id if self.id else name == self.name


def read_sought(items: Sequence[Mapping[str, Any]]) -> list[Sought]:
    """Return a module's list `storage_domains`; EngineError invalid names the entry."""
    found = []
    for index, item in enumerate(items):
        where = f"storage_domains[{index}]"
        id_, name = item.get("id") or None, item.get("name") or None
        if id_ is None and name is None:
            raise EngineError("invalid", f"{where} has neither id nor name", remedy="give one of them")
        if id_ is not None:
            id_ = checked_uuid(id_, f"storage domain ({where}.id)")
        found.append(Sought(id_, name, tuple(item.get("logical_units") or ())))
    return found


def find_unregistered(
    engine: Session,
    *,
    hosts: Sequence[str],
    data_center: str | None,
    storage_type: str,
    targets: Sequence[Mapping[str, Any]],
    storage_domains: Sequence[Mapping[str, Any]],
    check_mode: bool,
) -> dict[str, Any]:
    """Return the block storage domains that the hosts see and the engine does not know, merged over the hosts.

    The engine's own discovery logs the hosts in to the targets and is therefore not sent in check mode: candidates
    then come from the logical units that the hosts see already, without name and format.
    """
    sought = read_sought(storage_domains)
    wanted = read_targets(targets) if storage_type == "iscsi" else []
    site = load_storage(engine)
    chosen = choose_hosts(site, hosts, data_center)
    found: dict[str, list[Candidate]] = {}
    results: list[EntityResult] = []
    if not check_mode:
        searches = plan(chosen, wanted) if storage_type == "iscsi" else [Search(host) for host in chosen]
        outcomes = each(engine, searches, lambda search: search_domains(engine, search))
        answered: set[tuple[str, str]] = set()
        for search, outcome in zip(searches, outcomes, strict=True):
            if not isinstance(outcome, EngineError):
                found.setdefault(search.host.id, []).extend(outcome)
                answered |= {(search.host.id, target) for target in search.targets}
        results = [_result(search, outcome, answered) for search, outcome in zip(searches, outcomes, strict=True)]
    seen = views(engine, chosen)
    if check_mode:
        found = {host.id: visible_candidates(site, seen[host.id], storage_type) for host in chosen}
    shown = merge(chosen, found, seen)
    result = {
        "changed": False,
        "hosts": [{"id": host.id, "name": host.name} for host in chosen],
        "storage_domains": shown,
        "missing": [one for item in sought if (one := why_missing(site, chosen, seen, shown, item)) is not None],
        "entities": entities(results),
        "counts": counts(results),
        "warnings": [one.reason for one in results if one.outcome == "skipped"] + _partly_seen(chosen, shown),
    }
    raise_if_failed("discover storage domains on", results, result)
    return result


def plan(hosts: Sequence[Host], targets: Sequence[Target]) -> list[Search]:
    """Return the requests that ask every host about every target over each of its portals."""
    behind: dict[Portal, list[str]] = {}
    for target in targets:
        for portal in target.portals:
            behind.setdefault(replace(portal, name=None), []).append(target.name)
    return [Search(host, portal, tuple(names)) for host in hosts for portal, names in behind.items()]


def search_domains(engine: Session, search: Search) -> list[Candidate]:
    """Let a host look for domains that the engine does not know; over iSCSI that logs it in."""
    intent = Intent(
        doing=f"discover unregistered storage domains on host {search.label}",
        entity=Entity("host", search.host.id, search.host.name),
    )
    path = f"hosts/{search.host.id}"
    answer = engine.act(path, "unregisteredstoragedomainsdiscover", search.as_action(), intent)
    return [_candidate(record) for record in answer.storage_domains or ()]


def _candidate(record: Record) -> Candidate:
    group = record.at("storage", "volume_group", "id")
    return Candidate(record.id, record.name, record.type, record.storage.type, record.storage_format, group)


def _result(search: Search, outcome: object, answered: set[tuple[str, str]]) -> EntityResult:
    """Return what became of a request; one that failed does not matter where others asked about all of its targets."""
    id_ = f"{search.host.id}/{search.portal.label if search.portal else 'fcp'}"
    asked = {(search.host.id, target) for target in search.targets}
    if isinstance(outcome, EngineError) and asked and asked <= answered:
        return EntityResult(id_, search.label, "skipped", f"another portal leads to the same targets; {outcome}")
    return EntityResult.of(id_, search.label, outcome)


def visible_candidates(site: Site, units: View, storage_type: str) -> list[Candidate]:
    """Return the domains that the logical units in sight of a host tell of and that the engine does not know."""
    known = {domain.id for domain in site.domains}
    found = {
        unit.storage_domain_id: Candidate(
            unit.storage_domain_id, None, "data", storage_type, None, unit.volume_group_id
        )
        for unit in units
        if unit.storage_domain_id and unit.storage_domain_id not in known and unit.storage_type == storage_type
    }
    return list(found.values())


def merge(
    hosts: Sequence[Host], found: Mapping[str, Sequence[Candidate]], seen: Mapping[str, View]
) -> list[dict[str, Any]]:
    """Return each domain once, with the hosts that see it and the logical units that it lies on."""
    merged: dict[str, dict[str, Any]] = {}
    for host in hosts:
        for one in found.get(host.id, ()):
            units = {unit.id: unit.target for unit in seen[host.id] if unit.storage_domain_id == one.id}
            entry = merged.setdefault(one.id, {**vars(one), "hosts": [], "logical_units": []})
            if host.name not in entry["hosts"]:
                entry["hosts"].append(host.name)
            known = {unit["id"] for unit in entry["logical_units"]}
            entry["logical_units"] += [{"id": id_, "target": units[id_]} for id_ in units if id_ not in known]
    return list(merged.values())


def _partly_seen(hosts: Sequence[Host], shown: Sequence[Mapping[str, Any]]) -> list[str]:
    warnings = []
    for one in shown:
        blind = [host.name for host in hosts if host.name not in one["hosts"]]
        if blind:
            warnings.append(f"storage domain {one['name'] or one['id']} is not seen by host {', host '.join(blind)}")
    return warnings


def why_missing(
    site: Site, hosts: Sequence[Host], seen: Mapping[str, View], shown: Iterable[Mapping[str, Any]], sought: Sought
) -> dict[str, Any] | None:
    """Return why a domain is not among those that were found, None if it is."""
    candidates = list(shown)
    if any(sought.is_it(one["id"], one["name"]) for one in candidates):
        return None
    known = next((domain for domain in site.domains if sought.is_it(domain.id, domain.name)), None)
    if known is not None:
        reason = f"the engine knows it already: storage domain {known.name} is {known.status}"
        remedy = "storage_domain_import adds what a known domain lacks"
    elif sought.logical_units:
        faults = (_fault_of(unit_id, hosts, seen, sought) for unit_id in sought.logical_units)
        reason, remedy = "; ".join(fault for fault in faults if fault) or _unreadable(sought.logical_units), _MAP
    elif sought.id is None:
        names = ", ".join(sorted(one["name"] or one["id"] for one in candidates)) or "none"
        unknown = any(one["name"] is None for one in candidates)
        told = "names are unknown until the hosts are asked" if unknown else "no domain that was found has this name"
        reason, remedy = f"{told}; found: {names}", "give the id of the domain"
    else:
        reason, remedy = _fault_in_sight(sought.id, hosts, seen), _MAP
    return {"id": sought.id, "name": sought.name, "reason": reason, "remedy": remedy}


def _fault_of(unit_id: str, hosts: Sequence[Host], seen: Mapping[str, View], sought: Sought) -> str | None:
    """Return what is wrong with a logical unit on which the domain has to lie."""
    found = {host.name: unit for host in hosts for unit in seen[host.id] if unit.id == unit_id}
    blind = [host.name for host in hosts if host.name not in found]
    if blind:
        return f"logical unit {unit_id} is not seen by host {', host '.join(blind)}"
    unit = next(iter(found.values()))
    if sought.id is not None and unit.storage_domain_id == sought.id:
        return None
    return _use_of(unit) or f"logical unit {unit_id} holds no volume group"


def _use_of(unit: Unit) -> str | None:
    """Return what a logical unit serves for instead, None for nothing."""
    if unit.disk_id:
        return f"logical unit {unit.id} is the disk {unit.disk_id} of this engine"
    if unit.dead:
        return f"no path to logical unit {unit.id} works"
    if unit.volume_group_id:
        owner = f"storage domain {unit.storage_domain_id}" if unit.storage_domain_id else "no storage domain"
        return f"logical unit {unit.id} belongs to volume group {unit.volume_group_id} of {owner}"
    return None


def _fault_in_sight(domain_id: str, hosts: Sequence[Host], seen: Mapping[str, View]) -> str:
    """Return what the hosts' views tell of a domain of which nothing but the id is known."""
    units = {unit.id: unit for host in hosts for unit in seen[host.id]}
    own = [unit for unit in units.values() if unit.storage_domain_id == domain_id]
    if not own:
        return f"no logical unit of it is seen by host {', host '.join(host.name for host in hosts)}"
    groups = {unit.volume_group_id for unit in own}
    strange = [unit for unit in units.values() if unit.volume_group_id in groups and unit not in own]
    faults = [fault for unit in strange + [one for one in own if one.dead] if (fault := _use_of(unit))]
    return "; ".join(faults) or _unreadable([unit.id for unit in own])


def _unreadable(unit_ids: Sequence[str]) -> str:
    return f"its volume group is not complete or cannot be read; in sight: logical unit {', '.join(unit_ids)}"
