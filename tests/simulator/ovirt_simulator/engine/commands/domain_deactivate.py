# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a storage domain out of work, and out of its data center."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from ...storage.failures import StorageFailure
from .. import domains, entities, exports, hosts, ovf_store, schema, transfers
from ..command import Command, ExecutionFailure, Lock, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class DeactivateStorageDomainWithOvfUpdate(Command):
    """Bring a domain to maintenance; a data domain's OVF store is written first."""

    domain_id: str
    storage_pool_id: str
    force: bool = False

    description = "Moving storage domain {domain_id} to maintenance"

    def locks(self, context: Context) -> list[Lock]:
        domain = context.db.get(schema.StorageDomainStatic, self.domain_id)
        locks = [Lock("STORAGE", self.domain_id)]
        if domain is not None and domains.is_data(domain):
            locks.append(Lock("POOL", self.storage_pool_id, exclusive=domain.master))
        return locks

    def validate(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        domains.require_status(domain, "active", "inactive")
        if transfers.in_progress(context, domain.id):
            raise Refusal("ERROR_CANNOT_DEACTIVATE_STORAGE_DOMAIN_DURING_UPLOAD_OR_DOWNLOAD")
        if entities.holds_hosted_engine(context, domain.id):
            raise Refusal("ACTION_TYPE_FAILED_HOSTED_ENGINE_STORAGE")
        if domain.master:
            self._check_others(context, domain)
        holders = domains.vms_with_lease(context, domain.id)
        if holders:
            raise Refusal("ERROR_CANNOT_DEACTIVATE_DOMAIN_WITH_RUNNING_VMS_WITH_LEASES", vms=domains.names(holders))
        users = domains.vms_running_from(context, domain.id, any_image=True)
        if users:
            raise Refusal("ACTION_TYPE_FAILED_DETECTED_ACTIVE_VMS", vms=domains.names(users))
        if entities.has_work(context, [domain.id]) or exports.is_read_from(context, domain.id):
            raise Refusal("ERROR_CANNOT_DEACTIVATE_DOMAIN_WITH_TASKS")
        forbid(context, context.engine.restrictions.enforce_p, domain.id)

    def _check_others(self, context: Context, domain: schema.StorageDomainStatic) -> None:
        others = [other for other in domains.of_pool(context, self.storage_pool_id) if other is not domain]
        active = [other for other in others if domains.status_of(other) == "active"]
        if active and not any(domains.is_data(other) for other in active):
            raise Refusal("ERROR_CANNOT_DEACTIVATE_MASTER_WITH_NON_DATA_DOMAINS")
        if any(domains.status_of(other) in domains.IN_PROCESS for other in others):
            raise Refusal("ERROR_CANNOT_DEACTIVATE_MASTER_WITH_LOCKED_DOMAINS")
        if entities.has_work(context, [other.id for other in (domain, *others)]):
            raise Refusal("ERROR_CANNOT_DEACTIVATE_MASTER_DOMAIN_WITH_TASKS_ON_POOL")

    def execute(self, context: Context) -> None:
        domains.set_status(domains.find(context, self.domain_id), "locked")
        context.later("ovf_update", self.update_ovf)

    def update_ovf(self, context: Context) -> None:
        """Write the OVF store of a data domain."""
        domain = domains.find(context, self.domain_id)
        if domains.is_data(domain):
            try:
                with context.attempt():
                    ovf_store.update(context, domain)
            except (ExecutionFailure, StorageFailure):
                if not self.force:
                    raise
                text = f"The OVF store of {domain.name} could not be written before its maintenance."
                context.event(1009, text, "warning", storage_domain=domain.id)
        domains.set_status(domain, "preparing_for_maintenance")
        successor = domains.elect_master(context, self.storage_pool_id, domain) if domain.master else None
        context.remember(was_master=domain.master, successor=successor.id if successor else None)
        if successor is not None:
            domains.set_status(successor, "locked")
        context.later("deactivate", self.finish)

    def finish(self, context: Context) -> None:
        """End the work of all hosts on the domain; a master hands its role over if somebody can take it."""
        domain = domains.find(context, self.domain_id)
        successor_id = context.memory["successor"]
        if successor_id is not None:
            successor = domains.find(context, successor_id)
            switch_master(context, successor)
            domains.set_status(successor, "active")
        domains.set_status(domain, "maintenance")
        hosts.disconnect_all(context, self.storage_pool_id, domain)
        if domain.master:
            domain.available = domain.used = None
        domains.refresh_pool(context, self.storage_pool_id)
        code = 1030 if domain.master else 968
        text = f"The storage domain {domain.name} is in maintenance."
        context.event(code, text, storage_domain=domain.id, data_center=self.storage_pool_id)

    def undo(self, context: Context) -> None:
        domains.set_status(domains.find(context, self.domain_id), "unknown")
        successor_id = context.memory.get("successor")
        if successor_id is not None:
            domains.set_status(domains.find(context, successor_id), "active")

    def failed(self, context: Context) -> None:
        context.event(969, "A storage domain could not be deactivated.", "error", storage_domain=self.domain_id)


@dataclass
class DetachStorageDomainFromPool(Command):
    """Take a domain out of its data center, with all that lives only there."""

    domain_id: str
    storage_pool_id: str

    description = "Detaching storage domain {domain_id}"
    blocking = True

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("STORAGE", self.domain_id)]

    def validate(self, context: Context) -> None:
        domain = context.db.get(schema.StorageDomainStatic, self.domain_id)
        if domain is not None and domains.is_data(domain):
            entities.check_removable(context, domain)
        pool = domains.find_pool(context, self.storage_pool_id)
        domain = domains.find(context, self.domain_id)
        domains.require_status(domain, "maintenance")
        if not domain.master:
            domains.require_active_master(context, pool.id)
        if domains.pool_id_of(domain) != pool.id:
            raise Refusal("STORAGE_DOMAIN_NOT_ATTACHED_TO_STORAGE_POOL")
        if domain.master and len(domains.of_pool(context, pool.id)) > 1:
            raise Refusal("ERROR_CANNOT_DETACH_LAST_STORAGE_DOMAIN")
        forbid(context, context.engine.restrictions.enforce_p, domain.id)

    def execute(self, context: Context) -> None:
        domains.set_status(domains.find(context, self.domain_id), "detaching")
        context.later("detach", self.finish)

    def finish(self, context: Context) -> None:
        """Release the domain on storage and forget what lives only there."""
        domain = domains.find(context, self.domain_id)
        contents = hosts.connect_all(context, self.storage_pool_id, domain)
        contents.write_metadata(pool_id=None, master=False)
        hosts.disconnect_all(context, self.storage_pool_id, domain)
        leases = context.db.scalars(select(schema.VmStatic).filter_by(lease_domain_id=domain.id)).all()
        if leases:
            text = f"VMs keep a lease on the detached domain {domain.name}: {domains.names(list(leases))}."
            context.event(1222, text, "warning", storage_domain=domain.id)
        entities.remove_from(context, domain)
        domain.master = False
        domains.detach_row(context, domain)
        domain.available = domain.used = None
        domains.refresh_pool(context, self.storage_pool_id)
        ovf_store.update_pool(context, self.storage_pool_id)
        text = f"The storage domain {domain.name} was detached."
        context.event(964, text, storage_domain=domain.id, data_center=self.storage_pool_id)

    def undo(self, context: Context) -> None:
        domains.set_status(domains.find(context, self.domain_id), "maintenance")

    def failed(self, context: Context) -> None:
        context.event(965, "A storage domain could not be detached.", "error", storage_domain=self.domain_id)


def switch_master(context: Context, domain: schema.StorageDomainStatic) -> None:
    """Give a domain the master role, on storage too."""
    pool_id = domains.pool_id_of(domain)
    assert pool_id is not None
    old = domains.master_of(context, pool_id)
    if old is not None and domains.status_of(old) != "maintenance":
        domains.contents_of(context, old).write_metadata(master=False)
    domains.contents_of(context, domain).write_metadata(master=True)
    domains.make_master(context, domain)
    context.event(1480, f"The storage domain {domain.name} is the master now.", storage_domain=domain.id)
