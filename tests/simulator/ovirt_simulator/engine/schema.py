# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of an engine's database.

Names follow the engine's own where it has one for the thing. Statuses and types are the API's words (`active`,
`nfs`), times are epoch seconds, sizes are bytes, identifiers are lower-case UUID text.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from . import schema_records

Base = schema_records.Base
CommandRun = schema_records.CommandRun
EntityLock = schema_records.EntityLock
Event = schema_records.Event
Job = schema_records.Job
PendingStep = schema_records.PendingStep
Token = schema_records.Token

BLANK_TEMPLATE = "00000000-0000-0000-0000-000000000000"


class StoragePool(Base):
    """A data center."""

    __tablename__ = "storage_pool"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(default="uninitialized")
    is_local: Mapped[bool] = mapped_column(default=False)
    compatibility_version: Mapped[str] = mapped_column(default="4.7")


class Cluster(Base):
    __tablename__ = "cluster"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    storage_pool_id: Mapped[str | None] = mapped_column(ForeignKey("storage_pool.id"))
    compatibility_version: Mapped[str] = mapped_column(default="4.7")
    architecture: Mapped[str] = mapped_column(default="x86_64")
    bios_type: Mapped[str | None] = mapped_column(default="q35_sea_bios")


class Vds(Base):
    """A host."""

    __tablename__ = "vds"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    cluster_id: Mapped[str] = mapped_column(ForeignKey("cluster.id"))
    status: Mapped[str] = mapped_column(default="up")
    spm_status: Mapped[str] = mapped_column(default="none")
    memory: Mapped[int] = mapped_column(default=256 << 30)
    comment: Mapped[str] = mapped_column(default="")
    spm_priority: Mapped[int] = mapped_column(default=5)


class StorageDomainStatic(Base):
    """What an engine knows of a storage domain, attached or not. The backup flag exists here and nowhere else."""

    __tablename__ = "storage_domain_static"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    function: Mapped[str] = mapped_column(default="data")  # data, iso, export; a master is data with `master` set
    master: Mapped[bool] = mapped_column(default=False)
    storage_type: Mapped[str]
    storage_format: Mapped[str] = mapped_column(default="v5")
    backup: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False, server_default=false())
    wipe_after_delete: Mapped[bool] = mapped_column(default=False)
    discard_after_delete: Mapped[bool] = mapped_column(default=False)
    warning_low_space_indicator: Mapped[int] = mapped_column(default=10)
    critical_space_action_blocker: Mapped[int] = mapped_column(default=5)
    block_size: Mapped[int] = mapped_column(default=512)
    last_time_used_as_master: Mapped[float] = mapped_column(default=0.0)
    external_status: Mapped[str] = mapped_column(default="ok")
    connection_id: Mapped[str | None] = mapped_column(ForeignKey("storage_server_connections.id"))
    volume_group_id: Mapped[str | None]
    available: Mapped[int | None]
    used: Mapped[int | None]
    mapping: Mapped[StoragePoolIsoMap | None] = relationship(back_populates="domain", lazy="joined")


class StoragePoolIsoMap(Base):
    """A storage domain's place and status in a data center; no row means unattached."""

    __tablename__ = "storage_pool_iso_map"
    storage_id: Mapped[str] = mapped_column(ForeignKey("storage_domain_static.id"), primary_key=True)
    storage_pool_id: Mapped[str] = mapped_column(ForeignKey("storage_pool.id"), index=True)
    status: Mapped[str] = mapped_column(default="locked")
    domain: Mapped[StorageDomainStatic] = relationship(back_populates="mapping")


class StorageServerConnection(Base):
    """A mount (file types) or an iSCSI connection."""

    __tablename__ = "storage_server_connections"
    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    address: Mapped[str | None]
    path: Mapped[str | None]
    port: Mapped[int | None]
    portal: Mapped[str | None]
    target: Mapped[str | None]
    username: Mapped[str | None]
    password: Mapped[str | None]
    vfs_type: Mapped[str | None]
    mount_options: Mapped[str | None]
    nfs_version: Mapped[str | None]
    nfs_timeo: Mapped[int | None]
    nfs_retrans: Mapped[int | None]


class Lun(Base):
    """A logical unit that a block domain or a direct LUN disk of this engine uses."""

    __tablename__ = "luns"
    id: Mapped[str] = mapped_column(primary_key=True)
    volume_group_id: Mapped[str | None] = mapped_column(index=True)
    disk_id: Mapped[str | None]
    size: Mapped[int] = mapped_column(default=0)


class LunConnection(Base):
    """Which iSCSI connection leads to which logical unit; none for Fibre Channel."""

    __tablename__ = "lun_storage_server_connection_map"
    lun_id: Mapped[str] = mapped_column(ForeignKey("luns.id"), primary_key=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("storage_server_connections.id"), primary_key=True)


class Network(Base):
    __tablename__ = "network"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    storage_pool_id: Mapped[str] = mapped_column(ForeignKey("storage_pool.id"))
    description: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    vlan_id: Mapped[int | None]
    mtu: Mapped[int] = mapped_column(default=0)


