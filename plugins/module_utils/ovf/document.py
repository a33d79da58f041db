# SPDX-License-Identifier: GPL-3.0-or-later
"""What an OVF document of a VM or template says, in the API's words. Sizes are bytes, identifiers lower-case UUIDs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

Kind = Literal["vm", "template"]
Properties = tuple[tuple[str, str], ...]

_ARCHITECTURES = {"ppc64": "ppc64", "s390x": "s390x"}


@dataclass(frozen=True, slots=True)
class Volume:
    """One layer of an image disk. size: virtual, rounded up to GiB; actual_size: used. snapshot_id: None if shareable.

    template_volume_id: the template's volume below the chain. domain_ids: only a template's disk lies on several.
    """

    id: str
    parent_id: str | None
    template_volume_id: str | None
    snapshot_id: str | None
    format: str | None
    sparse: bool | None
    size: int
    actual_size: int
    domain_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disk:
    """An image disk as a device. volumes: its chain, the active one first, without the template's."""

    id: str
    alias: str
    interface: str
    bootable: bool
    plugged: bool
    shareable: bool
    storage_type: str
    volumes: tuple[Volume, ...]

    @property
    def format(self) -> str | None:
        """Return the format of the active volume: raw, cow, None if it is not told."""
        return self.volumes[0].format

    @property
    def size(self) -> int:
        """Return the virtual size."""
        return self.volumes[0].size

    @property
    def domain_ids(self) -> tuple[str, ...]:
        """Return the storage domains that hold it."""
        return self.volumes[0].domain_ids

    @property
    def template_volume_id(self) -> str | None:
        """Return the volume of the template that it stands on."""
        return next((one.template_volume_id for one in self.volumes if one.template_volume_id), None)


@dataclass(frozen=True, slots=True)
class LunConnection:
    """A path to a direct LUN."""

    address: str
    port: str
    target: str
    portal: str
    storage_type: str


@dataclass(frozen=True, slots=True)
class LunDisk:
    """A direct LUN as a device; one without connections is seen over Fibre Channel."""

    id: str
    lun_id: str
    alias: str
    interface: str
    bootable: bool
    plugged: bool
    shareable: bool
    connections: tuple[LunConnection, ...]


@dataclass(frozen=True, slots=True)
class Nic:
    """A NIC; network and profile are names, None for none. Only a VM's has a MAC address."""

    id: str
    name: str
    network: str | None
    profile: str | None
    mac: str | None
    model: str
    linked: bool
    plugged: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """Where the memory of a snapshot lies: two disks of their own."""

    domain_id: str | None
    disk_ids: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot, the active one included. type: REGULAR, ACTIVE, STATELESS, PREVIEW or NEXT_RUN."""

    id: str
    type: str
    description: str
    memory: Memory | None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a permission on the VM itself; principal is `login@domain` as it was written."""

    principal: str
    roles: tuple[str, ...]

    @property
    def login(self) -> str:
        """Return the login name, which may hold an at sign itself."""
        return self.principal.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """Return the authorization provider."""
        return self.principal.rpartition("@")[2]

    @property
    def looked_up_as(self) -> tuple[str, str]:
        """Return the login and domain that the engine takes it for: it cuts at the first at sign, and at the second."""
        parts = self.principal.split("@")
        return parts[0], parts[1]


@dataclass(frozen=True)
class Document:
    """A VM or a template.

    template_id: what it stands on, a VM's template or the base of a template's version; None for Blank and for a base.
    host_devices: names of devices that a host has to have. dedicated_hosts: ids of hosts that it is pinned to.
    """

    kind: Kind
    id: str
    name: str
    description: str = ""
    exported: datetime | None = None
    compatibility_version: str = ""
    cluster_name: str = ""
    template_id: str | None = None
    template_name: str = ""
    version_number: int = 1
    origin: str | None = None
    os_type: str = ""
    bios_type: str | None = None
    memory: int = 0
    memory_max: int = 0
    processors: int = 1
    stateless: bool = False
    high_availability: bool = False
    priority: int = 0
    lease_domain_id: str | None = None
    dedicated_hosts: tuple[str, ...] = ()
    host_devices: tuple[str, ...] = ()
    predefined_properties: Properties = ()
    user_properties: Properties = ()
    disks: tuple[Disk, ...] = ()
    lun_disks: tuple[LunDisk, ...] = ()
    nics: tuple[Nic, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    users: tuple[User, ...] = ()
    affinity_groups: tuple[str, ...] = ()
    affinity_labels: tuple[str, ...] = ()

    @property
    def architecture(self) -> str | None:
        """Return the processor architecture that its operating system runs on; None where none is told."""
        if not self.os_type:
            return None
        return _ARCHITECTURES.get(self.os_type.rpartition("_")[2], "x86_64")

    @cached_property
    def memory_disk_ids(self) -> tuple[str, ...]:
        """Return the disks that hold the memory of its snapshots."""
        return tuple(id_ for one in self.snapshots if one.memory for id_ in one.memory.disk_ids)
