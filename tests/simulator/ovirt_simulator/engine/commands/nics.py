# SPDX-License-Identifier: GPL-3.0-or-later
"""NICs of VMs and templates; the hosted engine allows these, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ...ovf.document import Nic
from .. import macs, ovf_store, schema, vms
from ..command import Command, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context


def machine_of(context: Context, machine_id: str) -> schema.VmStatic:
    """Return a VM or template, or refuse."""
    row = context.db.get(schema.VmStatic, machine_id)
    if row is None:
        raise Refusal("ACTION_TYPE_FAILED_VM_NOT_FOUND")
    return row


def _find(context: Context, nic_id: str) -> schema.VmInterface:
    """Return a NIC, which another request may have removed meanwhile."""
    nic = context.db.get(schema.VmInterface, nic_id)
    if nic is None:
        raise Refusal("ACTION_TYPE_FAILED_VM_INTERFACE_NOT_EXIST")
    return nic


def _check_name(context: Context, machine_id: str, name: str, nic_id: str) -> None:
    query = select(schema.VmInterface.id).filter_by(vm_id=machine_id, name=name)
    if any(one != nic_id for one in context.db.scalars(query)):
        raise Refusal("ACTION_TYPE_FAILED_NETWORK_INTERFACE_NAME_ALREADY_IN_USE")


def _check_mac(context: Context, mac: str | None) -> None:
    if mac and macs.taken(context, [Nic("", "", "", "", mac)]):
        raise Refusal("ACTION_TYPE_FAILED_MAC_ADDRESS_IS_IN_USE", mac=mac)


def _check_profile(context: Context, profile_id: str | None) -> None:
    if profile_id is not None and context.db.get(schema.VnicProfile, profile_id) is None:
        raise Refusal("ACTION_TYPE_FAILED_VNIC_PROFILE_NOT_EXISTS")


@dataclass
class AddVmInterface(Command):
    """Give a VM or a template a NIC; columns: of `schema.VmInterface`."""

    nic_id: str
    machine_id: str
    name: str
    columns: dict[str, Any] = field(default_factory=dict)

    description = "Adding NIC {name}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.machine_id)]

    def validate(self, context: Context) -> None:
        row = machine_of(context, self.machine_id)
        if row.status in ("image_locked", "locked"):
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_LOCKED", name=row.name)
        _check_name(context, row.id, self.name, "")
        _check_profile(context, self.columns.get("vnic_profile_id"))
        _check_mac(context, self.columns.get("mac"))

    def execute(self, context: Context) -> None:
        row = machine_of(context, self.machine_id)
        columns = {**self.columns}
        if row.entity_type == "vm" and not columns.get("mac"):
            wanted = [Nic(self.nic_id, self.name, "", "", None)]
            columns["mac"] = macs.assign(context, wanted, reassign_bad=False)[0]
        context.db.add(schema.VmInterface(id=self.nic_id, vm_id=row.id, name=self.name, **columns))
        ovf_store.touch(context, row)


@dataclass
class UpdateVmInterface(Command):
    """Change a NIC, also under a running VM."""

    nic_id: str
    machine_id: str
    changes: dict[str, Any]

    description = "Updating a NIC"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.machine_id)]

    def validate(self, context: Context) -> None:
        machine_of(context, self.machine_id)
        nic = _find(context, self.nic_id)
        _check_name(context, self.machine_id, self.changes.get("name", nic.name), nic.id)
        _check_profile(context, self.changes.get("vnic_profile_id"))
        if self.changes.get("mac", nic.mac) != nic.mac:
            _check_mac(context, self.changes["mac"])

    def execute(self, context: Context) -> None:
        nic = _find(context, self.nic_id)
        for name, value in self.changes.items():
            setattr(nic, name, value)
        ovf_store.touch(context, machine_of(context, self.machine_id))


@dataclass
class RemoveVmInterface(Command):
    """Take a NIC away; from a running VM only an unplugged one."""

    nic_id: str
    machine_id: str

    description = "Removing a NIC"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.machine_id)]

    def validate(self, context: Context) -> None:
        row = machine_of(context, self.machine_id)
        nic = _find(context, self.nic_id)
        if nic.plugged and row.status in vms.RUNNING:
            raise Refusal("ACTION_TYPE_FAILED_CANNOT_REMOVE_ACTIVE_DEVICE")

    def execute(self, context: Context) -> None:
        context.db.delete(_find(context, self.nic_id))
        ovf_store.touch(context, machine_of(context, self.machine_id))
