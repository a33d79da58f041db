# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to hosts from outside: they fail, are fenced, and come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from ...storage.failures import StorageFailure
from .. import domains, hosts, schema, vms
from ..command import Command, ExecutionFailure, Refusal
from .vm_power import RunVm

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class FailHosts(Command):
    """Hosts stop answering. Fenced ones are known to be off: their VMs are down, and highly available ones restart.

    Without fencing nobody knows what they still write, so their VMs are unknown and start nowhere else.
    """

    host_ids: list[str]
    fenced: bool = True

    monitored = False

    def execute(self, context: Context) -> None:
        lost: list[schema.VmStatic] = []
        pools = set()
        for host in _hosts(context, self.host_ids):
            host.status, host.spm_status = "non_responsive", "none"
            if self.fenced:
                context.storage.disconnect(host.id)
            pools.add(context.db.get_one(schema.Cluster, host.cluster_id).storage_pool_id)
            context.event(12, f"The host {host.name} does not respond.", "error", host=host.id)
            for row in context.db.scalars(select(schema.VmStatic).filter_by(run_on_vds=host.id)):
                if self.fenced:
                    vms.power_off(context, row, "its host failed")
                    lost.append(row)
                else:
                    row.status, row.guest_address = "unknown", None
        context.db.flush()
        for pool_id in pools - {None}:
            assert pool_id is not None
            self._refresh(context, pool_id)
        for row in lost:
            if row.high_availability:
                self._restart(context, row)

    @staticmethod
    def _refresh(context: Context, pool_id: str) -> None:
        if not domains.up_hosts(context, pool_id):
            for domain in domains.of_pool(context, pool_id):
                if domains.status_of(domain) in ("active", "inactive"):
                    domains.set_status(domain, "unknown")
        domains.refresh_pool(context, pool_id)

    @staticmethod
    def _restart(context: Context, row: schema.VmStatic) -> None:
        try:
            context.start(RunVm(row.id))
        except (Refusal, ExecutionFailure):
            text = f"The highly available VM {row.name} could not be restarted."
            context.event(9602, text, "error", vm=row.id)


@dataclass
class RecoverHosts(Command):
    """Hosts answer again and are connected to the storage of their data center."""

    host_ids: list[str]

    monitored = False

    def execute(self, context: Context) -> None:
        pools = set()
        for host in _hosts(context, self.host_ids):
            host.status = "up"
            pools.add(context.db.get_one(schema.Cluster, host.cluster_id).storage_pool_id)
            context.event(13, f"The host {host.name} is up.", host=host.id)
            for row in context.db.scalars(select(schema.VmStatic).filter_by(run_on_vds=host.id, status="unknown")):
                row.status = "up"
        context.db.flush()
        for pool_id in pools - {None}:
            assert pool_id is not None
            for domain in domains.of_pool(context, pool_id):
                self._reconnect(context, pool_id, domain)
            domains.refresh_pool(context, pool_id)

    @staticmethod
    def _reconnect(context: Context, pool_id: str, domain: schema.StorageDomainStatic) -> None:
        if domains.status_of(domain) not in ("active", "inactive", "unknown"):
            return
        reached = False
        for host in domains.up_hosts(context, pool_id):
            try:
                reached |= hosts.connect(context, host.id, domain).volume.domain_id == domain.id
            except StorageFailure:
                continue
        domains.set_status(domain, "active" if reached else "inactive")


def _hosts(context: Context, host_ids: list[str]) -> list[schema.Vds]:
    query = select(schema.Vds).where(schema.Vds.id.in_(host_ids)).order_by(schema.Vds.name)
    return list(context.db.scalars(query))
