# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator does with hosts."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...engine.command import Command
from ...engine.commands.host_admin import ActivateVds, AddVds, MaintenanceNumberOfVdss, RemoveVds, UpdateVds
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified, required
from ..errors import incomplete
from ..representation import hosts as shown
from ..wire import Answer


def add(call: Call) -> Answer:
    """Install a host."""
    body = call.body(types.Host)
    required(body.name, "Host", "name", "add")
    required(body.address, "Host", "address", "add")
    default = types.Cluster(name="Default")
    missing = incomplete("Host", "cluster.id|name", "add")
    cluster_id = identified(call, body.cluster or default, schema.Cluster, missing)
    activate = call.request.flag("activate", default=True)
    command = AddVds(str(uuid.uuid4()), cluster_id, _values(body), activate)
    call.execute(command)
    return created(call, call.ask(_shown, command.id))


def _shown(context: Context, host_id: str) -> types.Host:
    return shown.hosts([find(context, schema.Vds, host_id)])[0]


def _values(body: types.Host) -> dict[str, Any]:
    values = {name: getattr(body, name) for name in ("name", "address", "comment")}
    values["spm_priority"] = body.spm.priority if body.spm is not None else None
    return {name: value for name, value in values.items() if value is not None}


def update(call: Call) -> Answer:
    """Change a host."""
    host_id = call.ids["host"]
    call.ask(find, schema.Vds, host_id)
    body = call.body(types.Host)
    changes = _values(body)
    if body.cluster is not None:
        missing = incomplete("Host", "cluster.id|name", "update")
        changes["cluster_id"] = identified(call, body.cluster, schema.Cluster, missing)
    call.execute(UpdateVds(host_id, changes))
    return Answer(call.ask(_shown, host_id))


def remove(call: Call) -> Answer:
    """Forget a host."""
    call.ask(find, schema.Vds, call.ids["host"])
    return done(call, call.execute(RemoveVds(call.ids["host"])))


def activate(call: Call) -> Answer:
    """Bring a host up."""
    return _act(call, ActivateVds(call.ids["host"]))


def deactivate(call: Call) -> Answer:
    """Move a host to maintenance."""
    return _act(call, MaintenanceNumberOfVdss(call.ids["host"]))


def refresh(call: Call) -> Answer:
    """Ask a host for what it can do: that never changes here."""
    call.action()
    call.ask(find, schema.Vds, call.ids["host"])
    return done(call, host=types.Host(id=call.ids["host"]))


def _act(call: Call, command: Command) -> Answer:
    call.action()
    return done(call, call.execute(command), host=types.Host(id=call.ids["host"]))
