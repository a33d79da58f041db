# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs and templates on an export domain: their configurations, and the way of their disks into the engine."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..ovf.document import Document, Volume
from ..ovf.loader import load
from ..ovf.reader import read
from ..ovf.values import OvfError
from ..storage.contents import columns_of
from ..storage.failures import StorageFailure
from . import disks, domains, layers, ovf_store, registration, schema
from .command import ExecutionFailure, QueryFailure

if TYPE_CHECKING:
    from ..storage.contents import Contents
    from .runtime import Context

_COMMANDS = ("ImportVm", "ImportVmTemplate")
_UNREADABLE = {"vm": 1168, "template": 1169}


def is_export(context: Context, domain_id: str) -> bool:
    """Tell whether a domain is an export domain."""
    domain = context.db.get(schema.StorageDomainStatic, domain_id)
    return domain is not None and domain.function == "export"


def entities_of(context: Context, domain_id: str, kind: str) -> list[schema.UnregisteredOvf]:
    """Return what lies on an export domain, in the form of what a data domain brings along; none while unattached.

    The rows are in no database. A configuration that cannot be read leaves an event.
    """
    domain = context.db.get(schema.StorageDomainStatic, domain_id)
    if domain is None or domain.mapping is None:
        return []
    found = [_entity(context, domain, one.entity_id, one.text, kind) for one in _contents(context, domain).documents()]
    return sorted((one for one in found if one is not None), key=lambda one: (one.entity_name, one.entity_id))


def entity_of(context: Context, domain_id: str, entity_id: str, kind: str) -> schema.UnregisteredOvf | None:
    """Return one of these, None where there is no such one."""
    domain = context.db.get(schema.StorageDomainStatic, domain_id)
    if domain is None or domain.mapping is None or not is_export(context, domain_id):
        return None
    text = _contents(context, domain).document(entity_id)
    return _entity(context, domain, entity_id, text, kind) if text is not None else None


def _entity(
    context: Context, domain: schema.StorageDomainStatic, entity_id: str, document: str, kind: str
) -> schema.UnregisteredOvf | None:
    try:
        entity = load(document)
    except OvfError:
        text = f"A configuration on {domain.name} cannot be read: {entity_id}."
        context.event(_UNREADABLE[kind], text, "warning", storage_domain=domain.id)
        return None
    if entity is None or entity.kind != kind:
        return None
    fields = {"entity_id": entity_id, "entity_type": kind, "entity_name": entity.name}
    return schema.UnregisteredOvf(storage_domain_id=domain.id, ovf=document, **fields)


def _contents(context: Context, domain: schema.StorageDomainStatic) -> Contents:
    try:
        if domains.status_of(domain) != "active":
            raise ExecutionFailure
        return domains.contents_of(context, domain)
    except (StorageFailure, ExecutionFailure) as exc:
        raise QueryFailure(400, "the export domain cannot be read") from exc


def document_of(context: Context, domain_id: str, entity_id: str) -> Document | None:
    """Return the configuration of a VM or template on an export domain, if it can be read there."""
    try:
        text = domains.contents_of(context, domains.find(context, domain_id)).document(entity_id)
        return read(text) if text is not None else None
    except (StorageFailure, ExecutionFailure, OvfError):
        return None


def is_read_from(context: Context, domain_id: str) -> bool:
    """Tell whether something on an export domain is being imported."""
    runs = context.db.scalars(select(schema.CommandRun).where(schema.CommandRun.command.in_(_COMMANDS)))
    return any(run.parameters["domain_id"] == domain_id for run in runs)


@dataclass(frozen=True)
class Renaming:
    """The identifiers of what is imported: as they are, or for a clone new ones, always the same for one clone."""

    clone_id: str | None

    def __call__(self, id_: str) -> str:
        """Return the identifier here of what has this one on the export domain."""
        return str(uuid.uuid5(uuid.UUID(self.clone_id), id_)) if self.clone_id is not None else id_


@dataclass(frozen=True)
class DiskCopy:
    """A disk to be made here, and for each of its volumes those of the export domain that it is made of."""

    disk: schema.BaseDisk
    attachment: schema.DiskAttachment | None
    target: schema.StorageDomainStatic
    sources: dict[str, list[str]]


