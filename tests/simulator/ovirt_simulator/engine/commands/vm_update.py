# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a VM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import domains, machines, ovf_store, schema, vms
from ..command import Command, Lock, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context

_CHANGEABLE = frozenset(
    {
        "name",
        "description",
        "comment",
        "high_availability",
        "priority",
        "lease_domain_id",
        "memory",
        "memory_guaranteed",
        "memory_max",
        "delete_protected",
        "stateless",
        "custom_properties",
        "cluster_id",
        "sockets",
        "cores",
        "threads",
        "os_type",
        "bios_type",
        "vm_type",
    }
)
_DESCRIPTION_LIMIT = 255
_LIVE = frozenset(
    {"name", "description", "comment", "high_availability", "priority", "lease_domain_id", "delete_protected"}
)


@dataclass
class UpdateVm(Command):
    """Change properties of a VM; keys are columns of `schema.VmStatic`, `lease_domain_id` None removes the lease.

    next_run: a VM that is not down takes all changes over when it is; else only what cannot change while it runs.
    """

    vm_id: str
    changes: dict[str, Any]
    next_run: bool = False

    description = "Updating properties of VM {vm_id}"

    def locks(self, context: Context) -> list[Lock]:
        message = "ACTION_TYPE_FAILED_VM_IS_BEING_UPDATED"
        locks = [Lock("VM", self.vm_id, message, exclusive=False)]
        row = context.db.get(schema.VmStatic, self.vm_id)
        if row is not None:
            locks.append(Lock("VM_NAME", self.changes.get("name") or row.name, message))
        return locks

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        unknown = set(self.changes) - _CHANGEABLE
        assert not unknown, f"not to be changed this way: {unknown}"
        name = self.changes.get("name", row.name)
        if name != row.name and machines.name_taken(context, name, vms.pool_of(context, row).id, "vm"):
            raise Refusal("ACTION_TYPE_FAILED_NAME_ALREADY_USED", name=name)
        _check_description(self.changes.get("description") or "")
        self._check_cluster(context, row)
        self._check_lease(context, row)

    def _check_cluster(self, context: Context, row: schema.VmStatic) -> None:
        cluster_id = self.changes.get("cluster_id", row.cluster_id)
        if cluster_id == row.cluster_id:
            return
        cluster = context.db.get(schema.Cluster, cluster_id)
        if cluster is None or cluster.storage_pool_id != vms.pool_of(context, row).id:
            raise Refusal("ACTION_TYPE_FAILED_CLUSTER_IS_NOT_VALID")
        if row.status != "down":
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)

    def _check_lease(self, context: Context, row: schema.VmStatic) -> None:
        lease = self.changes.get("lease_domain_id", row.lease_domain_id)
        if lease is None:
            return
        if not self.changes.get("high_availability", row.high_availability):
            raise Refusal("ACTION_TYPE_FAILED_VM_LEASES_ARE_NOT_SUPPORTED_WITH_HA_OFF")
        if lease == row.lease_domain_id:
            return
        if row.lease_domain_id is not None and row.status in vms.RUNNING:
            raise Refusal("ACTION_TYPE_FAILED_HOT_SWAPPING_VM_LEASES_NOT_SUPPORTED")
        domains.require_active_data(domains.find(context, lease))
        forbid(context, context.engine.restrictions.enforce_l_placement, lease)

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        waiting = {} if row.status == "down" else self._waiting(row)
        for field, value in self.changes.items():
            if field not in waiting:
                setattr(row, field, value)
        row.next_run = {**row.next_run, **waiting}
        ovf_store.touch(context, row)

    def _waiting(self, row: schema.VmStatic) -> dict[str, Any]:
        """Return the changes that have to wait for the VM to be down; more memory can be plugged."""
        changed = {field: value for field, value in self.changes.items() if getattr(row, field) != value}
        if self.next_run:
            return changed
        grown = {"memory"} if self.changes.get("memory", 0) > row.memory else set()
        return {field: value for field, value in changed.items() if field not in _LIVE | grown}


def _check_description(text: str) -> None:
    # Of VmBase. An import does not look at it, so a VM may have one that it cannot be given.
    if len(text.encode("utf-16-le")) > 2 * _DESCRIPTION_LIMIT:
        raise Refusal("VALIDATION_VM_DESCRIPTION_SIZE")
    if not all(char.isascii() or char.isalpha() for char in text):
        raise Refusal("ACTION_TYPE_FAILED_DESCRIPTION_MAY_NOT_CONTAIN_SPECIAL_CHARS")
