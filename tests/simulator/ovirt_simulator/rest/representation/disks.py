# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks and how they are attached."""

from __future__ import annotations

from collections.abc import Iterable

from ovirtsdk4 import types

from ...engine import schema
from ...engine.ovf_store import alias_of
from ...storage.schema import StoredImage
from .values import choice, made, reference


def disks(rows: Iterable[schema.BaseDisk], on_domain: str | None = None) -> list[types.Disk]:
    """Return disks; below a storage domain they name no other domain."""
    return [_disk(row, on_domain) for row in rows]


def _disk(row: schema.BaseDisk, on_domain: str | None) -> types.Disk:
    disk = types.Disk(
        id=row.id,
        name=row.alias,
        alias=row.alias,
        description=row.description,
        storage_type=choice(types.DiskStorageType, row.storage_type),
        content_type=choice(types.DiskContentType, row.content_type),
        shareable=row.shareable,
        wipe_after_delete=row.wipe_after_delete,
        propagate_errors=row.propagate_errors,
    )
    image = row.active_image
    if image is None:
        unit = types.LogicalUnit(id=row.lun_id)
        disk.lun_storage = types.HostStorage(logical_units=[unit])
        return disk
    places = [on_domain] if on_domain else [place.storage_domain_id for place in image.placements]
    disk.status = choice(types.DiskStatus, image.status)
    disk.format = choice(types.DiskFormat, image.format)
    disk.sparse = image.sparse
    disk.backup = types.DiskBackup.INCREMENTAL if row.incremental_backup else types.DiskBackup.NONE
    disk.provisioned_size = image.provisioned_size
    disk.actual_size = image.actual_size
    disk.total_size = sum(one.actual_size for one in row.images)
    disk.image_id = image.id
    disk.qcow_version = types.QcowVersion.QCOW2_V3 if image.format == "cow" else None
    disk.storage_domains = [reference(types.StorageDomain, place) for place in places]
    if on_domain:
        disk.storage_domain = reference(types.StorageDomain, on_domain)
    return disk


def disks_of_images(rows: Iterable[schema.Image]) -> list[types.Disk]:
    """Return disks as they are in a snapshot: each one's volume there."""
    found = []
    for row in rows:
        disk = _disk(row.disk, None)
        disk.image_id, disk.snapshot = row.id, types.Snapshot(id=row.snapshot_id)
        disk.format, disk.sparse = choice(types.DiskFormat, row.format), row.sparse
        disk.provisioned_size, disk.actual_size = row.provisioned_size, row.actual_size
        disk.status = choice(types.DiskStatus, row.status)
        found.append(disk)
    return found


def unregistered(found: Iterable[StoredImage], on_domain: str) -> list[types.Disk]:
    """Return disks that lie on a domain and that the engine does not know."""
    return [
        types.Disk(
            id=one.disk_id,
            name=alias_of(one),
            alias=alias_of(one),
            storage_type=types.DiskStorageType.IMAGE,
            content_type=choice(types.DiskContentType, one.content_type),
            format=choice(types.DiskFormat, one.format),
            sparse=one.sparse,
            provisioned_size=one.provisioned_size,
            actual_size=one.actual_size,
            image_id=one.image_id,
            storage_domain=reference(types.StorageDomain, on_domain),
            storage_domains=[reference(types.StorageDomain, on_domain)],
        )
        for one in found
    ]


def attachments(rows: Iterable[schema.DiskAttachment], of_template: bool = False) -> list[types.DiskAttachment]:
    """Return the disks of a VM or template as its devices."""
    return [
        made(
            types.DiskAttachment,
            id=row.disk_id,
            active=row.plugged,
            bootable=row.bootable,
            interface=choice(types.DiskInterface, row.interface),
            read_only=row.read_only,
            pass_discard=row.pass_discard,
            uses_scsi_reservation=False,
            disk=reference(types.Disk, row.disk_id),
            vm=None if of_template else reference(types.Vm, row.vm_id),
            template=reference(types.Template, row.vm_id) if of_template else None,
        )
        for row in rows
    ]
