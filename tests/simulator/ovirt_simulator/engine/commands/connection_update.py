# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing remembered connections, and which iSCSI connections a domain has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from ...storage.fabric import FilePlace
from .. import domains, hosts, schema
from ..command import Command, ExecutionFailure, Refusal
from ..faults import STORAGE_ERRORS

if TYPE_CHECKING:
    from ..runtime import Context

FILE_TYPES = frozenset({"nfs", "posixfs", "glusterfs", "localfs"})
_MISSING = "ACTION_TYPE_FAILED_STORAGE_CONNECTION_NOT_EXIST"
_NOT_AT_REST = "ACTION_TYPE_FAILED_UNSUPPORTED_ACTION_DOMAIN_MUST_BE_IN_MAINTENANCE_OR_UNATTACHED"
_AT_REST = ("maintenance", "unattached")


@dataclass
class UpdateStorageServerConnection(Command):
    """Point a connection elsewhere; with a host it is tried there, and the domains on it are at rest then."""

    connection_id: str
    changes: dict[str, Any]
    host_id: str | None = None
    force: bool = False

    def parameters(self) -> dict[str, Any]:
        """Return the fields without the credentials, which no later step needs."""
        shown = {name: value for name, value in self.changes.items() if name not in ("username", "password")}
        return {**super().parameters(), "changes": shown}

    def validate(self, context: Context) -> None:
        kind = self.changes.get("type")
        if kind is not None and kind not in FILE_TYPES | {"iscsi"}:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_UNSUPPORTED_ACTION_FOR_STORAGE_TYPE")
        row = context.db.get(schema.StorageServerConnection, self.connection_id)
        if row is None:
            raise Refusal(_MISSING)
        if kind not in (None, row.type):
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_UNSUPPORTED_CHANGE_STORAGE_TYPE")
        self._check_free(context, row)
        busy = [one.name for one in users(context, row.id) if domains.status_of(one) not in _AT_REST]
        if busy and not self.force:
            raise Refusal(_NOT_AT_REST, domains=", ".join(busy))

    def _check_free(self, context: Context, row: schema.StorageServerConnection) -> None:
        keys = ("address", "path") if row.type in FILE_TYPES else ("address", "port", "target")
        wanted = {key: self.changes.get(key, getattr(row, key)) for key in keys}
        same = select(schema.StorageServerConnection.id).filter_by(type=row.type, **wanted)
        if context.db.scalar(same.where(schema.StorageServerConnection.id != row.id)) is not None:
            connection = f"{wanted['address']}:{wanted.get('path') or wanted.get('target')}"
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_ALREADY_EXISTS", connection=connection)

    def execute(self, context: Context) -> None:
        row = context.db.get_one(schema.StorageServerConnection, self.connection_id)
        for name, value in self.changes.items():
            setattr(row, name, value)
        context.db.flush()
        if self.host_id is None:
            return
        if row.type in FILE_TYPES:
            context.storage.mount(self.host_id, FilePlace(row.type, row.address, row.path or ""))
        elif not hosts.log_in(context.storage, self.host_id, row):
            raise ExecutionFailure(STORAGE_ERRORS["iSCSILoginError"])
        for domain in users(context, row.id):
            domains.refresh_sizes(domain, context.storage.reach(self.host_id, domains.place_of(context, domain)))
            if domain.mapping is not None:
                domains.set_status(domain, "maintenance")


@dataclass
class AttachStorageConnectionToStorageDomain(Command):
    """Let a domain at rest have one more iSCSI connection."""

    connection_id: str
    domain_id: str

    def validate(self, context: Context) -> None:
        linked = _check_link(context, self.connection_id, self.domain_id)
        if linked:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_FOR_DOMAIN_ALREADY_EXISTS")

    def execute(self, context: Context) -> None:
        for unit in domains.units_of(context, domains.find(context, self.domain_id)):
            context.db.add(schema.LunConnection(lun_id=unit.id, connection_id=self.connection_id))


@dataclass
class DetachStorageConnectionFromStorageDomain(Command):
    """Take an iSCSI connection from a domain at rest."""

    connection_id: str
    domain_id: str

    def validate(self, context: Context) -> None:
        linked = _check_link(context, self.connection_id, self.domain_id)
        if not linked:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_FOR_DOMAIN_NOT_EXIST")

    def execute(self, context: Context) -> None:
        units = [unit.id for unit in domains.units_of(context, domains.find(context, self.domain_id))]
        table = schema.LunConnection
        here = (table.lun_id.in_(units), table.connection_id == self.connection_id)
        context.db.execute(delete(table).where(*here))


def users(context: Context, connection_id: str) -> list[schema.StorageDomainStatic]:
    """Return the domains that need a connection, by name."""
    table = schema.StorageDomainStatic
    by_unit = (
        select(schema.Lun.volume_group_id)
        .join(schema.LunConnection, schema.LunConnection.lun_id == schema.Lun.id)
        .where(schema.LunConnection.connection_id == connection_id, schema.Lun.disk_id.is_(None))
    )
    query = select(table).where((table.connection_id == connection_id) | table.volume_group_id.in_(by_unit))
    return list(context.db.scalars(query.order_by(table.name)))


def _check_link(context: Context, connection_id: str, domain_id: str) -> bool:
    """Make the checks that both directions share; tell whether the domain has the connection."""
    row = context.db.get(schema.StorageServerConnection, connection_id)
    if row is None:
        raise Refusal(_MISSING)
    domain = domains.find(context, domain_id)
    if domains.status_of(domain) not in _AT_REST:
        raise Refusal(_NOT_AT_REST, domains=domain.name)
    if domain.storage_type != row.type:
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_DOMAIN_TYPE_MISMATCH")
    if row.type != "iscsi":
        raise Refusal("ACTION_TYPE_FAILED_ACTION_IS_SUPPORTED_ONLY_FOR_ISCSI_DOMAINS")
    return row.id in [one.id for one in domains.connections_of(context, domain)]
