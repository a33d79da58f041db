# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks and NICs as devices of VMs and templates: adding, changing and taking them away."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...engine.commands import (
    AddVmInterface,
    AttachDiskToVm,
    DetachDiskFromVm,
    HotPlugDiskToVm,
    HotUnPlugDiskFromVm,
    RemoveDisk,
    RemoveVmInterface,
    UpdateDisk,
    UpdateVmInterface,
)
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified, required
from ..errors import Gone, incomplete
from ..representation import disks as shown_disks
from ..representation import networks as shown_networks
from ..wire import Answer
from .new_disks import add_to_vm, changes_of
from .vms import of_kind, vm

_MODES = ("bootable", "read_only", "pass_discard")


def attach(call: Call) -> Answer:
    """Attach a disk that exists, or make one."""
    vm_id = call.ids["vm"]
    call.ask(vm, vm_id)
    body = call.body(types.DiskAttachment)
    disk = required(body.disk, "DiskAttachment", "disk", "add")
    columns = _columns(body)
    if disk.id is not None:
        call.ask(find, schema.BaseDisk, disk.id)
        command = AttachDiskToVm(vm_id=vm_id, disk_id=disk.id, plug=body.active is not False, **columns)
        call.execute(command)
        disk_id = disk.id
    else:
        if body.interface is None:
            raise incomplete("DiskAttachment", "interface", "add")
        disk_id = add_to_vm(call, disk, vm_id, {**columns, "plugged": body.active is not False})
    return created(call, call.ask(_attachment, vm_id, disk_id))


def _columns(body: types.DiskAttachment) -> dict[str, Any]:
    columns = {name: getattr(body, name) for name in _MODES}
    columns["interface"] = body.interface.value if body.interface is not None else None
    return {name: value for name, value in columns.items() if value is not None}


def _attachment(context: Context, vm_id: str, disk_id: str) -> types.DiskAttachment:
    return shown_disks.attachments([find(context, schema.DiskAttachment, (vm_id, disk_id))])[0]


def update_attachment(call: Call) -> Answer:
    """Plug or unplug a disk, and change the disk or how it is attached."""
    vm_id, disk_id = call.ids["vm"], call.ids["disk"]
    before = call.ask(_attachment, vm_id, disk_id)
    body = call.body(types.DiskAttachment)
    if body.active is not None and body.active != before.active:
        command = HotPlugDiskToVm(vm_id, disk_id) if body.active else HotUnPlugDiskFromVm(vm_id, disk_id)
        call.execute(command)
    changes = changes_of(body.disk) if body.disk is not None else {}
    columns = _columns(body)
    if changes or columns:
        call.execute(UpdateDisk(disk_id=disk_id, changes=changes, vm_id=vm_id, attachment=columns))
    return Answer(call.ask(_attachment, vm_id, disk_id))


def detach(call: Call) -> Answer:
    """Take a disk from a VM; unless it is only to be detached, it is deleted."""
    vm_id, disk_id = call.ids["vm"], call.ids["disk"]
    call.ask(_attachment, vm_id, disk_id)
    if call.request.flag("detach_only", default=True):
        return done(call, call.execute(DetachDiskFromVm(vm_id, disk_id)))
    return done(call, call.execute(RemoveDisk(disk_id)))


def add_nic(call: Call) -> Answer:
    """Give a VM or template a NIC."""
    machine_id, of_template = _machine(call)
    body = call.body(types.Nic)
    name = required(body.name, "Nic", "name", "add")
    nic_id = str(uuid.uuid4())
    call.execute(AddVmInterface(nic_id, machine_id, name, _nic_columns(call, body)))
    return created(call, call.ask(_nic, machine_id, nic_id, of_template))


def update_nic(call: Call) -> Answer:
    """Change a NIC."""
    return _change_nic(call, call.body(types.Nic))


def activate_nic(call: Call) -> Answer:
    """Plug a NIC."""
    call.action()
    _change_nic(call, types.Nic(plugged=True))
    return done(call, nic=types.Nic(id=call.ids["nic"]))


def deactivate_nic(call: Call) -> Answer:
    """Unplug a NIC."""
    call.action()
    _change_nic(call, types.Nic(plugged=False))
    return done(call, nic=types.Nic(id=call.ids["nic"]))


def _change_nic(call: Call, body: types.Nic) -> Answer:
    machine_id, of_template = _machine(call)
    call.ask(_nic, machine_id, call.ids["nic"], of_template)
    changes = _nic_columns(call, body)
    if body.name is not None:
        changes["name"] = body.name
    call.execute(UpdateVmInterface(call.ids["nic"], machine_id, changes))
    return Answer(call.ask(_nic, machine_id, call.ids["nic"], of_template))


def remove_nic(call: Call) -> Answer:
    """Take a NIC away."""
    machine_id, of_template = _machine(call)
    call.ask(_nic, machine_id, call.ids["nic"], of_template)
    return done(call, call.execute(RemoveVmInterface(call.ids["nic"], machine_id)))


def _machine(call: Call) -> tuple[str, bool]:
    kind = "template" if "template" in call.ids else "vm"
    call.ask(of_kind, call.ids[kind], kind)
    return call.ids[kind], kind == "template"


def _nic(context: Context, machine_id: str, nic_id: str, of_template: bool) -> types.Nic:
    row = find(context, schema.VmInterface, nic_id)
    if row.vm_id != machine_id:
        raise Gone
    return shown_networks.nics([row], of_template=of_template)[0]


def _nic_columns(call: Call, body: types.Nic) -> dict[str, Any]:
    columns: dict[str, Any] = {"linked": body.linked, "plugged": body.plugged}
    columns["model"] = body.interface.value if body.interface is not None else None
    columns["mac"] = body.mac.address if body.mac is not None else None
    columns = {name: value for name, value in columns.items() if value is not None}
    if body.vnic_profile is not None:
        profile = body.vnic_profile
        missing = incomplete("Nic", "vnicProfile.id|name", "add")
        named = profile.id or profile.name
        columns["vnic_profile_id"] = identified(call, profile, schema.VnicProfile, missing) if named else None
    return columns
