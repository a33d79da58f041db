# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a Site from an engine, in a number of requests that grows with the data centers only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .site import Attachment, Cluster, DataCenter, Disk, Domain, Host, Site, Snapshot, Template, Vm, VmPool

if TYPE_CHECKING:
    from ..engine.parts import Part
    from ..engine.records import Record
    from ..engine.session import Parts, Session

_GIB = 1 << 30


# What has to be read with each VM.
VM_PARTS = "disk_attachments,snapshots"


def load_site(engine: Session, vms: Parts | None = None) -> Site:
    """Return everything the engine manages, read in 8 requests and one a data center.

    vms: the answer to a request for all VMs with VM_PARTS, where somebody has made it already.
    """
    data_centers = tuple(_data_center(record) for record in engine.list("datacenters"))
    return Site(
        data_centers=data_centers,
        clusters=tuple(_cluster(record) for record in engine.list("clusters")),
        hosts=tuple(_host(record) for record in engine.list("hosts")),
        domains=load_domains(engine, data_centers),
        disks=tuple(_disk(part) for part in engine.parts("disks")),
        vms=tuple(_vm(part) for part in (engine.parts("vms", follow=VM_PARTS) if vms is None else vms)),
        templates=tuple(_template(part) for part in engine.parts("templates", follow="disk_attachments")),
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


def load_workloads(engine: Session, vms: Parts) -> Site:
    """Return the site's VMs and what their disks lie on, for what only starts them and shuts them down.

    vms: the answer to a request for all VMs with their disk_attachments; what else came with them is of no matter.
    """
    data_centers = tuple(_data_center(record) for record in engine.list("datacenters"))
    return Site(
        data_centers=data_centers,
        domains=load_domains(engine, data_centers),
        disks=tuple(_disk(part) for part in engine.parts("disks")),
        vms=tuple(_vm(part) for part in vms),
    )


def known_domains(engine: Session) -> list[Domain]:
    """Return what the engine knows, in one request: storage domains whose status and data center nobody asks for."""
    return [_domain(record, record.status or "unattached", None) for record in engine.list("storagedomains")]


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


def added_domain(record: Record) -> Domain:
    """Return a storage domain from the answer to the request that added it, which tells no status yet."""
    return _domain(record, "unattached", None)


def _data_center(record: Record) -> DataCenter:
    version = (record.version.major or 0, record.version.minor or 0) if record.version else (0, 0)
    return DataCenter(record.id, record.name, record.status, version)


def _cluster(record: Record) -> Cluster:
    return Cluster(record.id, record.name, record.data_center.id if record.data_center else None)


def _host(record: Record) -> Host:
    topology = record.at("cpu", "topology")
    processors = _processors(topology.sockets, topology.cores, topology.threads) if topology else None
    return Host(record.id, record.name, record.status, record.cluster.id, record.max_scheduling_memory, processors)


def _processors(*levels: int | None) -> int:
    return math.prod(level or 1 for level in levels)


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
        storage_format=record.storage_format,
        wipe_after_delete=bool(record.wipe_after_delete),
        discard_after_delete=bool(record.discard_after_delete),
        low_space_percent=record.warning_low_space_indicator,
        unit_ids=frozenset(unit.id for unit in (group.logical_units if group else None) or ()),
    )


def _disk(part: Part) -> Disk:
    return Disk(
        id=part.id,
        name=part.text("alias") or part.text("name") or part.id,
        status=part.text("status") or "ok",
        storage_type=part.text("storage_type") or "image",
        content_type=part.text("content_type") or "data",
        shareable=part.flag("shareable"),
        domain_ids=tuple(domain.id for domain in part.parts("storage_domains")),
        description=part.text("description") or "",
        provisioned_size=part.number("provisioned_size") or 0,
        actual_size=part.number("actual_size") or 0,
        total_size=part.number("total_size") or 0,
        format=part.text("format") or "cow",
        sparse=part.flag("sparse"),
        lun_id=part.reference("lun_storage/logical_units/logical_unit"),
    )


def _attachments(part: Part) -> tuple[Attachment, ...]:
    # An attachment has the identifier of its disk.
    return tuple(Attachment(one.id, one.flag("active")) for one in part.parts("disk_attachments"))


def _vm(part: Part) -> Vm:
    lease = part.part("lease")
    return Vm(
        id=part.id,
        name=part.text("name") or part.id,
        status=part.text("status") or "image_illegal",
        origin=part.text("origin") or "",
        cluster_id=part.reference("cluster"),
        template_id=part.reference("template"),
        lease_domain_id=lease.reference("storage_domain") if lease else None,
        attachments=_attachments(part),
        pool_id=part.reference("vm_pool"),
        memory=part.number("memory") or 0,
        snapshots=tuple(_snapshot(one) for one in part.parts("snapshots") if one.text("snapshot_type") != "active"),
        description=part.text("description") or "",
        delete_protected=part.flag("delete_protected"),
        os_type=part.text("os/type") or "",
        processors=_processors(*(part.number(f"cpu/topology/{level}") for level in ("sockets", "cores", "threads"))),
    )


def _snapshot(part: Part) -> Snapshot:
    return Snapshot(
        id=part.id,
        description=part.text("description") or "",
        status=part.text("snapshot_status") or "ok",
        type=part.text("snapshot_type") or "regular",
        with_memory=part.flag("persist_memorystate"),
    )


def _template(part: Part) -> Template:
    return Template(
        id=part.id,
        name=part.text("name") or part.id,
        status=part.text("status") or "illegal",
        cluster_id=part.reference("cluster"),
        attachments=_attachments(part),
        description=part.text("description") or "",
        os_type=part.text("os/type") or "",
        delete_protected=part.flag("delete_protected"),
    )
