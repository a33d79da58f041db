# SPDX-License-Identifier: GPL-3.0-or-later
"""What one engine manages, as it was at one moment: plain facts that every decision is made from.

Identifiers are the engine's UUID texts, sizes are bytes, statuses and types are the words of the API.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

from ..engine.errors import EngineError

HOSTED_ENGINE_ORIGINS = frozenset({"hosted_engine", "managed_hosted_engine"})
IN_PROCESS = frozenset({"locked", "preparing_for_maintenance", "detaching", "activating"})


@dataclass(frozen=True)
class DataCenter:
    """A data center; version is its compatibility level, for example (4, 7)."""

    id: str
    name: str
    status: str
    version: tuple[int, int]


@dataclass(frozen=True)
class Cluster:
    """A cluster and the data center it belongs to."""

    id: str
    name: str
    data_center_id: str | None


@dataclass(frozen=True)
class Host:
    """A hypervisor host; memory is the bytes that the scheduler would give away now, None where it is not told."""

    id: str
    name: str
    status: str
    cluster_id: str
    memory: int | None = None
    processors: int | None = None


@dataclass(frozen=True)
class Domain:
    """A storage domain; status is the real one of its data center, `unattached` where it has none.

    place: where a file domain lies, `<address>:<path>`. critical_space: bytes that have to stay free there.
    low_space_percent: free space below which the engine warns. unit_ids: the logical units that it lies on.
    """

    id: str
    name: str
    type: str
    storage_type: str
    status: str
    master: bool
    backup: bool
    data_center_id: str | None
    available: int | None = None
    used: int | None = None
    volume_group_id: str | None = None
    place: str | None = None
    critical_space: int = 0
    storage_format: str | None = None
    wipe_after_delete: bool = False
    discard_after_delete: bool = False
    low_space_percent: int | None = None
    unit_ids: frozenset[str] = frozenset()

    @property
    def may_be_master(self) -> bool:
        """Whether the engine would elect it now."""
        return self.type == "data" and not self.backup and self.status == "active"

    @property
    def in_process(self) -> bool:
        """Whether the engine is at work on it, so that every other action is refused."""
        return self.status in IN_PROCESS


@dataclass(frozen=True)
class Disk:
    """A disk; only a template's disk lies on several domains.

    total_size: bytes of all its volumes, those of its snapshots included. format and sparse are those of the last one.
    """

    id: str
    name: str
    status: str
    storage_type: str
    content_type: str
    shareable: bool
    domain_ids: tuple[str, ...]
    description: str = ""
    provisioned_size: int = 0
    actual_size: int = 0
    total_size: int = 0
    format: str = "cow"
    sparse: bool = True
    lun_id: str | None = None


@dataclass(frozen=True)
class Attachment:
    """A disk as a device of a VM or template."""

    disk_id: str
    plugged: bool


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a VM, the one called `active` not counted."""

    id: str
    description: str
    status: str
    type: str
    with_memory: bool


@dataclass(frozen=True)
class VmPool:
    """A pool of VMs."""

    id: str
    name: str


@dataclass(frozen=True)
class Vm:
    """A registered VM; memory is the bytes that it is configured with."""

    id: str
    name: str
    status: str
    origin: str
    cluster_id: str | None
    template_id: str | None
    lease_domain_id: str | None
    attachments: tuple[Attachment, ...] = ()
    pool_id: str | None = None
    memory: int = 0
    snapshots: tuple[Snapshot, ...] = ()
    description: str = ""
    delete_protected: bool = False
    processors: int = 1
    os_type: str = ""

    @property
    def in_preview(self) -> bool:
        """Whether it shows a snapshot that nobody has committed or undone yet."""
        return any(one.status == "in_preview" or one.type == "preview" for one in self.snapshots)


@dataclass(frozen=True)
class Template:
    """A registered template."""

    id: str
    name: str
    status: str
    cluster_id: str | None
    attachments: tuple[Attachment, ...] = ()
    description: str = ""
    os_type: str = ""
    delete_protected: bool = False


class _Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)