def copies_of(
    document: Document,
    vm_id: str,
    targets: Mapping[str, schema.StorageDomainStatic],
    renamed: Renaming,
    formats: Mapping[str, Mapping[str, Any]],
    flat: bool,
) -> list[DiskCopy]:
    """Return the disks of a document as they become; flat: each with one volume, that stands on no template."""
    found = []
    for disk_id, chain in registration.chains_of(document.volumes).items():
        target = targets[disk_id]
        images = [registration.image_of(document, volume, chain, volume.size) for volume in chain]
        sources = {renamed(volume.id): [volume.id] for volume in chain}
        if flat:
            top = next((image for image in images if image.active), images[0])
            sources = {renamed(top.id): [volume.id for volume in chain]}
            top.actual_size = min(top.provisioned_size, sum(image.actual_size for image in images))
            top.parent_id = top.template_image_id = None
            top.active, top.ordinal, images = True, 0, [top]
        for image in images:
            image.id = renamed(image.id)
            image.disk_id = renamed(disk_id)
            image.snapshot_id = renamed(image.snapshot_id) if image.snapshot_id else None
            if len(images) == 1:
                _reformat(image, formats.get(disk_id, {}))
            image.sparse, image.actual_size = disks.size_on(target, image)
            image.placements = [schema.ImagePlacement(storage_domain_id=target.id)]
        disk = registration.disk_of(chain[0], sorted(images, key=lambda one: one.ordinal))
        attachment = registration.attachment_of(vm_id, chain[0])
        disk.id = attachment.disk_id = renamed(disk_id)
        found.append(DiskCopy(disk, attachment, target, sources))
    return found


def _reformat(image: schema.Image, wanted: Mapping[str, Any]) -> None:
    image.format = wanted.get("format") or image.format
    image.sparse = image.sparse if wanted.get("sparse") is None else bool(wanted["sparse"])


def memory_copies(
    context: Context, document: Document, source_id: str, target: schema.StorageDomainStatic
) -> list[DiskCopy]:
    """Return the disks that hold the memory of snapshots, under their own identifiers."""
    contents = domains.contents_of(context, domains.find(context, source_id))
    found = []
    for pair in document.memory_disk_ids:
        for disk_id, kind in zip(pair, ("memory_dump_volume", "memory_metadata_volume"), strict=True):
            for stored in contents.images(disk_id):
                names = ("format", "sparse", "provisioned_size", "actual_size")
                columns = {name: getattr(stored, name) for name in names}
                image = schema.Image(id=stored.image_id, status="locked", creation_date=context.now, **columns)
                image.placements = [schema.ImagePlacement(storage_domain_id=target.id)]
                alias = ovf_store.alias_of(stored)
                disk = schema.BaseDisk(id=disk_id, alias=alias, content_type=kind, images=[image])
                found.append(DiskCopy(disk, None, target, {image.id: [image.id]}))
    return found


def require_room(copies: Sequence[DiskCopy]) -> None:
    """Refuse where a target has no room for the disks that go there."""
    needed: dict[str, int] = {}
    for one in copies:
        needed[one.target.id] = needed.get(one.target.id, 0) + disks.copied_size(one.disk.images)
    for target in {one.target.id: one.target for one in copies}.values():
        domains.require_space(target, needed[target.id])


def begin(context: Context, copies: Sequence[DiskCopy], source_id: str) -> float:
    """Have the disks here, locked, and return the seconds that copying them takes."""
    for one in copies:
        context.db.add(one.disk)
        context.db.flush()
        if one.attachment is not None:
            context.db.add(one.attachment)
    context.db.flush()
    sources = {image_id: ids for one in copies for image_id, ids in one.sources.items()}
    context.remember(disks=[one.disk.id for one in copies], sources=sources)
    size = sum(disks.copied_size(one.disk.images) for one in copies)
    return disks.Pipe.begin(context, size, source_id, *{one.target.id for one in copies})


def copy(context: Context, source_id: str) -> None:
    """Copy the disks that a command has begun to copy, and free them."""
    origin = domains.contents_of(context, domains.find(context, source_id))
    for disk_id in context.memory["disks"]:
        disk = disks.find(context, disk_id)
        domain, goal = layers.home_of(context, disk)
        for image in disk.images:
            stored = [origin.image(id_) for id_ in context.memory["sources"][image.id]]
            names = ("format", "sparse", "provisioned_size", "actual_size", "parent_id")
            columns = {name: getattr(image, name) for name in names}
            goal.add_image(**{**columns_of(stored[0]), "image_id": image.id, "disk_id": disk.id, **columns})
        disks.set_status(disk, "ok")
        domains.refresh_sizes(domain, goal)


def missing(context: Context, source_id: str, volumes: Sequence[Volume]) -> list[str]:
    """Return the disks of which a volume is not on the export domain."""
    contents = domains.contents_of(context, domains.find(context, source_id))
    return sorted({volume.alias for volume in volumes if not contents.holds([volume.id])})


def remove(context: Context, domain_id: str, entity_id: str) -> None:
    """Delete a VM or template from an export domain, its configuration first, then its disks."""
    domain = domains.find(context, domain_id)
    contents = domains.contents_of(context, domain)
    text = contents.document(entity_id)
    contents.remove_document(entity_id)
    if text is None:
        return
    document = read(text)
    for disk_id in [*document.disk_ids, *(id_ for pair in document.memory_disk_ids for id_ in pair)]:
        contents.remove_disk(disk_id)
    domains.refresh_sizes(domain, contents)
