# SPDX-License-Identifier: GPL-3.0-or-later
"""What VMs can be told to do beyond starting and stopping."""

from __future__ import annotations

import uuid

from ovirtsdk4 import types

from ...engine import schema
from ...engine.command import Command
from ...engine.commands import CancelMigrateVm, CloneVm, MigrateVm, RebootVm, RemoveVmFromPool
from ...engine.runtime import Context
from ..call import Call, done, identified, required
from ..errors import Gone, entity_not_found, incomplete
from ..wire import Answer
from .vms import vm


def migrate(call: Call) -> Answer:
    """Move a running VM to another host."""
    action = call.action()
    host_id = None
    if action.host is not None:
        host_id = identified(call, action.host, schema.Vds, incomplete("Action", "host.id|name", "migrate"))
    return _acted(call, MigrateVm(vm_id=call.ids["vm"], host_id=host_id))


def cancel_migration(call: Call) -> Answer:
    """Call a migrating VM back."""
    call.action()
    return _acted(call, CancelMigrateVm(vm_id=call.ids["vm"]))


def reboot(call: Call) -> Answer:
    """Ask the guest to restart."""
    call.action()
    return _acted(call, RebootVm(vm_id=call.ids["vm"]))


def reset(call: Call) -> Answer:
    """Restart the machine at once."""
    call.action()
    return _acted(call, RebootVm(vm_id=call.ids["vm"], reset=True))


def detach(call: Call) -> Answer:
    """Take a VM out of its pool."""
    call.action()
    return _acted(call, RemoveVmFromPool(vm_id=call.ids["vm"]))


def clone(call: Call) -> Answer:
    """Copy a VM."""
    action = call.action()
    cluster_id = call.ask(_cluster_of, call.ids["vm"])
    name = required(action.vm.name if action.vm is not None else None, "Action", "vm.name", "clone")
    domain_id = None
    old = call.engine.version < "4.4"
    if action.storage_domain is not None and not old:
        missing = incomplete("Action", "storageDomain.id|name", "clone")
        domain_id = identified(call, action.storage_domain, schema.StorageDomainStatic, missing)
    command = CloneVm(
        vm_id=call.ids["vm"],
        new_id=str(uuid.uuid4()),
        name=name,
        cluster_id=cluster_id,
        domain_id=domain_id,
        discard_snapshots=action.discard_snapshots is not False,
    )
    return _acted(call, command)


def _cluster_of(context: Context, vm_id: str) -> str:
    try:
        return vm(context, vm_id).cluster_id or ""
    except Gone as exc:
        raise entity_not_found(f"Vm: id={vm_id}") from exc


def _acted(call: Call, command: Command) -> Answer:
    return done(call, call.execute(command), vm=types.Vm(id=call.ids["vm"]))
