# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs start or shut down, in which order, and what each waits for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from ..engine.errors import EngineError
from ..engine.query import is_uuid
from ..markers import RanBefore, read
from ..model.site import Site, Vm
from ..rules.catalogue import judge
from ..rules.rule import enforce

State = Literal["running", "stopped"]
Ready = Literal["accepted", "up", "agent", "tcp"]
Absent = Literal["fail", "report", "skip"]

OTHERS = "others"


@dataclass(frozen=True)
class Group:
    """VMs whose turn comes together; timeout (of each VM) and delay (once the group is ready) are seconds.

    ready: what has to be seen of a VM before it counts; for `accepted` nothing, the engine's yes to its start will do.
    port: where it has to answer for `tcp`. parallel: how many may be on their way at a time, 0 for all. absent: names
    that the engine does not have.
    """

    name: str
    vms: tuple[Vm, ...]
    ready: Ready = "up"
    port: int | None = None
    timeout: float = 600.0
    delay: float = 0.0
    parallel: int = 0
    on_failure: Literal["stop", "continue"] = "stop"
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The groups in the order of their turns; needs: for a VM's id the ids of those that come before it.

    forbidden: by id the VMs that a rule forbids to start, and that are left out.
    """

    state: State
    groups: tuple[Group, ...]
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    forbidden: Mapping[str, EngineError] = field(default_factory=dict)

    @property
    def vms(self) -> list[Vm]:
        """Return all VMs in the order of the groups."""
        return [vm for group in self.groups for vm in group.vms]


def plan(
    site: Site,
    groups: Sequence[Mapping[str, Any]],
    state: State,
    *,
    timeout: float = 600.0,
    dependencies: Mapping[str, Sequence[str]] | None = None,
    others_on: Sequence[str] = (),
    named_on: Sequence[str] = (),
    only_ran: bool = False,
    absent: Absent = "fail",
    leave_out: bool = False,
) -> Plan:
    """Return the order of the work, for a shutdown the reverse of the boot order.

    groups: as vm_power takes them; timeout: of a group that says nothing of it. dependencies: for a VM those that it
    needs. others_on: storage domains whose other VMs form a last group; one that is gone, given by its id, has none.
    named_on: storage domains that a named VM has to lie on; without any it may lie anywhere. only_ran: leave out VMs
    that did not run before (see markers). EngineError for an unknown VM (unless absent says otherwise), a VM that is
    named twice, a circle, or, before any start, the rule that forbids one.
    """
    known = frozenset(_on(site, named_on)) if named_on else None
    named = [_group(site, number, item, timeout, absent, known) for number, item in enumerate(groups, 1)]
    _refuse_repetition(named)
    if others_on:
        named.append(_others(site, named, others_on, timeout))
    if only_ran:
        named = [replace(group, vms=tuple(vm for vm in group.vms if _ran(vm))) for group in named]
    elif not others_on and not any(item["vms"] for item in groups):
        raise EngineError("invalid", "groups names no VM", remedy="give at least one group with a VM")
    needs = _needs(site, named, dependencies or {}, strict=absent == "fail" and not only_ran)
    if state == "stopped":
        return Plan(state, tuple(named[::-1]), _turned(needs))
    starting = [vm for group in named for vm in group.vms if vm.status != "up"]
    return Plan(state, tuple(named), needs, _forbidden(site, starting, leave_out))


def _forbidden(site: Site, starting: Sequence[Vm], leave_out: bool) -> dict[str, EngineError]:
    violations = {vm.id: judge(site, "start_vm", vm, f"VM {vm.name}") for vm in starting}
    if not leave_out:
        enforce([violation for found in violations.values() for violation in found])
    errors: dict[str, EngineError] = {}
    for id_, found in violations.items():
        try:
            enforce(found)
        except EngineError as exc:
            errors[id_] = exc
    return errors


def _group(
    site: Site, number: int, item: Mapping[str, Any], timeout: float, absent: str, known: frozenset[str] | None
) -> Group:
    name = item.get("name") or f"group {number}"
    if (item.get("ready") == "tcp") != bool(item.get("port")):
        raise EngineError("invalid", f"group {name} needs a port where ready is tcp, and only there")
    vms, missing = [], []
    for reference in item["vms"]:
        try:
            vms.append(_named(site, reference, known))
        except EngineError as exc:
            if exc.kind != "not_found" or absent == "fail":
                raise
            if absent == "report":
                missing.append(reference)
    given = {key: item[key] for key in ("ready", "port", "delay", "parallel", "on_failure") if item.get(key)}
    return Group(name, tuple(vms), timeout=item.get("timeout") or timeout, absent=tuple(missing), **given)


def _named(site: Site, reference: str, known: frozenset[str] | None) -> Vm:
    """Return a VM; one that is not known is a stranger that has the same name."""
    vm = site.vm(reference)
    if known is not None and vm.id not in known:
        raise EngineError(
            "not_found", f"VM {vm.name} is another one: it lies on none of the storage domains of named_on"
        )
    return vm


def _refuse_repetition(groups: Sequence[Group]) -> None:
    seen: set[str] = set()
    for vm in (vm for group in groups for vm in group.vms):
        if vm.id in seen:
            raise EngineError("invalid", f"VM {vm.name} is named more than once in groups")
        seen.add(vm.id)


def _others(site: Site, named: Sequence[Group], domains: Sequence[str], timeout: float) -> Group:
    known = {vm.id for group in named for vm in group.vms}
    found = {id_: vm for id_, vm in _on(site, domains).items() if id_ not in known}
    return Group(OTHERS, tuple(sorted(found.values(), key=lambda vm: vm.name)), timeout=timeout)


def _on(site: Site, domains: Sequence[str]) -> dict[str, Vm]:
    """Return the VMs on storage domains, by id; a domain that is gone, given by its id, has none."""
    places = [site.domain(name) for name in domains if not is_uuid(name) or name in {one.id for one in site.domains}]
    return {vm.id: vm for place in places for vm in site.vms_on(place)}


def _ran(vm: Vm) -> bool:
    return isinstance(read(vm.description), RanBefore)


def _needs(
    site: Site, groups: Sequence[Group], dependencies: Mapping[str, Sequence[str]], strict: bool
) -> dict[str, frozenset[str]]:
    """Return what each VM waits for, by ids; what is absent keeps its name for an id, and never gets ready.

    strict: a VM that has no turn is an error; else it is no dependency, since it is not there, or did not run.
    """
    turns = {vm.id: number for number, group in enumerate(groups) for vm in group.vms}
    missing = {name for group in groups for name in group.absent}
    needs: dict[str, frozenset[str]] = {}
    for reference, needed in dependencies.items():
        vm = _in_turn(site, reference, turns, strict)
        if vm is None:
            continue
        others = {name for name in needed if name in missing}
        for other in filter(None, (_in_turn(site, name, turns, strict) for name in needed if name not in missing)):
            if turns[other.id] > turns[vm.id]:
                raise EngineError("invalid", f"dependencies: VM {vm.name} needs {other.name}, whose group comes later")
            others.add(other.id)
        needs[vm.id] = frozenset(others)
    _refuse_circle(site, needs)
    return needs


def _in_turn(site: Site, reference: str, turns: Mapping[str, int], strict: bool) -> Vm | None:
    """Return a VM that has a turn; None for another one, which is an error where strict."""
    try:
        vm = site.vm(reference)
    except EngineError as exc:
        if exc.kind != "not_found" or strict:
            raise
        return None
    if vm.id in turns:
        return vm
    if strict:
        raise EngineError("invalid", f"dependencies: VM {vm.name} is in none of the groups", remedy="add it to a group")
    return None


def _refuse_circle(site: Site, needs: Mapping[str, frozenset[str]]) -> None:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as exc:
        names = [site.vm_by_id[id_].name for id_ in reversed(exc.args[1])]
        raise EngineError("invalid", f"dependencies go round in a circle: {' needs '.join(names)}") from None


def _turned(needs: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return who has to go first on the way down: those that need a VM before the VM itself."""
    pairs = list(_pairs(needs))
    return {needed: frozenset(vm for vm, other in pairs if other == needed) for _vm, needed in pairs}


def _pairs(needs: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    return ((vm, needed) for vm, others in needs.items() for needed in others)
