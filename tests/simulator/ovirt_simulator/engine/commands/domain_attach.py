# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a storage domain into a data center, and to work there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...storage.failures import StorageFailure
from .. import domains, hosts, ovf_store, schema
from ..command import Command, ExecutionFailure, Lock, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ...storage.contents import Contents
    from ..runtime import Context

_FORMATS = {"4.2": "v4"}
_DEFAULT_FORMAT = "v5"
_ONE_ONLY = {
    "iso": "ERROR_CANNOT_ATTACH_MORE_THAN_ONE_ISO_DOMAIN",
    "export": "ERROR_CANNOT_ATTACH_MORE_THAN_ONE_EXPORT_DOMAIN",
}


@dataclass
class AttachStorageDomainToPool(Command):
    """Attach a domain, whatever data center its metadata names, and activate it."""

    domain_id: str
    storage_pool_id: str

    description = "Attaching storage domain {domain_id}"
    blocking = True

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("STORAGE", self.domain_id)]

    def validate(self, context: Context) -> None:
        pool = domains.find_pool(context, self.storage_pool_id)
        domains.require_up_host(context, pool.id)
        domain = domains.find(context, self.domain_id)
        if domains.is_data(domain):
            self._check_data(pool, domain)
        elif any(other.function == domain.function for other in domains.of_pool(context, pool.id)):
            raise Refusal(_ONE_ONLY[domain.function])
        switches = context.engine.restrictions
        if pool.status == "uninitialized":
            if not domains.is_data(domain):
                raise Refusal("ERROR_CANNOT_ADD_STORAGE_POOL_WITHOUT_DATA_DOMAIN")
            forbid(context, switches.enforce_e4, domain.id)
        else:
            domains.require_active_master(context, pool.id)
            forbid(context, switches.enforce_p, domain.id)

    @staticmethod
    def _check_data(pool: schema.StoragePool, domain: schema.StorageDomainStatic) -> None:
        if domain.storage_format > _format_of(pool):
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_FORMAT_ILLEGAL", format=domain.storage_format)
        if domain.mapping is not None:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL")
        if domain.storage_type == "localfs" and not pool.is_local:
            raise Refusal("ERROR_CANNOT_ATTACH_STORAGE_DOMAIN_STORAGE_TYPE_NOT_MATCH")

    def execute(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        pool = domains.find_pool(context, self.storage_pool_id)
        domain.mapping = schema.StoragePoolIsoMap(storage_pool_id=pool.id, status="locked")
        context.remember(first=pool.status == "uninitialized")
        context.later("attach", self.attach)

    def attach(self, context: Context) -> None:
        """Do the work on storage: take the domain from any other data center, and read its OVF store."""
        domain = domains.find(context, self.domain_id)
        pool = domains.find_pool(context, self.storage_pool_id)
        contents = hosts.connect_all(context, pool.id, domain)
        first = bool(context.memory["first"])
        contents.write_metadata(pool_id=pool.id, master=first)
        if first:
            domain.master = True
            pool.status = "maintenance"
        domains.refresh_sizes(domain, contents)
        domains.set_status(domain, "maintenance")
        if domains.is_data(domain):
            ovf_store.adopt(context, domain, contents)
            self._raise_format(domain, pool, contents)
        context.event(
            1002 if first else 962,
            f"The storage domain {domain.name} was attached to the data center {pool.name}.",
            storage_domain=domain.id,
            data_center=pool.id,
        )
        domains.set_status(domain, "locked" if domain.master else "activating")
        context.later("activate", self.activate)

    @staticmethod
    def _raise_format(domain: schema.StorageDomainStatic, pool: schema.StoragePool, contents: Contents) -> None:
        domain.storage_format = _format_of(pool)
        contents.write_metadata(storage_format=domain.storage_format)

    def activate(self, context: Context) -> None:
        """Put the domain to work; if that fails it stays attached."""
        domain = domains.find(context, self.domain_id)
        try:
            with context.attempt():
                activate(context, domain)
        except (ExecutionFailure, StorageFailure):
            domains.set_status(domain, "inactive" if context.memory["first"] else "maintenance")
            domains.refresh_pool(context, self.storage_pool_id)
            context.event(967, f"The storage domain {domain.name} could not be activated.", "error")

    def undo(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        domains.detach_row(context, domain)

    def failed(self, context: Context) -> None:
        context.event(963, "A storage domain could not be attached.", "error", data_center=self.storage_pool_id)


@dataclass
class ActivateStorageDomain(Command):
    """Put an attached domain to work."""

    domain_id: str
    storage_pool_id: str

    description = "Activating storage domain {domain_id}"
    blocking = True

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("STORAGE", self.domain_id)]

    def validate(self, context: Context) -> None:
        pool = domains.find_pool(context, self.storage_pool_id)
        if pool.status == "uninitialized":
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_POOL_STATUS_ILLEGAL")
        domain = domains.find(context, self.domain_id)
        domains.require_status(domain, "inactive", "unknown", "maintenance", "preparing_for_maintenance")
        if not domain.master:
            domains.require_active_master(context, pool.id)
        domains.require_up_host(context, pool.id)
        forbid(context, context.engine.restrictions.enforce_p, domain.id)

    def execute(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        context.remember(before=domains.status_of(domain))
        domains.set_status(domain, "locked" if domain.master else "activating")
        context.later("activate", self.finish)

    def finish(self, context: Context) -> None:
        """Connect the hosts."""
        activate(context, domains.find(context, self.domain_id))

    def undo(self, context: Context) -> None:
        domains.set_status(domains.find(context, self.domain_id), context.memory["before"])
        domains.refresh_pool(context, self.storage_pool_id)

    def failed(self, context: Context) -> None:
        context.event(967, "A storage domain could not be activated.", "error", storage_domain=self.domain_id)


def activate(context: Context, domain: schema.StorageDomainStatic) -> None:
    """Connect all hosts to a domain and make it active, and the data center up with its master."""
    pool_id = domains.pool_id_of(domain)
    assert pool_id is not None
    contents = hosts.connect_all(context, pool_id, domain)
    if contents.volume.domain_id != domain.id:
        raise StorageFailure("StorageDomainDoesNotExist")
    domains.set_status(domain, "active")
    domains.refresh_sizes(domain, contents)
    domains.refresh_pool(context, pool_id)
    context.event(966, f"The storage domain {domain.name} is active.", storage_domain=domain.id, data_center=pool_id)


def _format_of(pool: schema.StoragePool) -> str:
    return _FORMATS.get(pool.compatibility_version, _DEFAULT_FORMAT)
