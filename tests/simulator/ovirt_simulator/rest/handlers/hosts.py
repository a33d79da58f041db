# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, and looking for storage through them."""

from __future__ import annotations

from dataclasses import replace

from ovirtsdk4 import types

from ...engine import schema
from ...engine.commands import ConnectStorageToVds
from ...engine.queries import hosts as queries
from ...engine.runtime import Context
from ..call import Call, done, find, one
from ..errors import entity_not_found, incomplete
from ..representation import hosts as shown
from ..search.query import search
from ..wire import Answer

_ISCSI_PORT = 3260


def list_all(call: Call) -> Answer:
    """List hosts."""
    return Answer(shown.hosts(search(call.context, "hosts", call.request)), root="hosts")


def read(call: Call) -> Answer:
    """Show a host."""
    return Answer(shown.hosts([find(call.context, schema.Vds, call.ids["host"])])[0])


def list_storage(call: Call) -> Answer:
    """List the logical units that a host sees."""
    return Answer(_storages(call), root="host_storages")


def read_storage(call: Call) -> Answer:
    """Show one logical unit."""
    return Answer(one([storage for storage in _storages(call) if storage.id == call.ids["lun"]]))


def _storages(call: Call) -> list[types.HostStorage]:
    host_id = call.ids["host"]
    devices = queries.devices(call.context, host_id, call.request.flag("report_status", default=True))
    return shown.storages(host_id, devices)


def discover_targets(call: Call) -> Answer:
    """Ask an iSCSI portal, through a host, for its targets."""
    action = call.action()
    iscsi = action.iscsi
    if iscsi is None or not iscsi.address:
        raise incomplete("Action", "iscsi.address", "discoverIscsi")
    call.ask(_known, call.ids["host"])
    port = iscsi.port or _ISCSI_PORT
    found = call.ask(queries.discover_targets, call.ids["host"], iscsi.address, port, iscsi.username, iscsi.password)
    return done(call, iscsi_targets=[target.target for target in found], discovered_targets=shown.targets(found))


def log_in(call: Call) -> Answer:
    """Log a host in to an iSCSI target."""
    action = call.action()
    iscsi = action.iscsi
    if iscsi is None or not iscsi.address or not iscsi.target:
        raise incomplete("Action", "iscsi.address, iscsi.target", "iscsiLogin")
    command = ConnectStorageToVds(
        host_id=call.ids["host"],
        address=iscsi.address,
        port=iscsi.port or _ISCSI_PORT,
        portal=iscsi.portal,
        target=iscsi.target,
        username=iscsi.username,
        password=iscsi.password,
    )
    return done(call, call.execute(command), host=types.Host(id=call.ids["host"]))


def discover_domains(call: Call) -> Answer:
    """Look for block domains that could be imported; over iSCSI the host is logged in for that."""
    action = call.action()
    call.ask(_known, call.ids["host"])
    iscsi = action.iscsi or types.IscsiDetails()
    found = call.ask(
        queries.unregistered_block_domains,
        call.ids["host"],
        "iscsi" if iscsi.address else "fcp",
        iscsi.address,
        iscsi.port or _ISCSI_PORT,
        action.iscsi_targets or [],
        iscsi.username,
        iscsi.password,
    )
    return replace(done(call, storage_domains=shown.candidates(found)), places={"storage_domain": None})


def _known(context: Context, host_id: str) -> None:
    if context.db.get(schema.Vds, host_id) is None:
        raise entity_not_found(f"Host: id={host_id}")
