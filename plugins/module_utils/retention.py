# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup copies are kept, and the removal of the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .copies import Copy, find_copies, now, places
from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.search import checked_search
from .engine.session import Intent
from .engine.waiting import wait_until
from .model.loader import load_site
from .ovf_update import update_ovf_stores
from .results import EntityResult, raise_if_failed, report

if TYPE_CHECKING:
    from .engine.records import Record
    from .engine.session import Session

_DAY = 86400


@dataclass(frozen=True)
class Policy:
    """What is kept of the good copies of each source, by any of these.

    newest: how many of the newest, at least one. days: all that are younger. weeks, months: the newest of each of the
    last weeks and months that have one. incomplete: seconds after which an incomplete copy is given up.
    """

    newest: int
    days: int = 0
    weeks: int = 0
    months: int = 0
    incomplete: int = _DAY

    def __post_init__(self) -> None:
        if self.newest < 1:
            raise EngineError("invalid", "keep is less than 1", remedy="keep at least one copy of each VM")
        for option in ("days", "weeks", "months"):
            if getattr(self, option) < 0:
                raise EngineError("invalid", f"keep_{option} is negative", remedy="give 0 to switch it off")
        if self.incomplete < 0:
            raise EngineError("invalid", "incomplete_age is negative", remedy="give a number of seconds")


@dataclass(frozen=True)
class Verdict:
    """Whether a copy is kept, and the reason for that."""

    copy: Copy
    keep: bool
    reason: str


def plan(copies: Iterable[Copy], policy: Policy, moment: datetime) -> list[Verdict]:
    """Return a verdict on each copy, those of each source together, the newest first.

    Only good copies count, and only copies without a flaw go.
    """
    by_source: dict[str, list[Copy]] = defaultdict(list)
    for copy in copies:
        by_source[copy.marker.source_id].append(copy)
    return [verdict for group in by_source.values() for verdict in _judge(group, policy, moment)]


def _judge(copies: Sequence[Copy], policy: Policy, moment: datetime) -> Iterator[Verdict]:
    ordered = sorted(copies, key=lambda one: (one.marker.at, one.vm.id), reverse=True)
    reasons = _reasons([one for one in ordered if one.good], policy, moment)
    for copy in ordered:
        if copy.flaw is not None:
            yield Verdict(copy, True, copy.flaw)
        elif copy.vm.delete_protected:
            yield Verdict(copy, True, "it is protected against deletion")
        elif copy.vm.id in reasons:
            yield Verdict(copy, True, reasons[copy.vm.id])
        elif copy.good:
            yield Verdict(copy, False, "no rule keeps it")
        elif _age(copy, moment) < policy.incomplete:
            yield Verdict(copy, True, "it is incomplete, and young enough for its transfer to be under way")
        else:
            yield Verdict(copy, False, "it is incomplete, and too old for its transfer to be under way")


def _reasons(good: Sequence[Copy], policy: Policy, moment: datetime) -> dict[str, str]:
    """Return why copies are kept, by the ids of their VMs; good: newest first."""
    kept: dict[str, str] = {}
    for one in _first_of_each(good, "%Y-%m", policy.months):
        kept[one.vm.id] = f"it is the newest of the month {one.marker.at:%Y-%m}"
    for one in _first_of_each(good, "%G-W%V", policy.weeks):
        kept[one.vm.id] = f"it is the newest of the week {one.marker.at:%G-W%V}"
    for one in good:
        if _age(one, moment) < policy.days * _DAY:
            kept[one.vm.id] = f"it is younger than {policy.days} days"
    for one in good[: policy.newest]:
        kept[one.vm.id] = f"it is one of the newest {policy.newest}"
    return kept


def _age(copy: Copy, moment: datetime) -> float:
    return (moment - copy.marker.at).total_seconds()


def _first_of_each(good: Sequence[Copy], form: str, periods: int) -> list[Copy]:
    return [next(group) for _period, group in groupby(good, lambda one: one.marker.at.strftime(form))][:periods]


