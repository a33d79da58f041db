# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting, stopping and suspending VMs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from .. import backups, domains, memory, schema, snapshots, vms
from ..command import Command, ExecutionFailure, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context

_STARTABLE = frozenset({"down", "suspended", "paused"})


@dataclass
class RunVm(Command):
    """Start a VM, resume a suspended one, or let a paused one go on."""

    vm_id: str
    pause: bool = False
    run_once: bool = False
    volatile: bool = False
    host_id: str | None = None

    description = "Launching VM {vm_id}"
    lock_scope = "execution"
    request_operation = "start"

    def __post_init__(self) -> None:
        self._host: schema.Vds | None = None  # what validate found, for execute

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id)]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        if row.status == "image_locked":
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_LOCKED", name=row.name)
        if context.db.scalar(select(schema.Snapshot.id).filter_by(vm_id=row.id, status="locked").limit(1)):
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_DURING_SNAPSHOT", name=row.name)
        if row.status not in _STARTABLE | vms.RUNNING:
            raise Refusal("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL", status=row.status)
        pool = vms.pool_of(context, row)
        domains.find_up_pool(context, pool.id)
        if row.status in vms.RUNNING - _STARTABLE:
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_RUNNING", name=row.name)
        vms.check_storage(context, row)
        if row.status != "paused":
            self._host = vms.schedule(context, row, self.host_id)
        vms.check_networks(context, row)
        vms.check_backup(context, row)
        backups.check_none(context, row)

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        if row.status == "paused":
            row.status_detail = None
            context.remember(started=row.start_time, address=vms.open_disks(context, row))
            self._up(context, row)
            return
        host = self._host
        assert host is not None
        resumed = row.status == "suspended" or self._has_memory(context, row)
        context.remember(before=row.status, started=context.now)
        if row.status == "down":
            snapshots.end_stateless(context, row)
            if self.volatile or vms.is_stateless(context, row):
                snapshots.begin_stateless(context, row)
        row.run_once = self.run_once
        row.status = "restoring_state" if resumed else "wait_for_launch"
        row.run_on_vds, row.start_time, row.stop_reason = host.id, context.now, None
        text = f"The VM {row.name} is being started on host {host.name}."
        context.event(32, text, vm=row.id, host=host.id, cluster=row.cluster_id)
        context.later("start", self.resume if resumed else self.launch)

    @staticmethod
    def _has_memory(context: Context, row: schema.VmStatic) -> bool:
        """Tell whether a snapshot was restored with its memory and the VM did not run since."""
        return snapshots.active_of(context, row).memory_dump_disk_id is not None

    def launch(self, context: Context) -> None:
        """Let the guest boot."""
        row = self._still(context, "wait_for_launch")
        if row is not None:
            context.remember(address=vms.open_disks(context, row))
            row.status = "paused" if self.pause else "powering_up"
            context.later("boot", self.boot)

    def boot(self, context: Context) -> None:
        """Have the guest booted."""
        row = self._still(context, "powering_up")
        if row is not None:
            self._up(context, row)

    def resume(self, context: Context) -> None:
        """Have the memory back."""
        row = self._still(context, "restoring_state")
        if row is not None:
            context.remember(address=vms.open_disks(context, row))
            memory.drop(context, vms.active_snapshot(context, row))
            self._up(context, row)

    def agent(self, context: Context) -> None:
        """Have the guest agent report."""
        row = self._still(context, "up")
        if row is not None:
            row.guest_address = context.memory["address"]

    def _up(self, context: Context, row: schema.VmStatic) -> None:
        row.status = "up"
        context.event(153, f"The VM {row.name} is up.", vm=row.id, host=row.run_on_vds)
        context.later("guest_agent", self.agent)

    def _still(self, context: Context, status: str) -> schema.VmStatic | None:
        """Return the VM if it is still in this start: it can have been stopped, and started again, meanwhile."""
        row = context.db.get(schema.VmStatic, self.vm_id)
        if row is None or row.status != status or row.start_time != context.memory["started"]:
            return None
        return row

    def undo(self, context: Context) -> None:
        row = context.db.get(schema.VmStatic, self.vm_id)
        if row is not None and row.status == "restoring_state":
            row.status, row.run_on_vds = context.memory["before"], None
        elif row is not None:
            vms.power_off(context, row, "it could not be started")

    def failed(self, context: Context) -> None:
        context.event(54, "A VM could not be started.", "error", vm=self.vm_id)


