# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands on snapshots share: checks, taking one, and going back to one."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from ..ovf.writer import write
from ..storage.failures import StorageFailure
from . import backups, configurations, disks, domains, layers, memory, ovf_store, schema
from .command import ExecutionFailure, Refusal
from .ovf_documents import document_of

if TYPE_CHECKING:
    from .runtime import Context

_OF_VM = (
    select(schema.Snapshot)
    .where(schema.Snapshot.vm_id == bindparam("vm_id"))
    .order_by(schema.Snapshot.creation_date, schema.Snapshot.id)
)
_ACTIVE = select(schema.Snapshot).where(schema.Snapshot.vm_id == bindparam("vm_id"), schema.Snapshot.type == "active")
ACTIVE = "Active VM"
BEFORE_PREVIEW = "Active VM before the preview"


def of_vm(context: Context, vm_id: str) -> list[schema.Snapshot]:
    """Return the snapshots of a VM, the oldest first."""
    return list(context.db.scalars(_OF_VM, {"vm_id": vm_id}))


def active_of(context: Context, row: schema.VmStatic) -> schema.Snapshot:
    """Return the snapshot that stands for a VM as it is."""
    return context.db.scalars(_ACTIVE, {"vm_id": row.id}).one()


def find(context: Context, vm_id: str, snapshot_id: str) -> schema.Snapshot:
    """Return a snapshot of a VM, or refuse."""
    row = context.db.get(schema.Snapshot, snapshot_id)
    if row is None or row.vm_id != vm_id:
        raise Refusal("ACTION_TYPE_FAILED_VM_SNAPSHOT_DOES_NOT_EXIST")
    return row


def check_idle(context: Context, row: schema.VmStatic, allow_preview: bool = False) -> None:
    """Refuse while a snapshot of a VM is being worked on or in preview, or a backup goes on."""
    statuses = {one.status for one in of_vm(context, row.id)}
    if "locked" in statuses:
        raise Refusal("ACTION_TYPE_FAILED_VM_IS_DURING_SNAPSHOT", name=row.name)
    if "in_preview" in statuses and not allow_preview:
        raise Refusal("ACTION_TYPE_FAILED_VM_IN_PREVIEW", name=row.name)
    backups.check_none(context, row)


def image_disks(context: Context, row: schema.VmStatic) -> list[schema.BaseDisk]:
    """Return the disks of a VM that snapshots include: those with an image that is not shared."""
    return [
        disk for _unused, disk in disks.of_vm(context, row.id) if disk.active_image is not None and not disk.shareable
    ]


def check_storage(context: Context, chosen: Sequence[schema.BaseDisk]) -> None:
    """Refuse unless the domains of these disks are active and above their thresholds."""
    for domain_id in dict.fromkeys(id_ for disk in chosen for id_ in disks.domain_ids(disk)[:1]):
        domain = domains.find(context, domain_id)
        domains.require_active_data(domain)
        domains.require_space(domain)


def take(
    context: Context,
    row: schema.VmStatic,
    description: str,
    chosen: Iterable[schema.BaseDisk],
    kind: str = "regular",
    image_ids: dict[str, str] | None = None,
) -> schema.Snapshot:
    """Freeze disks of a VM: its active snapshot becomes the new one, and a new active one takes its place."""
    taken = active_of(context, row)
    taken.vm_configuration = configuration_of(context, row)
    taken.type, taken.status, taken.description = kind, "locked", description
    taken.creation_date = context.now
    active = add_active(context, row)
    included = {disk.id for disk in chosen}
    for disk in image_disks(context, row):
        frozen = disk.active_image
        assert frozen is not None
        if disk.id in included:
            layers.add(context, disk, frozen, active.id, (image_ids or {}).get(disk.id))
        else:
            frozen.snapshot_id = active.id
    context.db.flush()
    return taken


def add_active(context: Context, row: schema.VmStatic) -> schema.Snapshot:
    """Return a new snapshot that stands for the VM as it is."""
    active = schema.Snapshot(id=str(uuid.uuid4()), vm_id=row.id, creation_date=context.now)
    context.db.add(active)
    context.db.flush()
    return active


def configuration_of(context: Context, row: schema.VmStatic) -> str:
    """Return how a VM is now, as snapshots keep it: without places on storage."""
    document = document_of(context, row)
    volumes = tuple(
        replace(volume, domain_ids=(), pool_id=None)
        for volume in document.volumes
        if volume.snapshot_id == active_of(context, row).id
    )
    text = write(replace(document, volumes=volumes, snapshots=(), users=(), affinity_groups=(), affinity_labels=()))
    return base64.b64encode(text.encode()).decode()


def delete(context: Context, row: schema.VmStatic, snapshot: schema.Snapshot) -> None:
    """Merge the volumes of a snapshot into what was made on them, and forget it with its memory."""
    for disk in image_disks(context, row):
        for image in [image for image in disk.images if image.snapshot_id == snapshot.id]:
            layers.merge(context, disk, image)
    memory.drop(context, snapshot)
    context.db.delete(snapshot)
    context.db.flush()
    ovf_store.touch(context, row)


def try_delete(context: Context, row: schema.VmStatic, snapshot: schema.Snapshot) -> None:
    """Delete a snapshot after a failure; it stays where the storage does not let it go."""
    try:
        with context.attempt():
            delete(context, row, snapshot)
    except (ExecutionFailure, StorageFailure):
        context.event(357, f"A snapshot of the VM {row.name} could not be deleted.", "error", vm=row.id)


