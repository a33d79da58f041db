# SPDX-License-Identifier: GPL-3.0-or-later
"""What planning a move and planning a copy have in common: the targets, the work, and what stands in the way. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from ..engine.errors import EngineError, Kind
from ..model.site import HOSTED_ENGINE_ORIGINS, Disk, Domain, Site, Snapshot, Template, Vm
from ..results import EntityResult, report

Owner = Vm | Template

_SHOWN = 5


@dataclass(frozen=True)
class Options:
    """How the caller wants it done, as far as plans depend on it.

    repeat_after: seconds for which a complete copy makes another one needless.
    by_clone: whether the engine can clone a VM to another domain.
    leave_out: begin without what has obstacles.
    """

    include_templates: bool = False
    shutdown_vms: bool = False
    delete_memory: bool = False
    repeat_after: float = 0.0
    by_clone: bool = True
    rules: Sequence[Mapping[str, str]] = ()
    leave_out: bool = False


@dataclass(frozen=True)
class Obstacle:
    """Why an entity cannot be transferred, and how to clear that; rule: a rule of the catalogue forbids it."""

    owner: Owner
    message: str
    remedy: str
    rule: bool = False


@dataclass(frozen=True)
class TemplateCopy:
    """A template whose disks shall be on the target.

    disks: those that are not there yet. free: whether its other copies go where no thin VM needs them.
    """

    template: Template
    target: Domain
    disks: tuple[Disk, ...]
    free: bool
    size: int

    @property
    def owner(self) -> Template:
        """Return the template."""
        return self.template


@dataclass(frozen=True)
class Move:
    """A VM whose image disks shall all be on the target.

    memory: disks with the memory of its snapshots, which shall be deleted.
    """

    vm: Vm
    target: Domain
    disks: tuple[Disk, ...]
    memory: tuple[Disk, ...]
    size: int

    @property
    def owner(self) -> Vm:
        """Return the VM."""
        return self.vm


@dataclass(frozen=True)
class Leftovers:
    """What broken runs left of copying a VM: unfinished copies that are of no use, and snapshots of the source."""

    copies: tuple[Vm, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.copies or self.snapshots)


@dataclass(frozen=True)
class Copy:
    """An independent VM to be made on the target. unfinished: what a broken run began, to be gone on with.

    at: when the copy began, in UTC. disks: of the source, as far as they are copied.
    """

    vm: Vm
    target: Domain
    name: str
    at: datetime
    disks: tuple[Disk, ...]
    by_snapshot: bool
    unfinished: Vm | None
    leftovers: Leftovers
    size: int

    @property
    def owner(self) -> Vm:
        """Return the source."""
        return self.vm


Work: TypeAlias = "TemplateCopy | Move | Copy"


@dataclass(frozen=True)
class Plan:
    """All work, each kind the biggest first. tidying: sources that only need their leftovers removed.

    holding: ids of the targets on which something is already that was asked for. left_out: what has obstacles.
    """

    templates: tuple[TemplateCopy, ...] = ()
    moves: tuple[Move, ...] = ()
    copies: tuple[Copy, ...] = ()
    tidying: tuple[tuple[Vm, Leftovers], ...] = ()
    shutdowns: tuple[Vm, ...] = ()
    skipped: tuple[EntityResult, ...] = ()
    left_out: tuple[EntityResult, ...] = ()
    warnings: tuple[str, ...] = ()
    targets: tuple[Domain, ...] = ()
    holding: frozenset[str] = frozenset()

    @property
    def work(self) -> list[Work]:
        """Return everything that transfers data."""
        return [*self.templates, *self.moves, *self.copies]


def checked_targets(site: Site, names: Sequence[str], allow_non_backup: bool) -> list[Domain]:
    """Return the targets, each once; EngineError for one that is unknown, not active, or no backup domain."""
    if not names:
        raise EngineError("invalid", "storage_domains is empty", remedy="name at least one target")
    targets = list({one.id: one for one in map(site.domain, names)}.values())
    for target in targets:
        if target.type != "data" or target.status != "active":
            raise EngineError(
                "rejected",
                f"storage domain {target.name} is {target.status} and of type {target.type}",
                remedy="the target has to be an active data domain",
            )
        if not target.backup and not allow_non_backup:
            raise EngineError(
                "rejected",
                f"storage domain {target.name} is not a backup domain",
                remedy="mark it with backup_domain first, or set allow_non_backup: true",
            )
    return targets


def biggest_first(site: Site, vms: Sequence[Vm]) -> list[Vm]:
    """Return the VMs with the biggest first, since these need the room that there is only at first."""
    return sorted(vms, key=lambda vm: -sum(max(one.total_size, one.actual_size) for one in site.image_disks(vm)))


def within_reach(site: Site, owner: Owner, targets: Sequence[Domain]) -> list[Domain]:
    """Return the targets in the data center of a VM or template."""
    cluster = site.cluster_by_id.get(owner.cluster_id or "")
    return [one for one in targets if cluster is None or one.data_center_id == cluster.data_center_id]


def disk_obstacles(owner: Owner, disks: Sequence[Disk]) -> list[Obstacle]:
    """Return the disks on which an operation works, or that are broken."""
    return [
        Obstacle(
            owner,
            f"disk {disk.name} of {_called(owner)} is {disk.status}",
            "run again when the operation on the disk has ended, or repair it",
        )
        for disk in disks
        if disk.status != "ok"
    ]


def vm_obstacles(vm: Vm) -> list[Obstacle]:
    """Return what forbids every work on a VM."""
    found = []
    if vm.origin in HOSTED_ENGINE_ORIGINS:
        found.append(Obstacle(vm, f"VM {vm.name} is the hosted engine", "back the engine up with engine-backup"))
    if vm.in_preview:
        message = f"VM {vm.name} is in preview of a snapshot"
        found.append(Obstacle(vm, message, f"commit or undo the preview of {vm.name}"))
    if vm.status == "image_locked" or any(one.status == "locked" for one in vm.snapshots):
        message = f"VM {vm.name} is locked by another operation"
        found.append(Obstacle(vm, message, "run again when that operation has ended"))
    return found


def no_room(owner: Owner, told: str) -> Obstacle:
    """Return the obstacle that no target has room; told: the sizes, from Room.told; empty where none is in reach."""
    if not told:
        message = f"no target is attached to the data center of {_called(owner)}"
        return Obstacle(owner, message, "name a target in that data center")
    return Obstacle(
        owner, f"there is no room for {_called(owner)}: {told}", "free or add space, or name another target"
    )


def lun_warnings(site: Site, vm: Vm) -> list[str]:
    """Return what to say of the direct LUNs of a VM."""
    disks = [site.disk_by_id[one.disk_id] for one in vm.attachments if one.disk_id in site.disk_by_id]
    return [
        f"direct LUN {disk.name} of VM {vm.name} has no image and is not transferred"
        for disk in disks
        if disk.storage_type == "lun"
    ]


def admitted(plan: Plan, obstacles: Sequence[Obstacle], owners: Sequence[Owner], leave_out: bool) -> Plan:
    """Return the plan; EngineError tells every obstacle of every entity, and that nothing was begun.

    leave_out: begin without the entities that have obstacles, if any is left; they fail with them.
    """
    if not obstacles:
        return plan
    told = _told(obstacles)
    for one in plan.moves:
        base = next((copy for copy in plan.templates if _stands_on(one, copy) and copy.template.id in told), None)
        if base is not None:
            message = f"VM {one.vm.name} stands on template {base.template.name}, which is not on {one.target.name}"
            told.setdefault(one.vm.id, [Obstacle(one.vm, message, "clear what keeps the template from there")])
    if not leave_out or all(owner.id in told for owner in owners):
        raise _refused(obstacles, owners, leave_out)
    moves = tuple(one for one in plan.moves if one.vm.id not in told)
    asked_for = {owner.id for owner in owners} - told.keys()
    return replace(
        plan,
        templates=tuple(
            one
            for one in plan.templates
            if one.template.id in asked_for or any(_stands_on(move, one) for move in moves)
        ),
        moves=moves,
        copies=tuple(one for one in plan.copies if one.vm.id not in told),
        tidying=tuple(one for one in plan.tidying if one[0].id not in told),
        shutdowns=tuple(vm for vm in plan.shutdowns if vm.id not in told),
        skipped=tuple(one for one in plan.skipped if one.id not in told),
        left_out=tuple(_failure(owner, told[owner.id]) for owner in owners if owner.id in told),
    )


def _told(obstacles: Sequence[Obstacle]) -> dict[str, list[Obstacle]]:
    told: dict[str, list[Obstacle]] = {}
    for one in obstacles:
        told.setdefault(one.owner.id, []).append(one)
    return told


def _stands_on(move: Move, copy: TemplateCopy) -> bool:
    return bool(copy.disks) and (move.vm.template_id, move.target) == (copy.template.id, copy.target)


def _failure(owner: Owner, obstacles: Sequence[Obstacle]) -> EntityResult:
    reason = "; ".join(one.message for one in obstacles)
    remedy = "; ".join(dict.fromkeys(one.remedy for one in obstacles))
    return EntityResult(owner.id, owner.name, "failed", reason, remedy)


def _refused(obstacles: Sequence[Obstacle], owners: Sequence[Owner], leave_out: bool) -> EngineError:
    messages = list(dict.fromkeys(one.message for one in obstacles))
    shown = messages[:_SHOWN] + ([f"and {len(messages) - _SHOWN} more"] if len(messages) > _SHOWN else [])
    remedies = list(dict.fromkeys(one.remedy for one in obstacles))
    told = _told(obstacles)
    results = [
        _failure(owner, told[owner.id])
        if owner.id in told
        else EntityResult(owner.id, owner.name, "skipped", "not begun: others are in the way")
        for owner in owners
    ]
    kind: Kind = "rule" if any(one.rule for one in obstacles) else "rejected"
    if leave_out:
        # The caller wants what has obstacles to fail by itself, whether or not others are done.
        kind = "partial"
    return EngineError(
        kind,
        "; ".join(shown),
        remedy="; ".join([*remedies[:_SHOWN], "nothing was begun"]),
        details={**report(results, before={}, after={}), "transfers": []},
    )


def _called(owner: Owner) -> str:
    return f"{'VM' if isinstance(owner, Vm) else 'template'} {owner.name}"
