# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a VM of a configuration that a client sends; its disks have to be here already, attached to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...ovf.document import Document, Volume
from ...ovf.reader import read
from ...ovf.values import OvfError
from .. import machines, mapping, registration, schema
from ..command import Command, ExecutionFailure, Lock, Refusal
from .disk_attach import AttachDiskToVm

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class ImportVmFromOvf(Command):
    """Make a VM as an OVF document says, without template; what cannot be attached is left out."""

    new_id: str
    cluster_id: str
    ovf: str
    name: str | None = None
    regenerate_ids: bool = False

    description = "Importing a VM from a configuration"
    blocking = True

    def chosen_id(self) -> str:
        """Return the id of the VM: the document's own, unless new ones are asked for."""
        return self.new_id if self.regenerate_ids else self._document().id

    def _document(self) -> Document:
        try:
            return read(self.ovf)
        except OvfError as exc:
            raise Refusal("ACTION_TYPE_FAILED_OVF_CONFIGURATION_NOT_SUPPORTED") from exc

    def _chosen_name(self) -> str:
        return self.name or self._document().name

    def locks(self, context: Context) -> list[Lock]:
        return [
            Lock("VM_NAME", self._chosen_name(), "ACTION_TYPE_FAILED_NAME_ALREADY_USED"),
            Lock("VM", self.chosen_id(), "ACTION_TYPE_FAILED_VM_IS_BEING_IMPORTED"),
        ]

    def validate(self, context: Context) -> None:
        document = self._document()
        cluster = machines.require_cluster(context, self.cluster_id)
        if context.db.get(schema.VmStatic, self.chosen_id()) is not None:
            raise Refusal("VM_CANNOT_IMPORT_VM_EXISTS")
        name = self._chosen_name()
        if machines.name_taken(context, name, cluster.storage_pool_id, "vm"):
            raise Refusal("VM_CANNOT_IMPORT_VM_NAME_EXISTS", name=name)
        machines.check_macs(context, len(document.nics))

    def execute(self, context: Context) -> None:
        document = self._document()
        cluster = machines.require_cluster(context, self.cluster_id)
        row = registration.static_of(document, self.chosen_id(), self._chosen_name(), cluster)
        row.entity_type, row.status, row.template_id = "vm", "image_locked", schema.BLANK_TEMPLATE
        context.db.add(row)
        context.db.flush()
        context.db.add(schema.Snapshot(id=self.new_id, vm_id=row.id, creation_date=context.now))
        context.db.flush()
        machines.add_nics(context, row.id, document.nics)
        profiles = {nic.name: mapping.profile_of(context, nic, cluster, {}) for nic in document.nics}
        for nic in context.db.query(schema.VmInterface).filter_by(vm_id=row.id):
            nic.vnic_profile_id = profiles[nic.name]
        context.later("register_vm", self.finish)

    def finish(self, context: Context) -> None:
        """Have the VM, with those of its disks that can be attached."""
        document = self._document()
        row = context.db.get_one(schema.VmStatic, self.chosen_id())
        row.status = "down"
        context.db.flush()
        left_out = [
            chain[0].alias
            for chain in registration.chains_of(document.volumes).values()
            if not self._attach(context, row.id, chain[0])
        ]
        if left_out:
            text = f"Disks of the VM {row.name} could not be attached: {', '.join(left_out)}."
            context.event(175, text, "warning", vm=row.id)
        context.event(1152, f"The VM {row.name} was imported.", vm=row.id, cluster=row.cluster_id)

    @staticmethod
    def _attach(context: Context, vm_id: str, volume: Volume) -> bool:
        command = AttachDiskToVm(
            vm_id,
            volume.disk_id,
            bootable=volume.bootable,
            interface=volume.interface,
            read_only=volume.read_only,
        )
        try:
            context.start(command)
        except (Refusal, ExecutionFailure):
            return False
        return True

    def failed(self, context: Context) -> None:
        context.event(1153, "A VM could not be imported.", "error", cluster=self.cluster_id)
