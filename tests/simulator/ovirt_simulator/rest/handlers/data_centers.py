# SPDX-License-Identifier: GPL-3.0-or-later
"""Data centers, and storage domains in them."""

from __future__ import annotations

from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import domains, schema
from ...engine.commands import (
    ActivateStorageDomain,
    AttachStorageDomainToPool,
    DeactivateStorageDomainWithOvfUpdate,
    DetachStorageDomainFromPool,
    SwitchMasterStorageDomain,
)
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified
from ..errors import ContainerError, Gone, incomplete
from ..representation import clusters as shown
from ..representation import networks as shown_networks
from ..representation import storage_domains as shown_domains
from ..search.query import search
from ..wire import Answer


def list_all(call: Call) -> Answer:
    """List data centers."""
    return Answer(shown.data_centers(search(call.context, "datacenters", call.request)), root="data_centers")


def read(call: Call) -> Answer:
    """Show a data center."""
    return Answer(shown.data_centers([find(call.context, schema.StoragePool, call.ids["pool"])])[0])


def list_clusters(call: Call) -> Answer:
    """List the clusters of a data center."""
    return Answer(shown.clusters(_below(call, schema.Cluster)), root="clusters")


def list_networks(call: Call) -> Answer:
    """List the networks of a data center."""
    return Answer(shown_networks.networks(_below(call, schema.Network)), root="networks")


def _below(call: Call, table: Any) -> list[Any]:
    return list(call.context.db.scalars(select(table).filter_by(storage_pool_id=call.ids["pool"]).order_by(table.name)))


def list_domains(call: Call) -> Answer:
    """List the domains of a data center; there are none in one that does not exist."""
    rows = domains.of_pool(call.context, call.ids["pool"])
    limit = call.request.number("max")
    return Answer(shown_domains.attached(call.context, rows[:limit]), root="storage_domains")


def read_domain(call: Call) -> Answer:
    """Show an attached domain."""
    return Answer(_attached(call.context, call.ids["pool"], call.ids["domain"]))


def _attached(context: Context, pool_id: str, domain_id: str) -> types.StorageDomain:
    row = context.db.get(schema.StorageDomainStatic, domain_id)
    if row is None or domains.pool_id_of(row) != pool_id:
        raise Gone
    return shown_domains.attached(context, [row])[0]


def attach(call: Call) -> Answer:
    """Attach a domain, and activate it."""
    body = call.body(types.StorageDomain)
    missing = incomplete("StorageDomain", "id|name", "add")
    domain_id = identified(call, body, schema.StorageDomainStatic, missing)
    call.execute(AttachStorageDomainToPool(domain_id=domain_id, storage_pool_id=call.ids["pool"]))
    return created(call, call.ask(_attached, call.ids["pool"], domain_id))


def detach(call: Call) -> Answer:
    """Detach a domain."""
    call.ask(_attached, call.ids["pool"], call.ids["domain"])
    command = DetachStorageDomainFromPool(domain_id=call.ids["domain"], storage_pool_id=call.ids["pool"])
    return done(call, call.execute(command))


def activate(call: Call) -> Answer:
    """Activate a domain."""
    call.action()
    command = ActivateStorageDomain(domain_id=call.ids["domain"], storage_pool_id=call.ids["pool"])
    return _done(call, call.execute(command))


def deactivate(call: Call) -> Answer:
    """Put a domain into maintenance, after its OVF store was written."""
    action = call.action()
    command = DeactivateStorageDomainWithOvfUpdate(
        domain_id=call.ids["domain"], storage_pool_id=call.ids["pool"], force=bool(action.force)
    )
    return _done(call, call.execute(command))


def _done(call: Call, job: str | None) -> Answer:
    answer = done(call, job, storage_domain=types.StorageDomain(id=call.ids["domain"]))
    return Answer(answer.body, places={"storage_domain": f"/datacenters/{call.ids['pool']}/storagedomains"})


def set_master(call: Call) -> Answer:
    """Give the master role to another domain."""
    action = call.action()
    if action.storage_domain is None:
        raise ContainerError
    missing = incomplete("Action", "storage_domain.id|name", "setMaster")
    domain_id = identified(call, action.storage_domain, schema.StorageDomainStatic, missing)
    job = call.execute(SwitchMasterStorageDomain(storage_pool_id=call.ids["pool"], domain_id=domain_id))
    return done(call, job)
