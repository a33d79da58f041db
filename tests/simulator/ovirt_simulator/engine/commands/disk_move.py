# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving and copying disks. Whether a domain is a backup domain matters for a live move only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from ...storage.contents import Contents, columns_of
from .. import disks, domains, ovf_store, schema, snapshots, vms
from ..command import Command, Lock, Refusal
from ..restrictions import forbid
from .snapshot_create import check_snapshot

if TYPE_CHECKING:
    from ..runtime import Context

_MOVABLE = frozenset({"data", "iso"}) | disks.MEMORY_CONTENT
_LIVE_GROUP = "LIVE_STORAGE_MIGRATION"
_BEING_MIGRATED = "ACTION_TYPE_FAILED_DISK_IS_BEING_MIGRATED"


@dataclass
class MoveDisk(Command):
    """Move a disk in the way that its VM allows; the work and the job are the inner command's."""

    disk_id: str
    target_id: str

    monitored = False
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("DISK", self.disk_id, _BEING_MIGRATED)]

    def validate(self, context: Context) -> None:
        disk = context.db.get(schema.BaseDisk, self.disk_id)
        if disk is not None and any(image.status == "locked" for image in disk.images):
            raise Refusal(_BEING_MIGRATED, name=disk.alias)

    def execute(self, context: Context) -> None:
        users = [(attachment, row) for attachment, row in disks.users(context, self.disk_id) if row.entity_type == "vm"]
        if users and users[0][0].plugged and users[0][1].status != "down":
            context.start(LiveMigrateDisk(self.disk_id, self.target_id))
        else:
            context.start(MoveOrCopyDisk(self.disk_id, self.target_id, copy=False, alias=None))


class _Moving(Command):
    """What cold and live moves share once they are allowed."""

    disk_id: str
    target_id: str

    def _begin(self, context: Context, disk: schema.BaseDisk, source_id: str) -> None:
        disks.set_status(disk, "locked")
        context.remember(source=source_id)
        seconds = disks.Pipe.begin(context, disks.copied_size(disk.images), source_id, self.target_id)
        context.later(seconds, self.finish)

    def finish(self, context: Context) -> None:
        """Have the disk on the target, and no longer on the source."""
        disk = disks.find(context, self.disk_id)
        source, target = domains.find(context, context.memory["source"]), domains.find(context, self.target_id)
        origin, goal = domains.contents_of(context, source), domains.contents_of(context, target)
        _copy_volumes(disk, origin, goal, target)
        origin.remove_disk(disk.id)
        for image in disk.images:
            image.sparse, image.actual_size = disks.size_on(target, image)
            image.placements = [schema.ImagePlacement(storage_domain_id=target.id)]
        _settle(context, disk, [(source, origin), (target, goal)])
        ovf_store.outdate(context, source.id)
        text = f"The disk {disk.alias} was moved to {target.name}."
        context.event(2010, text, storage_domain=target.id)

    def undo(self, context: Context) -> None:
        disk = context.db.get(schema.BaseDisk, self.disk_id)
        if disk is not None:
            disks.set_status(disk, "ok")


