# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of VMs."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import schema
from ...engine.commands import AddVmPool, RemoveVmPool, RunVm, UpdateVmPool
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified, required
from ..errors import Fault, incomplete
from ..representation import pools as shown
from ..search.query import search
from ..wire import Answer
from .vms import machine

_PLAIN = ("description", "comment", "prestarted_vms", "max_user_vms", "stateful")


def list_all(call: Call) -> Answer:
    """List pools."""
    return Answer(shown.pools(call.context, search(call.context, "vmpools", call.request)), root="vm_pools")


def read(call: Call) -> Answer:
    """Show a pool."""
    return Answer(_shown(call.context, call.ids["vm_pool"]))


def _shown(context: Context, pool_id: str) -> types.VmPool:
    return shown.pools(context, [find(context, schema.VmPool, pool_id)])[0]


def add(call: Call) -> Answer:
    """Make a pool with its VMs."""
    body = call.body(types.VmPool)
    name = required(body.name, "VmPool", "name", "add")
    cluster = identified(call, body.cluster, schema.Cluster, incomplete("VmPool", "cluster.id|name", "add"))
    template = machine(call, body.template, "template", incomplete("VmPool", "template.id|name", "add"))
    pool_id = str(uuid.uuid4())
    call.execute(AddVmPool(pool_id, name, cluster, template, body.size or 0, _properties(body)))
    return created(call, call.ask(_shown, pool_id))


def _properties(body: types.VmPool) -> dict[str, Any]:
    return {name: getattr(body, name) for name in _PLAIN if getattr(body, name) is not None}


def update(call: Call) -> Answer:
    """Change a pool, its size included."""
    call.ask(_shown, call.ids["vm_pool"])
    body = call.body(types.VmPool)
    changes = _properties(body) | ({"name": body.name} if body.name else {})
    call.execute(UpdateVmPool(call.ids["vm_pool"], changes, body.size))
    return Answer(call.ask(_shown, call.ids["vm_pool"]))


def remove(call: Call) -> Answer:
    """Delete a pool with its VMs."""
    call.ask(_shown, call.ids["vm_pool"])
    return done(call, call.execute(RemoveVmPool(call.ids["vm_pool"])))


def allocate_vm(call: Call) -> Answer:
    """Start a VM of a pool for whoever asks."""
    call.ask(_shown, call.ids["vm_pool"])
    call.action()
    vm_id = call.ask(_free, call.ids["vm_pool"])
    if vm_id is None:
        raise Fault(409, "[No VM of the pool is free.]")
    return done(call, call.execute(RunVm(vm_id)), vm=types.Vm(id=vm_id))


def _free(context: Context, pool_id: str) -> str | None:
    query = select(schema.VmStatic.id).filter_by(vm_pool_id=pool_id, status="down")
    return context.db.scalar(query.order_by(schema.VmStatic.name).limit(1))
