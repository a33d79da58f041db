# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves to which target, and what is in the way. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..domain_users import HEARS_SHUTDOWN
from ..model.site import Disk, Domain, Site, Template, Vm
from ..results import EntityResult
from ..rules.acting import Move as DiskMove
from ..rules.catalogue import audit, judge
from ..rules.memory import MEMORY_CONTENT
from .planning import (
    Move,
    Obstacle,
    Options,
    Owner,
    Plan,
    TemplateCopy,
    admitted,
    biggest_first,
    disk_obstacles,
    lun_warnings,
    no_room,
    vm_obstacles,
    within_reach,
)
from .space import Room, moved_size


def plan_moves(
    site: Site, vms: Sequence[Vm], templates: Sequence[Template], targets: Sequence[Domain], options: Options
) -> Plan:
    """Return what brings the VMs and templates to the targets; EngineError tells everything that is in the way."""
    planner = _Planner(site, vms, targets, options)
    planner.add_templates(templates, free=True)
    for vm in biggest_first(site, vms):
        planner.add_vm(vm)
    return admitted(planner.plan(), planner.obstacles, [*templates, *vms], options.leave_out)


def plan_template_copies(
    site: Site, templates: Sequence[Template], targets: Sequence[Domain], room: Room
) -> tuple[Plan, list[Obstacle]]:
    """Return what copies templates to the targets, and what is in the way."""
    planner = _Planner(site, (), targets, Options(), room)
    planner.add_templates(templates, free=False)
    return planner.plan(), planner.obstacles


def freeable(site: Site, template: Template, target: Domain, leaving: frozenset[str] = frozenset()) -> list[Disk]:
    """Return the disks of a template with the copies that can go once the target has them, as their domain_ids.

    A copy stays where a thin VM stands on it; leaving: ids of thin VMs that will be on the target then.
    """
    thin = [vm for vm in site.vms if vm.template_id == template.id and vm.id not in leaving]
    needed = {id_ for vm in thin for disk in site.image_disks(vm) for id_ in disk.domain_ids} | {target.id}
    disks = [
        replace(disk, domain_ids=tuple(id_ for id_ in disk.domain_ids if id_ not in needed))
        for disk in site.image_disks(template)
    ]
    return [disk for disk in disks if disk.domain_ids]


