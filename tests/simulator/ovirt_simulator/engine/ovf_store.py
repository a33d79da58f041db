# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF stores: which VMs and templates lie in which, writing them, and reading the newest one of a foreign domain."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy import update as update_rows

from ..ovf import store, writer
from ..ovf.loader import load
from ..ovf.values import OvfError
from ..storage.fabric import BLOCK_TYPES
from ..storage.failures import StorageFailure
from ..storage.schema import StoredImage
from . import domains, schema
from .command import ExecutionFailure
from .ovf_documents import documents_of

if TYPE_CHECKING:
    from ..storage.contents import Contents
    from .runtime import Context

_PLACES = (
    select(schema.ImagePlacement.storage_domain_id)
    .join(schema.Image, schema.Image.id == schema.ImagePlacement.image_id)
    .join(schema.BaseDisk, schema.BaseDisk.id == schema.Image.disk_id)
    .join(schema.DiskAttachment, schema.DiskAttachment.disk_id == schema.BaseDisk.id)
    .where(schema.DiskAttachment.vm_id == bindparam("vm_id"), ~schema.BaseDisk.shareable)
)
_OUTDATED = (
    update_rows(schema.OvfStore)
    .where(schema.OvfStore.storage_domain_id.in_(bindparam("ids", expanding=True)))
    .values(outdated=True)
)
STORES = 2
SIZE = 128 << 20
TITLE = "OVF_STORE"


def touch(context: Context, row: schema.VmStatic) -> None:
    """Note that a VM or template changed: the stores of the domains that hold it are behind now."""
    row.generation += 1
    context.db.flush()
    places = set(context.db.scalars(_PLACES, {"vm_id": row.id}))
    pool_id = pool_of(context, row)
    if not places and pool_id is not None:
        places = {domain.id for domain in domains.of_pool(context, pool_id) if domains.is_data(domain)}
    outdate(context, *places)


def outdate(context: Context, *domain_ids: str) -> None:
    """Note that the stores of these domains are behind."""
    context.db.execute(_OUTDATED, {"ids": list(domain_ids)})


def pool_of(context: Context, row: schema.VmStatic) -> str | None:
    """Return the data center of a VM or template."""
    cluster = context.db.get(schema.Cluster, row.cluster_id) if row.cluster_id else None
    return cluster.storage_pool_id if cluster is not None else None


def members(context: Context, domain: schema.StorageDomainStatic) -> list[schema.VmStatic]:
    """Return who is in a domain's store: who has an active, non-shareable volume there or no such disk at all."""
    pool_id = domains.pool_id_of(domain)
    clusters = select(schema.Cluster.id).where(schema.Cluster.storage_pool_id == pool_id)
    own = _attached_images().where(schema.ImagePlacement.storage_domain_id == domain.id, schema.Image.active)
    any_disk = _attached_images()
    query = select(schema.VmStatic).where(
        schema.VmStatic.id != schema.BLANK_TEMPLATE,
        schema.VmStatic.cluster_id.in_(clusters),
        or_(schema.VmStatic.id.in_(own), schema.VmStatic.id.not_in(any_disk)),
    )
    return list(context.db.scalars(query.order_by(schema.VmStatic.entity_type.desc(), schema.VmStatic.name)))


def update(context: Context, domain: schema.StorageDomainStatic) -> bool:
    """Write a domain's stores if any is missing or behind; tell whether anything was written."""
    query = select(schema.OvfStore).filter_by(storage_domain_id=domain.id)
    stores = list(context.db.scalars(query))
    if len(stores) >= STORES and not any(one.outdated for one in stores):
        return False
    contents = domains.contents_of(context, domain)
    while len(stores) < STORES:
        stores.append(_create(context, domain, contents))
    rows = members(context, domain)
    found = context.db.scalars(select(schema.UnregisteredOvf).filter_by(storage_domain_id=domain.id))
    unregistered = {one.entity_id: one for one in found.all()}
    statuses = {row.id: row.status for row in rows if row.entity_type == "vm" and row.status != "down"}
    statuses |= {one.entity_id: one.status for one in unregistered.values() if one.status}
    payload = store.pack(
        domain.id,
        context.now,
        _texts(context, rows),
        statuses,
        ((id_, one.ovf) for id_, one in unregistered.items() if id_ not in {row.id for row in rows}),
    )
    for one in sorted(stores, key=lambda one: (one.last_updated or 0.0, one.disk_id)):
        _upload(context, domain, contents, one, payload)
    return True


def _texts(context: Context, rows: list[schema.VmStatic]) -> Iterator[tuple[str, str]]:
    """Return the documents by id; a frozen one is as it was, and could perhaps not be made anew."""
    yield from ((row.id, row.frozen_ovf) for row in rows if row.frozen_ovf)
    described = [row for row in rows if not row.frozen_ovf]
    for row, document in zip(described, documents_of(context, described), strict=True):
        yield row.id, writer.write(document)


def update_pool(context: Context, pool_id: str) -> None:
    """Write the stores that are behind on all active data domains of a data center."""
    for domain in domains.of_pool(context, pool_id):
        if domains.is_data(domain) and domains.status_of(domain) == "active":
            try:
                with context.attempt():
                    update(context, domain)
            except (StorageFailure, ExecutionFailure):
                text = f"The OVF store of {domain.name} could not be updated."
                context.event(190, text, "warning", storage_domain=domain.id)


def update_all(context: Context) -> None:
    """Do what the engine does once an hour."""
    for pool_id in context.db.scalars(select(schema.StoragePool.id).filter_by(status="up")).all():
        update_pool(context, pool_id)


