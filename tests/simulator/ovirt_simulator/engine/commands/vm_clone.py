# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloning a VM, running or not, with its snapshots or without."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...storage.contents import columns_of
from .. import disks, domains, layers, machines, schema, snapshots, vms
from ..command import Lock, Refusal
from ..machines import Target
from ..restrictions import forbid
from .disk_attach import AttachDiskToVm
from .vm_add import MakingVm

if TYPE_CHECKING:
    from ..runtime import Context

_CHAIN_KEPT_FROM = frozenset({"down", "suspended"})


@dataclass
class CloneVm(MakingVm):
    """Copy a VM, its present state or with the whole chain of its snapshots.

    A shareable disk is not copied but attached, too; where that is refused the clone comes without it.
    """

    vm_id: str
    new_id: str
    name: str
    cluster_id: str
    domain_id: str | None = None
    discard_snapshots: bool = True

    description = "Cloning VM {vm_id}"

    def locks(self, context: Context) -> list[Lock]:
        message = "ACTION_TYPE_FAILED_VM_IS_BEING_CLONED"
        locks = [Lock("VM", self.vm_id, message), Lock("VM_NAME", self.name)]
        row = context.db.get(schema.VmStatic, self.vm_id)
        own = snapshots.image_disks(context, row) if row is not None else []
        return locks + [Lock("DISK", disk.id, message) for disk in own]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        self._check_place(context)
        if row.status == "image_locked":
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_LOCKED", name=row.name)
        snapshots.check_idle(context, row)
        if not self.discard_snapshots and row.status not in _CHAIN_KEPT_FROM:
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_NOT_DOWN", vms=row.name)
        own = snapshots.image_disks(context, row)
        disks.require_unlocked(*own)
        snapshots.check_storage(context, own)
        for disk in own:
            target = domains.find(context, self._target(disk).domain_id)
            domains.require_active_data(target)
            domains.require_space(target, disks.copied_size(disk.images))
            forbid(context, context.engine.restrictions.enforce_m, target.id)

    def _target(self, disk: schema.BaseDisk) -> Target:
        return Target(self.domain_id or disks.domain_ids(disk)[0])

    def execute(self, context: Context) -> None:
        source = vms.find(context, self.vm_id)
        live = source.status in vms.RUNNING
        taken = _freeze(context, source) if live else None
        context.remember(snapshot=taken.id if taken is not None else None)
        columns = machines.like(source, {"description": source.description, "comment": source.comment})
        columns["delete_protected"] = False
        row, active = machines.add_vm(context, self.new_id, self.name, self.cluster_id, columns, schema.BLANK_TEMPLATE)
        for disk in snapshots.image_disks(context, source):
            if self.discard_snapshots:
                top = next((one for one in disk.images if taken is not None and one.snapshot_id == taken.id), None)
                alias = f"{self.name}_{disk.alias}"
                top = top or disk.active_image
                assert top is not None
                machines.collapse(context, disk, top, self._target(disk), (row.id, active.id), alias)
        if not self.discard_snapshots:
            row.template_id = source.template_id
            self._copy_chains(context, source, row, active)
        machines.copy_nics(context, source.id, row.id)
        context.later(machines.making_time(context), self.finish)

    def _copy_chains(
        self, context: Context, source: schema.VmStatic, row: schema.VmStatic, active: schema.Snapshot
    ) -> None:
        twins = {snapshots.active_of(context, source).id: active.id}
        for one in snapshots.of_vm(context, source.id):
            if one.type != "active":
                twins[one.id] = str(uuid.uuid4())
                copy = schema.Snapshot(
                    id=twins[one.id],
                    vm_id=row.id,
                    type=one.type,
                    description=one.description,
                    creation_date=one.creation_date,
                    vm_configuration=one.vm_configuration,
                )
                context.db.add(copy)
        context.db.flush()
        for disk in snapshots.image_disks(context, source):
            self._copy_chain(context, disk, row, twins)

    def _copy_chain(self, context: Context, disk: schema.BaseDisk, row: schema.VmStatic, twins: dict[str, str]) -> None:
        home, origin = layers.home_of(context, disk)
        domain = domains.find(context, self._target(disk).domain_id)
        contents = domains.contents_of(context, domain)
        ids = {image.id: str(uuid.uuid4()) for image in disk.images}
        copy = schema.BaseDisk(id=str(uuid.uuid4()), alias=f"{self.name}_{disk.alias}", description=disk.description)
        kept = ("ordinal", "template_image_id", "active", "format", "sparse", "provisioned_size", "actual_size")
        for image in disk.images:
            volume = schema.Image(id=ids[image.id], creation_date=image.creation_date, status="locked")
            for name in kept:
                setattr(volume, name, getattr(image, name))
            volume.parent_id = ids.get(image.parent_id or "", image.parent_id)
            volume.snapshot_id = twins.get(image.snapshot_id or "")
            volume.placements = [schema.ImagePlacement(storage_domain_id=domain.id)]
            copy.images.append(volume)
            stored = columns_of(origin.image(image.id))
            stored |= {"image_id": volume.id, "disk_id": copy.id, "parent_id": volume.parent_id}
            contents.add_image(**stored)
        context.db.add(copy)
        context.db.flush()
        machines.attach_like(context, disk, copy, row.id)
        machines.begin_copy(context, sum(image.actual_size for image in copy.images), home.id, domain.id)
        domains.refresh_sizes(domain, contents)

    def finish(self, context: Context) -> None:
        """Have the clone usable, and the source without what was needed for it."""
        source = context.db.get(schema.VmStatic, self.vm_id)
        if source is not None and context.memory["snapshot"] is not None:
            snapshots.delete(context, source, snapshots.find(context, source.id, context.memory["snapshot"]))
        super().finish(context)
        for attachment, disk in disks.of_vm(context, self.vm_id):
            if disk.shareable:
                self._share(context, disk, attachment)

    def _share(self, context: Context, disk: schema.BaseDisk, attachment: schema.DiskAttachment) -> None:
        try:
            context.start(AttachDiskToVm(self.new_id, disk.id, plug=attachment.plugged, interface=attachment.interface))
        except Refusal:
            return


def _freeze(context: Context, row: schema.VmStatic) -> schema.Snapshot:
    """Freeze the disks of a running VM for as long as they are copied."""
    text = f"Auto-generated for cloning {row.name}"
    taken = snapshots.take(context, row, text, snapshots.image_disks(context, row))
    taken.status = "ok"
    return taken
