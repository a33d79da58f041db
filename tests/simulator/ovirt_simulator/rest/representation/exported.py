# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of VMs and templates on an export domain, as their configurations describe them."""

from __future__ import annotations

from ovirtsdk4 import types

from ...engine.registration import chains_of
from ...ovf.document import Document, Volume
from .values import choice


def disks(document: Document) -> list[types.Disk]:
    """Return the disks, each with its active volume; direct LUNs are among them."""
    found = [_disk(chain[0]) for chain in chains_of(document.volumes).values()]
    for lun in document.lun_disks:
        storage = types.HostStorage(logical_units=[types.LogicalUnit(id=lun.lun_id)])
        names = {"name": lun.alias, "alias": lun.alias}
        lun_type = types.DiskStorageType.LUN
        found.append(
            types.Disk(id=lun.id, storage_type=lun_type, lun_storage=storage, shareable=lun.shareable, **names)
        )
    return found


def _disk(volume: Volume) -> types.Disk:
    return types.Disk(
        id=volume.disk_id,
        name=volume.alias,
        alias=volume.alias,
        storage_type=types.DiskStorageType.IMAGE,
        format=choice(types.DiskFormat, volume.format),
        sparse=bool(volume.sparse),
        shareable=volume.shareable,
        wipe_after_delete=volume.wipe_after_delete,
        provisioned_size=volume.size,
        image_id=volume.id,
    )


def attachments(document: Document) -> list[types.DiskAttachment]:
    """Return the disks as devices."""
    return [
        types.DiskAttachment(
            id=volume.disk_id,
            bootable=volume.bootable,
            interface=choice(types.DiskInterface, volume.interface),
            read_only=volume.read_only,
            active=volume.device.plugged if volume.device is not None else True,
            disk=types.Disk(id=volume.disk_id),
        )
        for volume in (chain[0] for chain in chains_of(document.volumes).values())
    ]
