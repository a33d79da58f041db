# SPDX-License-Identifier: GPL-3.0-or-later
"""Making and changing disks."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...engine.commands import AddDisk, AddLunDisk, TidyDisk, UpdateDisk
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified
from ..errors import incomplete
from ..representation import disks as shown
from ..wire import Answer

_PLAIN = ("description", "wipe_after_delete", "propagate_errors", "shareable")


def add(call: Call) -> Answer:
    """Make a disk that belongs to no VM."""
    disk_id = _add(call, call.body(types.Disk), None, {})
    return created(call, call.ask(_shown, disk_id))


def add_to_vm(call: Call, disk: types.Disk, vm_id: str, attachment: dict[str, Any]) -> str:
    """Make a disk as a device of a VM, and return its id."""
    return _add(call, disk, vm_id, attachment)


def _shown(context: Context, disk_id: str) -> types.Disk:
    return shown.disks([find(context, schema.BaseDisk, disk_id)])[0]


def _add(call: Call, disk: types.Disk, vm_id: str | None, attachment: dict[str, Any]) -> str:
    disk_id = disk.id or str(uuid.uuid4())
    alias = disk.alias or disk.name or disk_id
    if disk.lun_storage is not None:
        call.execute(_lun_disk(call, disk, disk_id, alias, vm_id, attachment))
        return disk_id
    if disk.provisioned_size is None or disk.format is None:
        raise incomplete("Disk", "provisionedSize, format", "add")
    command = AddDisk(
        disk_id=disk_id,
        domain_id=_domain(call, disk),
        provisioned_size=disk.provisioned_size,
        alias=alias,
        format=disk.format.value,
        sparse=disk.sparse,
        image_id=disk.image_id,
        properties=_properties(disk),
        vm_id=vm_id,
        attachment=attachment,
    )
    call.execute(command)
    return disk_id


def _domain(call: Call, disk: types.Disk) -> str:
    missing = incomplete("Disk", "storageDomains.storageDomain.id|name", "add")
    if "domain" in call.ids:
        return call.ids["domain"]
    given = disk.storage_domains or ([disk.storage_domain] if disk.storage_domain is not None else [])
    if not given:
        raise missing
    return identified(call, given[0], schema.StorageDomainStatic, missing)


def _lun_disk(
    call: Call, disk: types.Disk, disk_id: str, alias: str, vm_id: str | None, attachment: dict[str, Any]
) -> AddLunDisk:
    units = disk.lun_storage.logical_units or []
    if not units or units[0].id is None:
        raise incomplete("Disk", "lunStorage.logicalUnits.logicalUnit.id", "add")
    host = disk.lun_storage.host
    missing = incomplete("Disk", "lunStorage.host.id|name", "add")
    host_id = identified(call, host, schema.Vds, missing) if host is not None else None
    return AddLunDisk(disk_id, units[0].id, alias, bool(disk.shareable), host_id, vm_id, attachment)


def _properties(disk: types.Disk) -> dict[str, Any]:
    found = {name: getattr(disk, name) for name in _PLAIN}
    found["content_type"] = disk.content_type.value if disk.content_type is not None else None
    found["incremental_backup"] = disk.backup is types.DiskBackup.INCREMENTAL if disk.backup is not None else None
    return {name: value for name, value in found.items() if value is not None}


def changes_of(disk: types.Disk) -> dict[str, Any]:
    """Return what a request changes of a disk."""
    changes = _properties(disk)
    changes.pop("content_type", None)
    alias = disk.alias or disk.name
    if alias is not None:
        changes["alias"] = alias
    if disk.provisioned_size is not None:
        changes["provisioned_size"] = disk.provisioned_size
    return changes


def update(call: Call) -> Answer:
    """Change a disk."""
    call.ask(find, schema.BaseDisk, call.ids["disk"])
    call.execute(UpdateDisk(disk_id=call.ids["disk"], changes=changes_of(call.body(types.Disk))))
    return Answer(call.ask(_shown, call.ids["disk"]))


def sparsify(call: Call) -> Answer:
    """Give unused space back."""
    return _tidy(call, "sparsify")


def reduce(call: Call) -> Answer:
    """Shrink the volume to what is used."""
    return _tidy(call, "reduce")


def convert(call: Call) -> Answer:
    """Change format or allocation."""
    return _tidy(call, "convert")


def _tidy(call: Call, kind: str) -> Answer:
    call.ask(find, schema.BaseDisk, call.ids["disk"])
    wanted = call.action().disk or types.Disk()
    text = wanted.format.value if wanted.format is not None else None
    command = TidyDisk(disk_id=call.ids["disk"], kind=kind, format=text, sparse=wanted.sparse)
    return done(call, call.execute(command), disk=types.Disk(id=call.ids["disk"]))
