# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes of a disk: new layers on top of old ones, and layers that go."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..storage.fabric import BLOCK_TYPES
from . import disks, domains, schema

if TYPE_CHECKING:
    from ..storage.contents import Contents
    from .runtime import Context

_NEW_ON_FILE = 196_608
_NEW_ON_BLOCK = 1 << 30


def first_size(domain: schema.StorageDomainStatic) -> int:
    """Return what an empty thin volume takes on a domain."""
    return _NEW_ON_BLOCK if domain.storage_type in BLOCK_TYPES else _NEW_ON_FILE


def home_of(context: Context, disk: schema.BaseDisk) -> tuple[schema.StorageDomainStatic, Contents]:
    """Return the domain of a disk and what lies there."""
    domain = domains.find(context, disks.domain_ids(disk)[0])
    return domain, domains.contents_of(context, domain)


def add(
    context: Context, disk: schema.BaseDisk, parent: schema.Image, snapshot_id: str, image_id: str | None = None
) -> schema.Image:
    """Put an empty layer on a volume and make it the active one."""
    domain, contents = home_of(context, disk)
    layer = schema.Image(
        id=image_id or str(uuid.uuid4()),
        ordinal=1 + max(image.ordinal for image in disk.images),
        parent_id=parent.id,
        template_image_id=parent.template_image_id,
        snapshot_id=snapshot_id,
        active=True,
        format="cow",
        sparse=True,
        provisioned_size=parent.provisioned_size,
        actual_size=min(first_size(domain), parent.provisioned_size),
        status=parent.status,
        creation_date=context.now,
    )
    layer.placements = [schema.ImagePlacement(storage_domain_id=domain.id)]
    contents.add_image(
        image_id=layer.id,
        disk_id=disk.id,
        parent_id=parent.id,
        format=layer.format,
        sparse=layer.sparse,
        provisioned_size=layer.provisioned_size,
        actual_size=layer.actual_size,
        content_type=disk.content_type,
        description=disks.description_of(disk),
        guest_address=contents.image(parent.id).guest_address,
    )
    for image in disk.images:
        image.active = False
    disk.images.append(layer)
    context.db.flush()
    domains.refresh_sizes(domain, contents)
    return layer


def drop(context: Context, disk: schema.BaseDisk, layer: schema.Image) -> None:
    """Delete a volume that nothing lies on."""
    domain, contents = home_of(context, disk)
    contents.remove_image(layer.id)
    disk.images.remove(layer)
    context.db.flush()
    domains.refresh_sizes(domain, contents)


def merge(context: Context, disk: schema.BaseDisk, base: schema.Image) -> None:
    """Take what lies on a volume into it: the volume stays and takes the place of the layer that was on it."""
    upper = next((image for image in disk.images if image.parent_id == base.id and image.disk_id == disk.id), None)
    if upper is None:
        return
    domain, contents = home_of(context, disk)
    base.snapshot_id, base.active = upper.snapshot_id, upper.active
    base.provisioned_size = max(base.provisioned_size, upper.provisioned_size)
    if base.sparse:
        base.actual_size = min(base.provisioned_size, base.actual_size + upper.actual_size)
    guest_address = contents.image(upper.id).guest_address
    contents.remove_image(upper.id)
    contents.write_image(
        base.id,
        provisioned_size=base.provisioned_size,
        actual_size=base.actual_size,
        guest_address=guest_address,
    )
    for image in disk.images:
        if image.parent_id == upper.id:
            image.parent_id = base.id
            contents.write_image(image.id, parent_id=base.id)
    disk.images.remove(upper)
    context.db.flush()
    domains.refresh_sizes(domain, contents)
