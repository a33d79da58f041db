# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands on storage domains share: looking them up, statuses, the master, and the status of a data center."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from ..storage.fabric import BLOCK_TYPES, BlockPlace, FilePlace, Place
from . import schema
from .command import ExecutionFailure, Refusal

if TYPE_CHECKING:
    from ..storage.contents import Contents
    from .runtime import Context

GIB = 1 << 30
_UP_HOSTS = (
    select(schema.Vds)
    .join(schema.Cluster, schema.Cluster.id == schema.Vds.cluster_id)
    .where(schema.Cluster.storage_pool_id == bindparam("pool_id"), schema.Vds.status == "up")
)
IN_PROCESS = frozenset({"locked", "preparing_for_maintenance", "detaching", "activating"})
DOMAIN_MISSING = "ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST"


def find(context: Context, domain_id: str, missing: str = DOMAIN_MISSING) -> schema.StorageDomainStatic:
    """Return a domain, or refuse."""
    domain = context.db.get(schema.StorageDomainStatic, domain_id)
    if domain is None:
        raise Refusal(missing)
    return domain


def find_pool(context: Context, pool_id: str | None) -> schema.StoragePool:
    """Return a data center, or refuse."""
    pool = context.db.get(schema.StoragePool, pool_id) if pool_id else None
    if pool is None:
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_POOL_NOT_EXIST")
    return pool


def find_up_pool(context: Context, pool_id: str | None) -> schema.StoragePool:
    """Return a data center that is up, or refuse."""
    pool = find_pool(context, pool_id)
    if pool.status != "up":
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_POOL_STATUS_ILLEGAL")
    return pool


def pool_id_of(domain: schema.StorageDomainStatic) -> str | None:
    """Return the data center that a domain is attached to."""
    return domain.mapping.storage_pool_id if domain.mapping is not None else None


def status_of(domain: schema.StorageDomainStatic) -> str:
    """Return a domain's status, `unattached` if it is in no data center."""
    return domain.mapping.status if domain.mapping is not None else "unattached"


def set_status(domain: schema.StorageDomainStatic, status: str) -> None:
    """Change the status of an attached domain."""
    assert domain.mapping is not None
    domain.mapping.status = status


def is_data(domain: schema.StorageDomainStatic) -> bool:
    """Tell whether a domain can hold disks, the master included."""
    return domain.function == "data"


def require_status(domain: schema.StorageDomainStatic, *allowed: str) -> None:
    """Refuse unless the domain is in one of these statuses; one in process counts as locked."""
    status = status_of(domain)
    if status in allowed:
        return
    if status in IN_PROCESS:
        raise Refusal("ACTION_TYPE_FAILED_OBJECT_LOCKED", name=domain.name)
    raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2", name=domain.name, status=status)


def require_active_data(domain: schema.StorageDomainStatic) -> None:
    """Refuse unless the domain is active and neither an iso nor an export domain."""
    if status_of(domain) != "active":
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2", name=domain.name, status=status_of(domain))
    if not is_data(domain):
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_TYPE_ILLEGAL")


def require_space(domain: schema.StorageDomainStatic, needed: int = 0) -> None:
    """Refuse when a domain is below its critical threshold or has no room for so many bytes more."""
    if domain.available is None:
        return
    if domain.available < domain.critical_space_action_blocker * GIB or domain.available < needed:
        raise Refusal("ACTION_TYPE_FAILED_DISK_SPACE_LOW_ON_STORAGE_DOMAIN", name=domain.name)


def of_pool(context: Context, pool_id: str) -> list[schema.StorageDomainStatic]:
    """Return the domains of a data center by name."""
    query = select(schema.StorageDomainStatic).join(schema.StoragePoolIsoMap)
    query = query.where(schema.StoragePoolIsoMap.storage_pool_id == pool_id)
    return list(context.db.scalars(query.order_by(schema.StorageDomainStatic.name)))


def master_of(context: Context, pool_id: str) -> schema.StorageDomainStatic | None:
    """Return the master of a data center; an uninitialized one has none."""
    return next((domain for domain in of_pool(context, pool_id) if domain.master), None)


def require_active_master(context: Context, pool_id: str) -> None:
    """Refuse unless the data center's master is active."""
    master = master_of(context, pool_id)
    if master is None or status_of(master) != "active":
        raise Refusal("ACTION_TYPE_FAILED_MASTER_STORAGE_DOMAIN_NOT_ACTIVE")


def up_hosts(context: Context, pool_id: str) -> list[schema.Vds]:
    """Return the hosts of a data center that are up, the one that manages its storage first."""
    return sorted(
        context.db.scalars(_UP_HOSTS, {"pool_id": pool_id}), key=lambda host: (host.spm_status != "spm", host.name)
    )


def require_up_host(context: Context, pool_id: str) -> None:
    """Refuse unless some host of the data center is up."""
    if not up_hosts(context, pool_id):
        raise Refusal("ACTION_TYPE_FAILED_NO_VDS_IN_POOL")


def elect_master(
    context: Context,
    pool_id: str,
    own: schema.StorageDomainStatic,
    during_reconstruct: bool = False,
    allow_inactive: bool = False,
    allow_current: bool = False,
) -> schema.StorageDomainStatic | None:
    """Return who can take the master role; `own` is the domain that the command is about.

    A backup domain never can, unless it is the master already and may be kept.
    """

    def order(domain: schema.StorageDomainStatic) -> tuple[float, bool]:
        return domain.last_time_used_as_master, domain.storage_type == "localfs"

    remembered = None
    for domain in sorted(of_pool(context, pool_id), key=order):
        if domain is own and not during_reconstruct:
            continue
        barred = domain.backup and context.engine.restrictions.enforce_e1
        ordinary = is_data(domain) and not domain.master and not barred
        if not ordinary and not (allow_current and domain.master):
            continue
        if status_of(domain) in ("active", "unknown"):
            return domain
        if allow_inactive and status_of(domain) == "inactive" and remembered is None:
            remembered = domain
    return remembered


