# SPDX-License-Identifier: GPL-3.0-or-later
"""Making templates of VMs; their disks may go to a backup domain."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from .. import disks, domains, machines, ovf_store, schema, snapshots, vms
from ..command import Command, Lock, Refusal
from ..machines import Target
from ..restrictions import forbid
from ..snapshots import image_disks

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class AddVmTemplate(Command):
    """Make a template with copies of a VM's disks, on its own or as a version of one; targets: domains by disk."""

    template_id: str
    name: str
    vm_id: str
    cluster_id: str | None = None
    domain_id: str | None = None
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    base_id: str | None = None  # of the template that it becomes a version of
    version_name: str = ""

    description = "Creating template {name} of VM {vm_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id), Lock("TEMPLATE_NAME", self.name)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        if row.status != "down":
            raise Refusal("VMT_CANNOT_CREATE_TEMPLATE_FROM_DOWN_VM")
        cluster = machines.require_cluster(context, self._cluster(row))
        if self.base_id is not None:
            self._check_base(context)
        elif machines.name_taken(context, self.name, cluster.storage_pool_id, "template"):
            raise Refusal("VMT_CANNOT_CREATE_DUPLICATE_NAME", name=self.name)
        snapshots.check_idle(context, row)
        for disk in image_disks(context, row):
            disks.require_unlocked(disk)
            target = domains.find(context, self._target(disk).domain_id)
            domains.require_active_data(target)
            domains.require_space(target, disks.copied_size(disk.images))
            forbid(context, context.engine.restrictions.enforce_m, target.id)

    def _check_base(self, context: Context) -> None:
        base = context.db.get(schema.VmStatic, self.base_id)
        if (
            base is None
            or base.id == schema.BLANK_TEMPLATE
            or base.entity_type != "template"
            or base.template_id != base.id
        ):
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST")

    def _cluster(self, row: schema.VmStatic) -> str:
        return self.cluster_id or row.cluster_id or ""

    def _target(self, disk: schema.BaseDisk) -> Target:
        given = self.targets.get(disk.id)
        if given is not None:
            return Target(given["domain_id"], given.get("format"), given.get("sparse"))
        return Target(self.domain_id or disks.domain_ids(disk)[0])

    def execute(self, context: Context) -> None:
        source = vms.find(context, self.vm_id)
        row = schema.VmStatic(
            id=self.template_id,
            entity_type="template",
            name=self.name,
            cluster_id=self._cluster(source),
            template_id=self.base_id or self.template_id,
            version_number=self._version(context),
            version_name=self.version_name,
            creation_date=context.now,
            status="locked",
            **machines.like(source, self.properties),
        )
        context.db.add(row)
        context.db.flush()
        source.status = "image_locked"
        owner = (row.id, str(uuid.uuid4()))
        for disk in image_disks(context, source):
            assert disk.active_image is not None
            machines.collapse(context, disk, disk.active_image, self._target(disk), owner, disk.alias)
        machines.copy_nics(context, source.id, row.id, with_macs=False)
        context.later(machines.making_time(context), self.finish)

    def _version(self, context: Context) -> int:
        """Return the number after the last version's."""
        highest = select(func.max(schema.VmStatic.version_number))
        return (context.db.scalar(highest.filter_by(entity_type="template", template_id=self.base_id)) or 0) + 1

    def finish(self, context: Context) -> None:
        """Have the template usable, and the VM again."""
        row = context.db.get_one(schema.VmStatic, self.template_id)
        machines.release(context, row.id)
        row.status = "ok"
        vms.find(context, self.vm_id).status = "down"
        ovf_store.touch(context, row)
        context.event(51, f"The template {row.name} is ready.", template=row.id)

    def undo(self, context: Context) -> None:
        vms.find(context, self.vm_id).status = "down"
        row = context.db.get(schema.VmStatic, self.template_id)
        if row is not None:
            row.status = "illegal"
