# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks as devices of VMs: attaching, detaching, plugging. Here the backup flag matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import disks, domains, ovf_store, schema, snapshots, vms
from ..command import Command, Lock, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context

_ATTACHABLE = frozenset({"data", "iso"})
_OPEN_TO_CHANGES = frozenset({"down", "up", "paused", "powering_up", "suspended"})


@dataclass
class AttachDiskToVm(Command):
    """Attach an existing disk. One on a backup domain is refused, whatever the VM does and even unplugged."""

    vm_id: str
    disk_id: str
    plug: bool = True
    bootable: bool = False
    interface: str = "virtio_scsi"
    read_only: bool = False
    pass_discard: bool = False

    monitored = False
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        disk = context.db.get(schema.BaseDisk, self.disk_id)
        locks = [] if disk is not None and disk.shareable else [Lock("DISK", self.disk_id)]
        if self.bootable:
            locks.append(Lock("VM_DISK_BOOT", self.vm_id))
        return locks

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        disk = context.db.get(schema.BaseDisk, self.disk_id)
        if disk is None:
            raise Refusal("ACTION_TYPE_FAILED_DISK_NOT_EXIST")
        if disk.content_type not in _ATTACHABLE:
            raise Refusal("ACTION_TYPE_FAILED_DISK_CONTENT_TYPE_NOT_SUPPORTED_FOR_OPERATION")
        if row.status not in _OPEN_TO_CHANGES:
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)
        self._check_users(context, disk)
        if disk.active_image is not None:
            self._check_image(context, disk)
        check_boot(context, row, self.bootable)

    def _check_users(self, context: Context, disk: schema.BaseDisk) -> None:
        users = disks.users(context, disk.id)
        if any(row.id == self.vm_id for _unused, row in users):
            raise Refusal("ACTION_TYPE_FAILED_DISK_ALREADY_ATTACHED")
        if users and not disk.shareable:
            raise Refusal("ACTION_TYPE_FAILED_NOT_SHAREABLE_DISK_ALREADY_ATTACHED")

    @staticmethod
    def _check_image(context: Context, disk: schema.BaseDisk) -> None:
        domain_id = disks.domain_ids(disk)[0]
        forbid(context, context.engine.restrictions.enforce_j, domain_id)
        domains.require_active_data(domains.find(context, domain_id))
        disks.require_unlocked(disk)

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        disk = context.db.get_one(schema.BaseDisk, self.disk_id)
        fields = {"bootable": self.bootable, "interface": self.interface, "plugged": self.plug}
        modes = {"read_only": self.read_only, "pass_discard": self.pass_discard}
        context.db.add(schema.DiskAttachment(vm_id=row.id, disk_id=disk.id, **fields, **modes))
        adopt(context, row, disk)
        ovf_store.touch(context, row)
        context.event(2016, f"The disk {disk.alias} was attached to the VM {row.name}.", vm=row.id)


def adopt(context: Context, row: schema.VmStatic, disk: schema.BaseDisk) -> None:
    """Let the volumes of a disk belong to the present state of a VM."""
    if disk.active_image is not None and not disk.shareable:
        disk.active_image.snapshot_id = snapshots.active_of(context, row).id
    context.db.flush()


def check_boot(context: Context, row: schema.VmStatic, bootable: bool, disk_id: str | None = None) -> None:
    """Refuse a second disk to boot from."""
    others = [one for one, disk in disks.of_vm(context, row.id) if one.bootable and disk.id != disk_id]
    if bootable and others:
        raise Refusal("ACTION_TYPE_FAILED_VM_BOOT_IN_USE", name=row.name)


@dataclass
class DetachDiskFromVm(Command):
    """Take a disk from a VM and keep it. No flag stands in the way of that."""

    vm_id: str
    disk_id: str

    description = "Detaching disk {disk_id} from VM {vm_id}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("DISK", self.disk_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        if row.status not in _OPEN_TO_CHANGES:
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)
        _unused, disk = attached(context, self.vm_id, self.disk_id)
        disks.require_unlocked(disk)
        frozen = any(image.snapshot_id is not None and not image.active for image in disk.images)
        if frozen and not disk.shareable:
            raise Refusal("ERROR_CANNOT_DETACH_DISK_WITH_SNAPSHOT")
        forbid(context, context.engine.restrictions.enforce_j_down, *disks.domain_ids(disk))

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        attachment, disk = attached(context, self.vm_id, self.disk_id)
        ovf_store.touch(context, row)
        context.db.delete(attachment)
        for image in disk.images:
            image.snapshot_id = None
        context.db.flush()
        context.event(2018, f"The disk {disk.alias} was detached from the VM {row.name}.", vm=row.id)


def attached(context: Context, vm_id: str, disk_id: str) -> tuple[schema.DiskAttachment, schema.BaseDisk]:
    """Return a disk of a VM and how it is attached, or refuse."""
    attachment = context.db.get(schema.DiskAttachment, (vm_id, disk_id))
    if attachment is None:
        raise Refusal("ACTION_TYPE_FAILED_DISK_ALREADY_DETACHED")
    return attachment, context.db.get_one(schema.BaseDisk, disk_id)


class _Plugging(Command):
    """What plugging and unplugging share; under a running VM a backup domain refuses both."""

    vm_id: str
    disk_id: str
    plug: bool

    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        disk = context.db.get(schema.BaseDisk, self.disk_id)
        return [] if disk is not None and disk.shareable else [Lock("DISK", self.disk_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        attachment, disk = attached(context, self.vm_id, self.disk_id)
        if row.status not in _OPEN_TO_CHANGES:
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)
        if attachment.plugged and self.plug:
            raise Refusal("ACTION_TYPE_FAILED_HOT_PLUG_DISK_IS_NOT_UNPLUGGED")
        if not attachment.plugged and not self.plug:
            raise Refusal("ACTION_TYPE_FAILED_HOT_UNPLUG_DISK_IS_NOT_PLUGGED")
        if row.status in vms.RUNNING:
            check_hot(context, disk)
        else:
            forbid(context, context.engine.restrictions.enforce_j_down, *disks.domain_ids(disk))

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        attachment, disk = attached(context, self.vm_id, self.disk_id)
        attachment.plugged = self.plug
        ovf_store.touch(context, row)
        verb, code = ("plugged into", 2000) if self.plug else ("unplugged from", 2002)
        context.event(code, f"The disk {disk.alias} was {verb} the VM {row.name}.", vm=row.id)


def check_hot(context: Context, disk: schema.BaseDisk) -> None:
    """Refuse to plug a disk into, or out of, a running VM because of its domain."""
    if disk.active_image is None:
        return
    domain = domains.find(context, disks.domain_ids(disk)[0])
    domains.require_active_data(domain)
    forbid(context, context.engine.restrictions.enforce_j, domain.id)


@dataclass
class HotPlugDiskToVm(_Plugging):
    """Plug an attached disk."""

    vm_id: str
    disk_id: str
    plug: bool = True

    description = "Plugging disk {disk_id} into VM {vm_id}"


@dataclass
class HotUnPlugDiskFromVm(_Plugging):
    """Unplug a disk that stays attached."""

    vm_id: str
    disk_id: str
    plug: bool = False

    description = "Unplugging disk {disk_id} from VM {vm_id}"
