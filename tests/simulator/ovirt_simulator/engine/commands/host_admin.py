# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator does with hosts: add, change, remove, maintain and activate them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ...storage.failures import StorageFailure
from .. import domains, hosts, schema
from ..command import Command, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context

_MAINTAINABLE = frozenset(
    {"up", "maintenance", "non_operational", "non_responsive", "down", "error", "preparing_for_maintenance"}
)
_REMOVABLE = frozenset(
    {"maintenance", "non_responsive", "down", "install_failed", "pending_approval", "non_operational"}
)


@dataclass
class AddVds(Command):
    """Install a host in a cluster; unless that is unwanted, it is up then."""

    id: str
    cluster_id: str
    values: dict[str, Any]
    activate: bool = True

    description = "Adding new host"

    def validate(self, context: Context) -> None:
        if context.db.get(schema.Cluster, self.cluster_id) is None:
            raise Refusal("VDS_CLUSTER_IS_NOT_VALID")
        _check_free(context, "name", self.values["name"], self.id)
        _check_free(context, "address", self.values["address"], self.id)

    def execute(self, context: Context) -> None:
        context.db.add(schema.Vds(id=self.id, cluster_id=self.cluster_id, status="installing", **self.values))
        context.event(42, f"The host {self.values['name']} was added.", host=self.id)
        context.later("import", self.finish)

    def finish(self, context: Context) -> None:
        """Have the host installed."""
        row = _host(context, self.id)
        row.status = "maintenance"
        context.db.flush()
        if self.activate:
            context.start(ActivateVds(self.id))


@dataclass
class UpdateVds(Command):
    """Change a host."""

    host_id: str
    changes: dict[str, Any]

    description = "Updating host {host_id}"

    def validate(self, context: Context) -> None:
        row = _host(context, self.host_id)
        _check_free(context, "name", self.changes.get("name", row.name), row.id)
        for name, message in _FIXED_WHILE_UP.items():
            if self.changes.get(name, getattr(row, name)) != getattr(row, name) and row.status == "up":
                raise Refusal(message)

    def execute(self, context: Context) -> None:
        row = _host(context, self.host_id)
        for name, value in self.changes.items():
            setattr(row, name, value)


@dataclass
class RemoveVds(Command):
    """Forget a host that is in maintenance or out of reach."""

    host_id: str

    description = "Removing host {host_id}"

    def validate(self, context: Context) -> None:
        row = _host(context, self.host_id)
        if row.status not in _REMOVABLE:
            raise Refusal("VDS_CANNOT_REMOVE_VDS_STATUS_ILLEGAL")
        if _vms_on(context, row):
            raise Refusal("VDS_CANNOT_REMOVE_VDS_DETECTED_RUNNING_VM")

    def execute(self, context: Context) -> None:
        row = _host(context, self.host_id)
        context.storage.disconnect(row.id)
        context.event(44, f"The host {row.name} was removed.")
        context.db.delete(row)


@dataclass
class MaintenanceNumberOfVdss(Command):
    """Move a host to maintenance: its VMs migrate, and it is disconnected from storage."""

    host_id: str

    description = "Moving host {host_id} to maintenance"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VDS", self.host_id)]

    def validate(self, context: Context) -> None:
        row = _host(context, self.host_id)
        if row.status not in _MAINTAINABLE:
            raise Refusal("VDS_CANNOT_MAINTENANCE_VDS_IS_NOT_OPERATIONAL")
        if any(vm.origin in ("hosted_engine", "managed_hosted_engine") for vm in _vms_on(context, row)):
            raise Refusal("VDS_CANNOT_MAINTENANCE_VDS_RUN_HOSTED_ENGINE")

    def execute(self, context: Context) -> None:
        row = _host(context, self.host_id)
        row.status = "preparing_for_maintenance"
        context.event(600, f"The host {row.name} is being moved to maintenance.", host=row.id)
        context.db.flush()
        context.later("deactivate", self.finish)

    def finish(self, context: Context) -> None:
        """Have the VMs elsewhere; a host that keeps some stays on its way to maintenance."""
        row = _host(context, self.host_id)
        pool_id = context.db.get_one(schema.Cluster, row.cluster_id).storage_pool_id
        for vm in _vms_on(context, row):
            others = [host for host in _peers(context, row) if host.id != row.id]
            if not others:
                context.event(166, f"No host was found to migrate the VM {vm.name} to.", "error", vm=vm.id, host=row.id)
                return
            vm.run_on_vds = others[0].id
            context.event(63, f"The VM {vm.name} migrated to {others[0].name}.", vm=vm.id, host=others[0].id)
        context.storage.disconnect(row.id)
        row.status, row.spm_status = "maintenance", "none"
        context.db.flush()
        if pool_id is not None:
            domains.refresh_pool(context, pool_id)


@dataclass
class ActivateVds(Command):
    """Bring a host up: it is connected to the storage of its data center."""

    host_id: str

    description = "Activating host {host_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VDS", self.host_id)]

    def validate(self, context: Context) -> None:
        if _host(context, self.host_id).status == "up":
            raise Refusal("VDS_ALREADY_UP")

    def execute(self, context: Context) -> None:
        _host(context, self.host_id).status = "unassigned"
        context.later("activate", self.finish)

    def finish(self, context: Context) -> None:
        """Have the host up, or non-operational where it does not reach an active domain."""
        row = _host(context, self.host_id)
        pool_id = context.db.get_one(schema.Cluster, row.cluster_id).storage_pool_id
        row.status = "up"
        for domain in domains.of_pool(context, pool_id) if pool_id is not None else ():
            if domains.status_of(domain) == "active" and not self._reaches(context, domain):
                row.status = "non_operational"
        context.event(13, f"The host {row.name} is {row.status}.", host=row.id)
        context.db.flush()
        if pool_id is not None:
            domains.refresh_pool(context, pool_id)

    def _reaches(self, context: Context, domain: schema.StorageDomainStatic) -> bool:
        try:
            hosts.connect(context, self.host_id, domain)
        except StorageFailure:
            return not domains.is_data(domain)
        return True


_FIXED_WHILE_UP = {
    "address": "VDS_STATUS_NOT_VALID_FOR_UPDATE",
    "cluster_id": "VDS_CANNOT_UPDATE_CLUSTER",
}


def _host(context: Context, host_id: str) -> schema.Vds:
    row = context.db.get(schema.Vds, host_id)
    if row is None:
        raise Refusal("VDS_INVALID_SERVER_ID")
    return row


def _check_free(context: Context, column: str, value: str, own_id: str) -> None:
    same = select(schema.Vds.id).filter_by(**{column: value}).where(schema.Vds.id != own_id)
    if context.db.scalar(same) is not None:
        taken = {"name": "NAME_ALREADY_USED", "address": "VDS_WITH_SAME_HOST_EXIST"}
        raise Refusal(f"ACTION_TYPE_FAILED_{taken[column]}", name=value)


def _vms_on(context: Context, row: schema.Vds) -> list[schema.VmStatic]:
    query = select(schema.VmStatic).filter_by(run_on_vds=row.id).order_by(schema.VmStatic.name)
    return list(context.db.scalars(query))


def _peers(context: Context, row: schema.Vds) -> list[schema.Vds]:
    query = select(schema.Vds).filter_by(cluster_id=row.cluster_id, status="up").order_by(schema.Vds.name)
    return list(context.db.scalars(query))
