# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import of storage domains needs, and everything that stands in its way, decided before the first write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .domain_request import Wanted, faults, read_all
from .engine.errors import EngineError, Kind
from .engine.query import checked_uuid
from .host_storage import Unit, View
from .model.site import DataCenter, Domain, Host, Site
from .results import EntityResult, report
from .rules.catalogue import judge
from .rules.rule import Violation, blocking
from .unregistered_domains import Candidate

_OLDEST_WITH_V5 = (4, 3)


@dataclass(frozen=True)
class Sight:
    """What is known of block storage before anything is sent.

    via: the hosts that may import; the one that the caller named, else all of the data center that are up. resting: why
    there is none. seen: what these see, and every other host of the data center that is up, by the id of the host.
    candidates: what hosts found of domains that the engine does not know, by id; none in check mode.
    """

    via: tuple[Host, ...]
    resting: str | None = None
    seen: Mapping[str, View] = field(default_factory=dict)
    candidates: Mapping[str, Candidate] = field(default_factory=dict)

    def units(self, host: Host, wanted: Wanted) -> list[Unit]:
        """Return the logical units of a domain that a host sees over a path that works."""
        mine = (unit for unit in self.seen.get(host.id, ()) if unit.storage_domain_id == wanted.id)
        return [unit for unit in mine if unit.storage_type == wanted.storage_type and not unit.dead]

    def best_host(self, wanted: Wanted) -> Host | None:
        """Return the host to import with: for a block domain the first that sees most of it, None if none sees any."""
        if not wanted.on_blocks:
            return next(iter(self.via), None)
        ranked = sorted(self.via, key=lambda host: -len(self.units(host, wanted)))
        return ranked[0] if ranked and self.units(ranked[0], wanted) else None

    def arriving(self, wanted: Wanted) -> tuple[str | None, str | None]:
        """Return the name and the format with which a domain is going to arrive, as far as they are known."""
        candidate = self.candidates.get(wanted.id or "")
        return wanted.name or (candidate.name if candidate else None), candidate.storage_format if candidate else None


@dataclass(frozen=True)
class Step:
    """What one wanted domain still lacks: `import`, `attach`, `activate`, `update`, in this order; host: with which."""

    wanted: Wanted
    known: Domain | None
    actions: tuple[str, ...]
    host: Host | None = None

    @property
    def before(self) -> str:
        """Return the state that it is in now."""
        return self.known.status if self.known else "unknown to the engine"


@dataclass(frozen=True)
class Plan:
    """The steps in the order in which they have to begin, and what the operator has to know of them."""

    steps: tuple[Step, ...]
    leaders: tuple[Step, ...]
    warnings: tuple[str, ...]


