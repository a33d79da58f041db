# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of VMs, full or since a checkpoint, and the checkpoints that they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from . import schema
from .command import Refusal

if TYPE_CHECKING:
    from .runtime import Context

_ENDED = ("succeeded", "failed")


class VmBackup(schema.Base):
    """A backup; it stays after its end."""

    __tablename__ = "vm_backups"
    id: Mapped[str] = mapped_column(primary_key=True)
    vm_id: Mapped[str] = mapped_column(ForeignKey("vm_static.id", ondelete="CASCADE"), index=True)
    phase: Mapped[str] = mapped_column(default="initializing")  # then starting, ready, finalizing, succeeded or failed
    host_id: Mapped[str | None]
    from_checkpoint_id: Mapped[str | None]
    to_checkpoint_id: Mapped[str | None]
    disk_ids: Mapped[list[str]]
    description: Mapped[str] = mapped_column(default="")
    created: Mapped[float]
    modified: Mapped[float]


_GOING_ON = select(VmBackup.id).where(VmBackup.vm_id == bindparam("vm_id"), VmBackup.phase.not_in(_ENDED)).limit(1)


class VmCheckpoint(schema.Base):
    """A moment since which an incremental backup knows what was written."""

    __tablename__ = "vm_checkpoints"
    id: Mapped[str] = mapped_column(primary_key=True)
    vm_id: Mapped[str] = mapped_column(ForeignKey("vm_static.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[str | None]
    disk_ids: Mapped[list[str]]
    created: Mapped[float]


def checkpoints_of(context: Context, vm_id: str) -> list[VmCheckpoint]:
    """Return the checkpoints of a VM, the oldest first."""
    return list(context.db.scalars(select(VmCheckpoint).filter_by(vm_id=vm_id).order_by(VmCheckpoint.created)))


def check_none(context: Context, row: schema.VmStatic) -> None:
    """Refuse while a backup of a VM goes on."""
    if context.db.scalar(_GOING_ON, {"vm_id": row.id}) is not None:
        raise Refusal("ACTION_TYPE_FAILED_VM_IS_DURING_BACKUP", name=row.name)


def serves(context: Context, backup_id: str | None, disk_id: str) -> bool:
    """Tell whether a backup is ready to have a disk read."""
    backup = context.db.get(VmBackup, backup_id) if backup_id is not None else None
    return backup is not None and backup.phase == "ready" and disk_id in backup.disk_ids
