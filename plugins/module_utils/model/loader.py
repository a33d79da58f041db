# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a Site from an engine, in a number of requests that grows with the data centers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .site import Attachment, Cluster, DataCenter, Disk, Domain, Host, Site, Snapshot, Template, Vm, VmPool

if TYPE_CHECKING:
    from ..engine.records import Record
    from ..engine.session import Session

_GIB = 1 << 30

# A site may have ten thousands of these: what the model has no use for is not even parsed.
_DISK_PARTS = (
    "name",
    "alias",
    "description",
    "status",
    "storage_type",
    "content_type",
    "shareable",
    "provisioned_size",
    "actual_size",
    "storage_domains",
)
_ATTACHMENT_PARTS = ("disk_attachments.disk_attachment.active",)
_SNAPSHOT_PARTS = tuple(
    f"snapshots.snapshot.{part}" for part in ("description", "snapshot_status", "snapshot_type", "persist_memorystate")
)
_TEMPLATE_PARTS = ("name", "status", "cluster", *_ATTACHMENT_PARTS)
_VM_PARTS = (*_TEMPLATE_PARTS, "origin", "template", "lease", "vm_pool", "memory", *_SNAPSHOT_PARTS)


def load_site(engine: Session) -> Site:
    """Return everything the engine manages, read in 8 requests and one a data center."""
    data_centers = tuple(_data_center(record) for record in engine.list("datacenters"))
    return Site(
        data_centers=data_centers,
        clusters=tuple(_cluster(record) for record in engine.list("clusters")),
        hosts=tuple(_host(record) for record in engine.list("hosts")),
        domains=load_domains(engine, data_centers),
        disks=tuple(_disk(record) for record in engine.list("disks", only=_DISK_PARTS)),
        vms=tuple(_vm(record) for record in engine.list("vms", only=_VM_PARTS, follow="disk_attachments,snapshots")),
        templates=tuple(
            _template(record) for record in engine.list("templates", only=_TEMPLATE_PARTS, follow="disk_attachments")
        ),
        pools=tuple(VmPool(record.id, record.name) for record in engine.list("vmpools")),
    )


def load_storage(engine: Session) -> Site:
    """Return the site without its workloads (no disks, VMs, templates), for what only moves storage."""
    data_centers = tuple(_data_center(record) for record in engine.list("datacenters"))
    return Site(
        data_centers=data_centers,
        clusters=tuple(_cluster(record) for record in engine.list("clusters")),
        hosts=tuple(_host(record) for record in engine.list("hosts")),
        domains=load_domains(engine, data_centers),
    )


def load_domains(engine: Session, data_centers: tuple[DataCenter, ...]) -> tuple[Domain, ...]:
    """Return all storage domains with their real statuses.

    The root collection shows no status of an attached domain; the one of its data center does (storage contract 2.3).
    """
    attached = {
        record.id: (record, data_center.id)
        for data_center in data_centers
        for record in engine.list(f"datacenters/{data_center.id}/storagedomains")
    }
    domains = []
    for record in engine.list("storagedomains"):
        found, data_center_id = attached.get(record.id, (record, None))
        domains.append(_domain(record, found.status or "unattached", data_center_id))
    return tuple(domains)


def load_domain(engine: Session, domain_id: str) -> Domain:
    """Return one storage domain as it is now; EngineError not_found when the engine does not know it."""
    record = engine.get(f"storagedomains/{domain_id}")
    if not record.data_centers:
        return _domain(record, record.status or "unattached", None)
    data_center_id = record.data_centers[0].id
    attached = engine.get(f"datacenters/{data_center_id}/storagedomains/{domain_id}")
    return _domain(record, attached.status, data_center_id)


def _data_center(record: Record) -> DataCenter:
    version = (record.version.major or 0, record.version.minor or 0) if record.version else (0, 0)
    return DataCenter(record.id, record.name, record.status, version)


def _cluster(record: Record) -> Cluster:
    return Cluster(record.id, record.name, record.data_center.id if record.data_center else None)


def _host(record: Record) -> Host:
    return Host(record.id, record.name, record.status, record.cluster.id)


def _domain(record: Record, status: str, data_center_id: str | None) -> Domain:
    group = record.storage.volume_group
    return Domain(
        id=record.id,
        name=record.name,
        type=record.type or "managed_block_storage",
        storage_type=record.storage.type,
        status=status,
        master=bool(record.master),
        backup=bool(record.backup),
        data_center_id=data_center_id,
        available=record.available,
        used=record.used,
        volume_group_id=group.id if group else None,
        place=":".join(filter(None, (record.storage.address, record.storage.path))) or None,
        critical_space=(record.critical_space_action_blocker or 0) * _GIB,
    )


def _disk(record: Record) -> Disk:
    return Disk(
        id=record.id,
        name=record.alias or record.name,
        status=record.status or "ok",
        storage_type=record.storage_type or "image",
        content_type=record.content_type or "data",
        shareable=bool(record.shareable),
        domain_ids=tuple(domain.id for domain in record.storage_domains or ()),
        description=record.description or "",
        provisioned_size=record.provisioned_size or 0,
        actual_size=record.actual_size or 0,
    )


def _attachments(record: Record) -> tuple[Attachment, ...]:
    # An attachment has the identifier of its disk.
    return tuple(Attachment(one.id, bool(one.active)) for one in record.disk_attachments or ())


def _vm(record: Record) -> Vm:
    lease = record.lease.storage_domain if record.lease else None
    return Vm(
        id=record.id,
        name=record.name,
        status=record.status or "image_illegal",
        origin=record.origin or "",
        cluster_id=record.cluster.id if record.cluster else None,
        template_id=record.template.id if record.template else None,
        lease_domain_id=lease.id if lease else None,
        attachments=_attachments(record),
        pool_id=record.vm_pool.id if record.vm_pool else None,
        memory=record.memory or 0,
        snapshots=tuple(_snapshot(one) for one in record.snapshots or () if one.snapshot_type != "active"),
    )


def _snapshot(record: Record) -> Snapshot:
    return Snapshot(
        id=record.id,
        description=record.description or "",
        status=record.snapshot_status or "ok",
        type=record.snapshot_type or "regular",
        with_memory=bool(record.persist_memorystate),
    )


def _template(record: Record) -> Template:
    return Template(
        id=record.id,
        name=record.name,
        status=record.status or "illegal",
        cluster_id=record.cluster.id if record.cluster else None,
        attachments=_attachments(record),
    )
