# SPDX-License-Identifier: GPL-3.0-or-later
"""What a simulated world is made of, as a YAML file describes it; sizes are GiB.

Everything gets an identifier that follows from site, kind and name, so that tests and playbooks can name it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

if typing.TYPE_CHECKING:
    from .engine.runtime import Engine
    from .storage.fabric import Storage

DEFAULT = Path(__file__).parent / "scenarios" / "two_sites.yml"
# In C, since a big site is a long file.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NAMESPACE = uuid.UUID("5c1f2a9e-7c2b-4e0d-9a55-1d6f0d3b7a10")


def identifier(site: str, kind: str, name: str) -> str:
    """Return the id of a thing; kinds: data_center, cluster, host, domain, network, profile, vm, template, disk...

    A disk is named by its alias, a NIC by `<vm>/<nic>`.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{site}/{kind}/{name}"))


@dataclass(frozen=True)
class Portal:
    address: str
    port: int = 3260


@dataclass(frozen=True)
class Target:
    """An iSCSI target; with a user name it asks for CHAP."""

    iqn: str
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True)
class Unit:
    """A logical unit: behind a target, or visible over Fibre Channel to the hosts of some sites."""

    id: str
    size: int
    target: str | None = None
    zoned_sites: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Export:
    path: str
    size: int
    address: str | None = None
    kind: str = "nfs"


@dataclass(frozen=True)
class Volume:
    """What can hold a storage domain: some logical units, or an export."""

    name: str
    units: list[Unit] = field(default_factory=list)
    export: Export | None = None


@dataclass(frozen=True)
class Array:
    name: str
    portals: list[Portal] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    free_units: list[Unit] = field(default_factory=list)


@dataclass(frozen=True)
class Replication:
    source: str
    target: str


@dataclass(frozen=True)
class Cluster:
    name: str
    hosts: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Network:
    """A network; without named profiles it has one of its own name."""

    name: str
    profiles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DataCenter:
    name: str
    clusters: list[Cluster] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)


@dataclass(frozen=True)
class Domain:
    """A storage domain on a volume, active in a data center or, without one, unattached."""

    name: str
    volume: str
    data_center: str | None = None
    description: str = ""
    function: str = "data"
    master: bool = False
    backup: bool = False


@dataclass(frozen=True)
class Disk:
    """An image disk; on a VM with a template, the first disks without alias of their own are thin on the template's."""

    domain: str
    size: int = 10
    used: int = 1
    alias: str | None = None
    format: str = "cow"
    interface: str = "virtio_scsi"
    plugged: bool = True
    thin: bool = False
    copies: list[str] = field(default_factory=list)  # more domains, for a template's disk
    shareable: bool = False
    content_type: str = "data"


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a VM, of all its disks or of some; memory goes where the engine would put it, or as told."""

    description: str
    memory: bool = False
    memory_domain: str | None = None
    disks: list[str] | None = None


@dataclass(frozen=True)
class Nic:
    """A NIC; the profile is by default the network's own, the address follows from the VM's place in the file."""

    network: str | None = None
    profile: str | None = None
    name: str = "nic1"
    mac: str | None = None


@dataclass(frozen=True)
class Permission:
    """A role of a user, `login@profile`, on the VM or template that says so."""

    user: str
    role: str


@dataclass(frozen=True)
class Machine:
    """A VM or a template; one on an export domain has all its disks, and its snapshots' memory, there."""

    name: str
    cluster: str
    disks: list[Disk] = field(default_factory=list)
    nics: list[Nic] = field(default_factory=list)
    template: str | None = None
    description: str = ""
    status: str = "down"
    memory: int = 2
    high_availability: bool = False
    priority: int = 1
    lease: str | None = None
    delete_protected: bool = False
    os_type: str = "rhel_9x64"
    guest_address: str | None = None
    guest_ignores_shutdown: bool = False
    origin: str = "ovirt"
    stateless: bool = False
    pool: str | None = None
    shared_disks: list[str] = field(default_factory=list)  # aliases of shareable disks of VMs further up
    snapshots: list[Snapshot] = field(default_factory=list)
    preview: str | None = None  # the description of the snapshot that is in preview
    memory_domain: str | None = None  # of a suspended VM
    permissions: list[Permission] = field(default_factory=list)
    version: int = 1  # of a template whose own `template` is its base version