def read_wanted(items: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """Return the domains that the caller wants to be brought in; EngineError invalid names entries that cannot be."""
    return read_all(items, _faults, lambda item: Wanted.of(item, (item.get("id") or "").lower() or None))


def _faults(item: Mapping[str, Any]) -> Iterator[str]:
    yield from faults(item)
    id_, wanted = item.get("id"), Wanted.of(item, None)
    if id_:
        try:
            checked_uuid(id_, "storage domain")
        except EngineError as exc:
            yield str(exc)
    elif wanted.on_blocks:
        yield f"an import of type {wanted.storage_type} needs the id of the domain"
    elif item.get("identity") != "any":
        yield "neither id nor identity is given: without the UUID of the domain on this path only identity: any will do"


def plan(site: Site, wanted: Sequence[Wanted], data_center: DataCenter, sight: Sight) -> Plan:
    """Return what each domain lacks; EngineError names every obstacle of every domain."""
    steps = [_step(site, one, sight) for one in wanted]
    obstacles = {step.wanted.label: list(_obstacles(site, step, data_center, sight)) for step in steps}
    for twin in _shared_names(steps, sight):
        obstacles[twin].append("another of these domains has the same name on its storage")
    for step in steps if _lacks_master(steps, data_center) else ():
        if {"attach", "activate"}.intersection(step.actions):
            obstacles[step.wanted.label].append(f"data center {data_center.name} has no active master storage domain")
    violations = list(_violations(site, steps, data_center))
    for violation in violations:
        obstacles[violation.subject].append(violation.message)
    if any(obstacles.values()):
        raise _refused(steps, obstacles, violations)
    # Without an active master the engine moves no other domain; the first one of a data center becomes its master.
    steps.sort(key=lambda step: (not (step.known and step.known.master), step.wanted.backup))
    warnings = [warning for step in steps if "import" in step.actions for warning in _warnings(site, step, sight)]
    return Plan(tuple(steps), tuple(_leaders(steps, data_center)), tuple(warnings))


def _step(site: Site, one: Wanted, sight: Sight) -> Step:
    if one.id is not None:
        known = next((domain for domain in site.domains if domain.id == one.id), None)
    else:
        known = next(filter(one.lies_at, site.domains), None)
    host = sight.best_host(one) if known is None else next(iter(sight.via), None)
    return Step(one, known, _lacking(one, known), host)


def _lacking(one: Wanted, known: Domain | None) -> tuple[str, ...]:
    if known is None:
        return ("import", "attach")
    lacking = []
    if known.data_center_id is None:
        lacking.append("attach")
    elif known.status != "active":
        lacking.append("activate")
    if one.changes_to(known):
        lacking.append("update")
    return tuple(lacking)


def _obstacles(site: Site, step: Step, data_center: DataCenter, sight: Sight) -> Iterator[str]:
    one, known = step.wanted, step.known
    name, format_ = sight.arriving(one) if known is None else (one.name, known.storage_format)
    namesake = next((domain for domain in site.domains if domain.name == name and domain != known), None)
    if namesake is not None:
        yield f"the name {name} belongs to another storage domain ({namesake.id})"
    if step.actions and sight.resting:
        yield sight.resting
    if known is not None:
        yield from _obstacles_of_known(one, known, data_center)
    else:
        yield from _obstacles_of_new(site, step, data_center, sight)
    if "attach" in step.actions and is_too_new(format_, data_center):
        yield f"data center {data_center.name} does not support its format {format_}"


def _lacks_master(steps: Sequence[Step], data_center: DataCenter) -> bool:
    return data_center.status not in ("up", "uninitialized") and not _leaders(steps, data_center)


def _obstacles_of_known(one: Wanted, known: Domain, data_center: DataCenter) -> Iterator[str]:
    if known.type != "data":
        yield f"storage domain {known.name} is of type {known.type}: only data domains are brought in"
    if known.storage_type != one.storage_type or (one.place and known.place != one.place):
        yield f"the engine knows storage domain {known.name} as {known.storage_type} {known.place or ''}".rstrip()
    if known.data_center_id not in (None, data_center.id):
        yield f"storage domain {known.name} is attached to another data center"
    if known.in_process:
        yield f"storage domain {known.name} is {known.status}"
    if known.backup != one.backup:
        wanted = "set" if one.backup else "clear"
        yield f"storage domain {known.name} is known already: {wanted} its backup flag with backup_domain"


def _obstacles_of_new(site: Site, step: Step, data_center: DataCenter, sight: Sight) -> Iterator[str]:
    one = step.wanted
    if one.on_blocks and sight.via and step.host is None:
        names = ", host ".join(host.name for host in sight.via)
        yield f"host {names} sees no logical unit of it over a path that works"
    owner = next(filter(one.lies_at, site.domains), None)
    if owner is not None:
        yield f"{one.place} is storage domain {owner.name} ({owner.id}) already"


def is_too_new(storage_format: str | None, data_center: DataCenter) -> bool:
    """Return whether a data center cannot take a domain of a format. Source: storage contract 5.1."""
    newest = "v5" if data_center.version >= _OLDEST_WITH_V5 else "v4"
    return storage_format is not None and storage_format > newest


def _shared_names(steps: Sequence[Step], sight: Sight) -> list[str]:
    """Return the labels of domains that would arrive under one and the same name from their storage."""
    arriving: dict[str, list[str]] = {}
    for step in steps:
        name, _unused = sight.arriving(step.wanted)
        if name and step.known is None:
            arriving.setdefault(name, []).append(step.wanted.label)
    return [label for labels in arriving.values() if len(labels) > 1 for label in labels]


def _violations(site: Site, steps: Sequence[Step], data_center: DataCenter) -> Iterator[Violation]:
    if data_center.status != "uninitialized" or any(not step.wanted.backup for step in steps):
        return
    for step in steps:
        one = step.wanted
        candidate = Domain(one.id or "", one.label, "data", one.storage_type, "", False, True, data_center.id)
        yield from blocking(judge(site, "attach_domain", candidate, one.label))


def _refused(
    steps: Sequence[Step], obstacles: Mapping[str, Sequence[str]], violations: Sequence[Violation]
) -> EngineError:
    remedy = "clear these obstacles and run again; nothing was changed"
    results = []
    for step in steps:
        found = obstacles[step.wanted.label]
        reason = "; ".join(found) if found else "not begun, since others have obstacles"
        outcome = EntityResult(step.wanted.id, step.wanted.label, "skipped", reason)
        if found:
            outcome = EntityResult(step.wanted.id, step.wanted.label, "failed", reason, remedy)
        results.append(outcome)
    state = {step.wanted.label: step.before for step in steps}
    details = report(results, before=state, after=state)
    told = "; ".join(f"{label}: {', '.join(found)}" for label, found in obstacles.items() if found)
    kind: Kind = "rule" if violations else "rejected"
    remedies = [violation.remedy for violation in violations]
    return EngineError(
        kind,
        f"cannot import {told}",
        remedy="; ".join(dict.fromkeys([*remedies, remedy])),
        details={**details, "violations": [violation.as_data() for violation in violations]},
    )


def _leaders(steps: Iterable[Step], data_center: DataCenter) -> list[Step]:
    """Return the steps of which one has to be done before all others: what gives the data center an active master."""
    if data_center.status == "uninitialized":
        return [step for step in steps if "attach" in step.actions and not step.wanted.backup]
    return [step for step in steps if step.known and step.known.master and "activate" in step.actions]


def _warnings(site: Site, step: Step, sight: Sight) -> Iterator[str]:
    if not step.wanted.on_blocks or step.host is None:
        return
    units = sight.units(step.host, step.wanted)
    for unit in units:
        if unit.lost_paths:
            lost = f"{unit.lost_paths} of {unit.paths} paths from host {step.host.name} to logical unit {unit.id}"
            yield f"storage domain {step.wanted.label}: {lost} do not work"
    names = {host.id: host.name for host in site.hosts}
    for host_id, seen in sight.seen.items():
        count = len({unit.id for unit in seen if not unit.dead} & {unit.id for unit in units})
        if count < len(units):
            yield (
                f"storage domain {step.wanted.label}: host {names[host_id]} sees {count} of its {len(units)} logical "
                "units; if it cannot be connected when the domain is attached it becomes non-operational"
            )