@dataclass
class MoveOrCopyDisk(_Moving):
    """Move or copy a disk that no running VM has plugged.

    A copy of a template's disk is one more place of the same disk, any other copy a new floating disk without
    snapshots.
    """

    disk_id: str
    target_id: str
    copy: bool
    alias: str | None = None

    description = "Copying or moving disk {disk_id}"

    def locks(self, context: Context) -> list[Lock]:
        locks = [Lock("DISK", self.disk_id, _BEING_MIGRATED)]
        template = disks.template_of(context, self.disk_id)
        if template is not None:
            locks.append(Lock("TEMPLATE", template.id, exclusive=False))
        return locks

    def validate(self, context: Context) -> None:
        disk = disks.find(context, self.disk_id)
        template = disks.template_of(context, disk.id)
        if not self.copy and template is not None:
            raise Refusal("ACTION_TYPE_FAILED_DISK_IS_NOT_VM_DISK", name=disk.alias)
        if disk.content_type not in _MOVABLE:
            raise Refusal("ACTION_TYPE_FAILED_DISK_CONTENT_TYPE_NOT_SUPPORTED_FOR_OPERATION")
        disks.require_unlocked(disk)
        if not self.copy and disks.domain_ids(disk)[0] == self.target_id:
            raise Refusal("ACTION_TYPE_FAILED_SOURCE_AND_TARGET_SAME")
        domains.require_active_data(self._source(context, disk))
        target = disks.check_target(context, disk, self.target_id)
        if not self.copy and domains.contents_of(context, target).images(disk.id):
            raise Refusal("ACTION_TYPE_FAILED_DESTINATION_STORAGE_DOMAIN_ALREADY_CONTAINS_THE_DISK")
        if not self.copy:
            disks.check_template_on(context, disk, target)
        domains.require_space(target, disks.copied_size(disk.images))
        self._check_users(context, disk)
        if template is not None and self.target_id in disks.domain_ids(disk):
            raise Refusal("ACTION_TYPE_FAILED_IMAGE_ALREADY_EXISTS")

    @staticmethod
    def _check_users(context: Context, disk: schema.BaseDisk) -> None:
        users = [(attachment, row) for attachment, row in disks.users(context, disk.id) if row.entity_type == "vm"]
        for _unused, row in users:
            vms.check_managed(row)
            if context.db.scalar(select(schema.Snapshot.id).filter_by(vm_id=row.id, status="in_preview")):
                raise Refusal("ACTION_TYPE_FAILED_VM_IN_PREVIEW", name=row.name)
        running = [row for attachment, row in users if attachment.plugged and row.status != "down"]
        if running:
            raise Refusal("ACTION_TYPE_FAILED_DISK_PLUGGED_TO_NON_DOWN_VMS", vms=domains.names(running))

    @staticmethod
    def _source(context: Context, disk: schema.BaseDisk) -> schema.StorageDomainStatic:
        """Return where to read from: the first place that works, else the first."""
        places = [domains.find(context, id_) for id_ in disks.domain_ids(disk)]
        return next((place for place in places if domains.status_of(place) == "active"), places[0])

    def execute(self, context: Context) -> None:
        disk = disks.find(context, self.disk_id)
        verb, code = ("copied", 2004) if self.copy else ("moved", 2008)
        context.event(code, f"The disk {disk.alias} is being {verb}.", storage_domain=self.target_id)
        self._begin(context, disk, self._source(context, disk).id)

    def finish(self, context: Context) -> None:
        """Have the disk, or its copy, on the target."""
        if not self.copy:
            super().finish(context)
            return
        disk = disks.find(context, self.disk_id)
        source, target = domains.find(context, context.memory["source"]), domains.find(context, self.target_id)
        origin, goal = domains.contents_of(context, source), domains.contents_of(context, target)
        if disks.template_of(context, disk.id) is not None:
            _copy_volumes(disk, origin, goal, target)
            for image in disk.images:
                ordinal = 1 + max(place.ordinal for place in image.placements)
                image.placements.append(schema.ImagePlacement(storage_domain_id=target.id, ordinal=ordinal))
        else:
            context.db.add(_collapsed(context, disk, self.alias or disk.alias, origin, target, goal))
        _settle(context, disk, [(source, origin), (target, goal)])
        text = f"The disk {disk.alias} was copied to {target.name}."
        context.event(2006, text, storage_domain=target.id)

    def failed(self, context: Context) -> None:
        code = 2007 if self.copy else 2011
        context.event(code, "A disk could not be copied or moved.", "error", storage_domain=self.target_id)


