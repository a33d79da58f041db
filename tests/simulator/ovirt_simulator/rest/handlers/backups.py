# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of VMs and the checkpoints that they leave."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import backups, schema
from ...engine.backups import VmBackup, VmCheckpoint
from ...engine.commands import DeleteVmCheckpoint, StartVmBackup, StopVmBackup
from ...engine.runtime import Context
from ..call import Call, created, done, find, required
from ..errors import Gone, not_a_uuid
from ..representation import backups as shown
from ..representation import disks as shown_disks
from ..routing import is_uuid
from ..wire import Answer
from .vms import vm


def list_all(call: Call) -> Answer:
    """List the backups of a VM, those that have ended included."""
    row = vm(call.context, call.ids["vm"])
    rows = call.context.db.scalars(select(VmBackup).filter_by(vm_id=row.id).order_by(VmBackup.created, VmBackup.id))
    return Answer(shown.backups(rows), root="backups")


def read(call: Call) -> Answer:
    """Show a backup."""
    return Answer(_shown(call.context, call.ids["vm"], call.ids["backup"]))


def _shown(context: Context, vm_id: str, backup_id: str) -> types.Backup:
    return shown.backups([_below(context, VmBackup, vm_id, backup_id)])[0]


def _below(context: Context, table: Any, vm_id: str, identifier: str) -> Any:
    row = find(context, table, identifier)
    if row.vm_id != vm_id:
        raise Gone
    return row


def add(call: Call) -> Answer:
    """Start a backup of some disks of a VM."""
    call.ask(vm, call.ids["vm"])
    body = call.body(types.Backup)
    disks = required(body.disks, "Backup", "disks.id", "add")
    command = StartVmBackup(
        body.id or str(uuid.uuid4()),
        call.ids["vm"],
        [_identifier(disk.id) for disk in disks],
        body.from_checkpoint_id,
        body.description or "",
    )
    call.execute(command)
    return created(call, call.ask(_shown, command.vm_id, command.id))


def _identifier(text: str | None) -> str:
    if text is None or not is_uuid(text):
        raise not_a_uuid(text or "")
    return text.lower()


def finalize(call: Call) -> Answer:
    """End a backup."""
    call.ask(_below, VmBackup, call.ids["vm"], call.ids["backup"])
    call.action()
    return done(call, call.execute(StopVmBackup(call.ids["backup"])))


def list_disks(call: Call) -> Answer:
    """List the disks of a backup."""
    return _disks(call, _below(call.context, VmBackup, call.ids["vm"], call.ids["backup"]).disk_ids)


def list_checkpoints(call: Call) -> Answer:
    """List the checkpoints of a VM, the oldest first."""
    row = vm(call.context, call.ids["vm"])
    return Answer(shown.checkpoints(backups.checkpoints_of(call.context, row.id)), root="checkpoints")


def read_checkpoint(call: Call) -> Answer:
    """Show a checkpoint."""
    row = _below(call.context, VmCheckpoint, call.ids["vm"], call.ids["checkpoint"])
    return Answer(shown.checkpoints([row])[0])


def list_checkpoint_disks(call: Call) -> Answer:
    """List the disks of a checkpoint."""
    return _disks(call, _below(call.context, VmCheckpoint, call.ids["vm"], call.ids["checkpoint"]).disk_ids)


def remove_checkpoint(call: Call) -> Answer:
    """Delete a checkpoint."""
    call.ask(_below, VmCheckpoint, call.ids["vm"], call.ids["checkpoint"])
    return done(call, call.execute(DeleteVmCheckpoint(call.ids["checkpoint"])))


def _disks(call: Call, ids: list[str]) -> Answer:
    rows = call.context.db.scalars(select(schema.BaseDisk).where(schema.BaseDisk.id.in_(ids)))
    return Answer(shown_disks.disks(rows.all()), root="disks", base="/disks")
