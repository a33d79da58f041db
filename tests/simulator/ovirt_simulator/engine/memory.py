# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks that hold the memory of a suspended VM or of a snapshot."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from . import disks, domains, entities, schema
from .command import Refusal
from .restrictions import forbid

if TYPE_CHECKING:
    from .runtime import Context

_METADATA_SIZE = 10 << 10


def choose_domain(context: Context, row: schema.VmStatic, pool_id: str) -> schema.StorageDomainStatic:
    """Return the domain for the memory of a VM, or refuse. A backup domain is as good as any.

    First comes who holds most disks of the VM, then shared before local, file before block, and the most free space.
    """
    held: dict[str, int] = {}
    for _unused, disk in disks.of_vm(context, row.id):
        for domain_id in disks.domain_ids(disk):
            held[domain_id] = held.get(domain_id, 0) + 1
    fitting = [
        domain
        for domain in domains.of_pool(context, pool_id)
        if domains.is_data(domain) and domains.status_of(domain) == "active" and _has_room(domain, row.memory)
    ]
    if not fitting:
        raise Refusal("ACTION_TYPE_FAILED_NO_SUITABLE_DOMAIN_FOUND")

    def order(domain: schema.StorageDomainStatic) -> tuple[int, bool, bool, int]:
        block = domain.storage_type in ("iscsi", "fcp")
        return -held.get(domain.id, 0), domain.storage_type == "localfs", block, -(domain.available or 0)

    chosen = min(fitting, key=order)
    forbid(context, context.engine.restrictions.enforce_g, chosen.id)
    return chosen


def _has_room(domain: schema.StorageDomainStatic, size: int) -> bool:
    try:
        domains.require_space(domain, size + _METADATA_SIZE)
    except Refusal:
        return False
    return True


def create(
    context: Context, row: schema.VmStatic, snapshot: schema.Snapshot, domain: schema.StorageDomainStatic, kind: str
) -> None:
    """Put a VM's memory on a domain and let the snapshot refer to it; kind: hibernation, snapshot."""
    contents = domains.contents_of(context, domain)
    sizes = {"memory_dump_volume": row.memory, "memory_metadata_volume": _METADATA_SIZE}
    made = []
    for content_type, size in sizes.items():
        part = "memory" if content_type == "memory_dump_volume" else "metadata"
        volume = schema.Image(
            id=str(uuid.uuid4()),
            format="raw",
            sparse=domain.storage_type not in ("iscsi", "fcp"),
            provisioned_size=size,
            actual_size=size,
            creation_date=context.now,
        )
        volume.placements = [schema.ImagePlacement(storage_domain_id=domain.id)]
        disk = schema.BaseDisk(
            id=str(uuid.uuid4()),
            alias=f"{row.name}_{kind}_{part}",
            description=f"Memory of {row.name} ({row.id}): {snapshot.description}",
            content_type=content_type,
            images=[volume],
        )
        contents.add_image(
            image_id=volume.id,
            disk_id=disk.id,
            parent_id=None,
            format="raw",
            sparse=volume.sparse,
            provisioned_size=size,
            actual_size=size,
            content_type=content_type,
            description=disks.description_of(disk),
        )
        made.append(disk)
    context.db.add_all(made)
    snapshot.memory_dump_disk_id, snapshot.memory_metadata_disk_id = made[0].id, made[1].id
    context.db.flush()
    domains.refresh_sizes(domain, contents)


def drop(context: Context, snapshot: schema.Snapshot) -> None:
    """Take a snapshot's memory from it, and delete that unless another snapshot refers to it, too."""
    ids = [id_ for id_ in (snapshot.memory_dump_disk_id, snapshot.memory_metadata_disk_id) if id_ is not None]
    snapshot.memory_dump_disk_id = snapshot.memory_metadata_disk_id = None
    context.db.flush()
    ids = [id_ for id_ in ids if not _is_used(context, id_)]
    for disk_id in ids:
        disk = context.db.get_one(schema.BaseDisk, disk_id)
        for domain_id in disks.domain_ids(disk):
            domain = domains.find(context, domain_id)
            contents = domains.contents_of(context, domain)
            contents.remove_disk(disk_id)
            domains.refresh_sizes(domain, contents)
    entities.delete_disks(context, ids)


def _is_used(context: Context, disk_id: str) -> bool:
    columns = (schema.Snapshot.memory_dump_disk_id, schema.Snapshot.memory_metadata_disk_id)
    query = select(schema.Snapshot.id).where(or_(*(column == disk_id for column in columns)))
    return context.db.scalar(query.limit(1)) is not None