def prune(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    vms: Sequence[str],
    vm_search: str | None,
    keep: int,
    keep_days: int,
    keep_weeks: int,
    keep_months: int,
    incomplete_age: int,
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
    clock: Callable[[], datetime] = now,
) -> dict[str, Any]:
    """Remove the copies that no rule keeps (see Policy), then write the OVF stores of the domains that they were on.

    vms, vm_search: the sources, without both all. EngineError partial names the copies that could not be removed.
    """
    policy = Policy(keep, keep_days, keep_weeks, keep_months, incomplete_age)
    search = checked_search("vms", vm_search, "vm_search") if vm_search else None
    site = load_site(engine)
    sources = [*vms, *(_found(engine, search) if search else [])]
    verdicts = plan(find_copies(site, places(site, storage_domains), sources), policy, clock())
    doomed = [one for one in verdicts if not one.keep]
    outcomes: list[Any] = [None] * len(doomed)
    remover = _Remover(engine, concurrency, timeout, poll_interval)
    if not check_mode:
        outcomes = remover.run([one.copy for one in doomed])
    results = [
        EntityResult.of(one.copy.vm.id, one.copy.vm.name, outcome, one.reason)
        for one, outcome in zip(doomed, outcomes, strict=True)
    ]
    results += [EntityResult(one.copy.vm.id, one.copy.vm.name, "skipped", one.reason) for one in verdicts if one.keep]
    if not check_mode:
        gone = [one.copy for one, outcome in zip(doomed, outcomes, strict=True) if outcome is None]
        results += remover.update_ovf_stores(gone)
    removed = {one.id for one in results if one.outcome == "succeeded"}
    before = {one.copy.vm.name: one.copy.marker.at.isoformat() for one in verdicts}
    after = {one.copy.vm.name: before[one.copy.vm.name] for one in verdicts if one.copy.vm.id not in removed}
    result = report(results, before=before, after=after)
    raise_if_failed("remove", results, result)
    return result


def _found(engine: Session, search: str) -> list[str]:
    ids = [part.id for part in engine.parts("vms", search=search, doing="search for VMs")]
    if not ids:
        # No sources would mean all.
        raise EngineError("not_found", f"the search {search!r} finds no VM", remedy="check the names in it")
    return ids


def _is_still(vm: Record, copy: Copy) -> bool:
    places = {place.id for one in vm.disk_attachments or () for place in one.at("disk", "storage_domains") or ()}
    unmoved = places == {domain.id for domain in copy.domains}
    unchanged = (vm.name, vm.description or "") == (copy.vm.name, copy.vm.description)
    return unmoved and unchanged and vm.status == "down"


@dataclass(frozen=True)
class _Remover:
    engine: Session
    concurrency: int
    timeout: float
    poll_interval: float

    def run(self, copies: Sequence[Copy]) -> list[Any]:
        """Remove the copies side by side, then wait with one read for the disks of all; return an outcome for each."""
        outcomes: list[Any] = each(self.engine, copies, self._remove, concurrency=self.concurrency)
        disks = {
            attachment.disk_id: number
            for number, copy in enumerate(copies)
            if outcomes[number] is None
            for attachment in copy.vm.attachments
        }
        for disk_id in self._left(set(disks)):
            vm = copies[disks[disk_id]].vm
            outcomes[disks[disk_id]] = EngineError(
                "timeout",
                f"VM {vm.name} is removed, but not its disk {disk_id}",
                remedy="see the events of the engine for the reason, then remove the disk",
                entity=Entity("vm", vm.id, vm.name),
            )
        return outcomes

    def update_ovf_stores(self, gone: Sequence[Copy]) -> list[EntityResult]:
        """Have the stores forget the copies that are gone; return a result for each domain where that failed."""
        domains = list({one.id: one for copy in gone for one in copy.domains}.values())
        outcomes = each(
            self.engine,
            domains,
            lambda one: update_ovf_stores(self.engine, one, timeout=self.timeout, poll_interval=self.poll_interval),
            concurrency=self.concurrency,
        )
        return [
            EntityResult.of(one.id, one.name, outcome)
            for one, outcome in zip(domains, outcomes, strict=True)
            if outcome is not None
        ]

    def _remove(self, copy: Copy) -> None:
        vm = copy.vm
        found = self.engine.find(f"vms/{vm.id}", follow="disk_attachments.disk")
        if found is None:
            return
        # Somebody may have taken the copy into use since the site was read.
        if not _is_still(found, copy):
            raise EngineError(
                "conflict",
                f"VM {vm.name} has changed meanwhile",
                remedy="run again",
                entity=Entity("vm", vm.id, vm.name),
            )
        intent = Intent(
            doing=f"remove the copy {vm.name}",
            entity=Entity("vm", vm.id, vm.name),
            landed=lambda: self.engine.find(f"vms/{vm.id}") is None,
        )
        self.engine.remove(f"vms/{vm.id}", intent, timeout=self.timeout)

    def _left(self, disk_ids: set[str]) -> set[str]:
        """Wait for the disks to be gone, and return those that stay."""
        if not disk_ids:
            return set()
        try:
            found = wait_until(
                lambda: self._statuses(disk_ids),
                lambda statuses: "locked" not in statuses.values(),
                what="the disks of the copies to be removed",
                timeout=self.timeout,
                poll_interval=self.poll_interval,
                clock=self.engine.clock,
                sleep=self.engine.sleep,
            )
        except EngineError as exc:
            if exc.kind != "timeout":
                raise
            found = self._statuses(disk_ids)
        return set(found)

    def _statuses(self, disk_ids: set[str]) -> dict[str, str | None]:
        return {part.id: part.text("status") for part in self.engine.parts("disks") if part.id in disk_ids}