@dataclass
class LiveMigrateDisk(_Moving):
    """Move a disk under a running VM; this is the only move that a backup domain refuses."""

    disk_id: str
    target_id: str

    description = "Moving disk {disk_id} while its VM runs"

    def locks(self, context: Context) -> list[Lock]:
        users = [row.id for attachment, row in disks.users(context, self.disk_id) if attachment.plugged]
        waiting = [Lock(_LIVE_GROUP, vm_id, waits=True) for vm_id in users[:1]]
        return [Lock("DISK", self.disk_id, _BEING_MIGRATED), *waiting]

    def validate(self, context: Context) -> None:
        disk = disks.find(context, self.disk_id)
        plugged = [row for attachment, row in disks.users(context, disk.id) if attachment.plugged]
        vms.check_managed(plugged[0])
        disks.require_unlocked(disk)
        source_id = disks.domain_ids(disk)[0]
        if source_id == self.target_id:
            raise Refusal("ACTION_TYPE_FAILED_SOURCE_AND_TARGET_SAME")
        domains.require_active_data(domains.find(context, source_id))
        target = disks.check_target(context, disk, self.target_id)
        disks.check_template_on(context, disk, target)
        if plugged[0].status not in ("up", "paused"):
            message = "CANNOT_LIVE_MIGRATE_VM_SHOULD_BE_IN_PAUSED_OR_UP_STATUS"
            raise Refusal(message, name=plugged[0].name)
        forbid(context, context.engine.restrictions.enforce_d, target.id)
        domains.require_space(target, disks.copied_size(disk.images))
        if disk.shareable or disk.content_type != "data":
            raise Refusal("ACTION_TYPE_FAILED_DISK_CONTENT_TYPE_NOT_SUPPORTED_FOR_OPERATION")
        if len(plugged) > 1:
            raise Refusal("ACTION_TYPE_FAILED_DISK_PLUGGED_TO_NON_DOWN_VMS", vms=domains.names(plugged))
        check_snapshot(context, plugged[0], [disk])

    def execute(self, context: Context) -> None:
        disk = disks.find(context, self.disk_id)
        row = self._vm(context)
        context.event(2008, f"The disk {disk.alias} is being moved.", storage_domain=self.target_id)
        text = f"{disk.alias} Auto-generated for Live Storage Migration"
        taken = snapshots.take(context, row, text, [disk])
        context.remember(source=disks.domain_ids(disk)[0], snapshot=taken.id)
        disks.set_status(disk, "locked")
        context.later("snapshot", self.copy)

    def _vm(self, context: Context) -> schema.VmStatic:
        return next(row for attachment, row in disks.users(context, self.disk_id) if attachment.plugged)

    def _snapshot(self, context: Context) -> schema.Snapshot:
        return context.db.get_one(schema.Snapshot, context.memory["snapshot"])

    def copy(self, context: Context) -> None:
        """Have the snapshot, and copy the disk while its VM writes to both sides."""
        self._snapshot(context).status = "ok"
        context.release(_LIVE_GROUP)
        self._begin(context, disks.find(context, self.disk_id), context.memory["source"])

    def finish(self, context: Context) -> None:
        """Have the disk on the target; the snapshot goes now."""
        super().finish(context)
        disks.set_status(disks.find(context, self.disk_id), "locked")
        self._snapshot(context).status = "locked"
        context.later("merge", self.merge)

    def merge(self, context: Context) -> None:
        """Have the disk as it was before, on the target."""
        disks.set_status(disks.find(context, self.disk_id), "ok")
        snapshots.delete(context, self._vm(context), self._snapshot(context))

    def undo(self, context: Context) -> None:
        super().undo(context)
        self._snapshot(context).status = "ok"
        snapshots.try_delete(context, self._vm(context), self._snapshot(context))

    def failed(self, context: Context) -> None:
        context.event(2011, "A disk could not be moved.", "error", storage_domain=self.target_id)


def _copy_volumes(disk: schema.BaseDisk, origin: Contents, goal: Contents, target: schema.StorageDomainStatic) -> None:
    for image in disk.images:
        stored = columns_of(origin.image(image.id))
        stored["sparse"], stored["actual_size"] = disks.size_on(target, image)
        goal.add_image(**stored)


def _collapsed(
    context: Context,
    disk: schema.BaseDisk,
    alias: str,
    origin: Contents,
    target: schema.StorageDomainStatic,
    goal: Contents,
) -> schema.BaseDisk:
    """Return a new floating disk with the active state of another, and put it on the target."""
    active = disk.active_image
    assert active is not None
    volume = schema.Image(
        id=str(uuid.uuid4()),
        format=active.format,
        sparse=active.sparse,
        provisioned_size=active.provisioned_size,
        actual_size=min(active.provisioned_size, sum(image.actual_size for image in disk.images)),
        creation_date=context.now,
    )
    volume.sparse, volume.actual_size = disks.size_on(target, volume)
    guest_address = origin.image(active.id).guest_address
    volume.placements = [schema.ImagePlacement(storage_domain_id=target.id)]
    copy = schema.BaseDisk(
        id=str(uuid.uuid4()),
        alias=alias,
        description=disk.description,
        content_type=disk.content_type,
        wipe_after_delete=disk.wipe_after_delete,
        images=[volume],
    )
    goal.add_image(
        image_id=volume.id,
        disk_id=copy.id,
        parent_id=None,
        format=volume.format,
        sparse=volume.sparse,
        provisioned_size=volume.provisioned_size,
        actual_size=volume.actual_size,
        content_type=copy.content_type,
        description=disks.description_of(copy),
        guest_address=guest_address,
    )
    return copy


def _settle(
    context: Context, disk: schema.BaseDisk, changed: list[tuple[schema.StorageDomainStatic, Contents]]
) -> None:
    """Free a disk after work on it, and take note of what changed."""
    disks.set_status(disk, "ok")
    context.db.flush()
    for domain, contents in changed:
        domains.refresh_sizes(domain, contents)
    for _unused, row in disks.users(context, disk.id):
        ovf_store.touch(context, row)
