# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, and storage as they see it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ovirtsdk4 import types

from ...engine import schema
from ...engine.queries.hosts import CandidateDomain, Device, FoundTarget
from .values import choice, reference


def hosts(rows: Iterable[schema.Vds]) -> list[types.Host]:
    """Return hosts."""
    return [
        types.Host(
            id=row.id,
            name=row.name,
            address=row.address,
            comment=row.comment,
            cluster=reference(types.Cluster, row.cluster_id),
            status=choice(types.HostStatus, row.status),
            external_status=types.ExternalStatus.OK,
            spm=types.Spm(priority=row.spm_priority, status=choice(types.SpmStatus, row.spm_status)),
            memory=row.memory,
            cpu=_processors(),
            max_scheduling_memory=row.memory,
            type=types.HostType.OVIRT_NODE,
            port=54321,
            power_management=types.PowerManagement(
                enabled=False, automatic_pm_enabled=True, kdump_detection=True, pm_proxies=[]
            ),
            os=types.OperatingSystem(type="RHEL", custom_kernel_cmdline=""),
            vgpu_placement=types.VgpuPlacement.CONSOLIDATED,
        )
        for row in rows
    ]


@cache
def _processors() -> types.Cpu:
    """Return what every host has; it is shared, since it is only read."""
    return types.Cpu(architecture=types.Architecture.X86_64, topology=types.CpuTopology(sockets=2, cores=16, threads=2))


def storages(host_id: str, devices: Iterable[Device]) -> list[types.HostStorage]:
    """Return the logical units that a host sees, each as a storage of its own."""
    return [
        types.HostStorage(
            id=device.lun_id,
            type=choice(types.StorageType, device.storage_type),
            host=reference(types.Host, host_id),
            logical_units=[_unit(device)],
        )
        for device in devices
    ]


def _unit(device: Device) -> types.LogicalUnit:
    # Models before 4.6.1 do not know how many paths work, and neither do their SDKs.
    newer = {"active_paths": device.active_paths} if hasattr(types.LogicalUnit, "active_paths") else {}
    return types.LogicalUnit(
        id=device.lun_id,
        address=device.address,
        port=device.port,
        portal=device.portal,
        target=device.target,
        size=device.size,
        status=choice(types.LunStatus, device.status),
        volume_group_id=device.volume_group_id,
        storage_domain_id=device.storage_domain_id,
        disk_id=device.disk_id,
        vendor_id=device.vendor or None,
        product_id=device.product or None,
        serial=device.serial or None,
        lun_mapping=device.lun_mapping,
        paths=device.paths,
        **newer,
        discard_max_size=device.discard_max_size,
        discard_zeroes_data=False,
    )


def targets(found: Iterable[FoundTarget]) -> list[types.IscsiDetails]:
    """Return what a discovery found."""
    return [
        types.IscsiDetails(address=one.address, port=one.port, portal=one.portal, target=one.target) for one in found
    ]


def candidates(found: Iterable[CandidateDomain]) -> list[types.StorageDomain]:
    """Return domains that could be imported: as much of them as lies on storage, so never their backup flag."""
    return [
        types.StorageDomain(
            id=one.id,
            name=one.name,
            type=choice(types.StorageDomainType, one.function),
            storage=types.HostStorage(
                type=choice(types.StorageType, one.storage_type),
                volume_group=types.VolumeGroup(id=one.volume_group_id) if one.volume_group_id else None,
            ),
            storage_format=choice(types.StorageFormat, one.storage_format),
            block_size=one.block_size,
            master=False,
            backup=False,
            committed=0,
            external_status=types.ExternalStatus.OK,
            supports_discard_zeroes_data=False,
        )
        for one in found
    ]
