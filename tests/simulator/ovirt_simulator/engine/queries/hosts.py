# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host sees of storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from ...storage.failures import StorageFailure
from .. import hosts, schema
from ..command import QueryFailure
from ..domains import GIB
from ..faults import STORAGE_ERRORS

if TYPE_CHECKING:
    from ...storage import fabric
    from ...storage.contents import Contents
    from ..runtime import Context


@dataclass(frozen=True)
class FoundTarget:
    """A target over one portal."""

    address: str
    port: int
    portal: str
    target: str


@dataclass(frozen=True)
class CandidateDomain:
    """A domain that lies on storage and that this engine does not know."""

    id: str
    name: str
    function: str
    storage_type: str
    volume_group_id: str | None
    storage_format: str
    block_size: int


@dataclass(frozen=True)
class Device:
    """A logical unit in the eyes of a host; the connection is that of its first path."""

    lun_id: str
    storage_type: str
    address: str | None
    port: int | None
    portal: str | None
    target: str | None
    size: int
    status: str | None
    volume_group_id: str | None
    storage_domain_id: str | None
    disk_id: str | None
    vendor: str
    product: str
    serial: str
    lun_mapping: int
    paths: int
    active_paths: int
    discard_max_size: int = 0


def discover_targets(
    context: Context, host_id: str, address: str, port: int, username: str | None, password: str | None
) -> list[FoundTarget]:
    """Return the targets that a portal advertises; the host does not log in, so credentials do not matter."""
    try:
        found = context.storage.discover(address, port)
    except StorageFailure as exc:
        raise QueryFailure(400, STORAGE_ERRORS[exc.name]) from exc
    return [FoundTarget(one.address, one.port, one.portal, one.target) for one in found]


def unregistered_block_domains(
    context: Context,
    host_id: str,
    storage_type: str,
    address: str | None,
    port: int,
    targets: Sequence[str],
    username: str | None,
    password: str | None,
) -> list[CandidateDomain]:
    """Return the block domains that a host finds; over iSCSI it is logged in to the targets first, and stays so."""
    connected: set[str] = set()
    if storage_type == "iscsi":
        for target in targets:
            try:
                context.storage.login(host_id, address or "", port, target, username, password)
            except StorageFailure:
                continue
            connected.add(target)
        if not connected:
            raise QueryFailure(400, "the host could not be connected to any of the targets")
    hosts.require_up(context, host_id)
    candidates = []
    for contents in context.storage.groups(host_id, storage_type):
        units = contents.logical_units
        if connected and not any(unit.target in connected for unit in units):
            continue
        candidate = block_candidate(context, storage_type, contents)
        if candidate is not None and not _known_units(context, [unit.id for unit in units]):
            candidates.append(candidate)
    return candidates


def block_candidate(context: Context, storage_type: str, contents: Contents) -> CandidateDomain | None:
    """Return the domain on a volume group, None if there is none or the engine knows it."""
    volume = contents.volume
    if volume.domain_id is None or context.db.get(schema.StorageDomainStatic, volume.domain_id) is not None:
        return None
    return CandidateDomain(
        volume.domain_id,
        volume.domain_name or "",
        volume.function,
        storage_type,
        volume.volume_group_id,
        volume.storage_format,
        volume.block_size,
    )


def devices(context: Context, host_id: str, report_status: bool) -> list[Device]:
    """Return the logical units that a host sees."""
    hosts.require_up(context, host_id)
    return [_device(context, seen, report_status) for seen in context.storage.devices(host_id)]


def _device(context: Context, seen: fabric.Device, report_status: bool) -> Device:
    unit, first = seen.unit, seen.portals[0] if seen.portals else None
    group = seen.volume.volume_group_id if seen.volume is not None else None
    domain_id = seen.volume.domain_id if seen.volume is not None and group else None
    known = context.db.get(schema.Lun, unit.id)
    if known is not None:
        query = select(schema.StorageDomainStatic.id).filter_by(volume_group_id=known.volume_group_id)
        domain_id = context.db.scalar(query) if known.volume_group_id and known.disk_id is None else None
    status = "used" if group is not None or known is not None else "free"
    if seen.active_paths == 0:
        status = "unusable"
    return Device(
        lun_id=unit.id,
        storage_type=seen.kind,
        address=first.address if first else None,
        port=first.port if first else None,
        portal=f"{first.address}:{first.port},{first.tpgt}" if first else None,
        target=unit.target,
        size=unit.size // GIB * GIB,
        status=status if report_status else None,
        volume_group_id=group,
        storage_domain_id=domain_id,
        disk_id=known.disk_id if known is not None else None,
        vendor=unit.vendor,
        product=unit.product,
        serial=unit.serial,
        lun_mapping=unit.lun_mapping,
        paths=seen.paths,
        active_paths=seen.active_paths,
    )


def _known_units(context: Context, unit_ids: list[str]) -> bool:
    return context.db.scalar(select(schema.Lun.id).where(schema.Lun.id.in_(unit_ids)).limit(1)) is not None
