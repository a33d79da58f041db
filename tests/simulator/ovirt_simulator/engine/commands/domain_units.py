# SPDX-License-Identifier: GPL-3.0-or-later
"""Logical units of a block domain: taking their new sizes over, and giving some back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete

from ...storage.fabric import BLOCK_TYPES
from .. import domains, schema
from ..command import Command, ExecutionFailure, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context

_BEING_REDUCED = "ACTION_TYPE_FAILED_STORAGE_DOMAIN_IS_BEING_REDUCED"


def _require_block(domain: schema.StorageDomainStatic) -> None:
    if domain.storage_type not in BLOCK_TYPES:
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_TYPE_ILLEGAL")


@dataclass
class RefreshLunsSize(Command):
    """Let a domain have the room that its units have got; takes no lock."""

    domain_id: str
    unit_ids: list[str]

    description = "Refreshing LUNs of storage domain {domain_id}"
    blocking = True

    def validate(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        domains.find_up_pool(context, domains.pool_id_of(domain))
        domains.require_status(domain, "active")
        _require_block(domain)
        if not set(self.unit_ids) <= {unit.id for unit in domains.units_of(context, domain)}:
            raise Refusal("ACTION_TYPE_FAILED_LUNS_NOT_PART_OF_STORAGE_DOMAIN")

    def execute(self, context: Context) -> None:
        domains.set_status(domains.find(context, self.domain_id), "locked")
        context.later("activate", self.finish)

    def finish(self, context: Context) -> None:
        """Take the sizes over."""
        domain = domains.find(context, self.domain_id)
        contents = domains.contents_of(context, domain)
        sizes = {unit.id: unit.size for unit in contents.logical_units}
        for unit in domains.units_of(context, domain):
            if unit.id in self.unit_ids:
                unit.size = sizes.get(unit.id, unit.size)
        domains.refresh_sizes(domain, contents)
        domains.set_status(domain, "active")

    def undo(self, context: Context) -> None:
        domains.set_status(domains.find(context, self.domain_id), "active")


@dataclass
class ReduceSANStorageDomainDevices(Command):
    """Take units out of a domain in maintenance, in the background."""

    domain_id: str
    unit_ids: list[str]

    description = "Reducing storage domain {domain_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("STORAGE", self.domain_id, _BEING_REDUCED)]

    def validate(self, context: Context) -> None:
        if not self.unit_ids:
            raise Refusal("ACTION_TYPE_FAILED_NO_DEVICES_PROVIDED")
        domain = domains.find(context, self.domain_id)
        _require_block(domain)
        if domain.storage_format == "v1":
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_FORMAT_ILLEGAL", format="v1")
        if len(set(self.unit_ids)) < len(self.unit_ids):
            raise Refusal("ACTION_TYPE_FAILED_DUPLICATE_DEVICE")
        units = [unit.id for unit in domains.units_of(context, domain)]
        if set(units) <= set(self.unit_ids):
            raise Refusal("ACTION_TYPE_FAILED_CANNOT_REMOVE_ALL_LUNS")
        if not set(self.unit_ids) <= set(units):
            raise Refusal("ACTION_TYPE_FAILED_DEVICE_NOT_IN_STORAGE_DOMAIN")
        if units[0] in self.unit_ids:  # the first one holds the metadata
            raise Refusal("ACTION_TYPE_FAILED_OPERATION_ON_METADATA_DEVICES")
        domains.require_status(domain, "maintenance")
        domains.require_up_host(context, domains.pool_id_of(domain) or "")

    def execute(self, context: Context) -> None:
        context.later("deactivate", self.finish)

    def finish(self, context: Context) -> None:
        """Give the units back."""
        domain = domains.find(context, self.domain_id)
        contents = domains.contents_of(context, domain)
        if not contents.shrink(self.unit_ids):
            raise ExecutionFailure("The data does not fit on the other devices")
        context.db.execute(delete(schema.LunConnection).where(schema.LunConnection.lun_id.in_(self.unit_ids)))
        context.db.execute(delete(schema.Lun).where(schema.Lun.id.in_(self.unit_ids)))
