# SPDX-License-Identifier: GPL-3.0-or-later
"""From an OVF document back to rows: what VMs and templates have in common."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select

from ..ovf.document import Document, Nic, Volume
from ..storage.failures import StorageFailure
from ..storage.schema import StoredImage
from . import domains, mapping, schema
from .command import ExecutionFailure, Refusal

if TYPE_CHECKING:
    from .runtime import Context

_FORGET_ENTITY = delete(schema.UnregisteredOvf).where(schema.UnregisteredOvf.entity_id == bindparam("gone"))
_FORGET_DISKS = delete(schema.UnregisteredDisk).where(
    schema.UnregisteredDisk.disk_id.in_(bindparam("gone", expanding=True))
)
_KNOWN_IMAGES = (
    select(schema.Image.id, schema.BaseDisk.shareable)
    .join(schema.BaseDisk)
    .where(schema.Image.id.in_(bindparam("ids", expanding=True)))
)
_SNAPSHOT_TYPES = {"ACTIVE": "active", "REGULAR": "regular", "PREVIEW": "preview", "STATELESS": "stateless"}
_ARCHITECTURES = {"ppc64": "ppc64", "s390x": "s390x"}


def static_of(document: Document, id_: str, name: str, cluster: schema.Cluster) -> schema.VmStatic:
    """Return the row of a VM or template, down or locked as its kind starts."""
    return schema.VmStatic(
        id=id_,
        entity_type=document.kind,
        name=name,
        description=document.description or "",
        comment=document.comment or "",
        cluster_id=cluster.id,
        template_id=document.template_id or (id_ if document.kind == "template" else schema.BLANK_TEMPLATE),
        version_number=document.version_number,
        version_name=document.version_name,
        creation_date=document.created or 0.0,
        memory=document.memory,
        memory_guaranteed=document.memory_guaranteed,
        memory_max=document.memory_max,
        sockets=document.sockets,
        cores=document.cores,
        threads=document.threads,
        os_type=document.os_type,
        bios_type=document.bios_type,
        vm_type=document.vm_type,
        origin=document.origin,
        high_availability=document.high_availability,
        priority=document.priority,
        stateless=document.stateless,
        delete_protected=document.delete_protected,
        custom_properties=custom_properties_of(document),
        generation=document.generation,
        status="image_locked" if document.kind == "vm" else "locked",
    )


def custom_properties_of(document: Document) -> dict[str, str]:
    """Return the custom properties that users gave a VM."""
    pairs = (part.partition("=") for part in document.user_properties.split(";") if part)
    return {key: value for key, _unused, value in pairs}


def check_cluster(context: Context, cluster: schema.Cluster | None, pool_id: str | None) -> schema.Cluster:
    """Return the cluster of a registration, or refuse."""
    if cluster is None:
        raise Refusal("ACTION_TYPE_FAILED_CLUSTER_CAN_NOT_BE_EMPTY")
    if cluster.bios_type is None:
        raise Refusal("CLUSTER_BIOS_TYPE_NOT_SET")
    if cluster.storage_pool_id != pool_id:
        raise Refusal("ACTION_TYPE_FAILED_CLUSTER_IS_NOT_VALID")
    return cluster


def check_architecture(document: Document, cluster: schema.Cluster) -> None:
    """Refuse a guest that the cluster's processors cannot run; the operating system tells which it needs."""
    if not document.os_type:
        raise Refusal("ACTION_TYPE_FAILED_NOT_SUPPORTED_ARCHITECTURE")
    needed = _ARCHITECTURES.get(document.os_type.rpartition("_")[2], "x86_64")
    if needed != cluster.architecture:
        raise Refusal("ACTION_TYPE_FAILED_VM_CANNOT_IMPORT_VM_ARCHITECTURE_NOT_SUPPORTED_BY_CLUSTER")


def stored_image(context: Context, volume: Volume, domain_id: str) -> StoredImage | None:
    """Return a volume as it lies on a domain; None if it cannot be read there."""
    domain = context.db.get(schema.StorageDomainStatic, domain_id)
    if domain is None or domain.mapping is None:
        return None
    try:
        return domains.contents_of(context, domain).image(volume.id)
    except (StorageFailure, ExecutionFailure):
        return None


