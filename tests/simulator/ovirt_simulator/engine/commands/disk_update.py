# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing disks: what they are called, how they are attached, how much they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import disks, domains, layers, ovf_store, schema, vms
from ..command import Command, Lock, Refusal
from ..restrictions import forbid
from .disk_attach import attached, check_boot

if TYPE_CHECKING:
    from ..runtime import Context

_PLAIN = ("alias", "description", "wipe_after_delete", "propagate_errors", "incremental_backup", "shareable")
_OF_ATTACHMENT = ("interface", "bootable", "read_only", "pass_discard")
_NEEDS_STANDSTILL = ("interface", "bootable", "read_only")


@dataclass
class UpdateDisk(Command):
    """Change a disk, or how it is attached to a VM; a disk can only grow, also while its VM runs.

    changes: columns of the disk and `provisioned_size`; attachment: columns of the attachment. Where the disk lies,
    on a backup domain or not, does not matter.
    """

    disk_id: str
    changes: dict[str, Any]
    vm_id: str | None = None
    attachment: dict[str, Any] = field(default_factory=dict)

    description = "Updating disk {disk_id}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        locks = [Lock("DISK", self.disk_id)]
        if self.vm_id is not None:
            locks.append(Lock("VM", self.vm_id, exclusive=False))
        return locks

    def validate(self, context: Context) -> None:
        disk = context.db.get(schema.BaseDisk, self.disk_id)
        if disk is None:
            raise Refusal("ACTION_TYPE_FAILED_DISK_NOT_EXIST")
        disks.require_unlocked(disk)
        if self.vm_id is not None:
            self._check_attachment(context, self.vm_id)
        image = disk.active_image
        if image is None:
            return
        size = self.changes.get("provisioned_size", image.provisioned_size)
        if size < image.provisioned_size:
            raise Refusal("ACTION_TYPE_FAILED_REQUESTED_DISK_SIZE_IS_TOO_SMALL")
        if size > image.provisioned_size:
            domain = domains.find(context, disks.domain_ids(disk)[0])
            domains.require_active_data(domain)
            domains.require_space(domain, 0 if image.sparse else size - image.provisioned_size)
            forbid(context, context.engine.restrictions.enforce_o, domain.id)
        if self.changes.get("shareable") and not disk.shareable:
            self._check_shareable(disk)
            forbid(context, context.engine.restrictions.enforce_h, *disks.domain_ids(disk))

    def _check_attachment(self, context: Context, vm_id: str) -> None:
        row = vms.find(context, vm_id)
        attachment, _unused = attached(context, vm_id, self.disk_id)
        moved = [name for name in _NEEDS_STANDSTILL if self._differs(attachment, name)]
        if moved and attachment.plugged and row.status != "down":
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_NOT_DOWN", vms=row.name)
        check_boot(context, row, bool(self.attachment.get("bootable")), self.disk_id)

    def _differs(self, attachment: schema.DiskAttachment, name: str) -> bool:
        return name in self.attachment and self.attachment[name] != getattr(attachment, name)

    @staticmethod
    def _check_shareable(disk: schema.BaseDisk) -> None:
        if len(disk.images) > 1:
            raise Refusal("ACTION_TYPE_FAILED_SHAREABLE_DISKS_NOT_SUPPORTED")
        if disk.active_image is not None and disk.active_image.format == "cow":
            raise Refusal("ACTION_TYPE_FAILED_SHAREABLE_DISK_NOT_SUPPORTED_BY_VOLUME_FORMAT")

    def execute(self, context: Context) -> None:
        disk = context.db.get_one(schema.BaseDisk, self.disk_id)
        for name in _PLAIN:
            if name in self.changes:
                setattr(disk, name, self.changes[name])
        if self.vm_id is not None:
            attachment, _unused = attached(context, self.vm_id, self.disk_id)
            for name in _OF_ATTACHMENT:
                if name in self.attachment:
                    setattr(attachment, name, self.attachment[name])
        if disk.active_image is not None:
            self._store(context, disk, disk.active_image)
        context.db.flush()
        for _link, row in disks.users(context, disk.id):
            ovf_store.touch(context, row)

    def _store(self, context: Context, disk: schema.BaseDisk, image: schema.Image) -> None:
        size = self.changes.get("provisioned_size", image.provisioned_size)
        grown = size - image.provisioned_size
        if not grown and not {"alias", "description"} & set(self.changes):
            return
        domain, contents = layers.home_of(context, disk)
        image.provisioned_size = size
        image.actual_size += 0 if image.sparse else grown
        facts = {"provisioned_size": image.provisioned_size, "actual_size": image.actual_size}
        contents.write_image(image.id, description=disks.description_of(disk), **facts)
        domains.refresh_sizes(domain, contents)


@dataclass
class TidyDisk(Command):
    """Sparsify, reduce or convert a disk: it is locked for a while, and of these changes only a format shows."""

    disk_id: str
    kind: str  # sparsify, reduce, convert
    format: str | None = None
    sparse: bool | None = None

    description = "Working on disk {disk_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("DISK", self.disk_id)]

    def validate(self, context: Context) -> None:
        disk = disks.find(context, self.disk_id)
        disks.require_unlocked(disk)
        domains.require_active_data(domains.find(context, disks.domain_ids(disk)[0]))
        users = [(attachment, row) for attachment, row in disks.users(context, disk.id) if row.entity_type == "vm"]
        running = [row for attachment, row in users if attachment.plugged and row.status != "down"]
        if running:
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_NOT_DOWN", vms=domains.names(running))

    def execute(self, context: Context) -> None:
        disks.set_status(disks.find(context, self.disk_id), "locked")
        context.later("tidy_disk", self.finish)

    def finish(self, context: Context) -> None:
        """Have the disk as it was asked for."""
        disk = disks.find(context, self.disk_id)
        disks.set_status(disk, "ok")
        if self.kind == "convert" and disk.active_image is not None:
            image = disk.active_image
            image.format = self.format or image.format
            image.sparse = image.sparse if self.sparse is None else self.sparse
            domain, contents = layers.home_of(context, disk)
            image.sparse, image.actual_size = disks.size_on(domain, image)
            if not image.sparse:
                image.actual_size = image.provisioned_size
            facts = {"format": image.format, "sparse": image.sparse, "actual_size": image.actual_size}
            contents.write_image(image.id, **facts)
            domains.refresh_sizes(domain, contents)
        for _link, row in disks.users(context, disk.id):
            ovf_store.touch(context, row)

    def undo(self, context: Context) -> None:
        disks.set_status(disks.find(context, self.disk_id), "ok")
