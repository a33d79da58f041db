# SPDX-License-Identifier: GPL-3.0-or-later
"""Making disks. The backup flag of their domain is no reason to refuse, it only keeps them unplugged."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...storage.fabric import BLOCK_TYPES
from .. import disks, domains, layers, ovf_store, schema, vms
from ..command import Command, Lock, Refusal
from ..restrictions import forbid
from .disk_attach import adopt, check_boot, check_hot

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class AddDisk(Command):
    """Make an image disk, floating or as device of a VM; `attachment` holds columns of `schema.DiskAttachment`."""

    disk_id: str
    domain_id: str
    provisioned_size: int
    alias: str
    format: str = "cow"
    sparse: bool | None = None
    image_id: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)  # more columns of the disk
    vm_id: str | None = None
    attachment: dict[str, Any] = field(default_factory=dict)

    description = "Adding disk {alias}"

    def locks(self, context: Context) -> list[Lock]:
        if self.vm_id is not None and self.attachment.get("bootable"):
            return [Lock("VM_DISK_BOOT", self.vm_id)]
        return []

    def validate(self, context: Context) -> None:
        if self.vm_id is not None:
            row = vms.find(context, self.vm_id)
            vms.check_managed(row)
            if row.status == "image_locked":
                raise Refusal("ACTION_TYPE_FAILED_VM_IS_LOCKED", name=row.name)
            check_boot(context, row, bool(self.attachment.get("bootable")))
        domain = domains.find(context, self.domain_id)
        domains.require_active_data(domain)
        if self._is_shareable and self.format == "cow":
            raise Refusal("ACTION_TYPE_FAILED_SHAREABLE_DISK_NOT_SUPPORTED_BY_VOLUME_FORMAT")
        domains.require_space(domain, self._allocated(domain))
        switches = context.engine.restrictions
        forbid(context, switches.enforce_m or switches.enforce_h and self._is_shareable, domain.id)

    @property
    def _is_shareable(self) -> bool:
        return bool(self.properties.get("shareable"))

    def _sparse(self, domain: schema.StorageDomainStatic) -> bool:
        wanted = self.format == "cow" if self.sparse is None else self.sparse
        return wanted and not (domain.storage_type in BLOCK_TYPES and self.format == "raw")

    def _allocated(self, domain: schema.StorageDomainStatic) -> int:
        if not self._sparse(domain):
            return self.provisioned_size
        return min(layers.first_size(domain), self.provisioned_size)

    def execute(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        disk = create(
            context,
            domain,
            schema.BaseDisk(id=self.disk_id, alias=self.alias, **self.properties),
            self.format,
            self._sparse(domain),
            self.provisioned_size,
            self._allocated(domain),
            image_id=self.image_id,
        )
        disks.set_status(disk, "locked")
        if self.vm_id is not None:
            row = vms.find(context, self.vm_id)
            columns = {**self.attachment, "plugged": False}
            context.db.add(schema.DiskAttachment(vm_id=row.id, disk_id=disk.id, **columns))
            adopt(context, row, disk)
        context.later("create_disk", self.finish)

    def finish(self, context: Context) -> None:
        """Have the disk usable, and plugged if that is possible."""
        disk = disks.find(context, self.disk_id)
        disks.set_status(disk, "ok")
        context.event(2021, f"The disk {disk.alias} was made.", storage_domain=self.domain_id)
        row = context.db.get(schema.VmStatic, self.vm_id) if self.vm_id is not None else None
        if row is None:
            return
        if self.attachment.get("plugged", True):
            self._plug(context, row, disk)
        ovf_store.touch(context, row)

    def _plug(self, context: Context, row: schema.VmStatic, disk: schema.BaseDisk) -> None:
        try:
            if row.status in vms.RUNNING:
                check_hot(context, disk)
        except Refusal:
            context.event(2001, f"The disk {disk.alias} could not be plugged into {row.name}.", "error", vm=row.id)
            return
        context.db.get_one(schema.DiskAttachment, (row.id, disk.id)).plugged = True


def create(
    context: Context,
    domain: schema.StorageDomainStatic,
    disk: schema.BaseDisk,
    volume_format: str,
    sparse: bool,
    provisioned_size: int,
    actual_size: int,
    image_id: str | None = None,
    guest_address: str | None = None,
) -> schema.BaseDisk:
    """Put a new disk with one volume on a domain."""
    volume = schema.Image(
        id=image_id or str(uuid.uuid4()),
        format=volume_format,
        sparse=sparse,
        provisioned_size=provisioned_size,
        actual_size=actual_size,
        creation_date=context.now,
    )
    volume.placements = [schema.ImagePlacement(storage_domain_id=domain.id)]
    disk.images = [volume]
    contents = domains.contents_of(context, domain)
    contents.add_image(
        image_id=volume.id,
        disk_id=disk.id,
        parent_id=None,
        format=volume.format,
        sparse=volume.sparse,
        provisioned_size=volume.provisioned_size,
        actual_size=volume.actual_size,
        content_type=disk.content_type or "data",
        description=disks.description_of(disk),
        guest_address=guest_address,
    )
    context.db.add(disk)
    context.db.flush()
    domains.refresh_sizes(domain, contents)
    return disk


@dataclass
class AddLunDisk(Command):
    """Make a disk of a logical unit; it has no image and lies on no domain."""

    disk_id: str
    lun_id: str
    alias: str
    shareable: bool = False
    host_id: str | None = None
    vm_id: str | None = None
    attachment: dict[str, Any] = field(default_factory=dict)

    description = "Adding disk {alias}"

    def validate(self, context: Context) -> None:
        if self.vm_id is not None:
            vms.check_managed(vms.find(context, self.vm_id))
        known = context.db.get(schema.Lun, self.lun_id)
        if known is not None:
            message = "DISK_LUN_IS_ALREADY_IN_USE" if known.disk_id else "LUNS_ALREADY_PART_OF_STORAGE_DOMAINS"
            raise Refusal(f"ACTION_TYPE_FAILED_{message}", luns=self.lun_id)

    def execute(self, context: Context) -> None:
        context.db.add(schema.Lun(id=self.lun_id, disk_id=self.disk_id, size=self._size(context)))
        disk = schema.BaseDisk(
            id=self.disk_id,
            alias=self.alias,
            storage_type="lun",
            lun_id=self.lun_id,
            shareable=self.shareable,
        )
        context.db.add(disk)
        context.db.flush()
        if self.vm_id is not None:
            context.db.add(schema.DiskAttachment(vm_id=self.vm_id, disk_id=disk.id, **self.attachment))
            ovf_store.touch(context, vms.find(context, self.vm_id))

    def _size(self, context: Context) -> int:
        """Return what the host says of the unit, 0 if there is no host to ask."""
        if self.host_id is None:
            return 0
        devices = context.storage.devices(self.host_id)
        return next((one.unit.size for one in devices if one.unit.id == self.lun_id), 0)
