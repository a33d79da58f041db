# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands on disks share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.orm import lazyload

from ..storage.fabric import BLOCK_TYPES
from . import domains, schema
from .command import Refusal

if TYPE_CHECKING:
    from .runtime import Context

# The volumes are read when somebody looks, and not again where somebody has looked before.
_OF_VM = (
    select(schema.DiskAttachment, schema.BaseDisk)
    .options(lazyload(schema.BaseDisk.images))
    .join(schema.BaseDisk, schema.BaseDisk.id == schema.DiskAttachment.disk_id)
    .where(schema.DiskAttachment.vm_id == bindparam("vm_id"))
    .order_by(schema.BaseDisk.alias, schema.BaseDisk.id)
)
MEMORY_CONTENT = frozenset({"memory_dump_volume", "memory_metadata_volume"})


def find(context: Context, disk_id: str) -> schema.BaseDisk:
    """Return an image disk, or refuse: a direct LUN has no image."""
    disk = context.db.get(schema.BaseDisk, disk_id)
    if disk is None or disk.active_image is None:
        raise Refusal("ACTION_TYPE_FAILED_DISK_NOT_EXIST")
    return disk


def domain_ids(disk: schema.BaseDisk) -> list[str]:
    """Return where the disk's active volume lies, the first place first."""
    active = disk.active_image
    return [place.storage_domain_id for place in active.placements] if active is not None else []


def users(context: Context, disk_id: str) -> list[tuple[schema.DiskAttachment, schema.VmStatic]]:
    """Return the VMs and templates that a disk is attached to."""
    query = (
        select(schema.DiskAttachment, schema.VmStatic)
        .join(schema.VmStatic, schema.VmStatic.id == schema.DiskAttachment.vm_id)
        .where(schema.DiskAttachment.disk_id == disk_id)
        .order_by(schema.VmStatic.name)
    )
    return list(context.db.execute(query))


def of_vm(context: Context, vm_id: str) -> list[tuple[schema.DiskAttachment, schema.BaseDisk]]:
    """Return the disks of a VM or template."""
    return list(context.db.execute(_OF_VM, {"vm_id": vm_id}))


def template_of(context: Context, disk_id: str) -> schema.VmStatic | None:
    """Return the template that a disk belongs to."""
    return next((row for _unused, row in users(context, disk_id) if row.entity_type == "template"), None)


def require_unlocked(*disks: schema.BaseDisk) -> None:
    """Refuse while one of the disks is being worked on, or is broken."""
    locked = [disk.alias for disk in disks if any(image.status == "locked" for image in disk.images)]
    if locked:
        raise Refusal("ACTION_TYPE_FAILED_DISKS_LOCKED", disks=", ".join(locked))
    illegal = [disk.alias for disk in disks if any(image.status == "illegal" for image in disk.images)]
    if illegal:
        raise Refusal("ACTION_TYPE_FAILED_DISKS_ILLEGAL", disks=", ".join(illegal))


def set_status(disk: schema.BaseDisk, status: str) -> None:
    """Change the status of all volumes of a disk."""
    for image in disk.images:
        image.status = status


def description_of(disk: schema.BaseDisk) -> str:
    """Return the text that lies with a disk's volumes on storage."""
    facts = {"DiskAlias": disk.alias, "DiskDescription": disk.description}
    return json.dumps(facts, separators=(",", ":"))


def copied_size(images: Sequence[schema.Image]) -> int:
    """Return how many bytes a copy of these volumes has to carry."""
    return sum(image.actual_size if image.sparse else image.provisioned_size for image in images)


def size_on(domain: schema.StorageDomainStatic, image: schema.Image) -> tuple[bool, int]:
    """Return whether a volume is sparse on a domain, and what it takes there: raw is never sparse on block storage."""
    if domain.storage_type in BLOCK_TYPES and image.format == "raw":
        return False, image.provisioned_size
    return image.sparse, image.actual_size


def check_target(context: Context, disk: schema.BaseDisk, target_id: str) -> schema.StorageDomainStatic:
    """Return the target of a move or copy, or refuse one that cannot take the disk. Backup domains can."""
    target = domains.find(context, target_id)
    domains.require_active_data(target)
    if disk.shareable:
        if target.storage_type == "glusterfs":
            raise Refusal("ACTION_TYPE_FAILED_SHAREABLE_DISK_NOT_SUPPORTED")
        if target.storage_type in BLOCK_TYPES and any(image.sparse for image in disk.images):
            raise Refusal("ACTION_TYPE_FAILED_SHAREABLE_DISK_NOT_SUPPORTED_BY_VOLUME_FORMAT")
    return target


def check_template_on(context: Context, disk: schema.BaseDisk, target: schema.StorageDomainStatic) -> None:
    """Refuse a target without a copy of the template's disk that a thin disk depends on."""
    needed = {image.template_image_id for image in disk.images if image.template_image_id}
    for image_id in needed:
        if context.db.get(schema.ImagePlacement, (image_id, target.id)) is None:
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_NOT_FOUND_ON_DESTINATION_DOMAIN")


class Pipe:
    """How long a copy takes: each disk has its rate, and all copies of a domain share the domain's.

    A run remembers until when it keeps the domains that it reads from and writes to busy.
    """

    COMMANDS = (
        "AddVm",
        "AddVmFromSnapshot",
        "AddVmTemplate",
        "CloneVm",
        "ImportVm",
        "ImportVmTemplate",
        "LiveMigrateDisk",
        "MoveOrCopyDisk",
    )

    @classmethod
    def begin(cls, context: Context, size: int, *storage: str) -> float:
        """Return the seconds until a copy that starts now is done, and remember its share of the domains."""
        profile = context.engine.profile
        slowest = size / profile.disk_rate if profile.disk_rate else 0.0
        if not profile.domain_rate:
            return slowest
        busy: dict[str, float] = {}
        runs = select(schema.CommandRun).where(schema.CommandRun.command.in_(cls.COMMANDS))
        for run in context.db.scalars(runs):
            for domain_id, until in (run.memory or {}).get("busy", {}).items():
                busy[domain_id] = max(busy.get(domain_id, 0.0), until)
        mine = {id_: max(context.now, busy.get(id_, 0.0)) + size / profile.domain_rate for id_ in storage}
        context.remember(busy={**context.memory.get("busy", {}), **mine})
        return max(slowest, *(until - context.now for until in mine.values()))
