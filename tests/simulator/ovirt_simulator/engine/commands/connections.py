# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging hosts in, and the connections that the engine remembers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ...storage.fabric import FilePlace
from .. import hosts, schema
from ..command import Command, ExecutionFailure, Refusal
from ..faults import STORAGE_ERRORS

if TYPE_CHECKING:
    from ..runtime import Context

_FILE_TYPES = frozenset({"nfs", "posixfs", "glusterfs", "localfs"})
_MANAGED_OPTIONS = {
    "nfs": frozenset(
        ["timeo", "retrans", "vfs_type", "protocol_version", "nfsvers", "vers", "minorversion", "addr", "clientaddr"]
    ),
    "posixfs": frozenset({"vfs_type", "addr", "clientaddr"}),
}
_IN_USE = "ACTION_TYPE_FAILED_STORAGE_CONNECTION_BELONGS_TO_SEVERAL_STORAGE_DOMAINS"


@dataclass
class ConnectStorageToVds(Command):
    """Log a host in to an iSCSI target; nothing is remembered, and nothing is checked before."""

    host_id: str
    address: str
    port: int
    portal: str | None
    target: str
    username: str | None = None
    password: str | None = None

    blocking = True

    def execute(self, context: Context) -> None:
        context.storage.login(self.host_id, self.address, self.port, self.target, self.username, self.password)
        context.later("iscsi_login", self.finish)

    def finish(self, context: Context) -> None:
        """Be done: the time of the login has passed."""

    def parameters(self) -> dict[str, Any]:
        """Return the fields without the credentials, which no later step needs."""
        return {**super().parameters(), "username": None, "password": None}


@dataclass
class AddStorageServerConnection(Command):
    """Remember a connection; with a host, also mount it or log in there."""

    id: str
    type: str
    host_id: str | None
    fields: dict[str, Any]

    def parameters(self) -> dict[str, Any]:
        """Return the fields without the credentials, which no later step needs."""
        shown = {name: value for name, value in self.fields.items() if name not in ("username", "password")}
        return {**super().parameters(), "fields": shown}

    def check_input(self, context: Context) -> None:
        if self.type == "iscsi":
            if not self.fields.get("target"):
                raise Refusal("VALIDATION_STORAGE_CONNECTION_EMPTY_IQN")
            if not 0 < int(self.fields.get("port") or 3260) < 65536:
                raise Refusal("VALIDATION_STORAGE_CONNECTION_INVALID_PORT")

    def validate(self, context: Context) -> None:
        address, path = self.fields.get("address"), self.fields.get("path")
        if self.type == "nfs" and not re.fullmatch(r"[^\s:]+:/\S*", f"{address}:{path}"):
            raise Refusal("VALIDATION_STORAGE_CONNECTION_INVALID")
        if self.type == "posixfs" and not self.fields.get("vfs_type"):
            raise Refusal("VALIDATION_STORAGE_CONNECTION_EMPTY_VFSTYPE")
        self._check_mount_options()
        if self.type in _FILE_TYPES and not path or self.type == "iscsi" and not address:
            raise Refusal("VALIDATION_STORAGE_CONNECTION_EMPTY_CONNECTION")
        host = context.db.get(schema.Vds, self.host_id) if self.host_id else None
        if self.host_id and host is None:
            raise Refusal("CAN_DO_ACTION_GENERAL_FAILURE")
        keys = ("address", "path") if self.type in _FILE_TYPES else ("address", "port", "target")
        same = select(schema.StorageServerConnection.id).filter_by(type=self.type)
        if context.db.scalar(same.filter_by(**{key: self.fields.get(key) for key in keys})) is not None:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_ALREADY_EXISTS", connection=f"{address}:{path}")
        if host is not None and host.status != "up":
            raise Refusal("VDS_ADD_STORAGE_SERVER_STATUS_MUST_BE_UP")

    def _check_mount_options(self) -> None:
        given = {option.partition("=")[0].strip() for option in (self.fields.get("mount_options") or "").split(",")}
        forbidden = given & _MANAGED_OPTIONS.get(self.type, frozenset())
        if forbidden:
            raise Refusal(
                "VALIDATION_STORAGE_CONNECTION_MOUNT_OPTIONS_CONTAINS_MANAGED_PROPERTY",
                options=", ".join(sorted(forbidden)),
            )

    def execute(self, context: Context) -> None:
        row = schema.StorageServerConnection(id=self.id, type=self.type, **self.fields)
        if self.host_id and self.type in _FILE_TYPES:
            context.storage.mount(self.host_id, FilePlace(self.type, row.address, row.path or ""))
        elif self.host_id and not hosts.log_in(context.storage, self.host_id, row):
            raise ExecutionFailure(STORAGE_ERRORS["iSCSILoginError"])
        context.db.add(row)


@dataclass
class RemoveStorageServerConnection(Command):
    """Forget a connection that nothing uses; with a host, also unmount it there."""

    id: str
    host_id: str | None

    def validate(self, context: Context) -> None:
        if context.db.get(schema.StorageServerConnection, self.id) is None:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_NOT_EXIST")
        users = select(schema.StorageDomainStatic.name).filter_by(connection_id=self.id)
        by_unit = (
            select(schema.StorageDomainStatic.name)
            .join(schema.Lun, schema.Lun.volume_group_id == schema.StorageDomainStatic.volume_group_id)
            .join(schema.LunConnection, schema.LunConnection.lun_id == schema.Lun.id)
            .where(schema.LunConnection.connection_id == self.id)
        )
        found = {*context.db.scalars(users), *context.db.scalars(by_unit)}
        if found:
            raise Refusal(_IN_USE, domains=", ".join(sorted(found)))

    def execute(self, context: Context) -> None:
        row = context.db.get_one(schema.StorageServerConnection, self.id)
        if self.host_id and row.type in _FILE_TYPES:
            context.storage.unmount(self.host_id, FilePlace(row.type, row.address, row.path or ""))
        context.db.delete(row)
