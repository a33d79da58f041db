# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks."""

from __future__ import annotations

from ovirtsdk4 import types

from ...engine import schema
from ...engine.commands import MoveDisk, MoveOrCopyDisk, RemoveDisk
from ..call import Call, done, find, identified
from ..errors import incomplete
from ..representation import disks as shown
from ..search.query import search
from ..wire import Answer


def list_all(call: Call) -> Answer:
    """List disks, OVF stores included."""
    return Answer(shown.disks(search(call.context, "disks", call.request)), root="disks")


def read(call: Call) -> Answer:
    """Show a disk; the address of a domain's disk answers for any disk."""
    return Answer(shown.disks([find(call.context, schema.BaseDisk, call.ids["disk"])], call.ids.get("domain"))[0])


def move(call: Call) -> Answer:
    """Move a disk; whether the VM that uses it runs decides how."""
    call.ask(find, schema.BaseDisk, call.ids["disk"])
    call.action()
    command = MoveDisk(disk_id=call.ids["disk"], target_id=_target(call, "move"))
    return done(call, call.execute(command), disk=types.Disk(id=call.ids["disk"]))


def copy(call: Call) -> Answer:
    """Copy a disk: a template's to another domain, any other into a new floating disk."""
    call.ask(find, schema.BaseDisk, call.ids["disk"])
    action = call.action()
    alias = (action.disk.name or action.disk.alias) if action.disk is not None else None
    command = MoveOrCopyDisk(disk_id=call.ids["disk"], target_id=_target(call, "copy"), copy=True, alias=alias)
    job = call.execute(command)
    return done(call, job, disk=types.Disk(id=call.ids["disk"]))


def _target(call: Call, method: str) -> str:
    assert call.sent is not None
    missing = incomplete("Action", "storageDomain.id|name", method)
    return identified(call, call.sent.storage_domain, schema.StorageDomainStatic, missing)


def remove(call: Call) -> Answer:
    """Delete a disk; below a domain, a template disk's copy there."""
    call.ask(find, schema.BaseDisk, call.ids["disk"])
    command = RemoveDisk(disk_id=call.ids["disk"], domain_id=call.ids.get("domain"))
    return done(call, call.execute(command))
