# SPDX-License-Identifier: GPL-3.0-or-later
"""What an OVF document says, in the API's words; sizes are bytes, times epoch seconds, no identifier is None."""

from __future__ import annotations

from dataclasses import dataclass, field

DIALECT = "4.4.0.0"


@dataclass(frozen=True)
class Device:
    """The part that every device of a VM has."""

    type: str
    device: str
    address: str = ""
    boot_order: int = 0
    plugged: bool = True
    read_only: bool = False
    alias: str = ""
    spec_params: dict[str, str] = field(default_factory=dict)
    custom_properties: str = ""


@dataclass(frozen=True)
class Volume:
    """One volume of an image disk, with what belongs to the whole disk or its attachment repeated on each."""

    id: str
    disk_id: str
    alias: str
    size: int
    used: int
    snapshot_id: str | None
    description: str | None = None
    file_description: str = ""
    format: str = "cow"
    sparse: bool | None = True
    interface: str = "virtio_scsi"
    read_only: bool = False
    shareable: bool = False
    bootable: bool = False
    pass_discard: bool = False
    incremental_backup: bool = False
    wipe_after_delete: bool = False
    parent_id: str | None = None
    template_image_id: str | None = None
    domain_ids: tuple[str, ...] = ()
    pool_id: str | None = None
    created: float | None = None
    modified: float | None = None
    device: Device | None = None


@dataclass(frozen=True)
class LunConnection:
    """A path to a direct LUN; without any, it is a Fibre Channel unit."""

    address: str
    iqn: str
    port: str
    storage_type: str
    portal: str


@dataclass(frozen=True)
class LunDisk:
    """A direct LUN disk."""

    id: str
    lun_id: str
    alias: str | None = None
    description: str | None = None
    pass_discard: bool = False
    shareable: bool = False
    bootable: bool = False
    interface: str = "virtio_scsi"
    read_only: bool = False
    scsi_reservation: bool = False
    plugged: bool = True
    connections: tuple[LunConnection, ...] = ()


@dataclass(frozen=True)
class Nic:
    """A NIC; network and profile are names, empty for none."""

    id: str
    name: str
    network: str
    profile: str
    mac: str | None
    model: str = "virtio"
    linked: bool = True
    speed: int | None = None
    device: Device | None = None


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of the VM, the active one included."""

    id: str
    type: str
    description: str
    created: float | None
    memory: tuple[str, ...] = ()  # domain, pool, dump disk and volume, metadata disk and volume
    applications: str | None = None
    configuration: str | None = None  # Base64 of a document


@dataclass(frozen=True)
class User:
    """A permission on the VM: `login@domain` and its roles."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Hardware:
    """A device that is no disk, NIC, processor or memory, by its resource type."""

    resource_type: int
    id: str
    device: Device
    monitors: int = 1


@dataclass(frozen=True)
class Document:
    """A VM or a template."""

    kind: str  # vm, template
    id: str
    name: str
    dialect: str = DIALECT  # the version of the format
    cluster_name: str = ""
    description: str | None = ""
    comment: str | None = ""
    created: float | None = None
    exported: float | None = None
    generation: int = 1
    delete_protected: bool = False
    io_threads: int = 0
    time_zone: str = "Etc/GMT"
    boot_sequence: int = 0
    compatibility_version: str = "4.7"
    vm_type: str = "server"
    resume_behavior: str | None = "AUTO_RESUME"
    memory: int = 1 << 30
    memory_guaranteed: int = 1 << 30
    memory_max: int = 4 << 30
    stateless: bool = False
    high_availability: bool = False
    priority: int = 1
    created_by: str | None = None
    migration_support: int = 0
    dedicated_hosts: tuple[str, ...] = ()
    console_reconnect: bool = True
    bios_type: str = "q35_sea_bios"
    predefined_properties: str = ""
    user_properties: str = ""
    lease_domain_id: str | None = None
    balloon: bool = True
    cpu_pinning_policy: int = 0
    cpu_pinning: str | None = None
    users: tuple[User, ...] = ()
    template_id: str | None = None  # of a template: its base version
    template_name: str = "Blank"
    original_template_id: str | None = None
    original_template_name: str | None = None
    version_number: int = 1
    version_name: str = ""
    sealed: bool = False
    origin: str = "ovirt"
    applications: str | None = None
    quota_id: str | None = None
    stopped: float | None = None
    booted: float | None = None
    affinity_groups: tuple[str, ...] = ()
    affinity_labels: tuple[str, ...] = ()
    os_type: str = "other"
    sockets: int = 1
    cores: int = 1
    threads: int = 1
    volumes: tuple[Volume, ...] = ()
    lun_disks: tuple[LunDisk, ...] = ()
    nics: tuple[Nic, ...] = ()
    hardware: tuple[Hardware, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()

    @property
    def memory_disk_ids(self) -> tuple[tuple[str, str], ...]:
        """Return the dump and metadata disks of the snapshots with memory."""
        return tuple((snapshot.memory[2], snapshot.memory[4]) for snapshot in self.snapshots if snapshot.memory)

    @property
    def disk_ids(self) -> tuple[str, ...]:
        """Return the image disks, each once, in the document's order."""
        return tuple(dict.fromkeys(volume.disk_id for volume in self.volumes))
