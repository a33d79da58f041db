# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's own record of logical units and of the connections that lead to them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from . import domains, schema

if TYPE_CHECKING:
    from ..storage.contents import Contents
    from .runtime import Context


def remember_units(context: Context, host_id: str, contents: Contents) -> None:
    """Write down the units of a volume group, and the connections over which the host has logged in to them."""
    wanted = {unit.id for unit in contents.logical_units}
    group = contents.volume.volume_group_id
    for seen in context.storage.devices(host_id):
        if seen.unit.id not in wanted:
            continue
        context.db.merge(schema.Lun(id=seen.unit.id, volume_group_id=group, size=seen.unit.size))
        context.db.flush()
        for portal in seen.portals:
            connection = _connection(context, portal.address, portal.port, seen.unit.target or "")
            connection.username, connection.password = context.storage.credentials(host_id, connection.target or "")
            connection.portal = f"{portal.address}:{portal.port},{portal.tpgt}"
            context.db.merge(schema.LunConnection(lun_id=seen.unit.id, connection_id=connection.id))
    context.db.flush()


def forget_units(context: Context, domain: schema.StorageDomainStatic) -> None:
    """Delete the record of a domain's units, and connections that nothing else uses."""
    units = [unit.id for unit in domains.units_of(context, domain)]
    used = set(context.db.scalars(select(schema.LunConnection.connection_id).filter(_of(units))))
    context.db.execute(delete(schema.LunConnection).where(_of(units)))
    still = set(context.db.scalars(select(schema.LunConnection.connection_id)))
    for connection_id in used - still:
        context.db.execute(delete(schema.StorageServerConnection).where(_is(connection_id)))
    context.db.execute(delete(schema.Lun).where(schema.Lun.id.in_(units)))


def _of(units: list[str]) -> Any:
    return schema.LunConnection.lun_id.in_(units)


def _is(connection_id: str) -> Any:
    return schema.StorageServerConnection.id == connection_id


def _connection(context: Context, address: str, port: int, target: str) -> schema.StorageServerConnection:
    where = {"type": "iscsi", "address": address, "port": port, "target": target}
    row = context.db.scalar(select(schema.StorageServerConnection).filter_by(**where))
    if row is None:
        row = schema.StorageServerConnection(id=str(uuid.uuid4()), **where)
        context.db.add(row)
        context.db.flush()
    return row
