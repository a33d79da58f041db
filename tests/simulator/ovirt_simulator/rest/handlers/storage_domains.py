# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage domains as such: what an engine knows of them."""

from __future__ import annotations

from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...engine.commands import (
    ForceRemoveStorageDomain,
    ReduceSANStorageDomainDevices,
    RefreshLunsSize,
    RemoveStorageDomain,
    UpdateOvfStoreForStorageDomain,
    UpdateStorageDomain,
)
from ...engine.queries import storage_domains as queries
from ...engine.runtime import Context
from ..call import Call, done, find, identified, named
from ..errors import ContainerError, Fault, immutable_id, incomplete
from ..representation import storage_domains as shown
from ..routing import is_uuid
from ..search.query import search
from ..wire import Answer

_CHANGEABLE = (
    "name",
    "description",
    "comment",
    "wipe_after_delete",
    "discard_after_delete",
    "warning_low_space_indicator",
    "critical_space_action_blocker",
    "block_size",
    "backup",
)


def list_all(call: Call) -> Answer:
    """List storage domains."""
    rows = search(call.context, "storagedomains", call.request)
    return Answer(shown.domains(call.context, rows), root="storage_domains")


def read(call: Call) -> Answer:
    """Show a storage domain."""
    return Answer(_domain(call.context, call.ids["domain"]))


def _domain(context: Context, domain_id: str) -> types.StorageDomain:
    return shown.domains(context, [find(context, schema.StorageDomainStatic, domain_id)])[0]


def update(call: Call) -> Answer:
    """Change a storage domain, its backup flag included."""
    domain_id = call.ids["domain"]
    call.ask(find, schema.StorageDomainStatic, domain_id)
    body = call.body(types.StorageDomain)
    if body.id is not None and body.id.lower() != domain_id:
        raise immutable_id("StorageDomain")
    call.execute(UpdateStorageDomain(domain_id=domain_id, changes=_changes(body)))
    return Answer(call.ask(_domain, domain_id), view="/storagedomains:updated")


def _changes(body: types.StorageDomain) -> dict[str, Any]:
    changes = {name: getattr(body, name) for name in _CHANGEABLE}
    changes["function"] = body.type.value if body.type else None
    changes["storage_format"] = body.storage_format.value if body.storage_format else None
    changes["storage_type"] = body.storage.type.value if body.storage and body.storage.type else None
    return {name: value for name, value in changes.items() if value is not None}


def remove(call: Call) -> Answer:
    """Forget a storage domain, or destroy what the engine knows of it."""
    domain_id = call.ids["domain"]
    call.ask(find, schema.StorageDomainStatic, domain_id)
    if call.request.flag("destroy"):
        return done(call, call.execute(ForceRemoveStorageDomain(domain_id=domain_id)))
    host = call.request.parameter("host")
    if not host:
        raise Fault(400, None, "The host parameter is missing")
    host_id = host.lower() if is_uuid(host) else call.ask(named, schema.Vds, host)
    command = RemoveStorageDomain(domain_id=domain_id, host_id=host_id, format=call.request.flag("format"))
    return done(call, call.execute(command))


def update_ovf_store(call: Call) -> Answer:
    """Write the OVF store of a domain, in the background."""
    call.action()
    return done(call, call.execute(UpdateOvfStoreForStorageDomain(domain_id=call.ids["domain"])))


def refresh_luns(call: Call) -> Answer:
    """Take over the sizes of logical units."""
    action = call.action()
    units = [unit.id for unit in action.logical_units or ()]
    return done(call, call.execute(RefreshLunsSize(domain_id=call.ids["domain"], unit_ids=units)))


def reduce_luns(call: Call) -> Answer:
    """Give logical units back, in the background."""
    action = call.action()
    if action.logical_units is None:
        raise ContainerError
    units = [unit.id for unit in action.logical_units]
    return done(call, call.execute(ReduceSANStorageDomainDevices(domain_id=call.ids["domain"], unit_ids=units)))


def is_attached(call: Call) -> Answer:
    """Tell whether the domain's metadata names a data center, whichever engine's it is."""
    action = call.action()
    host_id = identified(call, action.host, schema.Vds, incomplete("Action", "host.id|name", "isAttached"))
    return done(call, is_attached=call.ask(queries.is_attached, call.ids["domain"], host_id))
