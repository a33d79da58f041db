# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts report of their storage, and what follows for domains, hosts and data centers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from ...storage.failures import StorageFailure
from .. import domains, hosts, schema
from ..command import Command, ExecutionFailure

if TYPE_CHECKING:
    from ..runtime import Context

_WATCHED = frozenset({"active", "inactive", "unknown"})


@dataclass
class MonitorStorage(Command):
    """Take in one round of reports from the hosts of all data centers.

    A domain that no host reaches is inactive, and a master hands its role over; a host that misses what others reach
    is non-operational. Both come back by themselves.
    """

    monitored = False

    def execute(self, context: Context) -> None:
        query = select(schema.StoragePool.id).where(schema.StoragePool.status.in_(["up", "problematic"]))
        for pool_id in context.db.scalars(query.order_by(schema.StoragePool.name)).all():
            _Round(pool_id).take(context)


@dataclass
class _Round:
    """The reports from one data center."""

    storage_pool_id: str

    def take(self, context: Context) -> None:
        """Judge domains, hosts and the master by what the hosts reach."""
        watched = [
            domain for domain in domains.of_pool(context, self.storage_pool_id) if domains.status_of(domain) in _WATCHED
        ]
        reports = self._reports(context, watched)
        self._revive_hosts(context, watched, reports)
        up = [host.id for host in domains.up_hosts(context, self.storage_pool_id)]
        for domain in watched:
            if up:
                self._judge(context, domain, [id_ for id_ in up if domain.id in reports[id_]], up)
            else:
                domains.set_status(domain, "unknown")
        self._mind_master(context)
        domains.refresh_pool(context, self.storage_pool_id)

    def _hosts(self, context: Context, status: str) -> list[schema.Vds]:
        clusters = select(schema.Cluster.id).filter_by(storage_pool_id=self.storage_pool_id)
        query = select(schema.Vds).filter_by(status=status).where(schema.Vds.cluster_id.in_(clusters))
        return list(context.db.scalars(query.order_by(schema.Vds.name)))

    def _reports(self, context: Context, watched: list[schema.StorageDomainStatic]) -> dict[str, set[str]]:
        """Return, by host, the domains that it reaches, after it has tried to connect to the others."""
        asked = [host.id for status in ("up", "non_operational") for host in self._hosts(context, status)]
        volumes = context.storage.reached(asked)
        found = {}
        for host_id in asked:
            seen = context.storage.domains_on(volumes[host_id])
            found[host_id] = {
                domain.id for domain in watched if domain.id in seen or self._connects(context, host_id, domain)
            }
        return found

    @staticmethod
    def _connects(context: Context, host_id: str, domain: schema.StorageDomainStatic) -> bool:
        try:
            return hosts.connect(context, host_id, domain).volume.domain_id == domain.id
        except StorageFailure:
            return False

    def _revive_hosts(
        self, context: Context, watched: list[schema.StorageDomainStatic], reports: dict[str, set[str]]
    ) -> None:
        up = [host.id for host in self._hosts(context, "up")]
        for host in self._hosts(context, "non_operational"):
            needed = {domain.id for domain in watched if any(domain.id in reports[id_] for id_ in [*up, host.id])}
            if needed and needed <= reports[host.id]:
                host.status = "up"
                context.event(13, f"The host {host.name} is up.", host=host.id)
        context.db.flush()

    @staticmethod
    def _judge(context: Context, domain: schema.StorageDomainStatic, good: list[str], up: list[str]) -> None:
        status = "active" if good else "inactive"
        if domains.status_of(domain) != status:
            code, words = (976, "is reached again") if good else (970, "is not reached by any host")
            text = f"The storage domain {domain.name} {words}."
            context.event(code, text, "normal" if good else "error", storage_domain=domain.id)
            domains.set_status(domain, status)
        if good and domains.is_data(domain):
            for host_id in set(up) - set(good):
                host = context.db.get_one(schema.Vds, host_id)
                host.status, host.spm_status = "non_operational", "none"
                text = f"The host {host.name} does not reach the storage domain {domain.name}."
                context.event(522, text, "error", host=host.id, storage_domain=domain.id)
        context.db.flush()

    def _mind_master(self, context: Context) -> None:
        """Find another master for one that fails everywhere, or that its own metadata knows nothing of."""
        master = domains.master_of(context, self.storage_pool_id)
        if master is None or not domains.up_hosts(context, self.storage_pool_id):
            return
        if domains.status_of(master) == "inactive":
            self._reconstruct(context, master, keep=False)
        elif domains.status_of(master) == "active" and not domains.contents_of(context, master).volume.master:
            self._reconstruct(context, master, keep=True)

    def _reconstruct(self, context: Context, master: schema.StorageDomainStatic, keep: bool) -> None:
        elected = domains.elect_master(
            context, self.storage_pool_id, master, during_reconstruct=True, allow_current=keep
        )
        if elected is None:
            return
        try:
            with context.attempt():
                domains.contents_of(context, elected).write_metadata(master=True, pool_id=self.storage_pool_id)
                domains.make_master(context, elected)
        except (StorageFailure, ExecutionFailure):
            context.event(985, "No master storage domain could be set up.", "error", data_center=self.storage_pool_id)
            return
        text = f"The storage domain {elected.name} is the master after a reconstruction."
        context.event(984, text, storage_domain=elected.id, data_center=self.storage_pool_id)
