# SPDX-License-Identifier: GPL-3.0-or-later
"""Making VMs and templates out of others: their row, their disks, their NICs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from ..ovf.document import Document, Nic
from . import disks, domains, entities, layers, macs, ovf_store, schema
from .command import Refusal

if TYPE_CHECKING:
    from .runtime import Context

_CLUSTERS = select(schema.Cluster.id).where(schema.Cluster.storage_pool_id == bindparam("pool_id"))
_NAMESAKE = (
    select(schema.VmStatic.id)
    .where(schema.VmStatic.entity_type == bindparam("kind"), schema.VmStatic.name == bindparam("name"))
    .where(schema.VmStatic.cluster_id.in_(_CLUSTERS))
    .limit(1)
)
_COPIED = [
    "memory",
    "memory_guaranteed",
    "memory_max",
    "sockets",
    "cores",
    "threads",
    "os_type",
    "bios_type",
    "vm_type",
    "high_availability",
    "priority",
    "stateless",
    "delete_protected",
    "custom_properties",
]


@dataclass(frozen=True)
class Target:
    """Where a copied disk goes and how; None keeps what the source has."""

    domain_id: str
    format: str | None = None
    sparse: bool | None = None


def name_taken(context: Context, name: str, pool_id: str | None, kind: str) -> bool:
    """Tell whether a VM or template of a data center has a name."""
    return context.db.scalar(_NAMESAKE, {"kind": kind, "name": name, "pool_id": pool_id}) is not None


def require_cluster(context: Context, cluster_id: str) -> schema.Cluster:
    """Return a cluster in a data center that is up, or refuse."""
    cluster = context.db.get(schema.Cluster, cluster_id)
    if cluster is None:
        raise Refusal("ACTION_TYPE_FAILED_CLUSTER_IS_NOT_VALID")
    domains.find_up_pool(context, cluster.storage_pool_id)
    return cluster


def like(source: schema.VmStatic | Document, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a machine like another; properties win."""
    columns = {name: getattr(source, name) for name in _COPIED if hasattr(source, name)}
    return {**columns, **properties}


def add_vm(
    context: Context, vm_id: str, name: str, cluster_id: str, columns: dict[str, Any], template_id: str
) -> tuple[schema.VmStatic, schema.Snapshot]:
    """Add the row of a VM that is locked, with the snapshot that stands for it."""
    row = schema.VmStatic(
        id=vm_id,
        name=name,
        cluster_id=cluster_id,
        template_id=template_id,
        creation_date=context.now,
        status="image_locked",
        **columns,
    )
    active = schema.Snapshot(id=str(uuid.uuid4()), vm_id=vm_id, creation_date=context.now)
    context.db.add(row)
    context.db.flush()
    context.db.add(active)
    context.db.flush()
    return row, active


def chain_of(disk: schema.BaseDisk, top: schema.Image) -> list[schema.Image]:
    """Return a volume and what it lies on within its disk."""
    by_id = {image.id: image for image in disk.images}
    found = [top]
    while (parent := by_id.get(found[-1].parent_id or "")) is not None:
        found.append(parent)
    return found


def collapse(
    context: Context, disk: schema.BaseDisk, top: schema.Image, target: Target, owner: tuple[str, str], alias: str
) -> schema.BaseDisk:
    """Put a new disk with the state of one volume on a domain; owner: VM or template, and snapshot."""
    home, origin = layers.home_of(context, disk)
    domain = domains.find(context, target.domain_id)
    chain = chain_of(disk, top)
    volume = schema.Image(
        id=str(uuid.uuid4()),
        snapshot_id=owner[1],
        format=top.format if target.format is None else target.format,
        sparse=chain[-1].sparse if target.sparse is None else target.sparse,
        provisioned_size=top.provisioned_size,
        actual_size=min(top.provisioned_size, sum(image.actual_size for image in chain)),
        status="locked",
        creation_date=context.now,
    )
    volume.sparse, volume.actual_size = disks.size_on(domain, volume)
    copy = schema.BaseDisk(
        id=str(uuid.uuid4()),
        alias=alias,
        description=disk.description,
        wipe_after_delete=disk.wipe_after_delete,
        incremental_backup=disk.incremental_backup,
        images=[volume],
    )
    _store(context, domain, copy, volume, origin.image(top.id).guest_address)
    attach_like(context, disk, copy, owner[0])
    begin_copy(context, volume.actual_size, home.id, domain.id)
    return copy


def begin_copy(context: Context, size: int, *domain_ids: str) -> None:
    """Let the running command last until so much is copied."""
    seconds = disks.Pipe.begin(context, size, *domain_ids)
    context.remember(copying=max(seconds, context.memory.get("copying", 0.0)))


