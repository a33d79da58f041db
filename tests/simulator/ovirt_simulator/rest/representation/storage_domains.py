# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage domains in their two views, and storage connections."""

from __future__ import annotations

from collections.abc import Iterable

from ovirtsdk4 import types

from ...engine import schema
from ...engine.queries import storage_domains as queries
from ...engine.runtime import Context
from .values import choice, reference

_BLOCK = frozenset({"iscsi", "fcp"})


def domains(context: Context, rows: Iterable[schema.StorageDomainStatic]) -> list[types.StorageDomain]:
    """Return domains as /storagedomains shows them: one that is attached has no status there."""
    found = []
    for row in rows:
        domain = _domain(context, row)
        if row.mapping is None:
            domain.status = types.StorageDomainStatus.UNATTACHED
        found.append(domain)
    return found


def attached(context: Context, rows: Iterable[schema.StorageDomainStatic]) -> list[types.StorageDomain]:
    """Return domains as a data center shows them: with their status."""
    found = []
    for row in rows:
        assert row.mapping is not None
        domain = _domain(context, row)
        domain.status = choice(types.StorageDomainStatus, row.mapping.status)
        domain.data_center = reference(types.DataCenter, row.mapping.storage_pool_id)
        found.append(domain)
    return found


def just_added(context: Context, row: schema.StorageDomainStatic) -> types.StorageDomain:
    """Return a domain as the answer to its creation shows it: before the engine made up its status."""
    domain = _domain(context, row)
    domain.status = types.StorageDomainStatus.UNKNOWN
    return domain


def _domain(context: Context, row: schema.StorageDomainStatic) -> types.StorageDomain:
    pools = [reference(types.DataCenter, row.mapping.storage_pool_id)] if row.mapping is not None else None
    return types.StorageDomain(
        id=row.id,
        name=row.name,
        description=row.description,
        comment=row.comment,
        type=choice(types.StorageDomainType, row.function),
        master=row.master,
        external_status=choice(types.ExternalStatus, row.external_status),
        available=row.available,
        used=row.used,
        committed=queries.committed(context, row.id),
        warning_low_space_indicator=row.warning_low_space_indicator,
        critical_space_action_blocker=row.critical_space_action_blocker,
        wipe_after_delete=row.wipe_after_delete,
        discard_after_delete=row.discard_after_delete,
        supports_discard=False,
        supports_discard_zeroes_data=False,
        block_size=row.block_size,
        storage_format=choice(types.StorageFormat, row.storage_format),
        backup=row.backup,
        data_centers=pools,
        storage=_storage(context, row),
    )


def _storage(context: Context, row: schema.StorageDomainStatic) -> types.HostStorage:
    storage = types.HostStorage(type=choice(types.StorageType, row.storage_type))
    if row.storage_type in _BLOCK:
        pairs = queries.logical_units(context, row.id)
        units = [_unit(row, lun, connection) for lun, connection in pairs]
        storage.volume_group = types.VolumeGroup(id=row.volume_group_id, logical_units=units)
        return storage
    connection = context.db.get(schema.StorageServerConnection, row.connection_id) if row.connection_id else None
    if connection is not None:
        storage.address = connection.address
        storage.path = connection.path
        storage.mount_options = connection.mount_options
        storage.vfs_type = connection.vfs_type
        storage.nfs_version = choice(types.NfsVersion, connection.nfs_version)
        storage.nfs_timeo = connection.nfs_timeo
        storage.nfs_retrans = connection.nfs_retrans
    return storage


def _unit(
    row: schema.StorageDomainStatic, lun: schema.Lun, connection: schema.StorageServerConnection | None
) -> types.LogicalUnit:
    unit = types.LogicalUnit(
        id=lun.id,
        size=lun.size,
        volume_group_id=row.volume_group_id,
        storage_domain_id=row.id,
        paths=0,
        discard_max_size=0,
        discard_zeroes_data=False,
    )
    if connection is not None:
        unit.address, unit.port = connection.address, connection.port
        unit.portal, unit.target = connection.portal, connection.target
        unit.username = connection.username
    return unit


def connections(rows: Iterable[schema.StorageServerConnection]) -> list[types.StorageConnection]:
    """Return storage connections, without their passwords."""
    return [
        types.StorageConnection(
            id=row.id,
            type=choice(types.StorageType, row.type),
            address=row.address,
            path=row.path,
            port=row.port,
            portal=row.portal,
            target=row.target,
            username=row.username,
            vfs_type=row.vfs_type,
            mount_options=row.mount_options,
            nfs_version=choice(types.NfsVersion, row.nfs_version),
            nfs_timeo=row.nfs_timeo,
            nfs_retrans=row.nfs_retrans,
        )
        for row in rows
    ]
