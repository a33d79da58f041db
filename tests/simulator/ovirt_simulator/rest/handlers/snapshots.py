# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of VMs: taking, looking at, going back to and deleting them."""

from __future__ import annotations

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import configurations, schema
from ...engine.command import Command
from ...engine.commands import (
    CreateSnapshotForVm,
    RemoveSnapshot,
    RestoreAllSnapshots,
    RestoreSnapshot,
    TryBackToAllSnapshotsOfVm,
)
from ...engine.runtime import Context
from ..call import Call, created, done, required
from ..errors import Gone, incomplete
from ..representation import disks as shown_disks
from ..representation import snapshots as shown_layers
from ..representation import vms as shown
from ..wire import Answer
from .vms import vm


def add(call: Call) -> Answer:
    """Take a snapshot."""
    vm_id = call.ids["vm"]
    call.ask(vm, vm_id)
    body = call.body(types.Snapshot)
    text = required(body.description, "Snapshot", "description", "add")
    chosen = [one.disk for one in body.disk_attachments or [] if one.disk is not None]
    before = call.ask(_ids, vm_id)
    command = CreateSnapshotForVm(
        vm_id=vm_id,
        description_text=text,
        save_memory=body.persist_memorystate is not False,
        disk_ids=[disk.id for disk in chosen] if body.disk_attachments else None,
        image_ids={disk.id: disk.image_id for disk in chosen if disk.image_id},
    )
    call.execute(command)
    return created(call, call.ask(_newest, vm_id, before))


def _ids(context: Context, vm_id: str) -> set[str]:
    query = select(schema.Snapshot.id).filter_by(vm_id=vm_id)
    return set(context.db.scalars(query.where(schema.Snapshot.type != "active")))


def _newest(context: Context, vm_id: str, before: set[str]) -> types.Snapshot:
    query = select(schema.Snapshot).filter_by(vm_id=vm_id, type="regular")
    rows = [row for row in context.db.scalars(query) if row.id not in before]
    if not rows:
        raise Gone
    return shown.snapshots(rows)[0]


def remove(call: Call) -> Answer:
    """Delete a snapshot."""
    call.ask(_find, call.ids["vm"], call.ids["snapshot"])
    return done(call, call.execute(RemoveSnapshot(vm_id=call.ids["vm"], snapshot_id=call.ids["snapshot"])))


def restore(call: Call) -> Answer:
    """Go back to a snapshot for good; answers when that is over, under a fixed correlation id."""
    call.ask(_find, call.ids["vm"], call.ids["snapshot"])
    action = call.action()
    command = RestoreSnapshot(
        vm_id=call.ids["vm"], snapshot_id=call.ids["snapshot"], restore_memory=bool(action.restore_memory)
    )
    return done(call, call.engine.execute(command, "RestoreSnapshot"))


def preview(call: Call) -> Answer:
    """Show how a VM was."""
    call.ask(vm, call.ids["vm"])
    action = call.action()
    snapshot = action.snapshot
    missing = incomplete("Action", "snapshot.id", "previewSnapshot")
    if snapshot is None or snapshot.id is None:
        raise missing
    command = TryBackToAllSnapshotsOfVm(
        vm_id=call.ids["vm"],
        snapshot_id=snapshot.id,
        restore_memory=bool(action.restore_memory),
        disk_ids=[disk.id for disk in action.disks] if action.disks else None,
    )
    return _of_vm(call, command)


def commit(call: Call) -> Answer:
    """Stay with what is previewed."""
    call.action()
    return _of_vm(call, RestoreAllSnapshots(vm_id=call.ids["vm"], commit=True))


def undo(call: Call) -> Answer:
    """Return from a preview."""
    call.action()
    return _of_vm(call, RestoreAllSnapshots(vm_id=call.ids["vm"], commit=False))


def _of_vm(call: Call, command: Command) -> Answer:
    return done(call, call.execute(command), vm=types.Vm(id=call.ids["vm"]))


def list_disks(call: Call) -> Answer:
    """List the disks of a snapshot, each as the volume in it."""
    return Answer(_disks(call), root="disks")


def read_disk(call: Call) -> Answer:
    """Show a disk of a snapshot."""
    found = [disk for disk in _disks(call) if disk.id == call.ids["disk"]]
    if not found:
        raise Gone
    return Answer(found[0])


def _disks(call: Call) -> list[types.Disk]:
    row = _find(call.context, call.ids["vm"], call.ids["snapshot"])
    query = select(schema.Image).filter_by(snapshot_id=row.id)
    images = call.context.db.scalars(query).all()
    return shown_disks.disks_of_images(sorted(images, key=lambda image: image.disk.alias))


def list_nics(call: Call) -> Answer:
    """List the NICs that the VM had."""
    row = _find(call.context, call.ids["vm"], call.ids["snapshot"])
    document = configurations.remembered(row)
    return Answer(shown_layers.nics(document, row.vm_id), root="nics")


def _find(context: Context, vm_id: str, snapshot_id: str) -> schema.Snapshot:
    row = context.db.get(schema.Snapshot, snapshot_id)
    if row is None or row.vm_id != vm_id:
        raise Gone
    return row
