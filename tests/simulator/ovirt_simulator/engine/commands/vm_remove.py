# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting VMs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from .. import disks, domains, entities, machines, ovf_store, schema, snapshots, vms
from ..command import Command, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context

_REMOVABLE = frozenset({"down", "unassigned", "image_locked", "image_illegal"})


@dataclass
class RemoveVm(Command):
    """Delete a VM with its disks, or without them; one in preview, too."""

    vm_id: str
    detach_only: bool = False
    force: bool = False

    description = "Removing VM {vm_id}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        if row.delete_protected:
            raise Refusal("ACTION_TYPE_FAILED_DELETE_PROTECTION_ENABLED")
        if self.detach_only:
            self._check_detach(context, row)
        if row.status == "suspended":
            raise Refusal("VM_CANNOT_REMOVE_VM_WHEN_STATUS_IS_NOT_DOWN")
        if row.status not in _REMOVABLE:
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_RUNNING", name=row.name)
        if row.vm_pool_id is not None:
            raise Refusal("ACTION_TYPE_FAILED_VM_ATTACHED_TO_POOL", name=row.name)
        snapshots.check_idle(context, row, allow_preview=True)
        domains.find_up_pool(context, vms.pool_of(context, row).id)
        own = [disk for _unused, disk in disks.of_vm(context, row.id) if disk.active_image is not None]
        for domain_id in dict.fromkeys(id_ for disk in own for id_ in disks.domain_ids(disk)):
            domains.require_active_data(domains.find(context, domain_id))
        if not self.force:
            disks.require_unlocked(*own)
        self._check_lease(context, row)
        if row.status == "image_locked" and not self.force:
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_LOCKED", name=row.name)

    @staticmethod
    def _check_detach(context: Context, row: schema.VmStatic) -> None:
        if row.template_id != schema.BLANK_TEMPLATE:
            raise Refusal("VM_CANNOT_REMOVE_WITH_DETACH_DISKS_BASED_ON_TEMPLATE")
        if len(snapshots.of_vm(context, row.id)) > 1:
            raise Refusal("VM_CANNOT_REMOVE_WITH_DETACH_DISKS_SNAPSHOTS_EXIST")

    @staticmethod
    def _check_lease(context: Context, row: schema.VmStatic) -> None:
        if row.lease_domain_id is None:
            return
        domain = context.db.get(schema.StorageDomainStatic, row.lease_domain_id)
        if domain is None or domains.status_of(domain) != "active":
            raise Refusal("ACTION_TYPE_FAILED_INVALID_VM_LEASE_STORAGE_DOMAIN_STATUS")

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        doomed = [] if self.detach_only else self._doomed(context, row)
        for disk in snapshots.image_disks(context, row):
            for image in disk.images:
                image.snapshot_id = None
        ovf_store.touch(context, row)
        context.event(113, f"The VM {row.name} was removed.", cluster=row.cluster_id)
        remove_row(context, row)
        for disk_id in doomed:
            disks.set_status(context.db.get_one(schema.BaseDisk, disk_id), "locked")
        context.remember(disks=doomed)
        context.later("remove_disk", self.finish)

    @staticmethod
    def _doomed(context: Context, row: schema.VmStatic) -> list[str]:
        """Return the disks that go with a VM: its own images, and the memory of its snapshots."""
        found = [disk.id for disk in snapshots.image_disks(context, row)]
        for one in snapshots.of_vm(context, row.id):
            found += [id_ for id_ in (one.memory_dump_disk_id, one.memory_metadata_disk_id) if id_ is not None]
        return list(dict.fromkeys(found))

    def finish(self, context: Context) -> None:
        """Have the disks gone."""
        machines.wipe(context, context.memory["disks"])

    def undo(self, context: Context) -> None:
        for disk_id in context.memory["disks"]:
            disk = context.db.get(schema.BaseDisk, disk_id)
            if disk is not None:
                disks.set_status(disk, "illegal")

    def failed(self, context: Context) -> None:
        context.event(59, "A VM could not be removed with its disks.", "error")


def remove_row(context: Context, row: schema.VmStatic) -> None:
    """Delete a VM or template with what hangs on it; its disks float."""
    for table in (schema.DiskAttachment, schema.VmInterface, schema.Snapshot):
        context.db.execute(delete(table).where(table.vm_id == row.id))
    entities.delete_machines(context, [row.id])
    context.db.flush()
    context.db.expire_all()


@dataclass
class RemoveVmTemplate(Command):
    """Delete a template that nothing depends on."""

    template_id: str

    description = "Removing template {template_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("TEMPLATE", self.template_id)]

    def validate(self, context: Context) -> None:
        row = context.db.get(schema.VmStatic, self.template_id)
        if row is None or row.entity_type != "template":
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST")
        if row.id == schema.BLANK_TEMPLATE:
            raise Refusal("VMT_CANNOT_REMOVE_BLANK_TEMPLATE")
        if row.delete_protected:
            raise Refusal("ACTION_TYPE_FAILED_DELETE_PROTECTION_ENABLED")
        domains.find_up_pool(context, vms.pool_of(context, row).id)
        derived = self._named(context, row, "vm")
        if derived:
            raise Refusal("VMT_CANNOT_REMOVE_DETECTED_DERIVED_VM", vms=domains.names(derived))
        versions = [one for one in self._named(context, row, "template") if one.id != row.id]
        if versions:
            raise Refusal("VMT_CANNOT_REMOVE_BASE_WITH_VERSIONS", versions=domains.names(versions))
        own = [disk for _unused, disk in disks.of_vm(context, row.id)]
        for domain_id in dict.fromkeys(id_ for disk in own for id_ in disks.domain_ids(disk)):
            domains.require_active_data(domains.find(context, domain_id))
        disks.require_unlocked(*own)

    @staticmethod
    def _named(context: Context, row: schema.VmStatic, kind: str) -> list[schema.VmStatic]:
        return list(context.db.scalars(select(schema.VmStatic).filter_by(template_id=row.id, entity_type=kind)))

    def execute(self, context: Context) -> None:
        row = context.db.get_one(schema.VmStatic, self.template_id)
        row.status = "locked"
        for _unused, disk in disks.of_vm(context, row.id):
            disks.set_status(disk, "locked")
        context.later("remove_disk", self.finish)

    def finish(self, context: Context) -> None:
        """Have template and disks gone."""
        row = context.db.get_one(schema.VmStatic, self.template_id)
        own = [disk.id for _unused, disk in disks.of_vm(context, row.id)]
        ovf_store.touch(context, row)
        remove_row(context, row)
        machines.wipe(context, own)

    def undo(self, context: Context) -> None:
        row = context.db.get(schema.VmStatic, self.template_id)
        if row is not None:
            row.status = "ok"
            machines.release(context, row.id)
