# SPDX-License-Identifier: GPL-3.0-or-later
"""The site at which something is to be registered, with all that a registration may meet there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ..engine.bulk import each
from ..engine.errors import EngineError
from ..model.loader import load_site
from ..model.site import Domain, Site, Template, Vm
from ..site_names import load_logins

if TYPE_CHECKING:
    from ..engine.records import Record
    from ..engine.session import Parts, Session


@dataclass(frozen=True)
class MacPool:
    """A pool of MAC addresses, as numbers: its ranges from first to last."""

    allow_duplicates: bool
    ranges: tuple[tuple[int, int], ...]

    def holds(self, mac: str) -> bool:
        """Return whether an address is one of this pool."""
        return any(first <= number_of(mac) <= last for first, last in self.ranges)


@dataclass(frozen=True)
class Cluster:
    """A cluster: profiles are (network, profile) names that its VMs can have, affinity_groups its own."""

    id: str
    name: str
    data_center_id: str | None
    architecture: str | None = None
    mac_pool: MacPool | None = None
    profiles: frozenset[tuple[str, str]] = frozenset()
    affinity_groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Place:
    """A site. macs: who has an address. units: the logical units that hosts see, and their statuses."""

    site: Site
    clusters: tuple[Cluster, ...] = ()
    profile_names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    affinity_labels: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    logins: frozenset[tuple[str, str]] = frozenset()
    macs: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def cluster(self, name: str | None) -> Cluster | None:
        """Return the cluster of a name, None without one."""
        return next((one for one in self.clusters if one.name == name), None)

    def domain(self, id_: str | None) -> Domain | None:
        """Return the storage domain of an id, None for one that is not known here."""
        return self._domains.get(id_ or "")

    @cached_property
    def _domains(self) -> dict[str, Domain]:
        return {domain.id: domain for domain in self.site.domains}

    @cached_property
    def centers_by_cluster(self) -> dict[str | None, str | None]:
        """Return the data centers of the clusters."""
        return {cluster.id: cluster.data_center_id for cluster in self.clusters}

    @cached_property
    def known_logins(self) -> frozenset[str]:
        """Return the logins of the users that are known in any domain."""
        return frozenset(login for login, _domain in self.logins)

    @cached_property
    def _template_by_id(self) -> dict[str, Template]:
        return {template.id: template for template in self.site.templates}

    def registered(self, kind: str, id_: str) -> Vm | Template | None:
        """Return the VM or template of an id, None for one that is not registered."""
        return self.site.vm_by_id.get(id_) if kind == "vm" else self._template_by_id.get(id_)

    def called(self, kind: str, name: str) -> list[Vm | Template]:
        """Return the VMs or templates of a name."""
        return self._by_name.get((kind, name), [])

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], list[Vm | Template]]:
        found: dict[tuple[str, str], list[Vm | Template]] = {}
        for kind, known in (("vm", self.site.vms), ("template", self.site.templates)):
            for one in known:
                found.setdefault((kind, one.name), []).append(one)
        return found

    def template_domains(self, template_id: str) -> frozenset[str] | None:
        """Return where a registered template has disks, None for one that is not registered."""
        found = self._template_by_id.get(template_id)
        if found is None:
            return None
        return frozenset(id_ for disk in self.site.image_disks(found) for id_ in disk.domain_ids)


def number_of(mac: str) -> int:
    """Return an address as a number, -1 for what is none."""
    try:
        return int(mac.replace(":", ""), 16)
    except ValueError:
        return -1


# What has to be read with each VM.
VM_PARTS = "disk_attachments,snapshots,nics"


def load_place(engine: Session, with_units: bool, vms: Parts | None = None) -> Place:
    """Return the site. with_units: also what hosts see of logical units, which takes them long to tell.

    vms: the answer to a request for all VMs with VM_PARTS, where somebody has made it already.
    """
    machines = engine.parts("vms", follow=VM_PARTS) if vms is None else vms
    networks = {record.id: record.name for record in engine.list("networks")}
    profiles = [(record.network.id, record.id, record.name) for record in engine.list("vnicprofiles") if record.network]
    pools = {record.id: _mac_pool(record) for record in engine.list("macpools")}
    clusters = engine.list("clusters", follow="networks,affinity_groups")
    return Place(
        site=load_site(engine, machines),
        clusters=tuple(_cluster(record, profiles, pools) for record in clusters),
        profile_names={id_: (networks.get(network, ""), name) for network, id_, name in profiles},
        affinity_labels=_names(engine.list("affinitylabels")),
        roles=_names(engine.list("roles")),
        logins=frozenset(load_logins(engine)),
        macs=_macs(machines),
        units=_units(engine) if with_units else {},
    )


def _mac_pool(record: Record) -> MacPool:
    ranges = tuple((number_of(one.from_), number_of(one.to)) for one in record.ranges or ())
    return MacPool(bool(record.allow_duplicates), ranges)


def _cluster(record: Record, profiles: Iterable[tuple[str, str, str]], pools: Mapping[str, MacPool]) -> Cluster:
    networks = {one.id: one.name for one in record.networks or ()}
    return Cluster(
        record.id,
        record.name,
        record.at("data_center", "id"),
        record.at("cpu", "architecture"),
        pools.get(record.at("mac_pool", "id") or ""),
        frozenset((networks[network], name) for network, _id, name in profiles if network in networks),
        _names(record.affinity_groups or ()),
    )


def _names(records: Iterable[Record]) -> frozenset[str]:
    return frozenset(record.name for record in records)


def _macs(machines: Parts) -> dict[str, str]:
    found = {}
    for vm in machines:
        for nic in vm.parts("nics"):
            mac = nic.part("mac")
            address = mac.text("address") if mac else None
            if address:
                found[address.lower()] = vm.text("name") or vm.id
    return found


def _units(engine: Session) -> dict[str, str]:
    """Return the logical units that one host of each cluster sees, and their statuses."""
    hosts = {record.cluster.id: record.id for record in engine.list("hosts", search="status=up")}
    found: dict[str, str] = {}
    for answer in each(engine, hosts.values(), lambda id_: engine.list(f"hosts/{id_}/storage")):
        if isinstance(answer, EngineError):
            raise answer
        found |= {unit.id: unit.status or "unusable" for one in answer for unit in one.logical_units or ()}
    return found
