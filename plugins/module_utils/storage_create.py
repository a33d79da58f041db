# SPDX-License-Identifier: GPL-3.0-or-later
"""Making new storage domains, attached, active and with the wanted backup flag from the start.

Nothing that a path or a logical unit holds is lost, unless the caller names that very logical unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .admission import Plan, Step, admit, hosts_to_use, lacking, obstacle_of_place, obstacles_of_known
from .bringing import Bringer, Outcomes, concluded, host_of
from .domain_request import Wanted, faults, read_all
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .file_import import FileImport, unused_connections
from .host_storage import Unit, View, cautions, view, views
from .model.loader import added_domain, load_storage
from .model.site import DataCenter, Domain, Host, Site

if TYPE_CHECKING:
    from .engine.records import Record
    from .engine.session import Session


@dataclass(frozen=True)
class New:
    """A storage domain to be made; on_units: the logical units that it shall lie on, overwrite: whatever they hold."""

    wanted: Wanted
    on_units: tuple[str, ...]
    overwrite: frozenset[str]


def read_new(items: Sequence[Mapping[str, Any]]) -> list[New]:
    """Return the domains that the caller wants to be made; EngineError invalid names entries that cannot be."""
    wanted = read_all(items, _faults, lambda item: Wanted.of(item, None))
    new = [
        New(one, tuple(dict.fromkeys(item.get("logical_units") or ())), frozenset(item.get("overwrite_luns") or ()))
        for one, item in zip(wanted, items, strict=True)
    ]
    units = [unit for one in new for unit in one.on_units]
    twice = sorted({unit for unit in units if units.count(unit) > 1})
    if twice:
        raise EngineError("invalid", f"several storage_domains name the logical unit {', '.join(twice)}")
    return new


def _faults(item: Mapping[str, Any]) -> Iterator[str]:
    yield from faults(item)
    units, overwrite = set(item.get("logical_units") or ()), set(item.get("overwrite_luns") or ())
    if not item.get("name"):
        yield "a new storage domain needs a name"
    if Wanted.of(item, None).on_blocks:
        if not units:
            yield f"{item['storage_type']} needs logical_units"
    elif units:
        yield f"logical_units cannot be given for {item['storage_type']}"
    if overwrite - units:
        yield f"overwrite_luns names {', '.join(sorted(overwrite - units))}, which is none of its logical_units"


@dataclass(frozen=True)
class Outlook:
    """What is known before anything is sent.

    host: the host to make the domains with; resting: why there is none. units: what it sees, with the status of each.
    others: the other hosts of the data center that are up; seen: what these see, by their ids.
    """

    host: Host | None
    resting: str | None = None
    units: Mapping[str, Unit] = field(default_factory=dict)
    others: tuple[Host, ...] = ()
    seen: Mapping[str, View] = field(default_factory=dict)


def plan(site: Site, new: Sequence[New], data_center: DataCenter, outlook: Outlook) -> Plan:
    """Return what each domain lacks; EngineError names every obstacle of every domain."""
    steps, obstacles = [], {}
    warnings: list[str] = []
    for one in new:
        label = one.wanted.label
        known = next((domain for domain in site.domains if domain.name == one.wanted.name), None)
        step = Step(one.wanted, known, lacking(one.wanted, known, "make"), outlook.host)
        steps.append(step)
        obstacles[label] = [outlook.resting] if outlook.resting and step.actions else []
        if known is not None:
            obstacles[label] += _obstacles_of_known(one, known, data_center)
        elif outlook.host is not None:
            obstacles[label] += obstacle_of_place(site, one.wanted)
            obstacles[label] += _obstacles_of_units(site, one, outlook.host, outlook.units)
            units = [outlook.units[id_] for id_ in one.on_units if id_ in outlook.units]
            warnings += cautions(label, units, outlook.host, outlook.others, outlook.seen)
    return admit(site, steps, obstacles, data_center, warnings, "make")


def _obstacles_of_known(one: New, known: Domain, data_center: DataCenter) -> Iterator[str]:
    if one.wanted.on_blocks and known.unit_ids != set(one.on_units):
        yield f"the name belongs to a storage domain on logical unit {', '.join(sorted(known.unit_ids)) or 'none'}"
    yield from obstacles_of_known(one.wanted, known, data_center)


def _obstacles_of_units(site: Site, one: New, host: Host, units: Mapping[str, Unit]) -> Iterator[str]:
    known = {domain.id: domain.name for domain in site.domains}
    for id_ in one.on_units:
        unit = units.get(id_)
        if unit is None or unit.storage_type != one.wanted.storage_type:
            yield f"host {host.name} sees no logical unit {id_} over {one.wanted.storage_type}"
        elif unit.dead:
            yield f"no path from host {host.name} to logical unit {id_} works"
        elif unit.disk_id:
            yield f"logical unit {id_} is the disk {unit.disk_id} of this engine"
        elif unit.storage_domain_id in known:
            yield f"logical unit {id_} belongs to storage domain {known[unit.storage_domain_id]}"
        elif _is_used(unit) and id_ not in one.overwrite:
            yield f"logical unit {id_} {_content_of(unit)}: only if overwrite_luns names it, that is destroyed"


def _is_used(unit: Unit) -> bool:
    return bool(unit.volume_group_id) or unit.status != "free"


def _content_of(unit: Unit) -> str:
    if unit.storage_domain_id:
        return f"holds storage domain {unit.storage_domain_id}"
    if unit.volume_group_id:
        return f"holds volume group {unit.volume_group_id}"
    return f"is {unit.status or 'in a state that the host does not tell'}"


def make(
    engine: Session,
    *,
    storage_domains: Sequence[Mapping[str, Any]],
    data_center: str,
    host: str | None,
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Make, attach and activate what is wanted and not yet there; return what was done per domain.

    One domain that fails does not stop the others; EngineError partial then names it.
    """
    new = read_new(storage_domains)
    site = load_storage(engine)
    place = site.data_center(data_center)
    outlook = _look(engine, site, place, host, new)
    planned = plan(site, new, place, outlook)
    outcomes: Outcomes = {}
    if not check_mode:
        makes_files = any("make" in step.actions and not step.wanted.on_blocks for step in planned.steps)
        files = FileImport(engine, unused_connections(engine) if makes_files else {}, timeout)
        dirty = frozenset(id_ for id_, unit in outlook.units.items() if _is_used(unit))
        maker = Maker(engine, place, timeout, poll_interval, files, {one.wanted.label: one for one in new}, dirty)
        outcomes = maker.carry_out_all(planned, concurrency)
    return concluded(planned, outcomes, "make")


