# SPDX-License-Identifier: GPL-3.0-or-later
"""Image transfers."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import schema
from ...engine.commands import TransferDiskImage, TransferImageStatus
from ...engine.runtime import Context
from ...engine.transfers import ImageTransfer
from ..call import Call, created, done, find
from ..errors import incomplete, not_a_uuid
from ..representation import image_transfers as shown
from ..routing import is_uuid
from ..wire import Answer


def list_all(call: Call) -> Answer:
    """List transfers, those that have ended included."""
    rows = call.context.db.scalars(select(ImageTransfer).order_by(ImageTransfer.id))
    return Answer(shown.transfers(rows), root="image_transfers")


def read(call: Call) -> Answer:
    """Show a transfer."""
    return Answer(shown.transfers([find(call.context, ImageTransfer, call.ids["transfer"])])[0])


def add(call: Call) -> Answer:
    """Begin a transfer of a disk, or of the layer that a snapshot froze; it is an upload unless it says otherwise."""
    body = call.body(types.ImageTransfer)
    subject = body.disk or body.image or body.snapshot
    if subject is None or not subject.id:
        raise incomplete("ImageTransfer", "disk.id|image.id|snapshot.id", "add")
    if not is_uuid(subject.id):
        raise not_a_uuid(subject.id)
    identifier = subject.id.lower()
    layer = None if body.disk or body.image else identifier
    command = TransferDiskImage(
        id=str(uuid.uuid4()),
        disk_id=identifier if layer is None else call.ask(_disk_of, layer),
        image_id=layer,
        direction=(body.direction or types.ImageTransferDirection.UPLOAD).value,
        host_id=body.host.id if body.host is not None else None,
        format=body.format.value if body.format is not None else None,
        inactivity_timeout=body.inactivity_timeout,
        timeout_policy=(body.timeout_policy or types.ImageTransferTimeoutPolicy.LEGACY).value,
        shallow=bool(body.shallow),
        backup_id=body.backup.id if body.backup is not None else None,
    )
    call.execute(command)
    return created(call, call.ask(lambda context: shown.transfers([find(context, ImageTransfer, command.id)])[0]))


def _disk_of(context: Context, image_id: str) -> str:
    image = context.db.get(schema.Image, image_id)
    return image.disk_id if image is not None else image_id


def moving_to(phase: str | None) -> Callable[[Call], Answer]:
    """Return the handler of the action that moves a transfer to a phase, or with none keeps it alive."""

    def move(call: Call) -> Answer:
        call.action()
        return done(call, call.execute(TransferImageStatus(call.ids["transfer"], phase)))

    return move
