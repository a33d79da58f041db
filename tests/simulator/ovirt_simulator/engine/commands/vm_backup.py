# SPDX-License-Identifier: GPL-3.0-or-later
"""Backing VMs up while they run or are down. That disks are on a backup domain never matters."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import backups, disks, domains, schema, snapshots, vms
from ..backups import VmBackup, VmCheckpoint
from ..command import Command, Lock, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context

_ALLOWED = frozenset({"up", "down"})


@dataclass
class StartVmBackup(Command):
    """Freeze what is on some disks of a VM so that it can be read, all of it or what changed since a checkpoint."""

    id: str
    vm_id: str
    disk_ids: list[str]
    from_checkpoint_id: str | None = None
    text: str = ""

    description = "Backing up VM {vm_id}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id, "ACTION_TYPE_FAILED_VM_IS_LOCKED")]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        domains.find_up_pool(context, vms.pool_of(context, row).id)
        if row.status not in _ALLOWED:
            raise Refusal("CANNOT_START_BACKUP_VM_SHOULD_BE_IN_UP_OR_DOWN_STATUS", name=row.name)
        snapshots.check_idle(context, row)
        own = {disk.id: disk for disk in snapshots.image_disks(context, row)}
        if not self.disk_ids or any(id_ not in own for id_ in self.disk_ids):
            raise Refusal("ACTION_TYPE_FAILED_DISK_NOT_EXIST")
        chosen = [own[id_] for id_ in self.disk_ids]
        disks.require_unlocked(*chosen)
        self._check_increment(context, chosen)
        places = [id_ for disk in chosen for id_ in disks.domain_ids(disk)]
        for domain_id in dict.fromkeys(places):
            domains.require_active_data(domains.find(context, domain_id))
        forbid(context, context.engine.restrictions.enforce_o, *places)

    def _check_increment(self, context: Context, chosen: list[schema.BaseDisk]) -> None:
        if self.from_checkpoint_id is None:
            return
        checkpoint = context.db.get(VmCheckpoint, self.from_checkpoint_id)
        if checkpoint is None or checkpoint.vm_id != self.vm_id:
            raise Refusal("ACTION_TYPE_FAILED_CHECKPOINT_NOT_EXIST")
        without = sorted(disk.alias for disk in chosen if not disk.incremental_backup)
        if without:
            raise Refusal("ACTION_TYPE_FAILED_DISKS_NOT_ENABLED_FOR_INCREMENTAL_BACKUP", disks=", ".join(without))

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        incremental = [id_ for id_ in self.disk_ids if context.db.get_one(schema.BaseDisk, id_).incremental_backup]
        backup = VmBackup(
            id=self.id,
            vm_id=row.id,
            phase="starting",
            host_id=row.run_on_vds,
            from_checkpoint_id=self.from_checkpoint_id,
            to_checkpoint_id=self._checkpoint(context, incremental),
            disk_ids=self.disk_ids,
            description=self.text,
            created=context.now,
            modified=context.now,
        )
        context.db.add(backup)
        context.event(10790, f"A backup of the VM {row.name} was started.", vm=row.id)
        context.later("transfer_begin", self.ready)

    def _checkpoint(self, context: Context, disk_ids: list[str]) -> str | None:
        """Return the moment from which the next backup of these disks can go on; others have none."""
        if not disk_ids:
            return None
        earlier = backups.checkpoints_of(context, self.vm_id)
        checkpoint = VmCheckpoint(
            id=str(uuid.uuid4()),
            vm_id=self.vm_id,
            parent_id=earlier[-1].id if earlier else None,
            disk_ids=disk_ids,
            created=context.now,
        )
        context.db.add(checkpoint)
        context.db.flush()
        return checkpoint.id

    def ready(self, context: Context) -> None:
        """Have the disks readable."""
        _move(context, self.id, "ready")


@dataclass
class StopVmBackup(Command):
    """End a backup; its disks cannot be read any more."""

    backup_id: str

    description = "Ending a backup"

    def validate(self, context: Context) -> None:
        if context.db.get_one(VmBackup, self.backup_id).phase != "ready":
            raise Refusal("ACTION_TYPE_FAILED_VM_BACKUP_NOT_READY")

    def execute(self, context: Context) -> None:
        _move(context, self.backup_id, "finalizing")
        context.later("transfer_end", self.finish)

    def finish(self, context: Context) -> None:
        """Have the VM free for everything else."""
        _move(context, self.backup_id, "succeeded")


@dataclass
class DeleteVmCheckpoint(Command):
    """Forget the oldest checkpoint of a VM."""

    checkpoint_id: str

    description = "Removing a checkpoint"

    def validate(self, context: Context) -> None:
        checkpoint = context.db.get_one(VmCheckpoint, self.checkpoint_id)
        backups.check_none(context, vms.find(context, checkpoint.vm_id))
        if backups.checkpoints_of(context, checkpoint.vm_id)[0] is not checkpoint:
            raise Refusal("ACTION_TYPE_FAILED_CHECKPOINT_NOT_EXIST")

    def execute(self, context: Context) -> None:
        checkpoint = context.db.get_one(VmCheckpoint, self.checkpoint_id)
        for child in backups.checkpoints_of(context, checkpoint.vm_id):
            child.parent_id = None if child.parent_id == checkpoint.id else child.parent_id
        context.db.delete(checkpoint)


def _move(context: Context, backup_id: str, phase: str) -> None:
    backup = context.db.get_one(VmBackup, backup_id)
    backup.phase, backup.modified = phase, context.now
