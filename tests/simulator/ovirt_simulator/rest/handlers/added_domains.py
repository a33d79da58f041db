# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /storagedomains: whether a domain is made or imported, and the connection that it needs for that."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...engine.command import Command, ExecutionFailure, Refusal
from ...engine.commands import (
    AddExistingBlockStorageDomain,
    AddExistingFileStorageDomain,
    AddFileStorageDomain,
    AddSANStorageDomain,
    AddStorageServerConnection,
    RemoveStorageServerConnection,
)
from ...engine.queries import storage_domains as queries
from ...engine.runtime import Context
from ..call import Call, created, find, identified
from ..errors import Fault, Gone, incomplete
from ..representation import storage_domains as shown
from ..wire import Answer
from .connections import fields_of

_BLOCK = frozenset({"iscsi", "fcp"})
_PLAIN = (
    "name",
    "description",
    "comment",
    "backup",
    "wipe_after_delete",
    "discard_after_delete",
    "warning_low_space_indicator",
    "critical_space_action_blocker",
    "block_size",
)


def add(call: Call) -> Answer:
    """Make or import a storage domain."""
    body = call.body(types.StorageDomain)
    host_id = _host(call, body)
    storage = body.storage
    if storage.id is not None:
        connection = call.ask(_connection, storage.id)
        kind = connection.type
    else:
        connection, kind = None, _kind(storage)
    domain_id = (
        _add_block(call, body, host_id, kind) if kind in _BLOCK else _add_file(call, body, host_id, kind, connection)
    )
    return created(call, call.ask(_shown, domain_id))


def _shown(context: Context, domain_id: str) -> types.StorageDomain:
    return shown.just_added(context, find(context, schema.StorageDomainStatic, domain_id))


def _host(call: Call, body: types.StorageDomain) -> str:
    if body.host is None or not (body.host.id or body.host.name):
        raise incomplete("StorageDomain", "host.id|name", "add")
    if body.type is None:
        raise incomplete("StorageDomain", "type", "add")
    if body.storage is None:
        raise incomplete("StorageDomain", "storage", "add")
    for name in ("nfs_timeo", "nfs_retrans"):
        value = getattr(body.storage, name)
        if value is not None and not 0 <= value <= 65535:
            raise Fault(400, f"{name} has to be between 0 and 65535", "Value out of range")
    return identified(call, body.host, schema.Vds, incomplete("StorageDomain", "host.id|name", "add"))


def _connection(context: Context, connection_id: str) -> schema.StorageServerConnection:
    row = context.db.get(schema.StorageServerConnection, connection_id.lower())
    if row is None:
        raise Fault(500, f"There is no storage connection {connection_id}")
    return row


def _kind(storage: types.HostStorage) -> str:
    if storage.type is None:
        raise incomplete("StorageDomain", "storage.type", "add")
    kind = str(storage.type.value)
    if kind not in _BLOCK and not storage.path:
        raise incomplete("StorageDomain", "storage.path", "add")
    if kind == "nfs" and not storage.address:
        raise incomplete("StorageDomain", "storage.address", "add")
    if kind in ("posixfs", "glusterfs") and not storage.vfs_type:
        raise incomplete("StorageDomain", "storage.vfsType", "add")
    return kind


def _properties(body: types.StorageDomain, kind: str) -> dict[str, Any]:
    given = {name: getattr(body, name) for name in _PLAIN}
    given["function"] = body.type.value
    given["storage_type"] = kind
    given["storage_format"] = body.storage_format.value if body.storage_format else None
    return {name: value for name, value in given.items() if value is not None}


def _add_block(call: Call, body: types.StorageDomain, host_id: str, kind: str) -> str:
    properties = _properties(body, kind)
    if body.import_:
        if body.id is None:
            raise incomplete("StorageDomain", "id", "add")
        call.execute(AddExistingBlockStorageDomain(body.id.lower(), host_id, properties))
        return str(body.id).lower()
    group = body.storage.volume_group
    units = body.storage.logical_units or (group.logical_units if group else None) or []
    properties["luns"] = [_unit(unit) for unit in units]
    properties["override_luns"] = bool(body.storage.override_luns)
    domain_id = str(uuid.uuid4())
    call.execute(AddSANStorageDomain(domain_id, host_id, properties))
    return domain_id


def _unit(unit: types.LogicalUnit) -> dict[str, Any]:
    if bool(unit.address) != bool(unit.target):
        raise incomplete("LogicalUnit", "address, target", "add")
    names = ("id", "address", "port", "target", "portal", "username", "password")
    return {name: getattr(unit, name) for name in names}


def _add_file(
    call: Call,
    body: types.StorageDomain,
    host_id: str,
    kind: str,
    connection: schema.StorageServerConnection | None,
) -> str:
    """Import what lies on the path, whatever the request says about importing; else make a new domain there."""
    added = connection is None
    if connection is None:
        command = AddStorageServerConnection(str(uuid.uuid4()), kind, host_id, fields_of(body.storage))
        call.execute(command)
        connection = call.ask(_connection, command.id)
    found = call.ask(queries.existing_on_path, host_id, connection, body.type.value)
    properties = {**_properties(body, kind), "connection_id": connection.id}
    domain: Command
    try:
        if found:
            domain_id = body.id.lower() if body.id else found[0].id
            domain = AddExistingFileStorageDomain(domain_id, host_id, properties)
        elif not body.name:
            raise incomplete("StorageDomain", "name", "add")
        else:
            domain_id = str(uuid.uuid4())
            domain = AddFileStorageDomain(domain_id, host_id, properties)
        call.execute(domain)
    except (Fault, Refusal, ExecutionFailure, Gone):
        if added:
            call.execute(RemoveStorageServerConnection(connection.id, host_id))
        raise
    return domain_id
