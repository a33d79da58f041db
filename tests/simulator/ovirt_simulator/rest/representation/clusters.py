# SPDX-License-Identifier: GPL-3.0-or-later
"""Data centers, clusters and what belongs to all of them."""

from __future__ import annotations

from collections.abc import Iterable

from ovirtsdk4 import types

from ...engine import schema
from .values import choice, reference

MAC_POOL = "58ca604b-017d-0374-0220-00000000014e"


def version(text: str) -> types.Version:
    """Return a compatibility version."""
    major, _unused, minor = text.partition(".")
    return types.Version(major=int(major), minor=int(minor))


def data_centers(rows: Iterable[schema.StoragePool]) -> list[types.DataCenter]:
    """Return data centers."""
    return [
        types.DataCenter(
            id=row.id,
            name=row.name,
            description="",
            comment="",
            status=choice(types.DataCenterStatus, row.status),
            local=row.is_local,
            version=version(row.compatibility_version),
            supported_versions=[version(row.compatibility_version)],
            storage_format=types.StorageFormat.V5,
            quota_mode=types.QuotaModeType.DISABLED,
        )
        for row in rows
    ]


def clusters(rows: Iterable[schema.Cluster]) -> list[types.Cluster]:
    """Return clusters."""
    return [
        types.Cluster(
            id=row.id,
            name=row.name,
            description="",
            comment="",
            bios_type=choice(types.BiosType, row.bios_type),
            cpu=types.Cpu(architecture=choice(types.Architecture, row.architecture)),
            data_center=reference(types.DataCenter, row.storage_pool_id) if row.storage_pool_id else None,
            version=version(row.compatibility_version),
            mac_pool=types.MacPool(id=MAC_POOL),
            virt_service=True,
            gluster_service=False,
        )
        for row in rows
    ]


def mac_pools(rows: Iterable[schema.MacPool]) -> list[types.MacPool]:
    """Return the pool that every cluster takes its MAC addresses from."""
    return [
        types.MacPool(
            id=MAC_POOL,
            name=row.name,
            description="",
            allow_duplicates=row.allow_duplicates,
            default_pool=True,
            ranges=[types.Range(from_=row.range_from, to=row.range_to)],
        )
        for row in rows
    ]