class _Planner:
    """Adds one entity after the other to the plan, and keeps account of room, templates and obstacles."""

    def __init__(
        self, site: Site, vms: Sequence[Vm], targets: Sequence[Domain], options: Options, room: Room | None = None
    ) -> None:
        self.site = site
        self.targets = targets
        self.options = options
        self.room = room or Room(targets)
        self.leaving = frozenset(vm.id for vm in vms)
        self.template_by_id = {one.id: one for one in site.templates}
        self.templates: list[TemplateCopy] = []
        self.moves: list[Move] = []
        self.skipped: list[EntityResult] = []
        self.shutdowns: list[Vm] = []
        self.obstacles: list[Obstacle] = []
        self.warnings: list[str] = []
        self.holding: set[str] = set()

    def plan(self) -> Plan:
        """Return everything that was added."""
        return Plan(
            templates=tuple(sorted(self.templates, key=lambda one: -one.size)),
            moves=tuple(self.moves),
            shutdowns=tuple(self.shutdowns),
            skipped=tuple(self.skipped),
            warnings=tuple(self.warnings),
            targets=tuple(self.targets),
            holding=frozenset(self.holding),
        )

    def add_templates(self, templates: Sequence[Template], free: bool) -> None:
        """Add templates that were asked for."""
        for template in templates:
            disks = self.site.image_disks(template)
            sizes = {
                one.id: self._template_size(template, one) for one in within_reach(self.site, template, self.targets)
            }
            there = {one for one, size in sizes.items() if not self._missing(template, one)}
            target = self.room.choose(sizes, there)
            if target is None:
                self.obstacles.append(no_room(template, self.room.told(sizes)))
                continue
            wanted = self._missing(template, target.id)
            if wanted or (free and freeable(self.site, template, target, self.leaving)):
                self.obstacles += disk_obstacles(template, disks)
                self._add_template(template, target, free)
            else:
                self._skip(template, target)

    def add_vm(self, vm: Vm) -> None:
        """Add a VM that was asked for."""
        self.warnings += lun_warnings(self.site, vm)
        disks = self.site.image_disks(vm)
        if not disks:
            self.skipped.append(EntityResult(vm.id, vm.name, "skipped", "it has no disk with an image"))
            return
        places = {disk.domain_ids for disk in disks}
        done = next((one for one in self.targets if places == {(one.id,)}), None)
        if done is not None:
            self._skip(vm, done)
            return
        target = self._target_for(vm, disks)
        if target is None:
            return
        moving = tuple(disk for disk in disks if disk.domain_ids != (target.id,))
        memory = self._memory_of(vm)
        self.obstacles += vm_obstacles(vm) + disk_obstacles(vm, moving)
        self.obstacles += [*self._status_obstacles(vm, target, moving), *self._memory_obstacles(vm, memory)]
        self.obstacles += self._rule_obstacles(vm, target, moving)
        size = sum(moved_size(disk, target) for disk in moving)
        self.room.take(target, size)
        self.moves.append(Move(vm, target, moving, memory, size))
        template = self.template_by_id.get(vm.template_id or "")
        if template is not None and not self._is_coming(template, target):
            self._add_template(template, target, free=False)

    def _skip(self, owner: Owner, target: Domain) -> None:
        self.skipped.append(EntityResult(owner.id, owner.name, "skipped", f"already on {target.name}"))
        self.holding.add(target.id)

    def _target_for(self, vm: Vm, disks: Sequence[Disk]) -> Domain | None:
        reachable = within_reach(self.site, vm, self.targets)
        template = self.template_by_id.get(vm.template_id or "")
        allowed = [
            one
            for one in reachable
            if template is None or self.options.include_templates or self._is_coming(template, one)
        ]
        if reachable and not allowed and template is not None:
            message = f"VM {vm.name} stands on template {template.name}, which is on none of the targets"
            remedy = f"set include_templates: true, or name template {template.name}, too"
            self.obstacles.append(Obstacle(vm, message, remedy))
            return None
        sizes = {one.id: self._size(vm, disks, one, template) for one in allowed}
        begun = {id_ for disk in disks for id_ in disk.domain_ids}
        target = self.room.choose(sizes, begun)
        if target is None:
            self.obstacles.append(no_room(vm, self.room.told(sizes)))
        return target

    def _size(self, vm: Vm, disks: Sequence[Disk], target: Domain, template: Template | None) -> int:
        own = sum(moved_size(disk, target) for disk in disks if disk.domain_ids != (target.id,))
        if template is None or self._is_coming(template, target):
            return own
        return own + self._template_size(template, target)

    def _missing(self, template: Template, target_id: str) -> tuple[Disk, ...]:
        return tuple(disk for disk in self.site.image_disks(template) if target_id not in disk.domain_ids)

    def _template_size(self, template: Template, target: Domain) -> int:
        return sum(moved_size(disk, target) for disk in self._missing(template, target.id))

    def _is_coming(self, template: Template, target: Domain) -> bool:
        planned = any(one.template.id == template.id and one.target.id == target.id for one in self.templates)
        return planned or not self._missing(template, target.id)

    def _add_template(self, template: Template, target: Domain, free: bool) -> None:
        size = self._template_size(template, target)
        self.room.take(target, size)
        self.templates.append(TemplateCopy(template, target, self._missing(template, target.id), free, size))

    def _status_obstacles(self, vm: Vm, target: Domain, disks: Sequence[Disk]) -> Iterator[Obstacle]:
        if vm.status == "down" or vm.status == "image_locked":
            return
        if self.options.shutdown_vms and vm.status in HEARS_SHUTDOWN:
            self.shutdowns.append(vm)
            return
        remedy = f"shut VM {vm.name} down, which shutdown_vms: true does where the guest listens"
        yield Obstacle(vm, f"VM {vm.name} is {vm.status}; it has to be down to be moved", remedy)
        for disk in disks:
            for violation in judge(self.site, "live_move_disk", DiskMove(disk, target), f"disk {disk.name}"):
                yield Obstacle(vm, violation.message, violation.remedy, rule=True)

    def _memory_of(self, vm: Vm) -> tuple[Disk, ...]:
        return tuple(one for one in self.site.disks if one.content_type in MEMORY_CONTENT and vm.id in one.description)

    def _memory_obstacles(self, vm: Vm, memory: Sequence[Disk]) -> Iterator[Obstacle]:
        if memory and not self.options.delete_memory:
            names = ", ".join(sorted(disk.name for disk in memory))
            yield Obstacle(
                vm,
                f"VM {vm.name} has snapshots with memory, whose disks would stay behind ({names})",
                "delete these snapshots or their memory, which memory_snapshots: delete does",
            )

    def _rule_obstacles(self, vm: Vm, target: Domain, disks: Sequence[Disk]) -> Iterator[Obstacle]:
        """Yield what the rules of a backup domain have against the VM being there; what only warns is noted."""
        if not target.backup:
            return
        arrived = tuple(replace(disk, domain_ids=(target.id,), status="ok") for disk in disks)
        alone = replace(self.site, vms=(replace(vm, status="down"),), templates=(), disks=arrived)
        before = {one.message for one in audit(replace(alone, vms=(), disks=()), target, self.options.rules)}
        for violation in audit(alone, target, self.options.rules):
            if violation.message in before:
                continue
            if violation.severity == "block":
                yield Obstacle(vm, violation.message, violation.remedy, rule=True)
            else:
                self.warnings.append(violation.message)
