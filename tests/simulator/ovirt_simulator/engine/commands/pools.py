# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of VMs. A pool on a backup domain is made like any other; its VMs just do not start."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from .. import disks, domains, schema, vms
from ..command import Command, ExecutionFailure, Lock, Refusal
from ..restrictions import forbid
from .vm_add import AddVm
from .vm_power import RunVm
from .vm_remove import RemoveVm

if TYPE_CHECKING:
    from ..runtime import Context


def members(context: Context, pool_id: str) -> list[schema.VmStatic]:
    """Return the VMs of a pool by name."""
    query = select(schema.VmStatic).filter_by(vm_pool_id=pool_id).order_by(schema.VmStatic.name)
    return list(context.db.scalars(query))


def find(context: Context, pool_id: str) -> schema.VmPool:
    """Return a pool, or refuse."""
    pool = context.db.get(schema.VmPool, pool_id)
    if pool is None:
        raise Refusal("ACTION_TYPE_FAILED_VM_POOL_NOT_FOUND")
    return pool


def grow(context: Context, pool: schema.VmPool, count: int) -> None:
    """Make VMs of a pool's template and put them into the pool."""
    taken = set(context.db.scalars(select(schema.VmStatic.name).filter_by(entity_type="vm")))
    names = (f"{pool.name}-{number}" for number in range(1, 10_000))
    for _unused, name in zip(range(count), (name for name in names if name not in taken), strict=False):
        vm_id = str(uuid.uuid4())
        properties = {"vm_pool_id": pool.id}
        context.start(AddVm(vm_id, name, pool.cluster_id, pool.template_id, properties=properties))


def check_growth(context: Context, template_id: str) -> None:
    """Refuse, where that is switched on, VMs of a pool on a backup domain."""
    places = [id_ for _unused, disk in disks.of_vm(context, template_id) for id_ in disks.domain_ids(disk)[:1]]
    forbid(context, context.engine.restrictions.enforce_i, *places)


def prestart(context: Context, pool: schema.VmPool) -> None:
    """Start as many VMs as the pool wants to have ready; one that does not start is not missed."""
    for row in members(context, pool.id)[: pool.prestarted_vms]:
        if row.status == "down":
            try:
                context.start(RunVm(row.id))
            except (Refusal, ExecutionFailure):
                context.event(54, f"The VM {row.name} could not be started.", "error", vm=row.id)


@dataclass
class AddVmPool(Command):
    """Make a pool with VMs of a template."""

    pool_id: str
    name: str
    cluster_id: str
    template_id: str
    size: int = 0
    properties: dict[str, Any] = field(default_factory=dict)

    description = "Creating the pool {name}"

    def validate(self, context: Context) -> None:
        if context.db.scalar(select(schema.VmPool.id).filter_by(name=self.name)) is not None:
            raise Refusal("VM_POOL_CANNOT_CREATE_DUPLICATE_NAME", name=self.name)
        cluster = context.db.get(schema.Cluster, self.cluster_id)
        if cluster is None:
            raise Refusal("ACTION_TYPE_FAILED_CLUSTER_IS_NOT_VALID")
        domains.find_up_pool(context, cluster.storage_pool_id)
        check_growth(context, self.template_id)

    def execute(self, context: Context) -> None:
        pool = schema.VmPool(
            id=self.pool_id,
            name=self.name,
            cluster_id=self.cluster_id,
            template_id=self.template_id,
            **self.properties,
        )
        context.db.add(pool)
        context.db.flush()
        grow(context, pool, self.size)
        context.later("create_vm", self.ready)

    def ready(self, context: Context) -> None:
        """Start the VMs that the pool keeps ready."""
        prestart(context, find(context, self.pool_id))


@dataclass
class UpdateVmPool(Command):
    """Change a pool; a greater size makes more VMs."""

    pool_id: str
    changes: dict[str, Any]
    size: int | None = None

    description = "Updating a pool"

    def validate(self, context: Context) -> None:
        check_growth(context, find(context, self.pool_id).template_id)

    def execute(self, context: Context) -> None:
        pool = find(context, self.pool_id)
        for name, value in self.changes.items():
            setattr(pool, name, value)
        if self.size is not None:
            grow(context, pool, self.size - len(members(context, pool.id)))
        context.later("create_vm", self.ready)

    def ready(self, context: Context) -> None:
        """Start the VMs that the pool keeps ready."""
        prestart(context, find(context, self.pool_id))


@dataclass
class RemoveVmPool(Command):
    """Delete a pool with its VMs."""

    pool_id: str

    description = "Removing a pool"

    def validate(self, context: Context) -> None:
        find(context, self.pool_id)
        running = [row for row in members(context, self.pool_id) if row.status != "down"]
        if running:
            raise Refusal("VM_POOL_CANNOT_REMOVE_VM_POOL_WITH_RUNNING_VMS", vms=domains.names(running))

    def execute(self, context: Context) -> None:
        for row in members(context, self.pool_id):
            row.vm_pool_id = None
            context.db.flush()
            context.start(RemoveVm(row.id))
        context.db.delete(find(context, self.pool_id))


@dataclass
class RemoveVmFromPool(Command):
    """Take a VM out of its pool; it stays as an ordinary one."""

    vm_id: str

    description = "Detaching VM {vm_id} from its pool"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        if row.vm_pool_id is None:
            raise Refusal("ACTION_TYPE_FAILED_VM_NOT_ATTACHED_TO_POOL")
        if row.status != "down":
            raise Refusal("VM_POOL_CANNOT_DETACH_RUNNING_VM_FROM_POOL", name=row.name)

    def execute(self, context: Context) -> None:
        vms.find(context, self.vm_id).vm_pool_id = None