class NetworkCluster(Base):
    __tablename__ = "network_cluster"
    network_id: Mapped[str] = mapped_column(ForeignKey("network.id"), primary_key=True)
    cluster_id: Mapped[str] = mapped_column(ForeignKey("cluster.id"), primary_key=True)


class VnicProfile(Base):
    __tablename__ = "vnic_profiles"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    network_id: Mapped[str] = mapped_column(ForeignKey("network.id"))
    description: Mapped[str] = mapped_column(default="")
    pass_through: Mapped[bool] = mapped_column(default=False)
    port_mirroring: Mapped[bool] = mapped_column(default=False)
    migratable: Mapped[bool | None]


class MacPool(Base):
    """Addresses that the engine gives to NICs; the first and only row serves all clusters."""

    __tablename__ = "mac_pools"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="Default")
    range_from: Mapped[str]
    range_to: Mapped[str]
    allow_duplicates: Mapped[bool] = mapped_column(default=False)


class VmStatic(Base):
    """A VM or a template; `entity_type` tells which. What only a VM has (status, host, lease) is null on a template."""

    __tablename__ = "vm_static"
    id: Mapped[str] = mapped_column(primary_key=True)
    entity_type: Mapped[str] = mapped_column(default="vm", index=True)  # vm, template
    name: Mapped[str] = mapped_column(index=True)
    description: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    cluster_id: Mapped[str | None] = mapped_column(ForeignKey("cluster.id"))
    template_id: Mapped[str] = mapped_column(default=BLANK_TEMPLATE)  # of a template: its base version
    version_number: Mapped[int] = mapped_column(default=1)  # of a template
    version_name: Mapped[str] = mapped_column(default="")
    creation_date: Mapped[float] = mapped_column(default=0.0)
    memory: Mapped[int] = mapped_column(default=1 << 30)
    memory_guaranteed: Mapped[int] = mapped_column(default=1 << 30)
    memory_max: Mapped[int] = mapped_column(default=4 << 30)
    sockets: Mapped[int] = mapped_column(default=1)
    cores: Mapped[int] = mapped_column(default=1)
    threads: Mapped[int] = mapped_column(default=1)
    os_type: Mapped[str] = mapped_column(default="rhel_9x64")
    bios_type: Mapped[str] = mapped_column(default="q35_sea_bios")
    vm_type: Mapped[str] = mapped_column(default="server")
    origin: Mapped[str] = mapped_column(default="ovirt")
    high_availability: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=1)
    lease_domain_id: Mapped[str | None]
    stateless: Mapped[bool] = mapped_column(default=False)
    delete_protected: Mapped[bool] = mapped_column(default=False)
    custom_properties: Mapped[dict[str, Any]] = mapped_column(default=dict)
    generation: Mapped[int] = mapped_column(default=1)  # grows with every change that belongs in the OVF
    status: Mapped[str] = mapped_column(default="down", index=True)  # a template: ok, locked, illegal
    status_detail: Mapped[str | None]
    run_on_vds: Mapped[str | None]
    start_time: Mapped[float | None]
    stop_time: Mapped[float | None]
    stop_reason: Mapped[str | None]
    guest_ignores_shutdown: Mapped[bool] = mapped_column(default=False)
    guest_address: Mapped[str | None]  # what the guest agent reports while it runs
    vm_pool_id: Mapped[str | None]
    run_once: Mapped[bool] = mapped_column(default=False)
    next_run: Mapped[dict[str, Any]] = mapped_column(default=dict)  # columns that change at the next cold start
    migrating_to: Mapped[str | None]
    frozen_ovf: Mapped[str | None]  # while a snapshot is in preview, the OVF stores keep the VM as it was before
    __table_args__ = (Index("vm_static_by_host", "run_on_vds", "memory"),)


class BaseDisk(Base):
    """A disk, whatever it belongs to; its volumes are `Image` rows."""

    __tablename__ = "base_disks"
    id: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    storage_type: Mapped[str] = mapped_column(default="image")  # image, lun
    content_type: Mapped[str] = mapped_column(default="data")
    shareable: Mapped[bool] = mapped_column(default=False)
    wipe_after_delete: Mapped[bool] = mapped_column(default=False)
    propagate_errors: Mapped[bool] = mapped_column(default=False)
    incremental_backup: Mapped[bool] = mapped_column(default=False)
    lun_id: Mapped[str | None]
    images: Mapped[list[Image]] = relationship(
        back_populates="disk", lazy="selectin", cascade="all, delete-orphan", order_by="Image.ordinal"
    )

    @property
    def active_image(self) -> Image | None:
        """Return the volume that a running VM would write, None for a direct LUN."""
        return next((image for image in self.images if image.active), None)


