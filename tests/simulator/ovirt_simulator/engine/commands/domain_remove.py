# SPDX-License-Identifier: GPL-3.0-or-later
"""Letting an engine forget a storage domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete

from ...storage.fabric import FilePlace
from ...storage.failures import StorageFailure
from .. import domains, entities, hosts, schema
from ..command import Command, ExecutionFailure, Lock, Refusal
from ..restrictions import forbid
from ..units import forget_units
from .domain_deactivate import switch_master

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class RemoveStorageDomain(Command):
    """Forget an unattached domain; with format, also destroy what lies there."""

    domain_id: str
    host_id: str
    format: bool = False

    description = "Removing storage domain {domain_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("STORAGE", self.domain_id)]

    def validate(self, context: Context) -> None:
        host = context.db.get(schema.Vds, self.host_id)
        if host is None:
            raise Refusal("CANNOT_REMOVE_STORAGE_DOMAIN_INVALID_HOST_ID")
        if host.status != "up":
            raise Refusal("CANNOT_REMOVE_STORAGE_DOMAIN_HOST_NOT_UP")
        domain = domains.find(context, self.domain_id)
        if domain.mapping is not None:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL")
        if self.format and self._bound(context, domain):
            raise Refusal("ACTION_TYPE_FAILED_FORMAT_STORAGE_DOMAIN_WITH_ATTACHED_DATA_DOMAIN")
        forbid(context, context.engine.restrictions.enforce_p, domain.id)

    def _bound(self, context: Context, domain: schema.StorageDomainStatic) -> bool:
        try:
            return hosts.connect(context, self.host_id, domain).volume.pool_id is not None
        except StorageFailure:
            return False

    def execute(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        if self.format:
            hosts.connect(context, self.host_id, domain).format()
        place, name = domains.place_of(context, domain), domain.name
        if isinstance(place, FilePlace):
            context.storage.unmount(self.host_id, place)
        forget(context, domain)
        context.event(960, f"The storage domain {name} was removed.")

    def failed(self, context: Context) -> None:
        context.event(961, "A storage domain could not be removed.", "error", storage_domain=self.domain_id)


@dataclass
class ForceRemoveStorageDomain(Command):
    """Delete a domain from the engine's records, whatever its state on storage."""

    domain_id: str

    description = "Destroying storage domain {domain_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("STORAGE", self.domain_id)]

    def validate(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        if domains.status_of(domain) == "active":
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2", name=domain.name, status="active")
        pool_id = domains.pool_id_of(domain)
        if not domain.master or pool_id is None or len(domains.of_pool(context, pool_id)) == 1:
            return
        if domains.elect_master(context, pool_id, domain) is None:
            raise Refusal("ERROR_CANNOT_DESTROY_LAST_STORAGE_DOMAIN")
        if not domains.up_hosts(context, pool_id):
            raise Refusal("ERROR_CANNOT_DESTROY_LAST_STORAGE_DOMAIN_HOST_NOT_ACTIVE")

    def execute(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        pool_id, name = domains.pool_id_of(domain), domain.name
        if pool_id is not None:
            if domain.master:
                successor = domains.elect_master(context, pool_id, domain)
                if successor is not None:
                    switch_master(context, successor)
            self._detach_if_possible(context, domain)
            entities.remove_from(context, domain)
            domains.detach_row(context, domain)
        forget(context, domain)
        if pool_id is not None:
            domains.refresh_pool(context, pool_id)
        context.event(981, f"The storage domain {name} was destroyed.", data_center=pool_id)

    @staticmethod
    def _detach_if_possible(context: Context, domain: schema.StorageDomainStatic) -> None:
        try:
            domains.contents_of(context, domain).write_metadata(pool_id=None, master=False)
        except (StorageFailure, ExecutionFailure):
            return

    def failed(self, context: Context) -> None:
        context.event(982, "A storage domain could not be destroyed.", "error", storage_domain=self.domain_id)


def forget(context: Context, domain: schema.StorageDomainStatic) -> None:
    """Delete a domain's record, what was found on it, and connections that nothing else uses."""
    context.db.execute(delete(schema.UnregisteredOvf).where(schema.UnregisteredOvf.storage_domain_id == domain.id))
    context.db.execute(delete(schema.UnregisteredDisk).where(schema.UnregisteredDisk.storage_domain_id == domain.id))
    connection_id = domain.connection_id
    forget_units(context, domain)
    context.db.delete(domain)
    context.db.flush()
    if connection_id is not None:
        row = context.db.get(schema.StorageServerConnection, connection_id)
        if row is not None:
            context.db.delete(row)
