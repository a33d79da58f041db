# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a VM while it runs: migration, reboot, reset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import domains, schema, snapshots, vms
from ..command import Command, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context

_MOVABLE = frozenset({"up", "paused", "powering_up", "reboot_in_progress"})


@dataclass
class MigrateVm(Command):
    """Move a running VM to another host. Backup domains do not matter, and the hosted engine may."""

    vm_id: str
    host_id: str | None = None

    description = "Migrating VM {vm_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id, "ACTION_TYPE_FAILED_VM_IS_BEING_MIGRATED")]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        if row.status not in vms.RUNNING:
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_NOT_RUNNING", name=row.name)
        if row.status not in _MOVABLE:
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)
        snapshots.check_idle(context, row, allow_preview=True)
        domains.find_up_pool(context, vms.pool_of(context, row).id)
        vms.check_networks(context, row)
        vms.schedule(context, row, self.host_id)

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        host = vms.schedule(context, row, self.host_id)
        context.remember(before=row.status, started=row.start_time)
        row.status, row.migrating_to = "migrating", host.id
        context.event(62, f"The VM {row.name} is migrating to {host.name}.", vm=row.id, host=host.id)
        context.later("migrate", self.finish)

    def finish(self, context: Context) -> None:
        """Have the VM on the other host, unless it was stopped or called back."""
        row = context.db.get(schema.VmStatic, self.vm_id)
        if row is None or row.status != "migrating" or row.start_time != context.memory["started"]:
            return
        target = context.db.get(schema.Vds, row.migrating_to) if row.migrating_to else None
        if target is not None and target.status == "up":
            row.run_on_vds = target.id
            context.event(63, f"The VM {row.name} is on {target.name} now.", vm=row.id, host=target.id)
        row.status, row.migrating_to = context.memory["before"], None


@dataclass
class CancelMigrateVm(Command):
    """Call a migrating VM back."""

    vm_id: str

    description = "Cancelling the migration of VM {vm_id}"

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        if row.status != "migrating":
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        row.status, row.migrating_to = "up", None


@dataclass
class RebootVm(Command):
    """Restart the guest of a VM: asked for, or at once."""

    vm_id: str
    reset: bool = False

    description = "Rebooting VM {vm_id}"

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row, external=True)
        if row.status != "up":
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        context.remember(started=row.start_time, address=row.guest_address)
        row.status, row.guest_address = "reboot_in_progress", None
        context.later("reboot", self.finish)

    def finish(self, context: Context) -> None:
        """Have the guest back."""
        row = context.db.get(schema.VmStatic, self.vm_id)
        if row is not None and row.status == "reboot_in_progress" and row.start_time == context.memory["started"]:
            row.status, row.guest_address = "up", context.memory["address"]