@dataclass(frozen=True)
class Site:
    """Everything that the rules and plans look at."""

    data_centers: tuple[DataCenter, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    hosts: tuple[Host, ...] = ()
    domains: tuple[Domain, ...] = ()
    disks: tuple[Disk, ...] = ()
    vms: tuple[Vm, ...] = ()
    templates: tuple[Template, ...] = ()
    pools: tuple[VmPool, ...] = ()

    @cached_property
    def disk_by_id(self) -> dict[str, Disk]:
        """Return the disks by their ids."""
        return {disk.id: disk for disk in self.disks}

    @cached_property
    def vm_by_id(self) -> dict[str, Vm]:
        """Return the VMs by their ids."""
        return {vm.id: vm for vm in self.vms}

    @cached_property
    def cluster_by_id(self) -> dict[str, Cluster]:
        """Return the clusters by their ids."""
        return {cluster.id: cluster for cluster in self.clusters}

    @cached_property
    def backup_ids(self) -> frozenset[str]:
        """Return the ids of all backup domains."""
        return frozenset(domain.id for domain in self.domains if domain.backup)

    @cached_property
    def disks_by_domain(self) -> dict[str, list[Disk]]:
        """Return the disks on each domain, direct LUNs on none."""
        found: dict[str, list[Disk]] = defaultdict(list)
        for disk in self.disks:
            for id_ in disk.domain_ids:
                found[id_].append(disk)
        return found

    @cached_property
    def vms_by_disk(self) -> dict[str, list[tuple[Vm, bool]]]:
        """Return who has each disk, and whether it is plugged there."""
        found: dict[str, list[tuple[Vm, bool]]] = defaultdict(list)
        for vm in self.vms:
            for attachment in vm.attachments:
                found[attachment.disk_id].append((vm, attachment.plugged))
        return found

    @cached_property
    def templates_by_disk(self) -> dict[str, list[Template]]:
        """Return the templates that have each disk."""
        found: dict[str, list[Template]] = defaultdict(list)
        for template in self.templates:
            for attachment in template.attachments:
                found[attachment.disk_id].append(template)
        return found

    @cached_property
    def disks_by_reference(self) -> dict[str, list[Disk]]:
        """Return the disks of each id and each name."""
        return _by_reference(self.disks)

    @cached_property
    def vms_by_reference(self) -> dict[str, list[Vm]]:
        """Return the VMs of each id and each name."""
        return _by_reference(self.vms)

    @cached_property
    def templates_by_reference(self) -> dict[str, list[Template]]:
        """Return the templates of each id and each name."""
        return _by_reference(self.templates)

    def data_center(self, reference: str) -> DataCenter:
        """Return the data center of that id or name; EngineError not_found without one."""
        return _find(_by_reference(self.data_centers), reference, "data center")

    def cluster(self, reference: str) -> Cluster:
        """Return the cluster of that id or name; EngineError not_found without one."""
        return _find(_by_reference(self.clusters), reference, "cluster")

    def host(self, reference: str) -> Host:
        """Return the host of that id or name; EngineError not_found without one."""
        return _find(_by_reference(self.hosts), reference, "host")

    def domain(self, reference: str) -> Domain:
        """Return the storage domain of that id or name; EngineError not_found without one."""
        return _find(_by_reference(self.domains), reference, "storage domain")

    def disk(self, reference: str) -> Disk:
        """Return the disk of that id or name; EngineError like `vm`."""
        return _find(self.disks_by_reference, reference, "disk")

    def vm(self, reference: str) -> Vm:
        """Return the VM of that id or name; EngineError not_found without one, invalid where the name is ambiguous."""
        return _find(self.vms_by_reference, reference, "VM")

    def template(self, reference: str) -> Template:
        """Return the template of that id or name; EngineError like `vm`."""
        return _find(self.templates_by_reference, reference, "template")

    def hosts_of(self, data_center: DataCenter) -> list[Host]:
        """Return the hosts of a data center by name."""
        clusters = {cluster.id for cluster in self.clusters if cluster.data_center_id == data_center.id}
        return sorted((host for host in self.hosts if host.cluster_id in clusters), key=lambda host: host.name)

    def up_host(self, data_center: DataCenter) -> Host:
        """Return the first host of a data center that is up; EngineError rejected without one."""
        for host in self.hosts_of(data_center):
            if host.status == "up":
                return host
        raise EngineError(
            "rejected",
            f"no host of data center {data_center.name} is up",
            remedy="activate a host of this data center and run again",
        )

    def domains_of(self, data_center_id: str) -> list[Domain]:
        """Return the storage domains attached to a data center."""
        return [domain for domain in self.domains if domain.data_center_id == data_center_id]

    def image_disks(self, owner: Vm | Template, plugged_only: bool = False) -> list[Disk]:
        """Return the disks of a VM or template that have an image, so not its direct LUNs."""
        disks = (
            self.disk_by_id.get(attachment.disk_id)
            for attachment in owner.attachments
            if attachment.plugged or not plugged_only
        )
        return [disk for disk in disks if disk is not None and disk.storage_type == "image"]

    def successors(self, domain: Domain) -> list[Domain]:
        """Return the other domains of a domain's data center that could be the master there, by name."""
        others = [one for one in self.domains if one.data_center_id == domain.data_center_id and one.id != domain.id]
        return sorted((one for one in others if one.may_be_master), key=lambda one: one.name)

    def vms_on(self, domain: Domain, plugged_only: bool = False) -> list[Vm]:
        """Return the VMs with an image disk on a domain, by name."""
        found = {
            vm.id: vm
            for disk in self.disks_by_domain.get(domain.id, ())
            if disk.storage_type == "image"
            for vm, plugged in self.vms_by_disk.get(disk.id, ())
            if plugged or not plugged_only
        }
        return sorted(found.values(), key=lambda vm: vm.name)

    def templates_on(self, domain: Domain) -> list[Template]:
        """Return the templates with a disk copy on a domain, by name."""
        found = {
            template.id: template
            for disk in self.disks_by_domain.get(domain.id, ())
            for template in self.templates_by_disk.get(disk.id, ())
        }
        return sorted(found.values(), key=lambda template: template.name)


def _by_reference(entities: Iterable[T]) -> dict[str, list[T]]:
    """Return entities by each id and each name."""
    found: dict[str, list[T]] = defaultdict(list)
    for one in entities:
        for reference in dict.fromkeys((one.id, one.name)):
            found[reference].append(one)
    return found


def _find(known: Mapping[str, list[T]], reference: str, kind: str) -> T:
    matches = known.get(reference)
    if not matches:
        raise EngineError("not_found", f"{kind} {reference} does not exist", remedy=f"check the name of the {kind}")
    if len(matches) > 1:
        ids = ", ".join(sorted(one.id for one in matches))
        raise EngineError("invalid", f"{kind} name {reference} is ambiguous", remedy=f"give one of the ids {ids}")
    return matches[0]