class Image(Base):
    """One volume of a disk: the active layer or one that a snapshot froze."""

    __tablename__ = "images"
    id: Mapped[str] = mapped_column(primary_key=True)
    disk_id: Mapped[str] = mapped_column(ForeignKey("base_disks.id", ondelete="CASCADE"), index=True)
    ordinal: Mapped[int] = mapped_column(default=0)  # 0 is the base volume, the highest the active layer
    parent_id: Mapped[str | None]
    template_image_id: Mapped[str | None]
    snapshot_id: Mapped[str | None] = mapped_column(index=True)
    active: Mapped[bool] = mapped_column(default=True)
    format: Mapped[str] = mapped_column(default="cow")  # raw, cow
    sparse: Mapped[bool] = mapped_column(default=True)
    provisioned_size: Mapped[int]
    actual_size: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="ok")  # ok, locked, illegal
    creation_date: Mapped[float] = mapped_column(default=0.0)
    disk: Mapped[BaseDisk] = relationship(back_populates="images")
    placements: Mapped[list[ImagePlacement]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="ImagePlacement.ordinal"
    )


class ImagePlacement(Base):
    """A copy of a volume on a storage domain; only a template's disk has several."""

    __tablename__ = "image_storage_domain_map"
    image_id: Mapped[str] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    storage_domain_id: Mapped[str] = mapped_column(ForeignKey("storage_domain_static.id"), primary_key=True, index=True)
    ordinal: Mapped[int] = mapped_column(default=0)


class DiskAttachment(Base):
    """A disk as a device of a VM or template."""

    __tablename__ = "disk_vm_element"
    vm_id: Mapped[str] = mapped_column(ForeignKey("vm_static.id", ondelete="CASCADE"), primary_key=True)
    disk_id: Mapped[str] = mapped_column(ForeignKey("base_disks.id", ondelete="CASCADE"), primary_key=True, index=True)
    plugged: Mapped[bool] = mapped_column(default=True)
    bootable: Mapped[bool] = mapped_column(default=False)
    interface: Mapped[str] = mapped_column(default="virtio_scsi")
    read_only: Mapped[bool] = mapped_column(default=False)
    pass_discard: Mapped[bool] = mapped_column(default=False)


class VmInterface(Base):
    """A NIC of a VM or template."""

    __tablename__ = "vm_interface"
    id: Mapped[str] = mapped_column(primary_key=True)
    vm_id: Mapped[str] = mapped_column(ForeignKey("vm_static.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    mac: Mapped[str | None] = mapped_column(index=True)
    vnic_profile_id: Mapped[str | None] = mapped_column(ForeignKey("vnic_profiles.id"))
    model: Mapped[str] = mapped_column(default="virtio")
    linked: Mapped[bool] = mapped_column(default=True)
    plugged: Mapped[bool] = mapped_column(default=True)


class VmPool(Base):
    """VMs of one template that users take from; members name it in `VmStatic.vm_pool_id`."""

    __tablename__ = "vm_pools"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    cluster_id: Mapped[str] = mapped_column(ForeignKey("cluster.id"))
    template_id: Mapped[str]
    prestarted_vms: Mapped[int] = mapped_column(default=0)
    max_user_vms: Mapped[int] = mapped_column(default=1)
    stateful: Mapped[bool] = mapped_column(default=False)


class Snapshot(Base):
    __tablename__ = "snapshots"
    id: Mapped[str] = mapped_column(primary_key=True)
    vm_id: Mapped[str] = mapped_column(ForeignKey("vm_static.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(default="active")  # active, regular, preview, stateless
    status: Mapped[str] = mapped_column(default="ok")  # ok, locked, in_preview
    description: Mapped[str] = mapped_column(default="Active VM")
    creation_date: Mapped[float] = mapped_column(default=0.0)
    memory_dump_disk_id: Mapped[str | None]
    memory_metadata_disk_id: Mapped[str | None]
    vm_configuration: Mapped[str | None]  # OVF text of the VM when the snapshot was taken


class UnregisteredOvf(Base):
    """A VM or template found in the OVF store of a domain, not (yet) registered here."""

    __tablename__ = "unregistered_ovf_of_entities"
    entity_id: Mapped[str] = mapped_column(primary_key=True)
    storage_domain_id: Mapped[str] = mapped_column(primary_key=True)
    entity_type: Mapped[str]  # vm, template
    entity_name: Mapped[str]
    ovf: Mapped[str]
    status: Mapped[str | None]


class UnregisteredDisk(Base):
    """A disk found on a domain and unknown to this engine."""

    __tablename__ = "unregistered_disks"
    disk_id: Mapped[str] = mapped_column(primary_key=True)
    storage_domain_id: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str]


class OvfStore(Base):
    """State of one of a domain's OVF_STORE disks: whether its content is behind the database."""

    __tablename__ = "storage_domains_ovf_info"
    disk_id: Mapped[str] = mapped_column(ForeignKey("base_disks.id", ondelete="CASCADE"), primary_key=True)
    storage_domain_id: Mapped[str] = mapped_column(ForeignKey("storage_domain_static.id"), index=True)
    outdated: Mapped[bool] = mapped_column(default=True)
    last_updated: Mapped[float | None]
