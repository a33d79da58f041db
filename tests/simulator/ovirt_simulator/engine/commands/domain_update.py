# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a storage domain's properties, its role, and its OVF store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import domain_checks, domains, entities, ovf_store, schema
from ..command import Command, Lock, Refusal
from .domain_deactivate import switch_master

if TYPE_CHECKING:
    from ..runtime import Context

_CHANGEABLE = frozenset(
    {
        "name",
        "description",
        "comment",
        "wipe_after_delete",
        "discard_after_delete",
        "warning_low_space_indicator",
        "critical_space_action_blocker",
        "block_size",
        "backup",
    }
)


@dataclass
class UpdateStorageDomain(Command):
    """Change properties; takes no lock. A change to what is already so is none."""

    domain_id: str
    changes: dict[str, Any]

    description = "Editing storage domain {domain_id}"

    def check_input(self, context: Context) -> None:
        domain_checks.check_values(self.changes)

    def validate(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        changes = self._real(domain)
        if domains.status_of(domain) == "locked":
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2", name=domain.name, status="locked")
        if "name" in changes:
            domains.require_status(domain, "active")
            domain_checks.check_name_length(changes["name"])
            domains.find_up_pool(context, domains.pool_id_of(domain))
            domain_checks.check_name_free(context, changes["name"])
        if changes.get("discard_after_delete"):
            domain_checks.check_discard(domain.storage_type)
        if "backup" in changes:
            self._check_backup(context, domain, changes["backup"])
        fixed = sorted(set(changes) - _CHANGEABLE)
        if fixed:
            raise Refusal("ERROR_CANNOT_CHANGE_STORAGE_DOMAIN_FIELDS", fields=", ".join(fixed))

    def _real(self, domain: schema.StorageDomainStatic) -> Mapping[str, Any]:
        return {field: value for field, value in self.changes.items() if getattr(domain, field) != value}

    @staticmethod
    def _check_backup(context: Context, domain: schema.StorageDomainStatic, backup: bool) -> None:
        """Look at running VMs and at leases; at the domain itself only where a switch asks for it."""
        switches = context.engine.restrictions
        if backup:
            running = switches.enforce_a and domains.vms_running_from(context, domain.id, any_image=False)
            if running or switches.enforce_l and domains.vms_with_lease(context, domain.id):
                raise Refusal("ACTION_TYPE_FAILED_RUNNING_VM_OR_VM_LEASES_PRESENT_ON_STORAGE_DOMAIN")
        invented = (
            backup and domain.master and switches.enforce_e3,
            backup and switches.enforce_f and entities.holds_hosted_engine(context, domain.id),
            backup and not domains.is_data(domain) and switches.enforce_n_update,
            not backup and switches.enforce_q,
        )
        if any(invented):
            raise Refusal("ERROR_CANNOT_CHANGE_STORAGE_DOMAIN_FIELDS", fields="backup")

    def execute(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        changes = self._real(domain)
        for field, value in changes.items():
            setattr(domain, field, value)
        if "name" in changes:
            domains.contents_of(context, domain).write_metadata(domain_name=domain.name)
        context.event(958, f"The storage domain {domain.name} was updated.", storage_domain=domain.id)

    def failed(self, context: Context) -> None:
        context.event(959, "A storage domain could not be updated.", "error", storage_domain=self.domain_id)


@dataclass
class UpdateOvfStoreForStorageDomain(Command):
    """Write the OVF store of a domain if anything in it is out of date."""

    domain_id: str

    description = "Updating the OVF store of storage domain {domain_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("STORAGE", self.domain_id)]

    def validate(self, context: Context) -> None:
        domain = context.db.get(schema.StorageDomainStatic, self.domain_id)
        domains.find_pool(context, domains.pool_id_of(domain) if domain is not None else None)

    def execute(self, context: Context) -> None:
        context.later("ovf_update", self.finish)

    def finish(self, context: Context) -> None:
        """Write the store."""
        domain = domains.find(context, self.domain_id)
        if ovf_store.update(context, domain):
            context.event(199, f"The OVF store of {domain.name} was updated.", storage_domain=domain.id)
        else:
            text = f"The OVF store of {domain.name} is up to date; nothing was written."
            context.event(1052, text, storage_domain=domain.id)

    def failed(self, context: Context) -> None:
        context.event(190, "An OVF store could not be updated.", "error", storage_domain=self.domain_id)


@dataclass
class SwitchMasterStorageDomain(Command):
    """Make another domain the master of a data center."""

    storage_pool_id: str
    domain_id: str

    description = "Switching the master storage domain to {domain_id}"

    def locks(self, context: Context) -> list[Lock]:
        message = "ACTION_TYPE_FAILED_MASTER_ROLE_IS_BEING_SWITCHED"
        master = domains.master_of(context, self.storage_pool_id)
        locks = [Lock("POOL", self.storage_pool_id, message), Lock("STORAGE", self.domain_id, message)]
        if master is not None and master.id != self.domain_id:
            locks.append(Lock("STORAGE", master.id, message))
        return locks

    def validate(self, context: Context) -> None:
        pool = domains.find_pool(context, self.storage_pool_id)
        domain = domains.find(context, self.domain_id, "STORAGE_DOMAIN_DOES_NOT_EXIST")
        if tuple(map(int, pool.compatibility_version.split("."))) < (4, 5):
            raise Refusal("ACTION_TYPE_FAILED_SWITCH_MASTER_STORAGE_DOMAIN_NOT_SUPPORTED")
        if domain.master:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_ALREADY_MASTER", name=domain.name)
        if domains.pool_id_of(domain) != pool.id:
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_IN_STORAGE_POOL", name=domain.name)
        if domains.status_of(domain) not in ("active", "unknown"):
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_MUST_BE_ACTIVE", name=domain.name)
        if not domains.is_data(domain) or domain.backup and context.engine.restrictions.enforce_e2:
            raise Refusal("ACTION_TYPE_FAILED_ACTION_IS_SUPPORTED_ONLY_FOR_DATA_DOMAINS")
        if entities.has_work(context, [other.id for other in domains.of_pool(context, pool.id)]):
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_POOL_HAS_RUNNING_TASKS")

    def execute(self, context: Context) -> None:
        before = {}
        for domain in self._both(context):
            before[domain.id] = domains.status_of(domain)
            domains.set_status(domain, "locked")
        context.remember(before=before)
        context.later("deactivate", self.finish)

    def finish(self, context: Context) -> None:
        """Swap the roles."""
        both = self._both(context)
        switch_master(context, domains.find(context, self.domain_id))
        for domain in both:
            domains.set_status(domain, "active")
        domains.refresh_pool(context, self.storage_pool_id)

    def _both(self, context: Context) -> list[schema.StorageDomainStatic]:
        master = domains.master_of(context, self.storage_pool_id)
        return [domain for domain in (domains.find(context, self.domain_id), master) if domain is not None]

    def undo(self, context: Context) -> None:
        for domain_id, status in context.memory["before"].items():
            domains.set_status(domains.find(context, domain_id), status)
