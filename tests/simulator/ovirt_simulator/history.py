# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened in a scenario's world before it begins: snapshots, suspended VMs, pools, groups and the like."""

from __future__ import annotations

from sqlalchemy import update

from . import scenario as spec
from .engine import domains, groupings, memory, people, schema, snapshots
from .engine.permissions import Permission
from .engine.runtime import Context
from .scenario import identifier

_HOUR = 3600.0


class History:
    """Brings the VMs of a site, all down or running, into the states that take more than a row."""

    def __init__(self, context: Context, site: spec.Site) -> None:
        self._context = context
        self._db = context.db
        self._site = site

    def _id(self, kind: str, name: str) -> str:
        return identifier(self._site.name, kind, name)

    def write(self) -> None:
        """Have everything in the databases."""
        for pool in self._site.pools:
            self._pool(pool)
        self._people()
        self._groups()
        for machine in self._site.vms:
            if not _has_history(machine):
                continue
            row = self._db.get_one(schema.VmStatic, self._id("vm", machine.name))
            row.origin, row.stateless = machine.origin, machine.stateless
            row.vm_pool_id = self._id("pool", machine.pool) if machine.pool else None
            self._disks(machine, row)
            self._db.flush()
            for age, snapshot in zip(range(len(machine.snapshots), 0, -1), machine.snapshots, strict=True):
                self._snapshot(machine, row, snapshot).creation_date -= age * _HOUR
            if machine.status == "suspended":
                self._suspend(machine, row)
            if machine.preview is not None:
                target = self._db.get_one(schema.Snapshot, self._id("snapshot", f"{machine.name}/{machine.preview}"))
                snapshots.preview(self._context, row, target, None, with_memory=False)
                self._rename(snapshots.active_of(self._context, row), self._id("snapshot", f"{machine.name}/preview"))

    def _people(self) -> None:
        people.know(self._context, [people.ADMINISTRATOR, *self._site.users])
        for kind, machines in (("vm", self._site.vms), ("template", self._site.templates)):
            for machine in machines:
                for one in machine.permissions:
                    row = Permission(
                        id=self._id("permission", f"{machine.name}/{one.user}/{one.role}"),
                        object_id=self._id(kind, machine.name),
                        kind=kind,
                        role_id=people.ROLES[one.role],
                        user_id=people.user_id(one.user),
                    )
                    self._db.add(row)

    def _groups(self) -> None:
        for group in self._site.affinity_groups:
            id_ = self._id("affinity_group", group.name)
            rule = {"vms_enabled": True, "vms_positive": group.positive, "vms_enforcing": group.enforcing}
            cluster_id = self._id("cluster", group.cluster)
            self._db.add(groupings.AffinityGroup(id=id_, name=group.name, cluster_id=cluster_id, **rule))
            self._members(id_, "vms", [self._id("vm", name) for name in group.vms])
        for label in self._site.affinity_labels:
            id_ = self._id("affinity_label", label.name)
            self._db.add(groupings.AffinityLabel(id=id_, name=label.name))
            self._members(id_, "vms", [self._id("vm", name) for name in label.vms])
            self._members(id_, "hosts", [self._id("host", name) for name in label.hosts])

    def _members(self, group_id: str, kind: str, ids: list[str]) -> None:
        for id_ in ids:
            groupings.add(self._context, group_id, kind, id_)

    def _pool(self, pool: spec.Pool) -> None:
        row = schema.VmPool(
            id=self._id("pool", pool.name),
            name=pool.name,
            cluster_id=self._id("cluster", pool.cluster),
            template_id=self._id("template", pool.template) if pool.template else schema.BLANK_TEMPLATE,
            prestarted_vms=pool.prestarted,
            stateful=pool.stateful,
        )
        self._db.add(row)
        self._db.flush()

    def _disks(self, machine: spec.Machine, row: schema.VmStatic) -> None:
        for number, disk in enumerate(machine.disks, 1):
            found = self._db.get_one(schema.BaseDisk, self._id("disk", disk.alias or f"{machine.name}_Disk{number}"))
            found.shareable, found.content_type = disk.shareable, disk.content_type
            if disk.shareable:
                for image in found.images:
                    image.snapshot_id = None
        for alias in machine.shared_disks:
            disk_id = self._id("disk", alias)
            self._db.add(schema.DiskAttachment(vm_id=row.id, disk_id=disk_id, interface="virtio_scsi"))

    def _snapshot(self, machine: spec.Machine, row: schema.VmStatic, snapshot: spec.Snapshot) -> schema.Snapshot:
        chosen = snapshots.image_disks(self._context, row)
        if snapshot.disks is not None:
            wanted = {self._id("disk", alias) for alias in snapshot.disks}
            chosen = [disk for disk in chosen if disk.id in wanted]
        taken = snapshots.take(self._context, row, snapshot.description, chosen)
        taken.status = "ok"
        taken = self._rename(taken, self._id("snapshot", f"{machine.name}/{snapshot.description}"))
        self._rename(snapshots.active_of(self._context, row), self._id("snapshot", f"{machine.name}/active"))
        if snapshot.memory:
            memory.create(self._context, row, taken, self._memory_domain(row, snapshot.memory_domain), "snapshot")
        return self._db.get_one(schema.Snapshot, taken.id)

    def _suspend(self, machine: spec.Machine, row: schema.VmStatic) -> None:
        row.run_on_vds, row.guest_address = None, None
        active = snapshots.active_of(self._context, row)
        memory.create(self._context, row, active, self._memory_domain(row, machine.memory_domain), "hibernation")

    def _memory_domain(self, row: schema.VmStatic, name: str | None) -> schema.StorageDomainStatic:
        if name is not None:
            return domains.find(self._context, self._id("domain", name))
        cluster = self._db.get_one(schema.Cluster, row.cluster_id)
        return memory.choose_domain(self._context, row, cluster.storage_pool_id or "")

    def _rename(self, snapshot: schema.Snapshot, wanted: str) -> schema.Snapshot:
        """Give a snapshot an id that follows from its name, as everything in a scenario has."""
        old = snapshot.id
        if old == wanted:
            return snapshot
        self._db.flush()
        self._db.execute(update(schema.Snapshot).where(schema.Snapshot.id == old).values(id=wanted))
        self._db.execute(update(schema.Image).where(schema.Image.snapshot_id == old).values(snapshot_id=wanted))
        self._db.expunge(snapshot)
        self._db.expire_all()
        return self._db.get_one(schema.Snapshot, wanted)


def _has_history(machine: spec.Machine) -> bool:
    """Tell whether anything of a VM is not in its plain rows already; there can be thousands of them."""
    state = machine.origin != "ovirt" or machine.stateless or machine.pool or machine.status == "suspended"
    special = any(disk.shareable or disk.content_type != "data" for disk in machine.disks)
    return bool(state or special or machine.shared_disks or machine.snapshots or machine.preview)
