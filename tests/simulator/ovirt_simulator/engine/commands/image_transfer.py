# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloading and uploading images."""

from __future__ import annotations

import math
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import update

from ...storage.fabric import BLOCK_TYPES
from .. import backups, disks, domains, schema
from ..command import Command, ExecutionFailure, Lock, Refusal
from ..restrictions import forbid
from ..transfers import ENDED, PAUSED, ImageServerError, ImageTransfer, Ticket
from .disk_remove import RemoveDisk

if TYPE_CHECKING:
    from ..runtime import Context

_POLL = 10.0
_INACTIVITY = 3600
_QCOW_MAGIC = b"QFI\xfb"
_QCOW_BACKING_FILE = slice(8, 16)


@dataclass
class TransferDiskImage(Command):
    """Have a host serve an image until the client says that it is done; what kind of content it has does not matter.

    image_id: a layer other than the active one. The command runs, and keeps the disk locked, as long as the transfer.
    """

    id: str
    disk_id: str
    image_id: str | None = None
    direction: str = "upload"
    host_id: str | None = None
    format: str | None = None
    inactivity_timeout: int | None = None
    timeout_policy: str = "legacy"
    shallow: bool = False
    backup_id: str | None = None  # of a backup that lets the disk of a running VM be read

    description = "Transferring the image of disk {disk_id}"

    def locks(self, context: Context) -> list[Lock]:
        locks = [Lock("DISK", self.disk_id, "ACTION_TYPE_FAILED_DISK_IS_LOCKED")]
        if self.image_id is not None:
            users = [row for _unused, row in disks.users(context, self.disk_id) if row.entity_type == "vm"]
            locks += [Lock("VM", row.id, "ACTION_TYPE_FAILED_VM_IS_LOCKED", exclusive=False) for row in users]
        return locks

    def validate(self, context: Context) -> None:
        disk = disks.find(context, self.disk_id)
        if any(image.status == "illegal" for image in disk.images):
            raise Refusal("ACTION_TYPE_FAILED_DISKS_ILLEGAL", disks=disk.alias)
        domain = domains.find(context, disks.domain_ids(disk)[0])
        status = domains.status_of(domain)
        if status != "active":
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2", name=domain.name, status=status)
        running = [
            row
            for attachment, row in disks.users(context, disk.id)
            if row.entity_type == "vm" and attachment.plugged and row.status != "down"
        ]
        if running and self._image(disk).active and not backups.serves(context, self.backup_id, disk.id):
            raise Refusal("ACTION_TYPE_FAILED_DISK_PLUGGED_TO_NON_DOWN_VMS", vms=domains.names(running))
        disks.require_unlocked(disk)
        forbid(context, context.engine.restrictions.enforce_o, domain.id)

    def _image(self, disk: schema.BaseDisk) -> schema.Image:
        return next(image for image in disk.images if image.id == self.image_id or (not self.image_id and image.active))

    def execute(self, context: Context) -> None:
        disk = disks.find(context, self.disk_id)
        image, domain = self._image(disk), domains.find(context, disks.domain_ids(disk)[0])
        timeout = self.inactivity_timeout
        row = ImageTransfer(
            id=self.id,
            run_id=context.run.id if context.run is not None else "",
            disk_id=disk.id,
            image_id=image.id,
            storage_domain_id=domain.id,
            direction=self.direction,
            format=self.format or image.format,
            size=self._size(domain, image),
            shallow=self.shallow,
            inactivity_timeout=_INACTIVITY if timeout is None else timeout,
            timeout_policy=self.timeout_policy,
            last_updated=context.now,
        )
        image.status = "locked"
        context.db.add(row)
        context.later("transfer_begin", self.begin)

    def _size(self, domain: schema.StorageDomainStatic, image: schema.Image) -> int:
        if "raw" in (self.format, image.format):
            return image.provisioned_size
        if self.direction == "download" or domain.storage_type in BLOCK_TYPES:
            return image.actual_size
        return math.ceil(image.provisioned_size * 1.1) + (1 << 20)

    def begin(self, context: Context) -> None:
        """Choose a host and let it serve the image."""
        row = context.db.get(ImageTransfer, self.id)
        if row is not None and row.phase == "initializing":
            self._open(context, row)
            context.later(_POLL, self.watch)
        else:
            self.watch(context)

    def _open(self, context: Context, row: ImageTransfer) -> None:
        """Begin to serve, or stop: the engine has no other answer than the phase to a host that does not."""
        domain = domains.find(context, row.storage_domain_id)
        pool_id = domains.pool_id_of(domain)
        hosts = [host.id for host in domains.up_hosts(context, pool_id or "") if self.host_id in (None, host.id)]
        server = context.engine.image_server
        stored = domains.contents_of(context, domain).image(row.image_id) if hosts else None
        if server is None or stored is None:
            self._stop(row)
            return
        written = stored.payload is not None or row.direction == "upload"
        if written and stored.format == "cow" and row.format == "raw":
            self._stop(row)  # nothing here converts one into the other
            return
        ticket = Ticket(str(uuid.uuid4()), row.id, row.size, row.direction == "upload", row.inactivity_timeout)
        try:
            row.url = server.add(ticket, stored.payload or b"")
        except ImageServerError:
            self._stop(row)
            return
        row.ticket_id, row.host_id, row.phase = ticket.id, hosts[0], "transferring"
        row.last_updated = context.now

    @staticmethod
    def _stop(row: ImageTransfer) -> None:
        row.phase = "paused_system" if row.direction == "upload" else "cancelled_system"

    def watch(self, context: Context) -> None:
        """Look what the client has done since the last time; a domain that was destroyed took the transfer along."""
        row = context.db.get(ImageTransfer, self.id)
        if row is None:
            return
        if row.phase in ("cancelled_user", "cancelled_system"):
            raise ExecutionFailure
        if row.phase == "finalizing_success" and self._finished(context, row):
            return
        if row.phase == "resuming":
            self._resume(context, row)
        elif row.phase == "transferring":
            self._look(context, row)
        context.later(_POLL, self.watch)

    def _resume(self, context: Context, row: ImageTransfer) -> None:
        server = context.engine.image_server
        if server is None or row.ticket_id is None or server.use_of(row.ticket_id) is None:
            self._open(context, row)
        else:
            row.phase, row.last_updated = "transferring", context.now

    def _look(self, context: Context, row: ImageTransfer) -> None:
        server = context.engine.image_server
        if server is None or row.ticket_id is None:
            return
        use = server.use_of(row.ticket_id)
        if use is None:
            self._stop(row)
            return
        if (use.active, use.transferred) != (row.active, row.transferred):
            row.active, row.transferred, row.last_updated = use.active, use.transferred, context.now
        if 0 < row.inactivity_timeout < context.now - row.last_updated and not row.active:
            if row.timeout_policy == "legacy":
                self._stop(row)
            else:
                row.phase = "paused_system" if row.timeout_policy == "pause" else "cancelled_system"

    def _finished(self, context: Context, row: ImageTransfer) -> bool:
        """End well, and keep what was uploaded; tell whether the client has let go of the image."""
        server = context.engine.image_server
        if server is None or row.ticket_id is None:
            return False
        use = server.use_of(row.ticket_id)
        try:
            content = server.remove(row.ticket_id)
        except ImageServerError:
            return False
        if use is not None:
            row.transferred = use.transferred
        if row.direction == "upload":
            self._keep(context, row, content)
        context.db.get_one(schema.Image, row.image_id).status = "ok"
        row.phase, row.ticket_id, row.active, row.last_updated = "finished_success", None, False, context.now
        return True

    @staticmethod
    def _keep(context: Context, row: ImageTransfer, content: bytes) -> None:
        image = context.db.get_one(schema.Image, row.image_id)
        if image.format == "cow" and (content[:4] != _QCOW_MAGIC or any(content[_QCOW_BACKING_FILE])):
            raise ExecutionFailure
        domain = domains.find(context, row.storage_domain_id)
        contents = domains.contents_of(context, domain)
        if image.sparse and domain.storage_type not in BLOCK_TYPES:
            image.actual_size = len(content)
        contents.write_image(image.id, payload=content, actual_size=image.actual_size)
        domains.refresh_sizes(domain, contents)

    def undo(self, context: Context) -> None:
        row = context.db.get(ImageTransfer, self.id)
        if row is None or row.phase in ENDED:
            return
        server = context.engine.image_server
        if server is not None and row.ticket_id is not None:
            with suppress(ImageServerError):
                server.remove(row.ticket_id)
        row.phase = "finished_cleanup" if row.phase == "cancelled_user" else "finished_failure"
        row.ticket_id, row.active, row.last_updated = None, False, context.now
        disk = disks.find(context, row.disk_id)
        disks.set_status(disk, "ok")
        if row.direction == "upload":
            try:
                context.start(RemoveDisk(disk.id))
            except Refusal:
                context.db.get_one(schema.Image, row.image_id).status = "illegal"


@dataclass
class TransferImageStatus(Command):
    """Move a transfer to another phase, or without one just keep it alive; an unknown transfer is no error."""

    id: str
    phase: str | None = None

    monitored = False

    def validate(self, context: Context) -> None:
        row = context.db.get(ImageTransfer, self.id)
        if row is None:
            return
        if self.phase == "resuming" and row.phase not in PAUSED:
            raise Refusal("ACTION_TYPE_FAILED_CANNOT_RESUME_IMAGE_TRANSFER")
        if self.phase in PAUSED and row.direction == "download":
            raise Refusal("ACTION_TYPE_FAILED_CANNOT_PAUSE_IMAGE_DOWNLOAD")

    def execute(self, context: Context) -> None:
        row = context.db.get(ImageTransfer, self.id)
        if row is None or row.phase in ENDED:
            return
        row.last_updated = context.now
        if self.phase is not None:
            row.phase = self.phase
            due = context.now + context.engine.profile.seconds("transfer_end")
            steps = update(schema.PendingStep).where(schema.PendingStep.run_id == row.run_id)
            context.db.execute(steps.values(due=due))