def _look(engine: Session, site: Site, place: DataCenter, host: str | None, new: Sequence[New]) -> Outlook:
    hosts, resting = hosts_to_use(site, place, host)
    known = {domain.name for domain in site.domains}
    if not hosts or not any(one.on_units and one.wanted.name not in known for one in new):
        return Outlook(hosts[0] if hosts else None, resting)
    others = tuple(one for one in hosts_to_use(site, place, None)[0] if one != hosts[0])
    units = {unit.id: unit for unit in view(engine, hosts[0], status=True)}
    return Outlook(hosts[0], resting, units, others, views(engine, others))


@dataclass(frozen=True)
class Maker(Bringer):
    """Makes new domains. dirty: the logical units that hold something which the caller wants to be overwritten."""

    files: FileImport
    new: Mapping[str, New]
    dirty: frozenset[str]

    def enter(self, step: Step) -> Domain:
        """Make the domain."""
        wanted, host = step.wanted, host_of(step)
        if wanted.on_blocks:
            return self._send(wanted, self._on_units(wanted, host))
        try:
            self.files.refuse_occupied(wanted, host)
            return self._send(wanted, wanted.body(host))
        except EngineError as exc:
            left = "" if exc.unknown else self.files.clear(wanted, host)
            remedy = "check that the path is exported to the hosts, writable for them, and empty"
            raise exc.retold(f"{exc}{left}", remedy=remedy) from exc

    def _on_units(self, wanted: Wanted, host: Host) -> dict[str, Any]:
        new = self.new[wanted.label]
        body = wanted.body(host)
        storage = {
            **body["storage"],
            "logical_units": [{"id": id_} for id_ in new.on_units],
            # The word is one for all units of the request: it is only said where what they hold is to be destroyed.
            "override_luns": bool(self.dirty.intersection(new.on_units)),
        }
        return {**body, "storage": storage}

    def _send(self, wanted: Wanted, body: Mapping[str, Any]) -> Domain:
        intent = Intent(
            doing=f"make storage domain {wanted.label}",
            entity=Entity("storage_domain", None, wanted.label),
            landed=lambda: self._arrived(wanted),
        )
        sent = {**body, "name": wanted.name}
        answer = self.engine.add("storagedomains", "storage_domain", sent, intent, timeout=self.timeout)
        return added_domain(answer)

    def _arrived(self, wanted: Wanted) -> Record | None:
        return next((one for one in self.engine.list("storagedomains") if one.name == wanted.name), None)

    def check(self, step: Step, domain: Domain) -> None:
        """Refuse a domain of before that another engine may have taken since; a new one nobody else can have."""
        if step.known is not None:
            self.refuse_foreign(step, domain, "bring it in with storage_domain_import, which can take it over")

    def give_up(self, step: Step, domain: Domain) -> str:
        """Leave the new domain: what was made is not destroyed again."""
        return f"it is made and unattached as {domain.name} ({domain.id}); run again to attach it"
