# SPDX-License-Identifier: GPL-3.0-or-later
"""Connecting hosts to storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..storage.fabric import FilePlace
from ..storage.failures import StorageFailure
from . import domains, schema
from .command import ExecutionFailure, QueryFailure

if TYPE_CHECKING:
    from ..storage.contents import Contents
    from ..storage.fabric import Fabric
    from .runtime import Context


def connect(context: Context, host_id: str, domain: schema.StorageDomainStatic) -> Contents:
    """Log a host in to, or mount, what a domain lies on, and return what is there."""
    place = domains.place_of(context, domain)
    if isinstance(place, FilePlace):
        context.storage.mount(host_id, place)
    else:
        for connection in domains.connections_of(context, domain):
            log_in(context.storage, host_id, connection)
    return context.storage.reach(host_id, place)


def log_in(storage: Fabric, host_id: str, connection: schema.StorageServerConnection) -> bool:
    """Log a host in over one iSCSI connection; False if the target cannot be reached that way or refuses."""
    address, port, target = connection.address or "", connection.port or 3260, connection.target or ""
    try:
        storage.login(host_id, address, port, target, connection.username, connection.password)
    except StorageFailure:
        return False
    return True


def connect_all(context: Context, pool_id: str, domain: schema.StorageDomainStatic) -> Contents:
    """Connect all hosts of a data center that are up; one that cannot becomes non-operational if others can."""
    reached, bad = [], []
    for host in domains.up_hosts(context, pool_id):
        try:
            reached.append(connect(context, host.id, domain))
        except StorageFailure:
            bad.append(host)
    if not reached:
        raise ExecutionFailure()
    if domains.is_data(domain):
        for host in bad:
            host.status, host.spm_status = "non_operational", "none"
    return reached[0]


def disconnect_all(context: Context, pool_id: str, domain: schema.StorageDomainStatic) -> None:
    """Unmount a file domain everywhere; iSCSI sessions stay, other domains may need them."""
    place = domains.place_of(context, domain)
    if isinstance(place, FilePlace):
        for host in domains.up_hosts(context, pool_id):
            context.storage.unmount(host.id, place)


def require_up(context: Context, host_id: str) -> schema.Vds:
    """Return a host that can be asked about its devices."""
    host = context.db.get(schema.Vds, host_id)
    if host is None:
        raise QueryFailure(400, "the host whose devices were asked for does not exist any more")
    if host.status != "up":
        raise QueryFailure(400, "the host has to be up to report its devices")
    return host
