# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct LUN disks of a VM that is registered."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ...ovf.document import Document, LunDisk
from ...storage.fabric import Device
from .. import hosts, schema
from ..command import Refusal
from ..mapping import Mappings

if TYPE_CHECKING:
    from ..runtime import Context


def check_luns(context: Context, document: Document, mappings: Mappings, partial: bool) -> set[str]:
    """Return the LUN disks that a partial import leaves out; refuse a full one because of them."""
    dropped: set[str] = set()
    for disk in document.lun_disks:
        message = _problem(context, disk, mappings)
        if message is not None and not partial:
            raise Refusal(message, luns=disk.lun_id)
        if message is not None:
            dropped.add(disk.id)
    return dropped


def register_luns(context: Context, vm_id: str, document: Document, mappings: Mappings, dropped: set[str]) -> None:
    """Write down the LUN disks that were not left out."""
    for disk in document.lun_disks:
        if disk.id in dropped:
            continue
        target = _target(disk, mappings)
        device = _device(context, target["id"])
        assert device is not None
        if context.db.get(schema.BaseDisk, disk.id) is None:
            row = schema.BaseDisk(
                id=disk.id,
                alias=disk.alias or "",
                description=disk.description or "",
                storage_type="lun",
                shareable=disk.shareable,
                lun_id=device.unit.id,
            )
            context.db.add(row)
            context.db.merge(schema.Lun(id=device.unit.id, disk_id=disk.id, size=device.unit.size))
            context.db.flush()
            for path in target["paths"]:
                _connect(context, device.unit.id, path)
        attachment = schema.DiskAttachment(
            vm_id=vm_id,
            disk_id=disk.id,
            plugged=disk.plugged,
            bootable=disk.bootable,
            interface=disk.interface,
            read_only=disk.read_only,
            pass_discard=disk.pass_discard,
        )
        context.db.add(attachment)


def _target(disk: LunDisk, mappings: Mappings) -> dict[str, Any]:
    """Return the unit here and the ways to it: the mapping's, else the document's own."""
    mapped = dict(mappings.get("luns") or []).get(disk.lun_id)
    if mapped is not None:
        return {"id": mapped.get("id"), "paths": [mapped] if mapped.get("address") else []}
    paths = [
        {"address": one.address, "port": int(one.port or 3260), "target": one.iqn, "portal": one.portal}
        for one in disk.connections
    ]
    return {"id": disk.lun_id, "paths": paths}


def _problem(context: Context, disk: LunDisk, mappings: Mappings) -> str | None:
    target = _target(disk, mappings)
    if any(not path.get("address") or not path.get("target") for path in target["paths"]):
        return "ACTION_TYPE_FAILED_DISK_LUN_ISCSI_MISSING_CONNECTION_PARAMS"
    known = context.db.get(schema.Lun, target["id"])
    if known is not None and known.disk_id != disk.id:
        return "ACTION_TYPE_FAILED_DISK_LUN_IS_ALREADY_IN_USE"
    for path in target["paths"]:
        for host in context.db.scalars(select(schema.Vds).filter_by(status="up")):
            hosts.log_in(context.storage, host.id, _row(path))
    return None if _device(context, target["id"]) is not None else "ACTION_TYPE_FAILED_DISK_LUN_INVALID"


def _device(context: Context, lun_id: str) -> Device | None:
    for host in context.db.scalars(select(schema.Vds).filter_by(status="up").order_by(schema.Vds.name)):
        for device in context.storage.devices(host.id):
            if device.unit.id == lun_id and device.active_paths:
                return device
    return None


def _row(path: dict[str, Any]) -> schema.StorageServerConnection:
    return schema.StorageServerConnection(
        id=str(uuid.uuid4()),
        type="iscsi",
        address=path["address"],
        port=int(path.get("port") or 3260),
        portal=path.get("portal"),
        target=path["target"],
        username=path.get("username"),
        password=path.get("password"),
    )


def _connect(context: Context, lun_id: str, path: dict[str, Any]) -> None:
    row = _row(path)
    same = {"type": "iscsi", "address": row.address, "port": row.port, "target": row.target}
    known = context.db.scalar(select(schema.StorageServerConnection).filter_by(**same))
    if known is None:
        context.db.add(row)
        context.db.flush()
    context.db.merge(schema.LunConnection(lun_id=lun_id, connection_id=(known or row).id))
