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


def mac_pools() -> list[types.MacPool]:
    """Return the pool that every cluster takes its MAC addresses from."""
    ranges = [types.Range(from_="56:6f:1a:00:00:00", to="56:6f:1a:ff:ff:ff")]
    pool = types.MacPool(
        id=MAC_POOL, name="Default", description="", allow_duplicates=False, default_pool=True, ranges=ranges
    )
    return [pool]
