# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking and deleting snapshots. Whether a domain is a backup domain never matters, for the memory neither."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import disks, domains, memory, ovf_store, schema, snapshots, vms
from ..command import Command, Lock, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context

_LIVE = frozenset({"up", "paused"})


@dataclass
class CreateSnapshotForVm(Command):
    """Freeze the disks of a VM, all that can be or the given ones, and if it runs its memory, too."""

    vm_id: str
    description_text: str
    save_memory: bool = True
    disk_ids: list[str] | None = None
    image_ids: dict[str, str] = field(default_factory=dict)  # of the new layers, by disk

    description = "Creating a snapshot of VM {vm_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id, "ACTION_TYPE_FAILED_SNAPSHOT_IS_BEING_TAKEN_FOR_VM")]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        check_snapshot(context, row, self._chosen(context, row))
        if self._with_memory(row):
            memory.choose_domain(context, row, vms.pool_of(context, row).id)

    def _chosen(self, context: Context, row: schema.VmStatic) -> list[schema.BaseDisk]:
        found = snapshots.image_disks(context, row)
        return found if self.disk_ids is None else [disk for disk in found if disk.id in self.disk_ids]

    def _with_memory(self, row: schema.VmStatic) -> bool:
        return self.save_memory and row.status in _LIVE

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        taken = snapshots.take(
            context, row, self.description_text, self._chosen(context, row), image_ids=self.image_ids
        )
        context.event(45, f"A snapshot of the VM {row.name} is being taken.", vm=row.id)
        context.remember(snapshot=taken.id, memory=self._with_memory(row))
        context.later("snapshot", self.finish)

    def finish(self, context: Context) -> None:
        """Have the snapshot complete, with its memory."""
        row = vms.find(context, self.vm_id)
        taken = snapshots.find(context, row.id, context.memory["snapshot"])
        if context.memory["memory"]:
            domain = memory.choose_domain(context, row, vms.pool_of(context, row).id)
            memory.create(context, row, taken, domain, "snapshot")
        taken.status = "ok"
        ovf_store.touch(context, row)
        context.event(68, f"The snapshot of the VM {row.name} is complete.", vm=row.id)

    def undo(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        taken = snapshots.find(context, row.id, context.memory["snapshot"])
        taken.status = "ok"
        snapshots.try_delete(context, row, taken)

    def failed(self, context: Context) -> None:
        context.event(69, "A snapshot could not be taken.", "error", vm=self.vm_id)


def check_snapshot(context: Context, row: schema.VmStatic, chosen: list[schema.BaseDisk]) -> None:
    """Refuse a snapshot of these disks of a VM."""
    vms.check_managed(row)
    if row.status in vms.SAVING_RESTORING:
        raise Refusal("ACTION_TYPE_FAILED_VM_IS_SAVING_RESTORING", name=row.name)
    if row.status not in _LIVE | {"down", "image_locked", "migrating"}:
        raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)
    domains.find_up_pool(context, vms.pool_of(context, row).id)
    disks.require_unlocked(*chosen)
    if row.status == "image_locked":
        raise Refusal("ACTION_TYPE_FAILED_VM_IS_LOCKED", name=row.name)
    snapshots.check_idle(context, row)
    if row.status == "migrating":
        raise Refusal("ACTION_TYPE_FAILED_MIGRATION_IN_PROGRESS", name=row.name)
    if row.stateless and row.status != "down":
        raise Refusal("ACTION_TYPE_FAILED_VM_RUNNING_STATELESS", name=row.name)
    snapshots.check_storage(context, chosen)
    check_live(context, row, chosen)


def check_live(context: Context, row: schema.VmStatic, chosen: list[schema.BaseDisk]) -> None:
    """Refuse, where that is switched on, work under a running VM on a backup domain."""
    places = [id_ for disk in chosen for id_ in disks.domain_ids(disk)]
    forbid(context, context.engine.restrictions.enforce_o and row.status in _LIVE, *places)


@dataclass
class RemoveSnapshot(Command):
    """Delete a snapshot: its volumes are merged into what was written since, while the VM runs or not."""

    vm_id: str
    snapshot_id: str

    description = "Removing a snapshot of VM {vm_id}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        domains.find_up_pool(context, vms.pool_of(context, row).id)
        snapshots.check_idle(context, row)
        snapshot = snapshots.find(context, row.id, self.snapshot_id)
        if snapshot.type != "regular":
            raise Refusal("ACTION_TYPE_FAILED_VM_SNAPSHOT_TYPE_NOT_ALLOWED", type=snapshot.type)
        if row.status not in _LIVE | {"down"}:
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)
        merged = self._merged(context, row)
        disks.require_unlocked(*merged)
        snapshots.check_storage(context, merged)
        check_live(context, row, merged)

    def _merged(self, context: Context, row: schema.VmStatic) -> list[schema.BaseDisk]:
        found = snapshots.image_disks(context, row)
        return [disk for disk in found if any(image.snapshot_id == self.snapshot_id for image in disk.images)]

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        snapshots.find(context, row.id, self.snapshot_id).status = "locked"
        for disk in self._merged(context, row):
            disks.set_status(disk, "locked")
        context.event(342, f"A snapshot of the VM {row.name} is being deleted.", vm=row.id)
        context.later("merge", self.finish)

    def finish(self, context: Context) -> None:
        """Merge the volumes."""
        row = vms.find(context, self.vm_id)
        for disk in self._merged(context, row):
            disks.set_status(disk, "ok")
        snapshots.delete(context, row, snapshots.find(context, row.id, self.snapshot_id))
        context.event(356, f"A snapshot of the VM {row.name} was deleted.", vm=row.id)

    def undo(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        snapshots.find(context, row.id, self.snapshot_id).status = "ok"
        for disk in self._merged(context, row):
            disks.set_status(disk, "illegal")

    def failed(self, context: Context) -> None:
        context.event(357, "A snapshot could not be deleted.", "error", vm=self.vm_id)
