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
from ..model.site import Domain, Site
from ..site_names import load_logins

if TYPE_CHECKING:
    from ..engine.records import Record
    from ..engine.session import Session


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

    def template_domains(self, template_id: str) -> frozenset[str] | None:
        """Return where a registered template has disks, None for one that is not registered."""
        found = next((one for one in self.site.templates if one.id == template_id), None)
        if found is None:
            return None
        return frozenset(id_ for disk in self.site.image_disks(found) for id_ in disk.domain_ids)


def number_of(mac: str) -> int:
    """Return an address as a number, -1 for what is none."""
    try:
        return int(mac.replace(":", ""), 16)
    except ValueError:
        return -1


def load_place(engine: Session, with_units: bool) -> Place:
    """Return the site. with_units: also what hosts see of logical units, which takes them long to tell."""
    networks = {record.id: record.name for record in engine.list("networks")}
    profiles = [(record.network.id, record.id, record.name) for record in engine.list("vnicprofiles") if record.network]
    pools = {record.id: _mac_pool(record) for record in engine.list("macpools")}
    clusters = engine.list("clusters", follow="networks,affinity_groups")
    return Place(
        site=load_site(engine),
        clusters=tuple(_cluster(record, profiles, pools) for record in clusters),
        profile_names={id_: (networks.get(network, ""), name) for network, id_, name in profiles},
        affinity_labels=_names(engine.list("affinitylabels")),
        roles=_names(engine.list("roles")),
        logins=frozenset(load_logins(engine)),
        macs=_macs(engine),
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


def _macs(engine: Session) -> dict[str, str]:
    found = {}
    for vm in engine.parts("vms", follow="nics"):
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
