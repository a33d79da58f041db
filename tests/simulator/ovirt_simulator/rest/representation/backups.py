# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of VMs and their checkpoints."""

from __future__ import annotations

from collections.abc import Iterable

from ovirtsdk4 import types

from ...engine.backups import VmBackup, VmCheckpoint
from .values import choice, moment, reference


def backups(rows: Iterable[VmBackup]) -> list[types.Backup]:
    """Return backups."""
    return [
        types.Backup(
            id=row.id,
            description=row.description,
            phase=choice(types.BackupPhase, row.phase),
            from_checkpoint_id=row.from_checkpoint_id,
            to_checkpoint_id=row.to_checkpoint_id,
            creation_date=moment(row.created),
            modification_date=moment(row.modified),
            host=reference(types.Host, row.host_id) if row.host_id is not None else None,
            vm=reference(types.Vm, row.vm_id),
        )
        for row in rows
    ]


def checkpoints(rows: Iterable[VmCheckpoint]) -> list[types.Checkpoint]:
    """Return checkpoints."""
    return [
        types.Checkpoint(
            id=row.id,
            parent_id=row.parent_id,
            state=types.CheckpointState.CREATED,
            creation_date=moment(row.created),
            vm=reference(types.Vm, row.vm_id),
        )
        for row in rows
    ]