def make_master(context: Context, domain: schema.StorageDomainStatic) -> None:
    """Give a domain the master role, and take it from the one that has it."""
    pool_id = pool_id_of(domain)
    assert pool_id is not None
    for other in of_pool(context, pool_id):
        if other is not domain and other.master:
            other.master = False
            other.last_time_used_as_master = context.now
    domain.master = True
    context.db.flush()


def refresh_pool(context: Context, pool_id: str) -> None:
    """Derive the data center's status from its master, and let an active host manage the storage if it is up."""
    pool = find_pool(context, pool_id)
    master = master_of(context, pool_id)
    if master is None:
        pool.status = "uninitialized"
    else:
        pool.status = {"active": "up", "maintenance": "maintenance"}.get(status_of(master), "problematic")
    hosts = up_hosts(context, pool_id)
    if pool.status == "up" and not hosts:
        pool.status = "problematic"
    clusters = select(schema.Cluster.id).filter_by(storage_pool_id=pool_id)
    for host in context.db.scalars(select(schema.Vds).where(schema.Vds.cluster_id.in_(clusters))):
        host.spm_status = "spm" if pool.status == "up" and hosts and host is hosts[0] else "none"
    context.db.flush()


def place_of(context: Context, domain: schema.StorageDomainStatic) -> Place:
    """Return where a domain lies."""
    if domain.storage_type in BLOCK_TYPES:
        return BlockPlace(domain.storage_type, domain.volume_group_id or "")
    row = context.db.get_one(schema.StorageServerConnection, domain.connection_id)
    return FilePlace(row.type, row.address, row.path or "")


def units_of(context: Context, domain: schema.StorageDomainStatic) -> list[schema.Lun]:
    """Return the logical units of a block domain."""
    if domain.volume_group_id is None:
        return []
    query = select(schema.Lun).filter_by(volume_group_id=domain.volume_group_id, disk_id=None)
    return list(context.db.scalars(query.order_by(schema.Lun.id)))


def connections_of(context: Context, domain: schema.StorageDomainStatic) -> list[schema.StorageServerConnection]:
    """Return the connections of a domain; none for Fibre Channel."""
    if domain.connection_id is not None:
        return [context.db.get_one(schema.StorageServerConnection, domain.connection_id)]
    links = select(schema.LunConnection.connection_id)
    links = links.where(schema.LunConnection.lun_id.in_([unit.id for unit in units_of(context, domain)]))
    query = select(schema.StorageServerConnection).where(schema.StorageServerConnection.id.in_(links))
    return list(context.db.scalars(query.order_by(schema.StorageServerConnection.id)))


def contents_of(context: Context, domain: schema.StorageDomainStatic) -> Contents:
    """Return what lies on an attached domain, through the host that manages the data center's storage."""
    pool_id = pool_id_of(domain)
    hosts = up_hosts(context, pool_id) if pool_id else []
    if not hosts:
        raise ExecutionFailure()
    return context.storage.reach(hosts[0].id, place_of(context, domain))


def refresh_sizes(domain: schema.StorageDomainStatic, contents: Contents) -> None:
    """Take over what the host reports of a domain's space, in whole GiB."""
    domain.used = contents.used // GIB * GIB
    domain.available = max(0, contents.size - contents.used) // GIB * GIB


def vms_with_lease(context: Context, domain_id: str) -> list[schema.VmStatic]:
    """Return the VMs whose lease lies on a domain and that are not down: a suspended one counts."""
    query = select(schema.VmStatic).filter_by(entity_type="vm", lease_domain_id=domain_id)
    return list(context.db.scalars(query.where(schema.VmStatic.status != "down").order_by(schema.VmStatic.name)))


def vms_running_from(context: Context, domain_id: str, any_image: bool) -> list[schema.VmStatic]:
    """Return the VMs, neither down nor suspended, with a plugged image disk on a domain.

    any_image: a snapshot's volume there is enough; otherwise the active volume decides, by its first place.
    """
    place = schema.ImagePlacement
    query = (
        select(schema.VmStatic)
        .join(schema.DiskAttachment, schema.DiskAttachment.vm_id == schema.VmStatic.id)
        .join(schema.Image, schema.Image.disk_id == schema.DiskAttachment.disk_id)
        .join(place, place.image_id == schema.Image.id)
        .where(schema.VmStatic.entity_type == "vm", schema.VmStatic.status.not_in(["down", "suspended"]))
        .where(schema.DiskAttachment.plugged, place.storage_domain_id == domain_id)
    )
    if not any_image:
        query = query.where(schema.Image.active, place.ordinal == 0)
    return list(context.db.scalars(query.distinct().order_by(schema.VmStatic.name)))


def names(rows: list[schema.VmStatic]) -> str:
    """Return the names of VMs or templates for a message."""
    return ", ".join(sorted(row.name for row in rows))


def detach_row(context: Context, domain: schema.StorageDomainStatic) -> None:
    """Take a domain out of its data center, in the engine's records."""
    if domain.mapping is not None:
        context.db.delete(domain.mapping)
        context.db.flush()
        context.db.expire(domain, ["mapping"])