def adopt(context: Context, domain: schema.StorageDomainStatic, contents: Contents) -> None:
    """Take in what a freshly attached domain brings: its stores, their entities, and its disks."""
    known = set(context.db.scalars(select(schema.BaseDisk.id)))
    foreign: dict[str, list[StoredImage]] = {}
    for image in contents.images():
        if image.disk_id not in known:
            foreign.setdefault(image.disk_id, []).append(image)
    stores = [images[0] for images in foreign.values() if _is_store(images, domain.id)]
    for image in stores:
        _register_store(context, domain, image)
        del foreign[image.disk_id]
    _clear_unregistered(context, domain.id)
    for disk_id, images in foreign.items():
        row = schema.UnregisteredDisk(disk_id=disk_id, storage_domain_id=domain.id, alias=alias_of(images[-1]))
        context.db.add(row)
    content = _newest(stores, context.now)
    if content is None:
        if stores:
            text = f"No OVF store of {domain.name} could be read; its VMs and templates are not known."
            context.event(1017, text, "warning", storage_domain=domain.id)
        return
    for entity_id, text in content.documents.items():
        try:
            entity = load(text)
        except OvfError:
            continue
        if entity is not None:
            row_of = schema.UnregisteredOvf(
                entity_id=entity_id,
                storage_domain_id=domain.id,
                entity_type=entity.kind,
                entity_name=entity.name,
                ovf=text,
                status=content.statuses.get(entity_id),
            )
            context.db.add(row_of)
    context.db.flush()


def alias_of(image: StoredImage) -> str:
    """Return the alias that lies with an image."""
    try:
        return str(json.loads(image.description).get("DiskAlias", ""))
    except (ValueError, AttributeError):
        return ""


def _attached_images() -> Any:
    return (
        select(schema.DiskAttachment.vm_id)
        .join(schema.BaseDisk, schema.BaseDisk.id == schema.DiskAttachment.disk_id)
        .join(schema.Image, schema.Image.disk_id == schema.BaseDisk.id)
        .join(schema.ImagePlacement, schema.ImagePlacement.image_id == schema.Image.id)
        .where(~schema.BaseDisk.shareable)
    )


def _create(context: Context, domain: schema.StorageDomainStatic, contents: Contents) -> schema.OvfStore:
    disk_id, image_id = str(uuid.uuid4()), str(uuid.uuid4())
    block = domain.storage_type in BLOCK_TYPES
    image = contents.add_image(
        image_id=image_id,
        disk_id=disk_id,
        parent_id=None,
        format="raw",
        sparse=not block and context.engine.version >= "4.4",
        provisioned_size=SIZE,
        actual_size=SIZE if block else 0,
        content_type="ovf_store",
        description=store.new_description(),
        payload=None,
    )
    return _register_store(context, domain, image)


def _register_store(context: Context, domain: schema.StorageDomainStatic, image: StoredImage) -> schema.OvfStore:
    disk = schema.BaseDisk(
        id=image.disk_id,
        alias=TITLE,
        description=TITLE,
        content_type="ovf_store",
        shareable=domain.storage_type != "glusterfs",
    )
    volume = schema.Image(
        id=image.image_id,
        format="raw",
        sparse=image.sparse,
        provisioned_size=image.provisioned_size,
        actual_size=image.actual_size,
        creation_date=context.now,
    )
    volume.placements = [schema.ImagePlacement(storage_domain_id=domain.id)]
    disk.images = [volume]
    facts = store.read_description(image.description)
    row = schema.OvfStore(
        disk_id=disk.id,
        storage_domain_id=domain.id,
        outdated=True,
        last_updated=facts.last_updated if facts is not None else None,
    )
    context.db.add_all([disk, row])
    context.db.flush()
    return row


def _upload(
    context: Context,
    domain: schema.StorageDomainStatic,
    contents: Contents,
    row: schema.OvfStore,
    payload: bytes,
) -> None:
    image = context.db.scalars(select(schema.Image).filter_by(disk_id=row.disk_id)).one()
    size = image.actual_size if domain.storage_type in BLOCK_TYPES else len(payload)
    contents.write_image(
        image.id,
        payload=payload,
        actual_size=size,
        description=store.describe(domain.id, context.now, len(payload)),
    )
    image.actual_size = size
    row.outdated, row.last_updated = False, context.now


def _is_store(images: list[StoredImage], domain_id: str) -> bool:
    if len(images) != 1:
        return False
    image = images[0]
    if image.content_type != "ovf_store" and TITLE not in image.description:
        return False
    facts = store.read_description(image.description)
    return facts is not None and domain_id in facts.domain_ids


def _newest(stores: list[StoredImage], now: float) -> store.StoreContent | None:
    """Return the content of the newest store that can be read."""
    described = [(store.read_description(image.description), image) for image in stores]
    dated = [
        (facts.updated, facts.last_updated, facts.size, image)
        for facts, image in described
        if facts is not None and facts.last_updated is not None and (facts.updated or facts.last_updated > now)
    ]
    for _updated, _date, size, image in sorted(dated, key=lambda one: one[:2], reverse=True):
        payload = (image.payload or b"")[:size]
        if size is None or len(payload) != size:
            continue
        try:
            return store.unpack(payload)
        except ValueError:
            continue
    return None


def _clear_unregistered(context: Context, domain_id: str) -> None:
    for table in (schema.UnregisteredOvf, schema.UnregisteredDisk):
        context.db.execute(delete(table).where(table.storage_domain_id == domain_id))
