# SPDX-License-Identifier: GPL-3.0-or-later
"""From the engine's rows to an OVF document."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..ovf.document import DIALECT, Device, Document, Hardware, LunConnection, LunDisk, Nic, Snapshot, User, Volume
from ..ovf.hardware import CDROM, GRAPHICS, OTHER, VIDEO
from . import groupings, people, schema
from .permissions import Permission

if TYPE_CHECKING:
    from .runtime import Context

_PIECE = 500
_ByOwner = defaultdict[str, list[Any]]
_STANDARD_DEVICES: Sequence[tuple[int, str, str, dict[str, str]]] = (
    (VIDEO, "video", "vga", {"vram": "16384"}),
    (GRAPHICS, "graphics", "vnc", {}),
    (CDROM, "disk", "cdrom", {"path": ""}),
    (OTHER, "balloon", "memballoon", {"model": "virtio"}),
    (OTHER, "rng", "virtio", {"source": "urandom"}),
    (OTHER, "controller", "virtio-scsi", {}),
    (OTHER, "controller", "virtio-serial", {}),
)


def document_of(context: Context, row: schema.VmStatic) -> Document:
    """Return what the OVF store says of a VM or template."""
    return next(documents_of(context, [row]))


def documents_of(context: Context, rows: Sequence[schema.VmStatic]) -> Iterator[Document]:
    """Return what the OVF stores say of VMs and templates, in their order; many at once cost few queries."""
    for start in range(0, len(rows), _PIECE):
        piece = rows[start : start + _PIECE]
        parts = _Parts(context, [row.id for row in piece])
        yield from (_document(context, row, parts) for row in piece)


class _Parts:
    """What belongs to some VMs and templates, by the id of its owner."""

    def __init__(self, context: Context, ids: list[str]) -> None:
        self.disks = _disks(context, ids)
        self.nics = _nics(context, ids)
        self.snapshots = _snapshots(context, ids)
        self.users = _users(context, ids)
        self.affinity_groups = _groups(context, groupings.AffinityGroup, ids)
        self.affinity_labels = _groups(context, groupings.AffinityLabel, ids)


def _document(context: Context, row: schema.VmStatic, parts: _Parts) -> Document:
    cluster = context.db.get(schema.Cluster, row.cluster_id) if row.cluster_id else None
    is_template = row.entity_type == "template"
    template = context.db.get(schema.VmStatic, row.template_id)
    linked = row.template_id != schema.BLANK_TEMPLATE
    return Document(
        kind=row.entity_type,
        dialect="4.1.0.0" if context.engine.version == "4.3" else DIALECT,
        id=row.id,
        name=row.name,
        cluster_name=cluster.name if cluster is not None else "",
        compatibility_version=cluster.compatibility_version if cluster is not None else "",
        description=row.description,
        comment=row.comment,
        created=row.creation_date,
        exported=context.now,
        generation=row.generation,
        delete_protected=row.delete_protected,
        vm_type=row.vm_type,
        memory=row.memory,
        memory_guaranteed=row.memory_guaranteed,
        memory_max=row.memory_max,
        stateless=row.stateless,
        high_availability=row.high_availability,
        priority=row.priority,
        bios_type=row.bios_type,
        user_properties=";".join(f"{key}={value}" for key, value in row.custom_properties.items()),
        lease_domain_id=row.lease_domain_id,
        template_id=row.template_id if linked or is_template else None,
        template_name=template.name if linked and template is not None else "Blank",
        original_template_id=None if is_template else row.template_id,
        original_template_name=None if is_template or template is None else template.name,
        version_number=row.version_number,
        version_name=row.version_name or ("base version" if is_template else ""),
        origin=row.origin,
        stopped=row.stop_time if row.status == "down" else None,
        booted=row.start_time if row.status not in ("down", "suspended") else None,
        os_type=row.os_type,
        sockets=row.sockets,
        cores=row.cores,
        threads=row.threads,
        users=tuple(parts.users[row.id]),
        affinity_groups=tuple(parts.affinity_groups[row.id]),
        affinity_labels=tuple(parts.affinity_labels[row.id]),
        nics=tuple(parts.nics[row.id]),
        hardware=_hardware(row),
        snapshots=tuple(parts.snapshots[row.id]),
        **_storage(context, row, cluster, parts.disks[row.id]),
    )


def _disks(context: Context, ids: list[str]) -> _ByOwner:
    query = (
        select(schema.DiskAttachment, schema.BaseDisk)
        .join(schema.BaseDisk, schema.BaseDisk.id == schema.DiskAttachment.disk_id)
        .where(schema.DiskAttachment.vm_id.in_(ids))
        .order_by(schema.DiskAttachment.bootable.desc(), schema.BaseDisk.alias, schema.BaseDisk.id)
    )
    found: _ByOwner = defaultdict(list)
    for attachment, disk in context.db.execute(query):
        found[attachment.vm_id].append((attachment, disk))
    return found


def _storage(
    context: Context, row: schema.VmStatic, cluster: schema.Cluster | None, disks: list[Any]
) -> dict[str, Any]:
    pool_id = cluster.storage_pool_id if cluster is not None else None
    volumes: list[Volume] = []
    luns: list[LunDisk] = []
    for attachment, disk in disks:
        if disk.shareable and context.engine.version < "4.5":
            continue
        if disk.storage_type == "lun":
            luns.append(_lun_disk(context, attachment, disk))
        for image in sorted(disk.images, key=lambda image: -image.ordinal):
            volumes.append(_volume(row, attachment, disk, image, pool_id))
    return {"volumes": tuple(volumes), "lun_disks": tuple(luns)}


def _attachment(attachment: schema.DiskAttachment, disk: schema.BaseDisk) -> dict[str, Any]:
    return {
        "description": disk.description,
        "interface": attachment.interface,
        "read_only": attachment.read_only,
        "bootable": attachment.bootable,
        "pass_discard": attachment.pass_discard,
        "shareable": disk.shareable,
        "alias": disk.alias,
    }


def _volume(
    row: schema.VmStatic,
    attachment: schema.DiskAttachment,
    disk: schema.BaseDisk,
    image: schema.Image,
    pool_id: str | None,
) -> Volume:
    alias = f"ua-{disk.id}" if row.entity_type == "vm" else ""
    device = Device("disk", "disk", "", int(attachment.bootable), attachment.plugged, attachment.read_only, alias)
    return Volume(
        id=image.id,
        disk_id=disk.id,
        size=image.provisioned_size,
        used=image.actual_size,
        snapshot_id=image.snapshot_id,
        format=image.format,
        sparse=image.sparse,
        incremental_backup=disk.incremental_backup,
        wipe_after_delete=disk.wipe_after_delete,
        parent_id=image.parent_id,
        template_image_id=image.template_image_id,
        domain_ids=tuple(place.storage_domain_id for place in image.placements),
        pool_id=pool_id,
        created=image.creation_date,
        modified=image.creation_date,
        device=device,
        **_attachment(attachment, disk),
    )


def _lun_disk(context: Context, attachment: schema.DiskAttachment, disk: schema.BaseDisk) -> LunDisk:
    query = (
        select(schema.StorageServerConnection)
        .join(schema.LunConnection, schema.LunConnection.connection_id == schema.StorageServerConnection.id)
        .where(schema.LunConnection.lun_id == disk.lun_id)
        .order_by(schema.StorageServerConnection.address)
    )
    paths = [
        LunConnection(one.address or "", one.target or "", str(one.port or 3260), "ISCSI", one.portal or "")
        for one in context.db.scalars(query)
    ]
    return LunDisk(
        id=disk.id,
        lun_id=disk.lun_id or "",
        plugged=attachment.plugged,
        connections=tuple(paths),
        **_attachment(attachment, disk),
    )


def _nics(context: Context, ids: list[str]) -> _ByOwner:
    query = (
        select(schema.VmInterface, schema.VnicProfile.name, schema.Network.name, schema.VmStatic.entity_type)
        .join(schema.VmStatic, schema.VmStatic.id == schema.VmInterface.vm_id)
        .outerjoin(schema.VnicProfile, schema.VnicProfile.id == schema.VmInterface.vnic_profile_id)
        .outerjoin(schema.Network, schema.Network.id == schema.VnicProfile.network_id)
        .where(schema.VmInterface.vm_id.in_(ids))
        .order_by(schema.VmInterface.name)
    )
    found: _ByOwner = defaultdict(list)
    for nic, profile, network, kind in context.db.execute(query):
        alias = f"ua-{nic.id}" if kind == "vm" else ""
        device = Device("interface", "bridge", plugged=nic.plugged, alias=alias)
        names = (network or "", profile or "")
        found[nic.vm_id].append(Nic(nic.id, nic.name, *names, nic.mac, nic.model, nic.linked, device=device))
    return found


def _users(context: Context, ids: list[str]) -> _ByOwner:
    """Return the users that have roles on the very machines, each with its roles."""
    query = (
        select(Permission.object_id, people.User, Permission.role_id)
        .join(people.User, people.User.id == Permission.user_id)
        .where(Permission.object_id.in_(ids))
        .order_by(people.User.login, people.User.domain, Permission.id)
    )
    roles: dict[tuple[str, str], list[str]] = defaultdict(list)
    for owner, user, role_id in context.db.execute(query):
        roles[owner, f"{user.login}@{user.domain}"].append(people.role_name(role_id))
    found: _ByOwner = defaultdict(list)
    for (owner, name), names in roles.items():
        found[owner].append(User(name, tuple(names)))
    return found


def _groups(context: Context, table: Any, ids: list[str]) -> _ByOwner:
    """Return the names of the groups, or labels, that VMs are in."""
    member = groupings.Membership
    query = select(member.member_id, table.name).join(table, table.id == member.group_id)
    found: _ByOwner = defaultdict(list)
    for owner, name in context.db.execute(query.where(member.member_id.in_(ids)).order_by(table.name)):
        found[owner].append(name)
    return found


def _hardware(row: schema.VmStatic) -> tuple[Hardware, ...]:
    found = []
    for kind, type_, device, parameters in _STANDARD_DEVICES:
        id_ = str(uuid.uuid5(uuid.UUID(row.id), f"{type_}/{device}"))
        alias = f"ua-{id_}" if row.entity_type == "vm" and kind != GRAPHICS else ""
        read_only = kind == CDROM
        part = Device(type_, device, read_only=read_only, alias=alias, spec_params=dict(parameters))
        found.append(Hardware(kind, id_, part))
    return tuple(found)


def _snapshots(context: Context, ids: list[str]) -> _ByOwner:
    query = select(schema.Snapshot).where(schema.Snapshot.vm_id.in_(ids))
    found: _ByOwner = defaultdict(list)
    for one in context.db.scalars(query.order_by(schema.Snapshot.creation_date, schema.Snapshot.id)):
        memory = _memory(context, one)
        times = (one.creation_date, memory, None, one.vm_configuration)
        found[one.vm_id].append(Snapshot(one.id, one.type.upper(), one.description, *times))
    return found


def _memory(context: Context, snapshot: schema.Snapshot) -> tuple[str, ...]:
    found = []
    for disk_id in (snapshot.memory_dump_disk_id, snapshot.memory_metadata_disk_id):
        disk = context.db.get(schema.BaseDisk, disk_id) if disk_id else None
        if disk is None or disk.active_image is None:
            return ()
        found.append((disk, disk.active_image))
    place = found[0][1].placements[0].storage_domain_id
    domain = context.db.get_one(schema.StorageDomainStatic, place)
    pool_id = domain.mapping.storage_pool_id if domain.mapping is not None else schema.BLANK_TEMPLATE
    return place, pool_id, *(id_ for disk, image in found for id_ in (disk.id, image.id))
