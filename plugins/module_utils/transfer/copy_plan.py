# SPDX-License-Identifier: GPL-3.0-or-later
"""Which copies are made on which target, which are there already or half made, and what is in the way. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..markers import BackupCopy, read
from ..model.site import Disk, Domain, Site, Template, Vm
from ..results import EntityResult
from .move_plan import plan_template_copies
from .naming import CopyName, WorkingName, is_for_a_copy
from .planning import (
    Copy,
    Leftovers,
    Obstacle,
    Options,
    Plan,
    admitted,
    biggest_first,
    disk_obstacles,
    lun_warnings,
    no_room,
    vm_obstacles,
    within_reach,
)
from .space import Room, copied_size

_LIVE = frozenset({"up", "paused"})


def plan_copies(
    site: Site,
    vms: Sequence[Vm],
    templates: Sequence[Template],
    targets: Sequence[Domain],
    options: Options,
    *,
    name: CopyName,
    now: datetime,
) -> Plan:
    """Return what makes a copy of each VM and template; EngineError tells everything that is in the way."""
    room = Room(targets)
    of_templates, obstacles = plan_template_copies(site, templates, targets, room)
    planner = _Planner(site, targets, options, room, name, now)
    for vm in biggest_first(site, vms):
        planner.add(vm)
    plan = replace(
        of_templates,
        copies=tuple(planner.copies),
        tidying=tuple(planner.tidying),
        skipped=(*of_templates.skipped, *planner.skipped),
        warnings=tuple(planner.warnings),
        holding=of_templates.holding | planner.holding,
    )
    return admitted(plan, [*obstacles, *planner.obstacles], [*templates, *vms], options.leave_out)


def is_copy(site: Site, vm: Vm, targets: Sequence[Domain]) -> bool:
    """Return whether a VM is a backup copy, whole or not.

    One that was brought back from a copy has its marker still, but lies neither on a backup domain nor on a target.
    """
    if WorkingName.read(vm.name) is not None:
        return True
    places = {id_ for disk in site.image_disks(vm) for id_ in disk.domain_ids}
    stored = site.backup_ids | {target.id for target in targets}
    return isinstance(read(vm.description), BackupCopy) and not stored.isdisjoint(places)


class _Planner:
    """Adds one VM after the other to the plan, and keeps account of room, names and obstacles."""

    def __init__(
        self, site: Site, targets: Sequence[Domain], options: Options, room: Room, name: CopyName, now: datetime
    ) -> None:
        self.site = site
        self.targets = targets
        self.options = options
        self.room = room
        self.name = name
        self.now = now.replace(microsecond=0)
        self.whole, self.begun = _copies_by_source(site)
        self.taken: dict[tuple[str | None, str], str] = {
            (self._data_center(vm), vm.name): "another VM" for vm in site.vms if WorkingName.read(vm.name) is None
        }
        self.template_by_id = {one.id: one for one in site.templates}
        self.copies: list[Copy] = []
        self.tidying: list[tuple[Vm, Leftovers]] = []
        self.skipped: list[EntityResult] = []
        self.obstacles: list[Obstacle] = []
        self.warnings: list[str] = []
        self.holding: set[str] = set()

    def add(self, vm: Vm) -> None:
        """Add a VM that was asked for."""
        self.warnings += lun_warnings(self.site, vm)
        disks = self.site.image_disks(vm)
        if not disks:
            self.skipped.append(EntityResult(vm.id, vm.name, "skipped", "it has no disk with an image"))
            return
        fresh = self._fresh(vm)
        unfinished = None if fresh else self._useful(vm, len(disks))
        leftovers = Leftovers(
            copies=tuple(one for one in self.begun[vm.id] if one is not unfinished),
            snapshots=tuple(one for one in vm.snapshots if is_for_a_copy(one.description, vm.id)),
        )
        if fresh is None:
            self._add_copy(vm, disks, unfinished, leftovers)
            return
        copy, at, home = fresh
        self.holding.add(home.id)
        reason = f"it has the copy {copy.name} of {at:%Y-%m-%d %H:%M} UTC"
        self.skipped.append(EntityResult(vm.id, vm.name, "skipped", reason))
        if leftovers:
            self.tidying.append((vm, leftovers))

    def _add_copy(self, vm: Vm, disks: Sequence[Disk], unfinished: Vm | None, leftovers: Leftovers) -> None:
        if unfinished is not None:
            target, size, at = self._home(unfinished), 0, _begun(unfinished)
        else:
            self.obstacles += [*vm_obstacles(vm), *disk_obstacles(vm, disks), *self._copying_obstacles(vm, disks)]
            sizes = {one.id: self._size(vm, disks, one) for one in within_reach(self.site, vm, self.targets)}
            target, at = self.room.choose(sizes), self.now
            size = sizes[target.id] if target else 0
            if target is None:
                self.obstacles.append(no_room(vm, self.room.told(sizes)))
        if target is None:
            return
        name = self.name.of(vm, at)
        self._claim(vm, name)
        self.room.take(target, size)
        self.copies.append(
            Copy(
                vm=vm,
                target=target,
                name=name,
                at=at,
                disks=tuple(disks),
                by_snapshot=vm.status != "down" or not self.options.by_clone,
                unfinished=unfinished,
                leftovers=leftovers,
                size=size,
            )
        )

    def _copying_obstacles(self, vm: Vm, disks: Sequence[Disk]) -> list[Obstacle]:
        found = [
            Obstacle(
                vm,
                f"VM {vm.name} has the shareable disk {disk.name}, which is not copied but would be shared",
                f"detach disk {disk.name} from {vm.name}, or make it not shareable",
                rule=True,
            )
            for disk in disks
            if disk.shareable
        ]
        if vm.status not in _LIVE | {"down", "image_locked"}:
            message = f"VM {vm.name} is {vm.status}; it can be copied while it is up, paused or down"
            found.append(Obstacle(vm, message, "run again when it has settled, or bring it up or down"))
        return found

    def _size(self, vm: Vm, disks: Sequence[Disk], target: Domain) -> int:
        """Return what a copy takes; a thin VM's has the template's part in it, too."""
        template = self.template_by_id.get(vm.template_id or "")
        base = sum(copied_size(disk, target) for disk in self.site.image_disks(template)) if template else 0
        own = sum(copied_size(disk, target) for disk in disks)
        return min(own + base, max(own, sum(disk.provisioned_size for disk in disks)))

    def _fresh(self, vm: Vm) -> tuple[Vm, datetime, Domain] | None:
        """Return the newest complete copy on a target that is young enough, its time and its place."""
        since = self.now - timedelta(seconds=self.options.repeat_after)
        young = [(copy, at) for copy, at in self.whole[vm.id] if at > since]
        found = [(copy, at, home) for copy, at in young if (home := self._home(copy)) is not None]
        return max(found, key=lambda one: one[1], default=None)

    def _useful(self, vm: Vm, disks: int) -> Vm | None:
        """Return the unfinished copy that can be gone on with: a young one, with all its disks on one target."""
        since = self.now - timedelta(seconds=self.options.repeat_after)
        found = [
            one
            for one in self.begun[vm.id]
            if _begun(one) > since
            and one.status in ("image_locked", "down")
            and self._home(one) is not None
            and len(self.site.image_disks(one)) == disks
            and all(disk.status != "illegal" for disk in self.site.image_disks(one))
        ]
        return max(found, key=_begun, default=None)

    def _home(self, copy: Vm) -> Domain | None:
        places = {disk.domain_ids for disk in self.site.image_disks(copy)}
        return next((one for one in self.targets if places == {(one.id,)}), None)

    def _claim(self, vm: Vm, name: str) -> None:
        key = (self._data_center(vm), name)
        holder = self.taken.setdefault(key, f"the copy of VM {vm.name}")
        if holder != f"the copy of VM {vm.name}":
            message = f"the name {name} for the copy of VM {vm.name} is taken by {holder}"
            self.obstacles.append(Obstacle(vm, message, "remove or rename that VM, or choose another name_template"))

    def _data_center(self, vm: Vm) -> str | None:
        cluster = self.site.cluster_by_id.get(vm.cluster_id or "")
        return cluster.data_center_id if cluster else None


def _copies_by_source(site: Site) -> tuple[dict[str, list[tuple[Vm, datetime]]], dict[str, list[Vm]]]:
    """Return the complete copies with their times, and the unfinished ones, by the id of their source."""
    whole: dict[str, list[tuple[Vm, datetime]]] = defaultdict(list)
    begun: dict[str, list[Vm]] = defaultdict(list)
    for vm in site.vms:
        marker, working = read(vm.description), WorkingName.read(vm.name)
        if working is not None:
            begun[working.source_id].append(vm)
        elif isinstance(marker, BackupCopy) and marker.complete:
            whole[marker.source_id].append((vm, marker.at))
    return whole, begun


def _begun(vm: Vm) -> datetime:
    working = WorkingName.read(vm.name)
    if working is None:
        raise AssertionError(f"{vm.name} is no unfinished copy: a bug of the caller")
    return working.at
