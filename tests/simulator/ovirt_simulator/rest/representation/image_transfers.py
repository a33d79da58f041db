# SPDX-License-Identifier: GPL-3.0-or-later
"""Image transfers."""

from __future__ import annotations

from collections.abc import Iterable

from ovirtsdk4 import types

from ...engine.transfers import ImageTransfer
from .values import choice, reference


def transfers(rows: Iterable[ImageTransfer]) -> list[types.ImageTransfer]:
    """Return transfers; without a ticket there is no address."""
    return [_transfer(row) for row in rows]


def _transfer(row: ImageTransfer) -> types.ImageTransfer:
    address = f"{row.url}/{row.ticket_id}" if row.url is not None and row.ticket_id is not None else None
    return types.ImageTransfer(
        id=row.id,
        active=row.active,
        direction=choice(types.ImageTransferDirection, row.direction),
        format=choice(types.DiskFormat, row.format),
        inactivity_timeout=row.inactivity_timeout,
        phase=choice(types.ImageTransferPhase, row.phase),
        # As where the engine's own proxy is switched off: both lead to the daemon of the host.
        proxy_url=address,
        transfer_url=address,
        shallow=row.shallow,
        timeout_policy=choice(types.ImageTransferTimeoutPolicy, row.timeout_policy),
        transferred=row.transferred,
        disk=reference(types.Disk, row.disk_id),
        image=types.Image(id=row.disk_id),
        host=reference(types.Host, row.host_id) if row.host_id is not None else None,
    )
