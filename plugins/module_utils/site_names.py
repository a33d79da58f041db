# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site calls the things that its workloads refer to, read in a number of requests that no VM adds to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .engine.bulk import each
from .engine.errors import EngineError
from .mapping import Lun, Profile

if TYPE_CHECKING:
    from .engine.records import Record
    from .engine.session import Session


@dataclass(frozen=True)
class ClusterName:
    """A cluster, with the name of its data center and the architecture of its processors."""

    name: str
    data_center: str | None = None
    architecture: str | None = None


@dataclass(frozen=True)
class Unit:
    """A logical unit and its size in bytes."""

    lun: Lun
    size: int | None = None


@dataclass(frozen=True)
class SiteNames:
    """Everything that a mapping has to do with at one site; luns: what serves as a direct LUN."""

    clusters: tuple[ClusterName, ...] = ()
    vnic_profiles: tuple[Profile, ...] = ()
    affinity_groups: tuple[str, ...] = ()
    affinity_labels: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    user_domains: tuple[str, ...] = ()
    luns: tuple[Unit, ...] = ()


def load_names(engine: Session) -> SiteNames:
    """Return the names at a site."""
    centers = {record.id: record.name for record in engine.list("datacenters")}
    clusters = engine.list("clusters", follow="affinity_groups")
    return SiteNames(
        clusters=tuple(_cluster(record, centers) for record in clusters),
        vnic_profiles=load_profiles(engine, centers),
        affinity_groups=_names([group for record in clusters for group in record.affinity_groups or ()]),
        affinity_labels=_names(engine.list("affinitylabels")),
        roles=_names(engine.list("roles")),
        user_domains=_names(engine.list("domains")),
        luns=tuple(_disk_unit(record) for record in engine.list("disks", search="disk_type=lun")),
    )


def load_profiles(engine: Session, centers: dict[str, str]) -> tuple[Profile, ...]:
    """Return all vNIC profiles; centers: the names of the data centers by their ids."""
    networks = {record.id: record for record in engine.list("networks")}
    return tuple(
        Profile(network.name, record.name, centers.get(network.data_center.id), record.id)
        for record in engine.list("vnicprofiles")
        if (network := networks.get(record.network.id)) is not None
    )


def load_free_luns(engine: Session) -> tuple[Unit, ...]:
    """Return what nothing uses and a host of each cluster sees: a direct LUN has to be visible there."""
    hosts = {record.cluster.id: record.id for record in engine.list("hosts", search="status=up")}
    seen = each(engine, hosts.values(), lambda id_: engine.list(f"hosts/{id_}/storage"))
    found: dict[str, Unit] = {}
    for answer in seen:
        if isinstance(answer, EngineError):
            raise answer
        for record in answer:
            for unit in record.logical_units or ():
                if unit.status == "free":
                    found[unit.id] = Unit(_lun(record.type, unit), unit.size)
    return tuple(found[id_] for id_ in sorted(found))


def load_logins(engine: Session) -> list[tuple[str, str]]:
    """Return login and user domain of all users that the engine knows."""
    found = []
    for record in engine.list("users"):
        # A login may hold an @ of its own, a user domain may not.
        login, _at, _profile = (record.user_name or "").rpartition("@")
        domain = record.at("domain", "name")
        if domain and (record.principal or login):
            found.append((record.principal or login, domain))
    return found


def _cluster(record: Record, centers: dict[str, str]) -> ClusterName:
    center = record.data_center
    return ClusterName(record.name, centers.get(center.id) if center else None, record.at("cpu", "architecture"))


def _names(records: list[Record]) -> tuple[str, ...]:
    return tuple(sorted({record.name for record in records}))


def _disk_unit(record: Record) -> Unit:
    unit = record.lun_storage.logical_units[0]
    return Unit(Lun(unit.id), unit.size)


def _lun(kind: str, unit: Record) -> Lun:
    if kind != "iscsi":
        return Lun(unit.id, kind)
    # The engine writes 10.0.0.1:3260,1 and wants the 1.
    portal = (unit.portal or "").rpartition(",")[2] or None
    return Lun(unit.id, kind, unit.address, unit.port, portal, unit.target, unit.username)
