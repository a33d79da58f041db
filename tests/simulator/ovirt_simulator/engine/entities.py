# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs, templates and disks of a storage domain: what forbids its detach, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from ..ovf.writer import write
from . import domains, ovf_store, schema
from .command import Refusal
from .groupings import Membership
from .ovf_documents import document_of
from .permissions import Permission

if TYPE_CHECKING:
    from .runtime import Context


def holds_hosted_engine(context: Context, domain_id: str) -> bool:
    """Tell whether disks of the hosted engine lie on a domain."""
    query = (
        select(schema.BaseDisk.id)
        .join(schema.Image, schema.Image.disk_id == schema.BaseDisk.id)
        .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
        .outerjoin(schema.DiskAttachment, schema.DiskAttachment.disk_id == schema.BaseDisk.id)
        .outerjoin(schema.VmStatic, schema.VmStatic.id == schema.DiskAttachment.vm_id)
        .where(schema.ImagePlacement.storage_domain_id == domain_id)
        .where(
            or_(
                schema.BaseDisk.content_type.startswith("hosted_engine"),
                schema.VmStatic.origin.in_(["hosted_engine", "managed_hosted_engine"]),
            )
        )
    )
    return context.db.scalar(query.limit(1)) is not None


def has_work(context: Context, domain_ids: Sequence[str]) -> bool:
    """Tell whether an image on one of these domains is being worked on."""
    query = (
        select(schema.Image.id)
        .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
        .where(schema.ImagePlacement.storage_domain_id.in_(domain_ids), schema.Image.status == "locked")
    )
    return context.db.scalar(query.limit(1)) is not None


def check_removable(context: Context, domain: schema.StorageDomainStatic) -> None:
    """Refuse with all reasons at once: protected ones and pool VMs only here, VMs in preview with a disk here."""
    only_here = _only_on(context, domain.id)
    protected = [row for row in only_here if row.delete_protected]
    previews = select(schema.Snapshot.vm_id).filter_by(status="in_preview")
    in_preview = [row for row in _on(context, domain.id) if row.id in set(context.db.scalars(previews))]
    pooled = [row for row in only_here if row.vm_pool_id is not None]
    messages = []
    if protected:
        messages.append("ACTION_TYPE_FAILED_STORAGE_DELETE_PROTECTED")
    if pooled:
        messages.append("ACTION_TYPE_FAILED_STORAGE_VMS_IN_POOL")
    if in_preview:
        messages.append("ACTION_TYPE_FAILED_STORAGE_DELETE_VMS_IN_PREVIEW")
    if messages:
        raise Refusal(
            *messages,
            protected=domains.names(protected),
            vms=domains.names(pooled),
            in_preview=domains.names(in_preview),
        )


def remove_from(context: Context, domain: schema.StorageDomainStatic) -> None:
    """Delete what lives only on a domain, and the copies of what also lives elsewhere."""
    rows = {row.id: row for row in _only_on(context, domain.id)}
    templates = [row for row in rows.values() if row.entity_type == "template"]
    rows |= {row.id: row for row in _dependents(context, templates)}
    kept = [row for row in _on(context, domain.id) if row.id not in rows]
    here = select(schema.ImagePlacement.image_id).filter_by(storage_domain_id=domain.id)
    elsewhere = select(schema.ImagePlacement.image_id).where(schema.ImagePlacement.storage_domain_id != domain.id)
    lost = select(schema.Image.disk_id).where(schema.Image.id.in_(here), schema.Image.id.not_in(elsewhere))
    doomed = context.db.scalars(lost.distinct()).all()
    _keep_configurations(context, set(doomed))
    delete_disks(context, doomed)
    context.db.execute(delete(schema.ImagePlacement).where(schema.ImagePlacement.storage_domain_id == domain.id))
    delete_machines(context, rows)
    context.db.flush()
    context.db.expire_all()
    for row in kept:
        ovf_store.touch(context, row)