def image_of(document: Document, volume: Volume, chain: Sequence[Volume], size: int) -> schema.Image:
    """Return the row of a volume of a disk; the chain is the disk's, the active volume first.

    A volume is active if its snapshot is, or without such a snapshot if it is the chain's first.
    """
    active_snapshots = {one.id for one in document.snapshots if one.type in ("ACTIVE", "PREVIEW")}
    any_active = any(one.snapshot_id in active_snapshots for one in chain)
    return schema.Image(
        id=volume.id,
        disk_id=volume.disk_id,
        ordinal=len(chain) - 1 - chain.index(volume),
        parent_id=volume.parent_id,
        template_image_id=volume.template_image_id,
        snapshot_id=volume.snapshot_id,
        active=volume.snapshot_id in active_snapshots if any_active else volume is chain[0],
        format=volume.format,
        sparse=bool(volume.sparse),
        provisioned_size=size,
        actual_size=volume.used,
        status="locked",
        creation_date=volume.created or 0.0,
    )


def disk_of(volume: Volume, images: list[schema.Image]) -> schema.BaseDisk:
    """Return the row of an image disk."""
    return schema.BaseDisk(
        id=volume.disk_id,
        alias=volume.alias,
        description=volume.description or "",
        shareable=volume.shareable,
        wipe_after_delete=volume.wipe_after_delete,
        incremental_backup=volume.incremental_backup,
        images=images,
    )


def attachment_of(vm_id: str, volume: Volume) -> schema.DiskAttachment:
    """Return a disk's row as a device."""
    return schema.DiskAttachment(
        vm_id=vm_id,
        disk_id=volume.disk_id,
        plugged=volume.device.plugged if volume.device is not None else True,
        bootable=volume.bootable,
        interface=volume.interface,
        read_only=volume.read_only,
        pass_discard=volume.pass_discard,
    )


def snapshots_of(document: Document, vm_id: str) -> list[schema.Snapshot]:
    """Return the rows of the snapshots, the active one always among them; next-run ones are not kept."""
    rows = [
        schema.Snapshot(
            id=one.id,
            vm_id=vm_id,
            type=_SNAPSHOT_TYPES[one.type],
            description=one.description,
            creation_date=one.created or 0.0,
            memory_dump_disk_id=one.memory[2] if one.memory else None,
            memory_metadata_disk_id=one.memory[4] if one.memory else None,
            vm_configuration=one.configuration,
        )
        for one in document.snapshots
        if one.type in _SNAPSHOT_TYPES
    ]
    if not any(row.type == "active" for row in rows):
        rows.append(schema.Snapshot(id=str(uuid.uuid4()), vm_id=vm_id, creation_date=document.created or 0.0))
    return rows


def chains_of(volumes: Iterable[Volume]) -> dict[str, list[Volume]]:
    """Return the volumes by disk, each chain with its leaf first, as documents have them."""
    chains: dict[str, list[Volume]] = {}
    for volume in volumes:
        chains.setdefault(volume.disk_id, []).append(volume)
    return chains


def nic_of(
    context: Context, nic: Nic, vm_id: str, mac: str, cluster: schema.Cluster, mappings: mapping.Mappings
) -> schema.VmInterface:
    """Return the row of a NIC with this address."""
    return schema.VmInterface(
        id=nic.id,
        vm_id=vm_id,
        name=nic.name,
        mac=mac,
        vnic_profile_id=mapping.profile_of(context, nic, cluster, mappings),
        model=nic.model,
        linked=nic.linked,
        plugged=nic.device.plugged if nic.device is not None else True,
    )


def lease_of(context: Context, document: Document, cluster: schema.Cluster, vm_id: str) -> str | None:
    """Return the lease's domain: its own if that is active, else any active data domain; only with HA."""
    wanted = document.lease_domain_id
    if wanted is None or not document.high_availability:
        return None
    fitting = [
        domain.id
        for domain in domains.of_pool(context, cluster.storage_pool_id or "")
        if domains.is_data(domain) and domains.status_of(domain) == "active"
    ]
    if not fitting:
        context.event(1218, f"No domain could take the lease of the VM {document.name}.", "warning", vm=vm_id)
        return None
    return wanted if wanted in fitting else fitting[0]


def forget_unregistered(context: Context, entity_id: str, disk_ids: Iterable[str]) -> None:
    """Take an entity, and its disks, out of the tables of what is unregistered, on all domains."""
    context.db.execute(_FORGET_ENTITY, {"gone": entity_id})
    context.db.execute(_FORGET_DISKS, {"gone": list(disk_ids)})


def known_images(context: Context, volumes: Iterable[Volume]) -> dict[str, bool]:
    """Return which of these volumes the engine has already, and whether their disk is shareable."""
    return dict(list(context.db.execute(_KNOWN_IMAGES, {"ids": [volume.id for volume in volumes]})))
