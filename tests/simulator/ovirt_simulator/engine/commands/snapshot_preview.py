# SPDX-License-Identifier: GPL-3.0-or-later
"""Going back to a snapshot, to look or to stay. The backup flag of a domain does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from .. import disks, domains, ovf_store, schema, snapshots, vms
from ..command import Command, Lock, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class TryBackToAllSnapshotsOfVm(Command):
    """Preview a snapshot."""

    vm_id: str
    snapshot_id: str
    restore_memory: bool = False
    disk_ids: list[str] | None = None

    description = "Previewing a snapshot of VM {vm_id}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        check_restorable(context, row, self.snapshot_id)

    def execute(self, context: Context) -> None:
        vms.find(context, self.vm_id).status = "image_locked"
        context.event(346, "A snapshot is being previewed.", vm=self.vm_id)
        context.later("snapshot", self.finish)

    def finish(self, context: Context) -> None:
        """Have the VM as it was."""
        row = vms.find(context, self.vm_id)
        target = snapshots.find(context, row.id, self.snapshot_id)
        snapshots.preview(context, row, target, self.disk_ids, self.restore_memory)
        ovf_store.touch(context, row)
        row.status = "down"
        context.event(347, f"The VM {row.name} previews a snapshot.", vm=row.id)

    def undo(self, context: Context) -> None:
        vms.find(context, self.vm_id).status = "down"

    def failed(self, context: Context) -> None:
        context.event(348, "A snapshot could not be previewed.", "error", vm=self.vm_id)


@dataclass
class RestoreAllSnapshots(Command):
    """End a preview: stay there (commit) or return (undo)."""

    vm_id: str
    commit: bool

    description = "Restoring a snapshot of VM {vm_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        domains.find_up_pool(context, vms.pool_of(context, row).id)
        snapshots.check_idle(context, row, allow_preview=True)
        if not any(one.status == "in_preview" for one in snapshots.of_vm(context, row.id)):
            raise Refusal("ACTION_TYPE_FAILED_VM_SNAPSHOT_NOT_IN_PREVIEW", name=row.name)
        check_down(row)
        disks.require_unlocked(*snapshots.image_disks(context, row))
        check_places(context, snapshots.image_disks(context, row))

    def execute(self, context: Context) -> None:
        vms.find(context, self.vm_id).status = "image_locked"
        context.later("snapshot", self.finish)

    def finish(self, context: Context) -> None:
        """Have the preview ended."""
        row = vms.find(context, self.vm_id)
        if self.commit:
            snapshots.commit(context, row)
        else:
            snapshots.undo(context, row)
        row.status = "down"
        context.event(344, f"The preview of the VM {row.name} is over.", vm=row.id)

    def undo(self, context: Context) -> None:
        vms.find(context, self.vm_id).status = "down"

    def failed(self, context: Context) -> None:
        context.event(345, "A preview could not be ended.", "error", vm=self.vm_id)


@dataclass
class RestoreSnapshot(Command):
    """Preview and commit in one."""

    vm_id: str
    snapshot_id: str
    restore_memory: bool = False

    description = "Restoring a snapshot of VM {vm_id}"
    blocking = True

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        check_restorable(context, row, self.snapshot_id)

    def execute(self, context: Context) -> None:
        vms.find(context, self.vm_id).status = "image_locked"
        context.later("snapshot", self.finish)

    def finish(self, context: Context) -> None:
        """Have the VM as it was, for good."""
        row = vms.find(context, self.vm_id)
        target = snapshots.find(context, row.id, self.snapshot_id)
        snapshots.preview(context, row, target, None, self.restore_memory)
        snapshots.commit(context, row)
        row.status = "down"
        context.event(344, f"A snapshot of the VM {row.name} was restored.", vm=row.id)

    def undo(self, context: Context) -> None:
        vms.find(context, self.vm_id).status = "down"

    def failed(self, context: Context) -> None:
        context.event(345, "A snapshot could not be restored.", "error", vm=self.vm_id)


def check_down(row: schema.VmStatic) -> None:
    """Refuse for a VM that is not down."""
    if row.status == "image_locked":
        raise Refusal("ACTION_TYPE_FAILED_VM_IS_LOCKED", name=row.name)
    if row.status != "down":
        raise Refusal("ACTION_TYPE_FAILED_VM_IS_NOT_DOWN", vms=row.name)


def check_restorable(context: Context, row: schema.VmStatic, snapshot_id: str) -> None:
    """Refuse to go back to a snapshot: only storage, statuses and the snapshot itself count."""
    if context.db.scalar(select(schema.Snapshot.id).filter_by(id=snapshot_id, vm_id=row.id)) is None:
        raise Refusal("ACTION_TYPE_FAILED_VM_SNAPSHOT_DOES_NOT_EXIST")
    domains.find_up_pool(context, vms.pool_of(context, row).id)
    snapshots.check_idle(context, row)
    if snapshots.find(context, row.id, snapshot_id).type == "active":
        raise Refusal("ACTION_TYPE_FAILED_VM_SNAPSHOT_TYPE_NOT_ALLOWED", type="active")
    check_down(row)
    chosen = snapshots.image_disks(context, row)
    disks.require_unlocked(*chosen)
    check_places(context, chosen)


def check_places(context: Context, chosen: list[schema.BaseDisk]) -> None:
    """Refuse because of the domains of these disks: their statuses and room, and the flag only if switched on."""
    snapshots.check_storage(context, chosen)
    places = [id_ for disk in chosen for id_ in disks.domain_ids(disk)]
    forbid(context, context.engine.restrictions.enforce_c, *places)
