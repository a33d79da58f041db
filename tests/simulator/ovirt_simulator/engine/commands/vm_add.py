# SPDX-License-Identifier: GPL-3.0-or-later
"""Making VMs: of a template, thin or independent, or of a snapshot. No domain is refused for being a backup domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from .. import configurations, disks, domains, entities, machines, ovf_store, schema
from ..command import Command, Lock, Refusal
from ..machines import Target
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context


class MakingVm(Command):
    """What all ways of making a VM share."""

    new_id: str
    name: str
    cluster_id: str

    def _check_place(self, context: Context) -> None:
        cluster = machines.require_cluster(context, self.cluster_id)
        if machines.name_taken(context, self.name, cluster.storage_pool_id, "vm"):
            raise Refusal("ACTION_TYPE_FAILED_NAME_ALREADY_USED", name=self.name)

    def finish(self, context: Context) -> None:
        """Have the VM usable."""
        row = context.db.get_one(schema.VmStatic, self.new_id)
        machines.release(context, row.id)
        row.status = "down"
        ovf_store.touch(context, row)
        context.event(53, f"The VM {row.name} is ready.", vm=row.id, cluster=row.cluster_id)

    def undo(self, context: Context) -> None:
        row = context.db.get(schema.VmStatic, self.new_id)
        if row is not None:
            entities.delete_disks(
                context, [disk.id for _unused, disk in disks.of_vm(context, row.id) if not disk.shareable]
            )
            context.db.delete(row)

    def failed(self, context: Context) -> None:
        context.event(60, f"The VM {self.name} could not be made.", "error")


@dataclass
class AddVm(MakingVm):
    """Make a VM of a template: with layers on the template's disks, or with copies of them.

    targets: domains by the template's disks. The blank template has neither disks nor NICs.
    """

    new_id: str
    name: str
    cluster_id: str
    template_id: str = schema.BLANK_TEMPLATE
    clone: bool = False
    domain_id: str | None = None
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)

    description = "Creating VM {name}"

    def locks(self, context: Context) -> list[Lock]:
        locks = [Lock("VM_NAME", self.name)]
        if self.template_id != schema.BLANK_TEMPLATE:
            locks.append(Lock("TEMPLATE", self.template_id, exclusive=False))
            locks += [
                Lock("DISK", disk.id, exclusive=False) for _unused, disk in disks.of_vm(context, self.template_id)
            ]
        return locks

    def validate(self, context: Context) -> None:
        self._check_place(context)
        template = self._template(context)
        if template.status == "locked":
            raise Refusal("VM_TEMPLATE_IMAGE_IS_LOCKED", name=template.name)
        for _unused, disk in disks.of_vm(context, template.id):
            target = domains.find(context, self._target(disk).domain_id)
            domains.require_active_data(target)
            if not self.clone and target.id not in disks.domain_ids(disk):
                raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_NOT_FOUND_ON_DESTINATION_DOMAIN")
            domains.require_space(target, disks.copied_size(disk.images) if self.clone else 0)
            pooled = "vm_pool_id" in self.properties
            forbid(context, context.engine.restrictions.enforce_m and not pooled, target.id)
        nics = select(schema.VmInterface.id).filter_by(vm_id=template.id)
        machines.check_macs(context, len(context.db.scalars(nics).all()))

    def _template(self, context: Context) -> schema.VmStatic:
        template = context.db.get(schema.VmStatic, self.template_id)
        if template is None or template.entity_type != "template":
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST")
        return template

    def _target(self, disk: schema.BaseDisk) -> Target:
        given = self.targets.get(disk.id)
        if given is not None:
            return Target(given["domain_id"], given.get("format"), given.get("sparse"))
        return Target(self.domain_id or disks.domain_ids(disk)[0])

    def execute(self, context: Context) -> None:
        template = self._template(context)
        columns = machines.like(template, self.properties)
        row, active = machines.add_vm(context, self.new_id, self.name, self.cluster_id, columns, template.id)
        for number, (_unused, disk) in enumerate(disks.of_vm(context, template.id), 1):
            target, alias = self._target(disk), f"{row.name}_Disk{number}"
            if self.clone:
                assert disk.active_image is not None
                machines.collapse(context, disk, disk.active_image, target, (row.id, active.id), alias)
            else:
                machines.thin(context, disk, target.domain_id, (row.id, active.id), alias)
        if self.clone:
            row.template_id = schema.BLANK_TEMPLATE
        machines.copy_nics(context, template.id, row.id)
        context.later(machines.making_time(context), self.finish)


@dataclass
class AddVmFromSnapshot(MakingVm):
    """Make an independent VM of a snapshot; the VM of the snapshot may run.

    targets: by disk, what the request said of it; unnamed: it has an entry that names no disk.
    """

    new_id: str
    name: str
    cluster_id: str
    snapshot_id: str
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    unnamed: bool = False
    properties: dict[str, Any] = field(default_factory=dict)

    description = "Creating VM {name} of a snapshot"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        locks = [Lock("VM_NAME", self.name)]
        snapshot = context.db.get(schema.Snapshot, self.snapshot_id)
        return [*locks, Lock("VM", snapshot.vm_id)] if snapshot is not None else locks

    def validate(self, context: Context) -> None:
        snapshot = context.db.get(schema.Snapshot, self.snapshot_id)
        if snapshot is None:
            raise Refusal("ACTION_TYPE_FAILED_VM_SNAPSHOT_DOES_NOT_EXIST")
        self._check_place(context)
        if snapshot.type != "regular":
            raise Refusal("ACTION_TYPE_FAILED_VM_SNAPSHOT_TYPE_NOT_ALLOWED", type=snapshot.type)
        row = context.db.get_one(schema.VmStatic, snapshot.vm_id)
        if snapshot.status == "locked":
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_DURING_SNAPSHOT", name=row.name)
        if self.unnamed:
            raise Refusal("ACTION_TYPE_FAILED_MISSED_STORAGES_FOR_SOME_DISKS")
        for disk, _unused in self._sources(context, snapshot):
            disks.require_unlocked(disk)
            target = domains.find(context, self._target(disk).domain_id)
            domains.require_active_data(target)
            domains.require_space(target, disks.copied_size(disk.images))
            forbid(context, context.engine.restrictions.enforce_m, target.id)

    @staticmethod
    def _sources(context: Context, snapshot: schema.Snapshot) -> list[tuple[schema.BaseDisk, schema.Image]]:
        query = select(schema.Image).filter_by(snapshot_id=snapshot.id)
        return [(image.disk, image) for image in context.db.scalars(query)]

    def _target(self, disk: schema.BaseDisk) -> Target:
        given = self.targets.get(disk.id)
        if given is None:
            return Target(disks.domain_ids(disk)[0])
        return Target(given["domain_id"] or disks.domain_ids(disk)[0], given["format"], given["sparse"])

    def execute(self, context: Context) -> None:
        snapshot = context.db.get_one(schema.Snapshot, self.snapshot_id)
        source = context.db.get_one(schema.VmStatic, snapshot.vm_id)
        columns = machines.like(configurations.remembered(snapshot) or source, self.properties)
        blank = schema.BLANK_TEMPLATE
        row, active = machines.add_vm(context, self.new_id, self.name, self.cluster_id, columns, blank)
        for number, (disk, image) in enumerate(self._sources(context, snapshot), 1):
            alias = f"{row.name}_Disk{number}"
            machines.collapse(context, disk, image, self._target(disk), (row.id, active.id), alias)
        machines.copy_nics(context, source.id, row.id)
        context.later(machines.making_time(context), self.finish)