def preview(
    context: Context, row: schema.VmStatic, target: schema.Snapshot, disk_ids: Sequence[str] | None, with_memory: bool
) -> None:
    """Let a VM look as it was, on new layers over the frozen volumes; where it stood is kept aside.

    A disk that the snapshot does not include, or that is not asked for, stays as it is.
    """
    row.frozen_ovf = write(document_of(context, row))
    before = active_of(context, row)
    before.vm_configuration = configuration_of(context, row)
    before.type, before.description = "preview", BEFORE_PREVIEW
    active = add_active(context, row)
    for disk in image_disks(context, row):
        frozen = next((image for image in disk.images if image.snapshot_id == target.id), None)
        wanted = disk_ids is None or disk.id in disk_ids
        if frozen is not None and wanted:
            layers.add(context, disk, frozen, active.id)
        elif disk.active_image is not None:
            disk.active_image.snapshot_id = active.id
    target.status = "in_preview"
    if with_memory:
        active.memory_dump_disk_id = target.memory_dump_disk_id
        active.memory_metadata_disk_id = target.memory_metadata_disk_id
    configurations.bring_back(context, row, target)
    context.db.flush()


def commit(context: Context, row: schema.VmStatic) -> None:
    """Stay with the snapshot in preview: what came after it is gone."""
    target = _in_preview(context, row)
    keeping = _ancestors(context, row)
    others = [one for one in of_vm(context, row.id) if one.type != "active" and one.id != target.id]
    kept_ids: set[str | None] = set()
    lost_ids: set[str | None] = set()
    for disk in image_disks(context, row):
        for image in sorted(disk.images, key=lambda one: -one.ordinal):
            (kept_ids if image.id in keeping else lost_ids).add(image.snapshot_id)
            if image.id not in keeping:
                layers.drop(context, disk, image)
        _renumber(disk)
    for one in others:
        if one.creation_date > target.creation_date or one.id in lost_ids - kept_ids or one.type == "preview":
            memory.drop(context, one)
            context.db.delete(one)
    target.status, row.frozen_ovf = "ok", None
    context.db.flush()
    ovf_store.touch(context, row)


def undo(context: Context, row: schema.VmStatic) -> None:
    """Leave the preview: the VM is again as it was before."""
    target = _in_preview(context, row)
    active = active_of(context, row)
    before = context.db.scalars(select(schema.Snapshot).filter_by(vm_id=row.id, type="preview")).one()
    for disk in image_disks(context, row):
        old = next((image for image in disk.images if image.snapshot_id == before.id), None)
        if old is None:
            for image in disk.images:
                if image.snapshot_id == active.id:
                    image.snapshot_id = before.id
            continue
        for image in [image for image in disk.images if image.snapshot_id == active.id]:
            layers.drop(context, disk, image)
        old.active = True
    memory.drop(context, active)
    context.db.delete(active)
    context.db.flush()
    configurations.bring_back(context, row, before)
    before.type, before.description, before.vm_configuration = "active", ACTIVE, None
    target.status, row.frozen_ovf = "ok", None
    context.db.flush()
    ovf_store.touch(context, row)


def begin_stateless(context: Context, row: schema.VmStatic) -> None:
    """Let a VM write to layers that go when it stops."""
    taken = take(context, row, "stateless snapshot", image_disks(context, row), kind="stateless")
    taken.status = "ok"


def end_stateless(context: Context, row: schema.VmStatic) -> None:
    """Forget what a stateless VM wrote; while storage cannot be reached that has to wait for the next start."""
    taken = next((one for one in of_vm(context, row.id) if one.type == "stateless"), None)
    if taken is None:
        return
    try:
        with context.attempt():
            _end_stateless(context, row, taken)
    except (ExecutionFailure, StorageFailure):
        context.event(9603, f"The VM {row.name} could not be brought back to its state.", "warning", vm=row.id)


def _end_stateless(context: Context, row: schema.VmStatic, taken: schema.Snapshot) -> None:
    active = active_of(context, row)
    for disk in image_disks(context, row):
        for image in [image for image in disk.images if image.snapshot_id == active.id]:
            layers.drop(context, disk, image)
        for image in disk.images:
            image.active = image.snapshot_id == taken.id
    context.db.delete(active)
    context.db.flush()
    taken.type, taken.description, taken.vm_configuration = "active", ACTIVE, None
    context.db.flush()


def _in_preview(context: Context, row: schema.VmStatic) -> schema.Snapshot:
    return context.db.scalars(select(schema.Snapshot).filter_by(vm_id=row.id, status="in_preview")).one()


def _ancestors(context: Context, row: schema.VmStatic) -> set[str]:
    """Return the active volumes of a VM and what they lie on."""
    found: set[str] = set()
    for disk in image_disks(context, row):
        by_id = {image.id: image for image in disk.images}
        image = disk.active_image
        while image is not None:
            found.add(image.id)
            image = by_id.get(image.parent_id or "")
    return found


def _renumber(disk: schema.BaseDisk) -> None:
    for ordinal, image in enumerate(sorted(disk.images, key=lambda one: one.ordinal)):
        image.ordinal = ordinal
