# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import of storage domains needs, and everything that stands in its way, decided before the first write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .admission import Plan, Step, admit, is_too_new, lacking, obstacle_of_place, obstacles_of_known, unsupported
from .domain_request import Wanted, faults, read_all
from .engine.errors import EngineError
from .engine.query import checked_uuid
from .host_storage import Unit, View, cautions
from .model.site import DataCenter, Host, Site
from .unregistered_domains import Candidate


@dataclass(frozen=True)
class Sight:
    """What is known of block storage before anything is sent.

    via: the hosts that may import; the one that the caller named, else all of the data center that are up. resting: why
    there is none. seen: what these see, and every other host of the data center that is up, by the id of the host.
    candidates: what hosts found of domains that the engine does not know, by id; none in check mode (foreseen).
    """

    via: tuple[Host, ...]
    resting: str | None = None
    seen: Mapping[str, View] = field(default_factory=dict)
    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    foreseen: bool = False

    def may_appear(self, wanted: Wanted) -> bool:
        """Return whether a domain that no host sees may show after a login, which check mode does not carry out."""
        return self.foreseen and wanted.storage_type == "iscsi"

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


def plan(
    site: Site,
    wanted: Sequence[Wanted],
    data_center: DataCenter,
    sight: Sight,
    *,
    keep_flags: bool = False,
    leave_out: bool = False,
) -> Plan:
    """Return what each domain lacks; EngineError names every obstacle of every domain.

    keep_flags: whether a domain that the engine knows already keeps its backup flag, whatever is wanted.
    leave_out: begin without the domains that have obstacles, if any is left.
    """
    steps = [_step(site, one, sight, keep_flags) for one in wanted]
    obstacles = {step.wanted.label: list(_obstacles(site, step, data_center, sight)) for step in steps}
    for twin in _shared_names(steps, sight):
        obstacles[twin].append("another of these domains has the same name on its storage")
    warnings = [warning for step in steps if "import" in step.actions for warning in _warnings(site, step, sight)]
    return admit(site, steps, obstacles, data_center, warnings, "import", leave_out)


def _step(site: Site, one: Wanted, sight: Sight, keep_flags: bool) -> Step:
    if one.id is not None:
        known = next((domain for domain in site.domains if domain.id == one.id), None)
    else:
        known = next(filter(one.lies_at, site.domains), None)
    if known is not None and keep_flags:
        one = replace(one, backup=known.backup)
    host = sight.best_host(one) if known is None else next(iter(sight.via), None)
    return Step(one, known, lacking(one, known, "import"), host)


def _obstacles(site: Site, step: Step, data_center: DataCenter, sight: Sight) -> Iterator[str]:
    one, known = step.wanted, step.known
    name, format_ = sight.arriving(one) if known is None else (one.name, None)
    namesake = next((domain for domain in site.domains if domain.name == name and domain != known), None)
    if namesake is not None:
        yield f"the name {name} belongs to another storage domain ({namesake.id})"
    if step.actions and sight.resting:
        yield sight.resting
    if known is not None:
        yield from obstacles_of_known(one, known, data_center)
        return
    yield from obstacle_of_place(site, one)
    if one.on_blocks and sight.via and step.host is None and not sight.may_appear(one):
        names = ", host ".join(host.name for host in sight.via)
        yield f"host {names} sees no logical unit of it over a path that works"
    if is_too_new(format_, data_center):
        yield unsupported(format_, data_center)


def _shared_names(steps: Sequence[Step], sight: Sight) -> list[str]:
    """Return the labels of domains that would arrive under one and the same name from their storage."""
    arriving: dict[str, list[str]] = {}
    for step in steps:
        name, _unused = sight.arriving(step.wanted)
        if name and step.known is None:
            arriving.setdefault(name, []).append(step.wanted.label)
    return [label for labels in arriving.values() if len(labels) > 1 for label in labels]


def _warnings(site: Site, step: Step, sight: Sight) -> Iterator[str]:
    if step.wanted.on_blocks and step.host is not None:
        others = [host for host in site.hosts if host.id in sight.seen and host != step.host]
        yield from cautions(step.wanted.label, sight.units(step.host, step.wanted), step.host, others, sight.seen)