@dataclass(frozen=True)
class Pool:
    """A pool; VMs say that they belong to it."""

    name: str
    cluster: str
    template: str | None = None
    prestarted: int = 0
    stateful: bool = False


@dataclass(frozen=True)
class AffinityGroup:
    """An affinity group of VMs of a cluster, which keeps them together or apart."""

    name: str
    cluster: str
    vms: list[str] = field(default_factory=list)
    positive: bool = True
    enforcing: bool = True


@dataclass(frozen=True)
class AffinityLabel:
    name: str
    vms: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Site:
    name: str
    mac_range: list[str]
    data_centers: list[DataCenter] = field(default_factory=list)
    domains: list[Domain] = field(default_factory=list)
    templates: list[Machine] = field(default_factory=list)
    vms: list[Machine] = field(default_factory=list)
    exported_templates: list[Machine] = field(default_factory=list)
    exported_vms: list[Machine] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)  # `login@profile`, besides the administrator
    affinity_groups: list[AffinityGroup] = field(default_factory=list)
    affinity_labels: list[AffinityLabel] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A world: arrays, and the sites whose hosts reach them."""

    arrays: list[Array] = field(default_factory=list)
    replications: list[Replication] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    ovf_stores: bool = True  # written; otherwise as before the engines' first update of them

    def build(self, storage: Storage, engines: Mapping[str, Engine]) -> None:
        """Fill empty databases: the arrays', and that of each site that has an engine."""
        from .world import build_arrays, build_site

        now = min((engine.clock() for engine in engines.values()), default=0.0)
        build_arrays(self, storage, now)
        for site in self.sites:
            if site.name in engines:
                build_site(self, site, engines[site.name])


class ScenarioError(Exception):
    """The file does not describe a world."""


def load(path: Path) -> Scenario:
    """Read a scenario; raise ScenarioError that says where the file is wrong."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except yaml.YAMLError as exc:
        raise ScenarioError(f"{path}: {exc}") from exc
    return decode(document, str(path))


def decode(document: Any, where: str = "scenario") -> Scenario:
    """Return the scenario that plain data describes; raise ScenarioError that says where they are wrong."""
    scenario = _decode(Scenario, document, where)
    assert isinstance(scenario, Scenario)
    return scenario


def _decode(wanted: Any, value: Any, where: str) -> Any:
    """Turn plain data into the dataclasses of this file."""
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        return _decode_object(wanted, value, where)
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is list:
        if not isinstance(value, list):
            raise ScenarioError(f"{where}: a list is expected")
        return [_decode(arguments[0], one, f"{where}[{index}]") for index, one in enumerate(value)]
    if origin is types.UnionType:
        return None if value is None else _decode(arguments[0], value, where)
    if not isinstance(value, wanted) or wanted is int and isinstance(value, bool):
        raise ScenarioError(f"{where}: {wanted.__name__} is expected, not {value!r}")
    return value


def _decode_object(wanted: type[Any], value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ScenarioError(f"{where}: a mapping is expected")
    hints = typing.get_type_hints(wanted)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise ScenarioError(f"{where}: unknown key {unknown[0]}")
    required = {one.name for one in dataclasses.fields(wanted) if _is_required(one)}
    missing = sorted(required - set(value))
    if missing:
        raise ScenarioError(f"{where}: {missing[0]} is missing")
    return wanted(**{key: _decode(hints[key], one, f"{where}.{key}") for key, one in value.items()})


def _is_required(one: dataclasses.Field[Any]) -> bool:
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
