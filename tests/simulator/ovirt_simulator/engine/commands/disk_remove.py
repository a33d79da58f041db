# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting disks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from .. import disks, domains, entities, ovf_store, schema
from ..command import Command, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class RemoveDisk(Command):
    """Delete a disk; of a template's disk the copy on one domain, which has to be named."""

    disk_id: str
    domain_id: str | None = None

    description = "Removing disk {disk_id}"

    def locks(self, context: Context) -> list[Lock]:
        locks = [Lock("DISK", self.disk_id, "ACTION_TYPE_FAILED_DISK_IS_BEING_REMOVED")]
        for _unused, row in disks.users(context, self.disk_id):
            group = "VM" if row.entity_type == "vm" else "TEMPLATE"
            locks.append(Lock(group, row.id, "ACTION_TYPE_FAILED_DISK_IS_BEING_REMOVED", exclusive=False))
        return locks

    def validate(self, context: Context) -> None:
        disk = context.db.get(schema.BaseDisk, self.disk_id)
        if disk is None:
            raise Refusal("ACTION_TYPE_FAILED_DISK_NOT_EXIST")
        running = [
            row
            for attachment, row in disks.users(context, disk.id)
            if row.entity_type == "vm" and attachment.plugged and row.status != "down"
        ]
        if running:
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_NOT_DOWN", vms=domains.names(running))
        if disk.content_type.startswith("hosted_engine"):
            raise Refusal("ACTION_TYPE_FAILED_DISK_IS_A_HOSTED_ENGINE_DISK", name=disk.alias)
        store = context.db.get(schema.OvfStore, disk.id)
        if store is not None and not store.outdated:
            raise Refusal("ACTION_TYPE_FAILED_OVF_DISK_NOT_IN_APPLICABLE_STATUS")
        if disk.storage_type == "lun":
            return
        for domain_id in self._places(disk):
            domains.require_status(domains.find(context, domain_id), "active")
        disks.require_unlocked(disk)
        self._check_memory(context, disk)
        if disks.template_of(context, disk.id) is not None:
            self._check_template_disk(context, disk)

    def _places(self, disk: schema.BaseDisk) -> list[str]:
        places = disks.domain_ids(disk)
        return [self.domain_id] if self.domain_id in places else places

    @staticmethod
    def _check_memory(context: Context, disk: schema.BaseDisk) -> None:
        snapshot = _snapshot_of(context, disk)
        if snapshot is not None and snapshot.status == "in_preview":
            raise Refusal("ACTION_TYPE_FAILED_MEMORY_DISK_SNAPSHOT_IN_PREVIEW")
        if snapshot is not None and snapshot.type == "active":
            raise Refusal("ACTION_TYPE_FAILED_CANNOT_REMOVE_HIBERNATION_DISK")

    def _check_template_disk(self, context: Context, disk: schema.BaseDisk) -> None:
        places = disks.domain_ids(disk)
        if self.domain_id is None or self.domain_id not in places:
            raise Refusal(domains.DOMAIN_MISSING)
        if len(places) == 1:
            raise Refusal("VM_TEMPLATE_IMAGE_LAST_DOMAIN")
        derived = (
            select(schema.BaseDisk.alias)
            .join(schema.Image, schema.Image.disk_id == schema.BaseDisk.id)
            .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
            .where(schema.Image.template_image_id.in_([image.id for image in disk.images]))
            .where(schema.ImagePlacement.storage_domain_id == self.domain_id)
        )
        aliases = sorted(set(context.db.scalars(derived)))
        if aliases:
            raise Refusal("ACTION_TYPE_FAILED_DETECTED_DERIVED_DISKS", disks=", ".join(aliases))

    def execute(self, context: Context) -> None:
        for disk in self._chosen(context):
            disks.set_status(disk, "locked")
        context.later("remove_disk", self.finish)

    def _chosen(self, context: Context) -> list[schema.BaseDisk]:
        """Return the disk, of a snapshot's memory both disks."""
        disk = context.db.get_one(schema.BaseDisk, self.disk_id)
        snapshot = _snapshot_of(context, disk)
        if snapshot is None:
            return [disk]
        pair = (snapshot.memory_dump_disk_id, snapshot.memory_metadata_disk_id)
        return [context.db.get_one(schema.BaseDisk, id_) for id_ in pair if id_ is not None]

    def finish(self, context: Context) -> None:
        """Delete the volumes, and the rows of what has no volume left."""
        for disk in self._chosen(context):
            users = [row for _unused, row in disks.users(context, disk.id)]
            is_template = disks.template_of(context, disk.id) is not None
            places = self._places(disk) if is_template else disks.domain_ids(disk)
            for domain_id in places:
                domain = domains.find(context, domain_id)
                contents = domains.contents_of(context, domain)
                contents.remove_disk(disk.id)
                domains.refresh_sizes(domain, contents)
            if is_template:
                self._drop_copy(context, disk)
            else:
                entities.delete_disks(context, [disk.id])
            ovf_store.outdate(context, *places)
            for row in users:
                ovf_store.touch(context, row)

    def _drop_copy(self, context: Context, disk: schema.BaseDisk) -> None:
        for image in disk.images:
            image.placements = [one for one in image.placements if one.storage_domain_id != self.domain_id]
        disks.set_status(disk, "ok")
        context.db.flush()

    def undo(self, context: Context) -> None:
        for disk in self._chosen(context):
            disks.set_status(disk, "illegal")


def _snapshot_of(context: Context, disk: schema.BaseDisk) -> schema.Snapshot | None:
    """Return the snapshot whose memory is on a disk."""
    if disk.content_type not in disks.MEMORY_CONTENT:
        return None
    columns = (schema.Snapshot.memory_dump_disk_id, schema.Snapshot.memory_metadata_disk_id)
    return context.db.scalar(select(schema.Snapshot).where(or_(*(column == disk.id for column in columns))).limit(1))