def making_time(context: Context) -> float:
    """Return how long it takes to make a machine, with the copies that its command began."""
    return context.engine.profile.seconds("create_vm") + float(context.memory.get("copying", 0.0))


def thin(
    context: Context, disk: schema.BaseDisk, domain_id: str, owner: tuple[str, str], alias: str
) -> schema.BaseDisk:
    """Put a new disk on a domain that refers to a template's disk there."""
    base = disk.active_image
    assert base is not None
    domain = domains.find(context, domain_id)
    volume = schema.Image(
        id=str(uuid.uuid4()),
        parent_id=base.id,
        template_image_id=base.id,
        snapshot_id=owner[1],
        provisioned_size=base.provisioned_size,
        actual_size=min(layers.first_size(domain), base.provisioned_size),
        status="locked",
        creation_date=context.now,
    )
    address = domains.contents_of(context, domain).image(base.id).guest_address
    copy = schema.BaseDisk(id=str(uuid.uuid4()), alias=alias, wipe_after_delete=disk.wipe_after_delete, images=[volume])
    _store(context, domain, copy, volume, address)
    attach_like(context, disk, copy, owner[0])
    return copy


def _store(
    context: Context,
    domain: schema.StorageDomainStatic,
    disk: schema.BaseDisk,
    volume: schema.Image,
    guest_address: str | None,
) -> None:
    volume.placements = [schema.ImagePlacement(storage_domain_id=domain.id)]
    contents = domains.contents_of(context, domain)
    context.db.add(disk)
    context.db.flush()
    contents.add_image(
        image_id=volume.id,
        disk_id=disk.id,
        parent_id=volume.parent_id,
        format=volume.format,
        sparse=volume.sparse,
        provisioned_size=volume.provisioned_size,
        actual_size=volume.actual_size,
        content_type=disk.content_type,
        description=disks.description_of(disk),
        guest_address=guest_address,
    )
    domains.refresh_sizes(domain, contents)


def attach_like(context: Context, source: schema.BaseDisk, copy: schema.BaseDisk, machine_id: str) -> None:
    """Attach a copied disk as its source is attached somewhere."""
    old = next((attachment for attachment, _unused in disks.users(context, source.id)), None)
    names = ("plugged", "bootable", "interface", "read_only", "pass_discard")
    columns = {name: getattr(old, name) for name in names} if old is not None else {}
    context.db.add(schema.DiskAttachment(vm_id=machine_id, disk_id=copy.id, **columns))
    context.db.flush()


def copy_nics(context: Context, source_id: str, machine_id: str, with_macs: bool = True) -> None:
    """Give a machine the NICs of another, with addresses of their own; a template's have none."""
    query = select(schema.VmInterface).filter_by(vm_id=source_id).order_by(schema.VmInterface.name)
    add_nics(context, machine_id, list(context.db.scalars(query)), with_macs)


def add_nics(context: Context, machine_id: str, sources: Sequence[Any], with_macs: bool = True) -> None:
    """Add NICs like others; profiles are taken where the others have one."""
    wanted = [Nic(one.id, one.name, "", "", None) for one in sources]
    found = macs.assign(context, wanted, reassign_bad=False) if with_macs else [None] * len(wanted)
    for one, mac in zip(sources, found, strict=True):
        row = schema.VmInterface(
            id=str(uuid.uuid4()),
            vm_id=machine_id,
            name=one.name,
            mac=mac,
            vnic_profile_id=getattr(one, "vnic_profile_id", None),
            model=one.model,
            linked=one.linked,
        )
        context.db.add(row)
    context.db.flush()


def check_macs(context: Context, count: int) -> None:
    """Refuse if the pool has not so many addresses left."""
    macs.assign(context, [Nic("", f"nic{number}", "", "", None) for number in range(count)], reassign_bad=False)


def release(context: Context, machine_id: str) -> None:
    """Free the disks of a machine after work on them."""
    for _unused, disk in disks.of_vm(context, machine_id):
        if disk.active_image is not None and not disk.shareable:
            disks.set_status(disk, "ok")


def wipe(context: Context, disk_ids: Iterable[str]) -> None:
    """Delete disks that belong to nobody any more, on storage and here."""
    for disk_id in disk_ids:
        disk = context.db.get(schema.BaseDisk, disk_id)
        if disk is None:
            continue
        for domain_id in {place.storage_domain_id for image in disk.images for place in image.placements}:
            domain = domains.find(context, domain_id)
            contents = domains.contents_of(context, domain)
            contents.remove_disk(disk_id)
            domains.refresh_sizes(domain, contents)
            ovf_store.outdate(context, domain_id)
        entities.delete_disks(context, [disk_id])
