# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on storage domains."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from ...storage.fabric import FilePlace
from ...storage.failures import StorageFailure
from ...storage.schema import StoredImage
from .. import domains, hosts, schema
from ..command import ExecutionFailure, QueryFailure
from .hosts import CandidateDomain

if TYPE_CHECKING:
    from ..runtime import Context


def is_attached(context: Context, domain_id: str, host_id: str) -> bool:
    """Tell whether a domain's metadata names a data center; False too if the host cannot read it.

    The host is connected for that and disconnected again, except from a domain that it works with.
    """
    domain = context.db.get(schema.StorageDomainStatic, domain_id)
    if domain is None:
        raise QueryFailure(404, f"Entity not found: {domain_id}")
    try:
        attached = hosts.connect(context, host_id, domain).volume.pool_id is not None
    except StorageFailure:
        return False
    place = domains.place_of(context, domain)
    if isinstance(place, FilePlace) and domain.mapping is None:
        context.storage.unmount(host_id, place)
    return attached


def existing_on_path(
    context: Context, host_id: str, connection: schema.StorageServerConnection, function: str
) -> list[CandidateDomain]:
    """Return the domains of a function on a path that the engine does not know.

    The path is not mounted for that: a host that has not mounted it sees nothing.
    """
    place = FilePlace(connection.type, connection.address, connection.path or "")
    try:
        volume = context.storage.reach(host_id, place).volume
    except StorageFailure:
        return []
    if volume.domain_id is None or volume.function != function:
        return []
    if context.db.get(schema.StorageDomainStatic, volume.domain_id) is not None:
        return []
    name = volume.domain_name or ""
    facts = (volume.function, connection.type, None, volume.storage_format, volume.block_size)
    return [CandidateDomain(volume.domain_id, name, *facts)]


def members(context: Context, domain_id: str, kind: str) -> list[schema.VmStatic]:
    """Return the VMs with an active volume on a domain, or the templates with a disk copy there; largest first."""
    total: dict[str, int] = {}
    rows: dict[str, schema.VmStatic] = {}
    query = (
        select(schema.VmStatic, schema.Image.actual_size)
        .join(schema.DiskAttachment, schema.DiskAttachment.vm_id == schema.VmStatic.id)
        .join(schema.Image, schema.Image.disk_id == schema.DiskAttachment.disk_id)
        .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
        .where(schema.ImagePlacement.storage_domain_id == domain_id, schema.Image.active)
        .where(schema.VmStatic.entity_type == kind)
    )
    for row, size in context.db.execute(query):
        rows[row.id] = row
        total[row.id] = total.get(row.id, 0) + size
    return sorted(rows.values(), key=lambda row: (-total[row.id], row.name))


def disks(context: Context, domain_id: str) -> list[schema.BaseDisk]:
    """Return the disks with their active volume on a domain, by alias."""
    query = (
        select(schema.BaseDisk)
        .join(schema.Image, schema.Image.disk_id == schema.BaseDisk.id)
        .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
        .where(schema.ImagePlacement.storage_domain_id == domain_id, schema.Image.active)
    )
    return list(context.db.scalars(query.order_by(schema.BaseDisk.alias, schema.BaseDisk.id)))


def logical_units(context: Context, domain_id: str) -> list[tuple[schema.Lun, schema.StorageServerConnection | None]]:
    """Return a block domain's units, once for each connection; over Fibre Channel without one."""
    domain = context.db.get(schema.StorageDomainStatic, domain_id)
    found: list[tuple[schema.Lun, schema.StorageServerConnection | None]] = []
    for unit in domains.units_of(context, domain) if domain is not None else []:
        query = (
            select(schema.StorageServerConnection)
            .join(schema.LunConnection, schema.LunConnection.connection_id == schema.StorageServerConnection.id)
            .where(schema.LunConnection.lun_id == unit.id)
            .order_by(schema.StorageServerConnection.address, schema.StorageServerConnection.id)
        )
        connections: list[schema.StorageServerConnection | None] = list(context.db.scalars(query))
        found.extend((unit, connection) for connection in connections or [None])
    return found


def committed(context: Context, domain_id: str) -> int:
    """Return the bytes that disks may come to take on a domain: preallocated ones count fully."""
    size = case((schema.Image.sparse, schema.Image.actual_size), else_=schema.Image.provisioned_size)
    query = (
        select(func.sum(size))
        .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
        .where(schema.ImagePlacement.storage_domain_id == domain_id)
    )
    return context.db.scalar(query) or 0


def unregistered_disks(context: Context, domain_id: str) -> list[StoredImage]:
    """Return the disks without snapshots that lie on an attached data domain and that the engine does not know."""
    domain = context.db.get(schema.StorageDomainStatic, domain_id)
    if domain is None or domain.mapping is None or not domains.is_data(domain):
        raise QueryFailure(400, "the disks of a domain can be listed only while it is attached and holds data")
    try:
        images = domains.contents_of(context, domain).images()
    except (StorageFailure, ExecutionFailure) as exc:
        raise QueryFailure(400, "the storage domain cannot be read") from exc
    known = set(context.db.scalars(select(schema.BaseDisk.id)))
    chains = Counter(image.disk_id for image in images)
    return [image for image in images if image.disk_id not in known and chains[image.disk_id] == 1]
