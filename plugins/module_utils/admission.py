# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every storage domain that comes into a data center, whether it is made or imported; pure.

`make` and `attach`, `import` and `attach`, `activate`, `update`: what a domain lacks is done in this order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .domain_request import Wanted
from .engine.errors import EngineError, Kind
from .model.site import DataCenter, Domain, Host, Site
from .results import EntityResult, report
from .rules.catalogue import judge
from .rules.rule import Violation, blocking

_OLDEST_WITH_V5 = (4, 3)
_UNKNOWN = "unknown to the engine"
_REMEDY = "clear these obstacles and run again"


@dataclass(frozen=True)
class Step:
    """What one wanted domain still lacks, and the host to do it with, if there is one."""

    wanted: Wanted
    known: Domain | None
    actions: tuple[str, ...]
    host: Host | None = None

    @property
    def before(self) -> str:
        """Return the state that it is in now."""
        return self.known.status if self.known else _UNKNOWN

    @property
    def needs_master(self) -> bool:
        """Return whether only an active master lets it be done."""
        return not {"attach", "activate"}.isdisjoint(self.actions)


@dataclass(frozen=True)
class Plan:
    """The steps in the order in which they have to begin, and what the operator has to know of them.

    leaders: the steps of which one has to be done before all others, since it gives the data center an active master.
    left_out: by label what stands in the way of domains that are not begun, so that the others can be.
    """

    steps: tuple[Step, ...]
    leaders: tuple[Step, ...]
    warnings: tuple[str, ...]
    left_out: Mapping[str, EngineError]


def hosts_to_use(site: Site, data_center: DataCenter, host: str | None) -> tuple[tuple[Host, ...], str | None]:
    """Return the named host, or all of a data center that are up; and why there is none."""
    if host:
        named = site.host(host)
        return ((named,), None) if named.status == "up" else ((), f"host {named.name} is {named.status}")
    up = tuple(one for one in site.hosts_of(data_center) if one.status == "up")
    return up, None if up else f"no host of data center {data_center.name} is up"


def lacking(wanted: Wanted, known: Domain | None, first: str) -> tuple[str, ...]:
    """Return what a domain lacks; first: how one that the engine does not know gets into it."""
    if known is None:
        return (first, "attach")
    found = []
    if known.data_center_id is None:
        found.append("attach")
    elif known.status != "active":
        found.append("activate")
    if wanted.changes_to(known):
        found.append("update")
    return tuple(found)


def obstacles_of_known(wanted: Wanted, known: Domain, data_center: DataCenter) -> Iterator[str]:
    """Yield why a domain that the engine knows cannot become what is wanted."""
    if known.type != "data":
        yield f"storage domain {known.name} is of type {known.type}: only data domains are brought in"
    if known.storage_type != wanted.storage_type or (wanted.place and known.place != wanted.place):
        yield f"the engine knows storage domain {known.name} as {known.storage_type} {known.place or ''}".rstrip()
    if known.data_center_id not in (None, data_center.id):
        yield f"storage domain {known.name} is attached to another data center"
    if known.in_process:
        yield f"storage domain {known.name} is {known.status}"
    if known.backup != wanted.backup:
        change = "set" if wanted.backup else "clear"
        yield f"storage domain {known.name} is known already: {change} its backup flag with backup_domain"
    if known.data_center_id is None and is_too_new(known.storage_format, data_center):
        yield unsupported(known.storage_format, data_center)


def obstacle_of_place(site: Site, wanted: Wanted) -> Iterator[str]:
    """Yield that the path of a domain which the engine does not know belongs to another one."""
    owner = next(filter(wanted.lies_at, site.domains), None)
    if owner is not None:
        yield f"{wanted.place} is storage domain {owner.name} ({owner.id}) already"


def is_too_new(storage_format: str | None, data_center: DataCenter) -> bool:
    """Return whether a data center cannot take a domain of a format. Source: storage contract 5.1."""
    newest = "v5" if data_center.version >= _OLDEST_WITH_V5 else "v4"
    return storage_format is not None and storage_format > newest


def unsupported(storage_format: str | None, data_center: DataCenter) -> str:
    """Return the sentence for a format that is too new."""
    return f"data center {data_center.name} does not support its format {storage_format}"


def admit(
    site: Site,
    steps: Iterable[Step],
    obstacles: Mapping[str, Sequence[str]],
    data_center: DataCenter,
    warnings: Iterable[str],
    doing: str,
    leave_out: bool = False,
) -> Plan:
    """Return the plan of the steps; EngineError names all obstacles, by the label of the domain, and those found here.

    doing: continues the word "cannot". leave_out: begin without the domains that have obstacles, if any is left.
    """
    # Without an active master the engine moves no other domain; the first one of a data center becomes its master.
    ordered = sorted(steps, key=lambda step: (not (step.known and step.known.master), step.wanted.backup))
    found = {step.wanted.label: list(obstacles.get(step.wanted.label, ())) for step in ordered}
    going = [step for step in ordered if not (leave_out and found[step.wanted.label])]
    leaders = _leaders(going, data_center)
    if data_center.status not in ("up", "uninitialized") and not leaders:
        for step in going:
            if step.needs_master:
                told = f"data center {data_center.name} is {data_center.status} and has no active master storage domain"
                found[step.wanted.label].append(told)
    violations = list(_violations(site, going, data_center))
    for violation in violations:
        found[violation.subject].append(violation.message)
    faulty = {label: "; ".join(told) for label, told in found.items() if told}
    if faulty and (not leave_out or len(faulty) == len(found)):
        raise _refused(ordered, faulty, violations, doing)
    left_out = {label: EngineError("rejected", told, remedy=_REMEDY) for label, told in faulty.items()}
    return Plan(tuple(ordered), tuple(leaders), tuple(warnings), left_out)


def _leaders(steps: Iterable[Step], data_center: DataCenter) -> list[Step]:
    if data_center.status == "uninitialized":
        return [step for step in steps if "attach" in step.actions and not step.wanted.backup]
    return [step for step in steps if step.known and step.known.master and "activate" in step.actions]


def _violations(site: Site, steps: Sequence[Step], data_center: DataCenter) -> Iterator[Violation]:
    if data_center.status != "uninitialized" or any(not step.wanted.backup for step in steps):
        return
    for step in steps:
        one = step.wanted
        candidate = Domain(one.id or "", one.label, "data", one.storage_type, "", False, True, data_center.id)
        yield from blocking(judge(site, "attach_domain", candidate, one.label))


def _refused(
    steps: Sequence[Step], faulty: Mapping[str, str], violations: Sequence[Violation], doing: str
) -> EngineError:
    results = []
    for step in steps:
        one, told = step.wanted, faulty.get(step.wanted.label)
        if told:
            results.append(EntityResult(one.id, one.label, "failed", told, _REMEDY))
        else:
            results.append(EntityResult(one.id, one.label, "skipped", "not begun, since others have obstacles"))
    state = {step.wanted.label: step.before for step in steps}
    kind: Kind = "rule" if violations else "rejected"
    remedies = [*(violation.remedy for violation in violations), f"{_REMEDY}; nothing was changed"]
    return EngineError(
        kind,
        f"cannot {doing} " + "; ".join(f"{label}: {told}" for label, told in faulty.items()),
        remedy="; ".join(dict.fromkeys(remedies)),
        details={
            **report(results, before=state, after=state),
            "violations": [violation.as_data() for violation in violations],
        },
    )