@dataclass
class ShutdownVm(Command):
    """Ask the guest to shut down."""

    vm_id: str
    reason: str | None = None
    force: bool = False

    description = "Shutting down VM {vm_id}"

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row, external=True)
        _check_stoppable(row, vms.RUNNING)
        if not self.force:
            backups.check_none(context, row)

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        row.status = "powering_down"
        context.event(33, f"The VM {row.name} is being shut down.", vm=row.id, host=row.run_on_vds)
        context.remember(started=row.start_time)
        context.later("shutdown", self.finish)

    def finish(self, context: Context) -> None:
        """Have the guest off, unless it did not listen."""
        row = context.db.get(schema.VmStatic, self.vm_id)
        if row is None or row.status != "powering_down" or row.start_time != context.memory["started"]:
            return
        if row.guest_ignores_shutdown:
            row.status = "up"
        else:
            vms.power_off(context, row, self.reason)


@dataclass
class StopVm(Command):
    """Switch a VM off at once; a suspended one loses its memory."""

    vm_id: str
    reason: str | None = None
    force: bool = False

    description = "Stopping VM {vm_id}"

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row, external=True)
        _check_stoppable(row, vms.RUNNING | {"suspended", "not_responding"})
        if not self.force:
            backups.check_none(context, row)

    def execute(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        if row.status == "suspended":
            memory.drop(context, vms.active_snapshot(context, row))
        context.event(33, f"The VM {row.name} is being stopped.", vm=row.id, host=row.run_on_vds)
        vms.power_off(context, row, self.reason)


@dataclass
class HibernateVm(Command):
    """Suspend a VM: its memory goes to a data domain of the engine's choice."""

    vm_id: str

    description = "Suspending VM {vm_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM", self.vm_id, "ACTION_TYPE_FAILED_VM_IS_HIBERNATING")]

    def validate(self, context: Context) -> None:
        row = vms.find(context, self.vm_id)
        vms.check_managed(row)
        if row.status != "up":
            raise Refusal("ACTION_TYPE_FAILED_VM_IS_NOT_UP", name=row.name)
        if row.vm_pool_id is not None:
            raise Refusal("VM_CANNOT_SUSPEND_VM_FROM_POOL")
        if row.stateless:
            raise Refusal("VM_CANNOT_SUSPEND_STATELESS_VM")
        backups.check_none(context, row)
        memory.choose_domain(context, row, vms.pool_of(context, row).id)

    def execute(self, context: Context) -> None:
        vms.find(context, self.vm_id).status = "saving_state"
        context.later("snapshot", self.finish)

    def finish(self, context: Context) -> None:
        """Have the memory on storage."""
        row = vms.find(context, self.vm_id)
        if row.status != "saving_state":
            raise ExecutionFailure()
        domain = memory.choose_domain(context, row, vms.pool_of(context, row).id)
        memory.create(context, row, vms.active_snapshot(context, row), domain, "hibernation")
        row.status, row.run_on_vds, row.guest_address = "suspended", None, None

    def undo(self, context: Context) -> None:
        row = context.db.get(schema.VmStatic, self.vm_id)
        if row is not None and row.status == "saving_state":
            row.status = "up"


def _check_stoppable(row: schema.VmStatic, allowed: frozenset[str]) -> None:
    if row.status in vms.SAVING_RESTORING:
        raise Refusal("ACTION_TYPE_FAILED_VM_IS_SAVING_RESTORING", name=row.name)
    if row.status not in allowed:
        raise Refusal("ACTION_TYPE_FAILED_VM_IS_NOT_RUNNING", name=row.name)