def _keep_configurations(context: Context, lost: set[str]) -> None:
    """Note for the OVF stores how VMs are that are about to lose one of the two disks of a snapshot's memory.

    The engine cannot describe such a VM any more until the other disk is gone, too.
    """
    for one in context.db.scalars(select(schema.Snapshot).where(schema.Snapshot.memory_dump_disk_id.is_not(None))):
        pair = {one.memory_dump_disk_id, one.memory_metadata_disk_id}
        row = context.db.get_one(schema.VmStatic, one.vm_id)
        if len(pair & lost) == 1 and None not in pair and row.frozen_ovf is None:
            row.frozen_ovf = write(document_of(context, row))


def delete_machines(context: Context, ids: Iterable[str]) -> None:
    """Delete the rows of VMs and templates; they leave their groups, and nobody has a role on them any more."""
    chosen = list(ids)
    context.db.execute(delete(Membership).where(Membership.member_id.in_(chosen), Membership.kind == "vms"))
    context.db.execute(delete(Permission).where(Permission.object_id.in_(chosen)))
    context.db.execute(delete(schema.VmStatic).where(schema.VmStatic.id.in_(chosen)))


def delete_disks(context: Context, disk_ids: Iterable[str]) -> None:
    """Delete the rows of disks; snapshots lose memory that was among them."""
    chosen = list(disk_ids)
    context.db.flush()
    for column in (schema.Snapshot.memory_dump_disk_id, schema.Snapshot.memory_metadata_disk_id):
        context.db.execute(update(schema.Snapshot).where(column.in_(chosen)).values({column: None}))
    images = select(schema.Image.id).where(schema.Image.disk_id.in_(chosen))
    context.db.execute(delete(schema.ImagePlacement).where(schema.ImagePlacement.image_id.in_(images)))
    for table in (schema.OvfStore, schema.DiskAttachment, schema.Image):
        context.db.execute(delete(table).where(table.disk_id.in_(chosen)))
    context.db.execute(delete(schema.BaseDisk).where(schema.BaseDisk.id.in_(chosen)))
    context.db.expire_all()
    _forget_configurations(context)


def _forget_configurations(context: Context) -> None:
    """Let the OVF stores describe VMs again that can be described."""
    dump, metadata = schema.Snapshot.memory_dump_disk_id, schema.Snapshot.memory_metadata_disk_id
    halved = or_(dump.is_(None) & metadata.is_not(None), dump.is_not(None) & metadata.is_(None))
    held = select(schema.Snapshot.vm_id).where(or_(halved, schema.Snapshot.status == "in_preview"))
    free = select(schema.VmStatic).where(schema.VmStatic.frozen_ovf.is_not(None), schema.VmStatic.id.not_in(held))
    for row in context.db.scalars(free).all():
        row.frozen_ovf = None
        ovf_store.touch(context, row)


def _on(context: Context, domain_id: str) -> list[schema.VmStatic]:
    """Return the VMs and templates with an image disk on a domain."""
    query = (
        select(schema.VmStatic)
        .join(schema.DiskAttachment, schema.DiskAttachment.vm_id == schema.VmStatic.id)
        .join(schema.Image, schema.Image.disk_id == schema.DiskAttachment.disk_id)
        .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
        .where(schema.ImagePlacement.storage_domain_id == domain_id)
    )
    return list(context.db.scalars(query.distinct().order_by(schema.VmStatic.name)))


def _only_on(context: Context, domain_id: str) -> list[schema.VmStatic]:
    """Return those that have no image disk, or disk copy, elsewhere."""
    elsewhere = (
        select(schema.DiskAttachment.vm_id)
        .join(schema.Image, schema.Image.disk_id == schema.DiskAttachment.disk_id)
        .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
        .where(schema.ImagePlacement.storage_domain_id != domain_id)
    )
    others = set(context.db.scalars(elsewhere))
    return [row for row in _on(context, domain_id) if row.id not in others]


def _dependents(context: Context, templates: list[schema.VmStatic]) -> list[schema.VmStatic]:
    """Return the versions of templates and the VMs that refer to any of them."""
    ids = {row.id for row in templates}
    versions = select(schema.VmStatic).where(
        schema.VmStatic.entity_type == "template", schema.VmStatic.template_id.in_(ids)
    )
    found = list(context.db.scalars(versions))
    ids |= {row.id for row in found}
    vms = select(schema.VmStatic).where(schema.VmStatic.entity_type == "vm", schema.VmStatic.template_id.in_(ids))
    return [*found, *context.db.scalars(vms)]
