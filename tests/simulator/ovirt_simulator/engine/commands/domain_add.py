# SPDX-License-Identifier: GPL-3.0-or-later
"""New and imported storage domains.

`properties` holds what the request says; what it does not say comes from the storage for an import, otherwise from
the defaults. Keys: name, description, comment, function, storage_type, storage_format, backup, wipe_after_delete,
discard_after_delete, warning_low_space_indicator, critical_space_action_blocker, block_size, connection_id, luns (a
list of {id, address, port, target, portal, username, password}), override_luns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ...storage.fabric import FilePlace
from ...storage.failures import StorageFailure
from .. import domain_checks, domains, schema
from ..command import Command, ExecutionFailure, Lock, QueryFailure, Refusal
from ..units import remember_units

if TYPE_CHECKING:
    from ...storage.contents import Contents
    from ..runtime import Context

_COLUMNS = (
    "name",
    "description",
    "comment",
    "function",
    "storage_type",
    "storage_format",
    "backup",
    "wipe_after_delete",
    "discard_after_delete",
    "warning_low_space_indicator",
    "critical_space_action_blocker",
    "block_size",
    "connection_id",
)


@dataclass
class AddStorageDomain(Command):
    """What all ways to get a domain share; the domain ends up unattached."""

    id: str
    host_id: str
    properties: dict[str, Any]

    blocking = True

    def parameters(self) -> dict[str, Any]:
        """Return the fields without CHAP secrets, which no later step needs."""
        hidden = ("username", "password")
        units = [{k: v for k, v in unit.items() if k not in hidden} for unit in self.properties.get("luns") or ()]
        return {**super().parameters(), "properties": {**self.properties, "luns": units}}

    @property
    def name(self) -> str:
        """Return the name that the domain is going to have, as far as the request tells."""
        return self.properties.get("name") or ""

    @property
    def function(self) -> str:
        """Return data, iso or export."""
        return self.properties.get("function") or "data"

    @property
    def storage_format(self) -> str:
        """Return the format that the request asks for, or the function's default."""
        return self.properties.get("storage_format") or ("v5" if self.function == "data" else "v1")

    def check_input(self, context: Context) -> None:
        domain_checks.check_values({**self.properties, "name": self.name or self.found_name(context)})

    def found_name(self, context: Context) -> str:
        """Return the name that storage tells, empty for a new domain."""
        return ""

    def validate(self, context: Context) -> None:
        if context.db.get(schema.Vds, self.host_id) is None:
            raise Refusal("ACTION_TYPE_FAILED_NO_VDS_IN_POOL")
        name = self.name or self.found_name(context)
        domain_checks.check_name_length(name)
        domain_checks.check_kind(self.function, self.properties["storage_type"])
        if self.properties.get("backup") and context.engine.restrictions.enforce_n:
            domain_checks.check_backup_function(self.function)
        domain_checks.check_format(self.storage_format, self.function, self.properties["storage_type"])
        if self.properties.get("discard_after_delete"):
            domain_checks.check_discard(self.properties["storage_type"])
        self.can_add(context)
        domain_checks.check_name_free(context, name)

    def can_add(self, context: Context) -> None:
        """Make the checks that differ between new and imported, file and block."""
        raise NotImplementedError

    def remember(self, context: Context, contents: Contents, **found: Any) -> None:
        """Write the domain down: the request over what was found over the defaults."""
        given = {key: self.properties[key] for key in _COLUMNS if self.properties.get(key) is not None}
        domain = schema.StorageDomainStatic(id=self.id, **{**found, **given})
        domain.volume_group_id = contents.volume.volume_group_id
        domains.refresh_sizes(domain, contents)
        context.db.add(domain)
        context.db.flush()
        context.event(956, f"The storage domain {domain.name} was added.", storage_domain=self.id)
        context.later("import", self.finish)

    def finish(self, context: Context) -> None:
        """Be done: the time of the work on storage has passed."""

    def failed(self, context: Context) -> None:
        context.event(957, f"The storage domain {self.name} could not be added.", "error")


class _OnPath(AddStorageDomain):
    def _place(self, context: Context) -> FilePlace:
        row = context.db.get_one(schema.StorageServerConnection, self.properties["connection_id"])
        return FilePlace(row.type, row.address, row.path or "")

    def _require_connection(self, context: Context) -> None:
        connection_id = self.properties.get("connection_id")
        if connection_id is None or context.db.get(schema.StorageServerConnection, connection_id) is None:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_NOT_EXIST")


@dataclass
class AddFileStorageDomain(_OnPath):
    """Make a new domain on a path."""

    def can_add(self, context: Context) -> None:
        self._require_connection(context)
        query = select(schema.StorageDomainStatic.name).filter_by(connection_id=self.properties["connection_id"])
        user = context.db.scalar(query)
        if user is not None:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_CONNECTION_BELONGS_TO_SEVERAL_STORAGE_DOMAINS", domains=user)

    def execute(self, context: Context) -> None:
        contents = context.storage.reach(self.host_id, self._place(context))
        _create_on_storage(contents, self)
        self.remember(context, contents, storage_format=self.storage_format)


