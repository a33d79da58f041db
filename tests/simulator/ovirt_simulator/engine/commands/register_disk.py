# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering a disk that lies on an attached domain."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete

from .. import domains, schema
from ..command import Command, Lock, QueryFailure, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class RegisterDisk(Command):
    """Make an unregistered disk of an attached data domain a floating disk of the engine."""

    domain_id: str
    disk_id: str
    alias: str | None = None

    description = "Registering disk {disk_id}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("DISK", self.disk_id)]

    def validate(self, context: Context) -> None:
        domain = context.db.get(schema.StorageDomainStatic, self.domain_id)
        if domain is None or domain.mapping is None:
            raise Refusal(domains.DOMAIN_MISSING, "ACTION_TYPE_FAILED_STORAGE_DOMAIN_UNAVAILABLE")
        if not domains.is_data(domain):
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_TYPE_UNSUPPORTED")
        known = context.db.get(schema.BaseDisk, self.disk_id)
        if known is not None:
            raise Refusal("ACTION_TYPE_FAILED_DISKS_LOCKED", disks=known.alias)
        forbid(context, context.engine.restrictions.enforce_m, domain.id)

    def execute(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        images = domains.contents_of(context, domain).images(self.disk_id)
        if not images:
            raise QueryFailure(400, "the disk was not found on the storage domain")
        if len(images) > 1:
            raise QueryFailure(404, "Entity not found: the disk has snapshots")
        image = images[0]
        alias = self.alias or time.strftime("RegisteredDisk_%Y-%m-%d_%H-%M-%S", time.gmtime(context.now))
        volume = schema.Image(
            id=image.image_id,
            format=image.format,
            sparse=image.sparse,
            provisioned_size=image.provisioned_size,
            actual_size=image.actual_size,
            creation_date=context.now,
        )
        volume.placements = [schema.ImagePlacement(storage_domain_id=domain.id)]
        disk = schema.BaseDisk(id=self.disk_id, alias=alias, content_type=image.content_type, images=[volume])
        context.db.add(disk)
        chosen = schema.UnregisteredDisk.disk_id == self.disk_id
        context.db.execute(delete(schema.UnregisteredDisk).where(chosen))
        context.event(378, f"The disk {alias} was registered.", storage_domain=domain.id)

    def failed(self, context: Context) -> None:
        context.event(379, "A disk could not be registered.", "error", storage_domain=self.domain_id)
