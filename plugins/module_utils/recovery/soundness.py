# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a recovery plan makes sense as a whole: nothing in two places, no circle, nothing left undecided. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from ..document import Node
from .plan import Group, Plan


def refuse_unsound(plan: Plan, root: Node) -> None:
    """Raise EngineError invalid for the first thing that makes no sense; root: the document, for its places."""
    places = _Places(root)
    if not plan.groups:
        raise places.at("groups").wrong("names no protection group")
    _domains_in_one_group(plan, places)
    _vms_in_one_place(plan, places)
    for group in plan.groups.values():
        _dependencies(group, places)
        _placements(plan, group, places)
    for number, mapping in enumerate(plan.mappings.values()):
        undecided = mapping.undecided()
        if undecided:
            raise places.at("mappings", number).wrong(
                f"leaves undecided what takes the place of {', '.join(undecided)}", "give each of them a target"
            )


class _Places:
    """Finds the place of a part of the plan in its document."""

    def __init__(self, root: Node) -> None:
        self._root = root

    def at(self, *keys: str | int) -> Node:
        node = self._root
        for key in keys:
            node = node.items()[key] if isinstance(key, int) else node.entries()[key]
        return node


def _domains_in_one_group(plan: Plan, places: _Places) -> None:
    seen: dict[str, str] = {}
    for group in plan.groups.values():
        for domain in group.domains:
            for key in (domain.name, domain.id):
                if key in seen:
                    place = places.at("groups", group.name, "domains", domain.name)
                    raise place.wrong(f"is in {seen[key]} already", "a storage domain belongs to one protection group")
                seen[key] = f"groups.{group.name}"


def _named(plan: Plan) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """Return each VM that a boot group or a selection names, where, and in what only one of them may be."""
    for group in plan.groups.values():
        base: tuple[str | int, ...] = ("groups", group.name)
        for number, vm in enumerate(group.vms.names or ()):
            yield vm, (*base, "vms", "names", number), "selected"
        for place, boot in enumerate(group.boot):
            for number, vm in enumerate(boot.vms):
                yield vm, (*base, "boot", place, "vms", number), "booted"


def _vms_in_one_place(plan: Plan, places: _Places) -> None:
    groups: dict[str, str | int] = {}
    seen: dict[tuple[str, str], tuple[str | int, ...]] = {}
    selected = {name: frozenset(group.vms.names) for name, group in plan.groups.items() if group.vms.names is not None}
    for vm, place, role in _named(plan):
        group = place[1]
        if groups.setdefault(vm, group) != group:
            raise places.at(*place).wrong(
                f"is VM {vm}, which is in groups.{groups[vm]} already", "a VM belongs to one protection group"
            )
        if (vm, role) in seen:
            raise places.at(*place).wrong(f"is VM {vm}, which {places.at(*seen[vm, role]).path} names already")
        seen[vm, role] = place
        if vm not in selected.get(str(group), (vm,)):
            raise places.at(*place).wrong(f"is VM {vm}, which groups.{group}.vms does not select")


def _dependencies(group: Group, places: _Places) -> None:
    booted = {vm: number for number, boot in enumerate(group.boot) for vm in boot.vms}
    for vm, needed in group.dependencies.items():
        node = places.at("groups", group.name, "dependencies", vm)
        for number, other in enumerate((vm, *needed)):
            if other not in booted:
                where = node if number == 0 else node.items()[number - 1]
                raise where.wrong(f"is VM {other}, which no boot group of {group.name} starts")
        late = [other for other in needed if booted[other] > booted[vm]]
        if late:
            raise node.wrong(f"needs {', '.join(late)}, which a later boot group starts")
    _refuse_circle(group.name, group.dependencies, places)


def _refuse_circle(group: str, dependencies: Mapping[str, tuple[str, ...]], places: _Places) -> None:
    try:
        TopologicalSorter(dependencies).prepare()
    except CycleError as exc:
        circle = " needs ".join(reversed(exc.args[1]))
        raise places.at("groups", group, "dependencies").wrong(f"goes round in a circle: {circle}") from None


def _placements(plan: Plan, group: Group, places: _Places) -> None:
    for domain in group.domains:
        node = places.at("groups", group.name, "domains", domain.name, "sites")
        if len(domain.placements) < 2:
            raise node.wrong("has to name two sites at least")
        for site, placement in domain.placements.items():
            if placement.backup and (group.restore is None or site not in group.restore.targets):
                raise node.entries()[site].wrong(
                    "is a backup domain, from which no VM may run",
                    f"name the storage domain that the VMs go to in groups.{group.name}.restore.to.{site}, "
                    "or say backup: false",
                )