@dataclass
class AddExistingFileStorageDomain(_OnPath):
    """Take over a domain that lies on a path."""

    def found_name(self, context: Context) -> str:
        contents = self._find(context)
        return contents.volume.domain_name or "" if contents is not None else ""

    def can_add(self, context: Context) -> None:
        domain_checks.check_unknown(context, self.id)
        self._require_connection(context)
        contents = self._find(context)
        if contents is None or contents.volume.domain_id is None:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST")
        if contents.volume.domain_id != self.id:
            raise Refusal("CAN_DO_ACTION_GENERAL_FAILURE")

    def execute(self, context: Context) -> None:
        contents = context.storage.reach(self.host_id, self._place(context))
        self.remember(context, contents, **_metadata(contents))

    def _find(self, context: Context) -> Contents | None:
        if context.db.get(schema.StorageServerConnection, self.properties.get("connection_id")) is None:
            return None
        try:
            return context.storage.reach(self.host_id, self._place(context))
        except StorageFailure:
            return None


@dataclass
class AddSANStorageDomain(AddStorageDomain):
    """Make a new domain on logical units."""

    def can_add(self, context: Context) -> None:
        units = self.properties.get("luns") or []
        if not units:
            raise Refusal("ERROR_CANNOT_CREATE_STORAGE_DOMAIN_WITHOUT_VG_LV")
        query = select(schema.Lun).where(schema.Lun.id.in_([unit["id"] for unit in units]))
        known = list(context.db.scalars(query.order_by(schema.Lun.id)))
        taken = [unit.id for unit in known if unit.disk_id is None]
        if taken:
            raise Refusal("ACTION_TYPE_FAILED_LUNS_ALREADY_PART_OF_STORAGE_DOMAINS", luns=", ".join(taken))
        if known:
            names = ", ".join(unit.id for unit in known)
            raise Refusal("ACTION_TYPE_FAILED_LUNS_ALREADY_USED_BY_DISKS", luns=names)

    def execute(self, context: Context) -> None:
        units = self.properties["luns"]
        for unit in units:
            if unit.get("address"):
                where = (unit["address"], unit.get("port") or 3260, unit["target"])
                context.storage.login(self.host_id, *where, unit.get("username"), unit.get("password"))
        force = bool(self.properties.get("override_luns"))
        contents = context.storage.create_group(self.host_id, [unit["id"] for unit in units], force)
        _create_on_storage(contents, self)
        remember_units(context, self.host_id, contents)
        self.remember(context, contents, storage_format=self.storage_format)


@dataclass
class AddExistingBlockStorageDomain(AddStorageDomain):
    """Take over a domain that lies on logical units which the host sees."""

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("STORAGE", self.id)]

    def check_input(self, context: Context) -> None:
        over_iscsi = self.properties["storage_type"] == "iscsi"
        if over_iscsi and not any(seen.kind == "iscsi" for seen in context.storage.devices(self.host_id)):
            raise QueryFailure(400, "the host could not be connected to any target")
        super().check_input(context)

    def found_name(self, context: Context) -> str:
        contents = self._find(context)
        return contents.volume.domain_name or "" if contents is not None else ""

    def can_add(self, context: Context) -> None:
        domain_checks.check_unknown(context, self.id)
        contents = self._find(context)
        if contents is None:
            raise Refusal("ACTION_TYPE_FAILED_PROBLEM_WITH_CANDIDATE_INFO")
        units = [unit.id for unit in contents.logical_units]
        if context.db.scalar(select(schema.Lun.id).where(schema.Lun.id.in_(units)).limit(1)) is not None:
            raise Refusal("ACTION_TYPE_FAILED_IMPORT_STORAGE_DOMAIN_EXTERNAL_LUN_DISK_EXIST")

    def execute(self, context: Context) -> None:
        contents = self._find(context)
        if contents is None:
            raise ExecutionFailure()
        remember_units(context, self.host_id, contents)
        self.remember(context, contents, **_metadata(contents))

    def _find(self, context: Context) -> Contents | None:
        for contents in context.storage.groups(self.host_id, self.properties["storage_type"]):
            if contents.volume.domain_id == self.id:
                return contents
        return None


def _create_on_storage(contents: Contents, command: AddStorageDomain) -> None:
    contents.create_domain(
        command.id,
        domain_name=command.name,
        domain_description=command.properties.get("description") or "",
        function=command.function,
        storage_format=command.storage_format,
        block_size=512,
        pool_id=None,
        master=False,
    )


def _metadata(contents: Contents) -> dict[str, Any]:
    """Return what an import takes over; a domain that was the master elsewhere is plain data."""
    volume = contents.volume
    return {
        "name": volume.domain_name or "",
        "description": volume.domain_description,
        "function": volume.function,
        "storage_format": volume.storage_format,
        "block_size": volume.block_size,
    }
