# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and shutting down VMs in groups, one group after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .engine.waiting import wait_until
from .model.loader import load_site
from .model.site import Site, Vm
from .results import EntityResult, raise_if_failed, report
from .rules.catalogue import judge
from .rules.rule import enforce

if TYPE_CHECKING:
    from .engine.session import Session

_COMING_UP = frozenset({"wait_for_launch", "powering_up", "restoring_state", "reboot_in_progress"})


@dataclass(frozen=True)
class Group:
    """VMs that come up (or go down) together."""

    name: str
    vms: tuple[Vm, ...]


def plan(site: Site, groups: Sequence[Mapping[str, Any]], state: str) -> list[Group]:
    """Return the groups in the order of the work, shutdown in reverse.

    EngineError for an unknown VM, a VM in two groups, or, before any start, the rule that forbids one.
    """
    if not any(group["vms"] for group in groups):
        raise EngineError("invalid", "groups names no VM", remedy="give at least one group with a VM")
    read = [
        Group(item.get("name") or f"group {number}", tuple(site.vm(name) for name in item["vms"]))
        for number, item in enumerate(groups, 1)
    ]
    members = [vm.id for group in read for vm in group.vms]
    for group in read:
        for vm in group.vms:
            if members.count(vm.id) > 1:
                raise EngineError("invalid", f"VM {vm.name} is named more than once in groups")
    if state == "running":
        starting = [vm for group in read for vm in group.vms if vm.status != "up"]
        enforce([violation for vm in starting for violation in judge(site, "start_vm", vm, f"VM {vm.name}")])
    return read if state == "running" else read[::-1]


def ensure(
    engine: Session,
    *,
    groups: Sequence[Mapping[str, Any]],
    state: str,
    on_failure: str,
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Bring each group to the state before the next one's turn; return what became of each VM.

    timeout: seconds a group may take. on_failure: `stop` leaves the groups after a failed one alone, `continue` does
    not.
    EngineError partial names the VMs that failed, and those that were not tried.
    """
    site = load_site(engine)
    order = plan(site, groups, state)
    wanted = "up" if state == "running" else "down"
    worker = _Power(engine, wanted, concurrency, timeout, poll_interval)
    results: list[EntityResult] = []
    for group in order:
        if on_failure == "stop" and any(one.outcome == "failed" for one in results):
            reason = f"not tried: {group.name} comes after a group that failed"
            results += [EntityResult(vm.id, vm.name, "skipped", reason) for vm in group.vms]
            continue
        results += _bring(worker, group, check_mode)
    result = report(
        results,
        before={vm.name: vm.status for group in order for vm in group.vms},
        after={vm.name: wanted for group in order for vm in group.vms},
    )
    raise_if_failed("start" if state == "running" else "shut down", results, result)
    return result


def _bring(worker: _Power, group: Group, check_mode: bool) -> list[EntityResult]:
    todo = [vm for vm in group.vms if vm.status != worker.wanted]
    outcomes: list[Any] = [None] * len(todo) if check_mode else worker.run(group, todo)
    done = [EntityResult.of(vm.id, vm.name, outcome, group.name) for vm, outcome in zip(todo, outcomes, strict=True)]
    there = [vm for vm in group.vms if vm.status == worker.wanted]
    return done + [EntityResult(vm.id, vm.name, "skipped", f"already {worker.wanted}") for vm in there]


@dataclass(frozen=True)
class _Power:
    engine: Session
    wanted: str
    concurrency: int
    timeout: float
    poll_interval: float

    def run(self, group: Group, vms: Sequence[Vm]) -> list[Any]:
        """Send the requests side by side, then wait with one read for all; return an outcome for each VM."""
        outcomes: dict[Vm, Any] = dict(
            zip(vms, each(self.engine, vms, self._send, concurrency=self.concurrency), strict=True)
        )
        accepted = {vm.id: vm for vm, outcome in outcomes.items() if not isinstance(outcome, EngineError)}
        left: set[str] = set()
        fallen: set[str] = set()
        if accepted:
            watch = _Watch(self.wanted, frozenset(accepted))
            try:
                wait_until(
                    lambda: self._statuses(accepted),
                    watch.settled,
                    what=f"{group.name} to be {self.wanted}",
                    timeout=self.timeout,
                    poll_interval=self.poll_interval,
                    status=watch.unfinished,
                    clock=self.engine.clock,
                    sleep=self.engine.sleep,
                )
            except EngineError as exc:
                if exc.kind != "timeout":
                    raise
            left, fallen = watch.missing, watch.fallen
        for id_ in left:
            outcomes[accepted[id_]] = self._not_there(accepted[id_], id_ in fallen)
        return [outcomes[vm] for vm in vms]

    def _send(self, vm: Vm) -> None:
        action = "start" if self.wanted == "up" else "shutdown"
        intent = Intent(
            doing=f"{'start' if self.wanted == 'up' else 'shut down'} VM {vm.name}",
            entity=Entity("vm", vm.id, vm.name),
            landed=lambda: self._has_left(vm),
            busy=lambda: self.engine.get(f"vms/{vm.id}").status in ("image_locked", "saving_state"),
        )
        if vm.status not in _COMING_UP or self.wanted == "down":
            self.engine.act(f"vms/{vm.id}", action, {}, intent)

    def _has_left(self, vm: Vm) -> bool:
        status = self.engine.get(f"vms/{vm.id}").status
        return status == self.wanted or status in (_COMING_UP if self.wanted == "up" else {"powering_down"})

    def _statuses(self, accepted: Mapping[str, Vm]) -> dict[str, str]:
        return {record.id: record.status for record in self.engine.list("vms") if record.id in accepted}

    def _not_there(self, vm: Vm, fell: bool) -> EngineError:
        if fell:
            message = f"VM {vm.name} left the way to {self.wanted} again"
        else:
            message = f"VM {vm.name} was not {self.wanted} after {self.timeout:g} s"
        remedy = "see the events of the engine for the reason"
        if self.wanted == "down":
            remedy = "the guest may ignore the shutdown: shut it down from inside"
        return EngineError("timeout", message, remedy=remedy, entity=Entity("vm", vm.id, vm.name))


class _Watch:
    """What the reads have shown of a group so far."""

    def __init__(self, wanted: str, ids: frozenset[str]) -> None:
        self.wanted = wanted
        self.missing = set(ids)
        self.fallen: set[str] = set()
        self._on_the_way: set[str] = set()

    def settled(self, statuses: Mapping[str, str]) -> bool:
        """Take in one read; return whether every VM is there, or has turned back for good."""
        way = _COMING_UP if self.wanted == "up" else frozenset({"powering_down"})
        start = "down" if self.wanted == "up" else "up"
        for id_ in list(self.missing):
            status = statuses.get(id_)
            if status == self.wanted:
                self.missing.discard(id_)
            elif status in way:
                self._on_the_way.add(id_)
            elif status == start and id_ in self._on_the_way:
                self.fallen.add(id_)
        return self.missing <= self.fallen

    def unfinished(self, statuses: Mapping[str, str]) -> str:
        """Return the VMs that are not there, with their statuses, for a message."""
        return ", ".join(f"{id_} is {statuses.get(id_)}" for id_ in sorted(self.missing))
