# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage connections."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import domains, schema
from ...engine.command import Refusal
from ...engine.commands import AddStorageServerConnection, RemoveStorageServerConnection
from ...engine.commands.connection_update import (
    AttachStorageConnectionToStorageDomain,
    DetachStorageConnectionFromStorageDomain,
    UpdateStorageServerConnection,
)
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified, one, required
from ..errors import incomplete
from ..representation import storage_domains as shown
from ..wire import Answer

_REQUIRED = {
    "iscsi": "address target port",
    "nfs": "address path",
    "localfs": "path",
    "posixfs": "path vfs_type",
    "glusterfs": "path vfs_type",
}
_FIELDS = (
    "address",
    "path",
    "port",
    "portal",
    "target",
    "username",
    "password",
    "vfs_type",
    "mount_options",
    "nfs_timeo",
    "nfs_retrans",
)


def fields_of(storage: types.HostStorage | types.StorageConnection) -> dict[str, Any]:
    """Return what a body says about a connection."""
    given = {name: getattr(storage, name) for name in _FIELDS}
    given["nfs_version"] = storage.nfs_version.value if storage.nfs_version else None
    return {name: value for name, value in given.items() if value is not None}


def list_all(call: Call) -> Answer:
    """List storage connections."""
    order = (schema.StorageServerConnection.address, schema.StorageServerConnection.id)
    rows = call.context.db.scalars(select(schema.StorageServerConnection).order_by(*order))
    return Answer(shown.connections(rows), root="storage_connections")


def read(call: Call) -> Answer:
    """Show a storage connection."""
    return Answer(_connection(call.context, call.ids["connection"]))


def _connection(context: Context, connection_id: str) -> types.StorageConnection:
    return shown.connections([find(context, schema.StorageServerConnection, connection_id)])[0]


def add(call: Call) -> Answer:
    """Remember a connection; with a host it is really made there."""
    body = call.body(types.StorageConnection)
    if body.type is None:
        raise incomplete("StorageConnection", "type", "add")
    kind = body.type.value
    for name in _REQUIRED.get(kind, "").split():
        if not getattr(body, name):
            raise incomplete("StorageConnection", name, "add")
    if body.id is not None:
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_ID_NOT_EMPTY")
    host_id = None
    if body.host is not None:
        host_id = identified(call, body.host, schema.Vds, incomplete("StorageConnection", "host.id|name", "add"))
    command = AddStorageServerConnection(str(uuid.uuid4()), kind, host_id, fields_of(body))
    call.execute(command)
    return created(call, call.ask(_connection, command.id))


def update(call: Call) -> Answer:
    """Point a connection elsewhere."""
    connection_id = call.ids["connection"]
    call.ask(find, schema.StorageServerConnection, connection_id)
    body = call.body(types.StorageConnection)
    changes = {**fields_of(body), **({"type": body.type.value} if body.type is not None else {})}
    host_id = None
    if body.host is not None:
        host_id = identified(call, body.host, schema.Vds, incomplete("StorageConnection", "host.id|name", "update"))
    call.execute(UpdateStorageServerConnection(connection_id, changes, host_id, call.request.flag("force")))
    return Answer(call.ask(_connection, connection_id))


def remove(call: Call) -> Answer:
    """Forget a connection."""
    call.ask(find, schema.StorageServerConnection, call.ids["connection"])
    host_id = call.request.parameter("host")
    return done(call, call.execute(RemoveStorageServerConnection(call.ids["connection"], host_id)))


def list_of_domain(call: Call) -> Answer:
    """List the connections of a domain; Fibre Channel needs none."""
    domain = find(call.context, schema.StorageDomainStatic, call.ids["domain"])
    return Answer(shown.connections(domains.connections_of(call.context, domain)), root="storage_connections")


def add_to_domain(call: Call) -> Answer:
    """Let a domain have one more connection; the answer is that of an action."""
    body = call.body(types.StorageConnection)
    connection_id = required(body.id, "StorageConnection", "id", "add")
    return done(call, call.execute(AttachStorageConnectionToStorageDomain(connection_id, call.ids["domain"])))


def remove_from_domain(call: Call) -> Answer:
    """Take a connection from a domain."""
    command = DetachStorageConnectionFromStorageDomain(call.ids["connection"], call.ids["domain"])
    return done(call, call.execute(command))


def read_of_domain(call: Call) -> Answer:
    """Show one connection of a domain."""
    domain = find(call.context, schema.StorageDomainStatic, call.ids["domain"])
    rows = domains.connections_of(call.context, domain)
    return Answer(shown.connections([one([row for row in rows if row.id == call.ids["connection"]])])[0])
