# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts can do on storage: find targets, log in, mount, and reach what lies there.

The arrays are shared by all sites; a `Fabric` is one site's transaction on them.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import Engine as Database
from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from ..database import KeepingSession
from . import arrays
from .contents import Contents
from .failures import StorageFailure
from .schema import Cut, Export, IscsiSession, LogicalUnit, Mount, Portal, Target, Volume

_VOLUMES = select(Volume).where(Volume.volume_group_id == bindparam("group"))
_TARGETS = (
    select(IscsiSession.iqn)
    .join(Portal, Portal.id == IscsiSession.portal_id)
    .where(IscsiSession.host_id == bindparam("host_id"), Portal.reachable)
)
_CUTS = select(Cut.array).where(Cut.host_id == bindparam("host_id"))
_EXPORT = select(Export).where(
    Export.address.is_not_distinct_from(bindparam("address")),
    Export.path == bindparam("path"),
    Export.kind == bindparam("kind"),
)
BLOCK_TYPES = frozenset({"iscsi", "fcp"})


@dataclass(frozen=True)
class FilePlace:
    """Where a file domain lies."""

    kind: str
    address: str | None
    path: str


@dataclass(frozen=True)
class BlockPlace:
    """Where a block domain lies."""

    kind: str
    volume_group_id: str


Place = FilePlace | BlockPlace


@dataclass(frozen=True)
class Found:
    """One answer of a discovery: a target over a portal."""

    address: str
    port: int
    portal: str
    target: str


@dataclass(frozen=True)
class Device:
    """A logical unit as one host sees it; `portals` are its iSCSI paths, none over Fibre Channel."""

    unit: LogicalUnit
    kind: str
    portals: tuple[Portal, ...]
    volume: Volume | None

    @property
    def paths(self) -> int:
        """Return how many ways lead to the unit."""
        return len(self.portals) if self.kind == "iscsi" else 1

    @property
    def active_paths(self) -> int:
        """Return how many of them work."""
        return sum(portal.reachable for portal in self.portals) if self.kind == "iscsi" else 1


class Storage:
    """All arrays, in one database that every engine process opens."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._turn = threading.Lock()

    def open(self, site: str, now: float) -> Fabric:
        """Begin a transaction for the hosts of a site (or, with any name, for an administrator of the arrays)."""
        self._turn.acquire()
        try:
            return self._begin(site, now)
        except BaseException:
            self._turn.release()
            raise

    def _begin(self, site: str, now: float) -> Fabric:
        return Fabric(KeepingSession(self.database, expire_on_commit=False), site, now, self._turn.release)


class Fabric:
    """The arrays as the hosts of one site see them; hosts are named by their id in the engine."""

    def __init__(self, db: Session, site: str, now: float, release: Callable[[], None]) -> None:
        self.db = db
        self.site = site
        self.now = now
        self._release = release
        # Only the arrays' administrator changes these, and never through a host.
        self._exports: dict[FilePlace, Export | None] = {}
        self._cut_arrays: dict[str, set[str]] = {}
        arrays.land(db, now)

    def close(self, commit: bool) -> None:
        """End the transaction."""
        try:
            if commit:
                self.db.commit()
        finally:
            self.db.close()
            self._release()

    def discover(self, address: str, port: int) -> list[Found]:
        """Ask a portal for its targets; it names all portals of its array, also the unreachable ones."""
        portal = self._portal(address, port)
        if portal is None:
            raise StorageFailure("iSCSIDiscoveryError")
        targets = self.db.scalars(select(Target.iqn).filter_by(array=portal.array).order_by(Target.iqn)).all()
        portals = self.db.scalars(select(Portal).filter_by(array=portal.array).order_by(Portal.id)).all()
        return [Found(one.address, one.port, name_of(one), iqn) for iqn in targets for one in portals]

    def login(
        self, host_id: str, address: str, port: int, iqn: str, username: str | None, password: str | None
    ) -> None:
        """Log a host in to a target over a portal; once more is no error."""
        portal, target = self._portal(address, port), self.db.get(Target, iqn)
        if portal is None or target is None or target.array != portal.array or self._is_cut(host_id, target.array):
            raise StorageFailure("iSCSISetupError")
        if target.chap_username is not None and (username, password) != (target.chap_username, target.chap_password):
            raise StorageFailure("iSCSILoginError")
        if self.db.get(IscsiSession, (host_id, iqn, portal.id)) is None:
            self.db.add(IscsiSession(host_id=host_id, iqn=iqn, portal_id=portal.id))
            self.db.flush()

    def credentials(self, host_id: str, iqn: str) -> tuple[str | None, str | None]:
        """Return the CHAP user and password with which a host is logged in to a target."""
        session = self.db.scalar(select(IscsiSession).filter_by(host_id=host_id, iqn=iqn).limit(1))
        target = self.db.get(Target, iqn) if session is not None else None
        return (target.chap_username, target.chap_password) if target is not None else (None, None)

    def mount(self, host_id: str, place: FilePlace) -> None:
        """Mount a path on a host; once more is no error."""
        export = self._export(place)
        if export is None or not export.reachable or self._is_cut(host_id, export.array):
            raise StorageFailure("StorageServerConnectionError")
        if self.db.get(Mount, (host_id, export.id)) is None:
            self.db.add(Mount(host_id=host_id, export_id=export.id))
            self.db.flush()

    def unmount(self, host_id: str, place: FilePlace) -> None:
        """Unmount a path; none is no error."""
        export = self._export(place)
        if export is not None:
            here = (Mount.host_id == host_id, Mount.export_id == export.id)
            self.db.execute(delete(Mount).where(*here))

    def disconnect(self, host_id: str) -> None:
        """End all sessions and mounts of a host, as a power cut does."""
        self.db.execute(delete(IscsiSession).where(IscsiSession.host_id == host_id))
        self.db.execute(delete(Mount).where(Mount.host_id == host_id))

    def devices(self, host_id: str) -> list[Device]:
        """Return the logical units that a host sees, in the order of their identifiers."""
        portals: dict[str, list[Portal]] = {}
        cut = self._cuts(host_id)
        sessions = select(IscsiSession.iqn, Portal).join(Portal, Portal.id == IscsiSession.portal_id)
        for iqn, portal in self.db.execute(sessions.where(IscsiSession.host_id == host_id).order_by(Portal.id)):
            portals.setdefault(iqn, []).append(portal)
        found = []
        for unit in self.db.scalars(select(LogicalUnit).where(LogicalUnit.array.not_in(cut)).order_by(LogicalUnit.id)):
            volume = self.db.get(Volume, unit.volume_id) if unit.volume_id is not None else None
            if unit.target in portals:
                found.append(Device(unit, "iscsi", tuple(portals[unit.target]), volume))
            elif unit.target is None and self.site in unit.zoned_sites:
                found.append(Device(unit, "fcp", (), volume))
        return found

    def groups(self, host_id: str, kind: str | None = None) -> list[Contents]:
        """Return what lies on the volume groups that a host sees completely."""
        seen: dict[int, tuple[Volume, set[str]]] = {}
        for device in self.devices(host_id):
            volume = device.volume
            if volume is None or volume.volume_group_id is None or not device.active_paths:
                continue
            if kind is None or device.kind == kind:
                seen.setdefault(volume.id, (volume, set()))[1].add(device.unit.id)
        whole = []
        for volume, units in seen.values():
            contents = Contents(self.db, volume, self.now)
            if {unit.id for unit in contents.logical_units} == units:
                whole.append(contents)
        return whole

    def create_group(self, host_id: str, unit_ids: Collection[str], force: bool) -> Contents:
        """Make a volume group of logical units; used ones only with force, which destroys what they hold."""
        devices = {device.unit.id: device for device in self.devices(host_id)}
        if not unit_ids or any(id_ not in devices or not devices[id_].active_paths for id_ in unit_ids):
            raise StorageFailure("DeviceNotFound")
        volumes = {volume.id: volume for id_ in unit_ids if (volume := devices[id_].volume) is not None}
        for volume in volumes.values():
            if volume.volume_group_id is not None:
                if not force:
                    raise StorageFailure("StorageDomainNotEmpty")
                Contents(self.db, volume, self.now).format()
        volume = self._volume_over([devices[id_].unit for id_ in unit_ids], list(volumes.values()))
        volume.volume_group_id = volume_group_id(uuid.uuid4())
        self.db.flush()
        return Contents(self.db, volume, self.now)

    def reach(self, host_id: str, place: Place) -> Contents:
        """Return what lies at a place, if the host is connected to it."""
        if isinstance(place, BlockPlace):
            return self._group(host_id, place)
        export = self._export(place)
        if export is None or self.db.get(Mount, (host_id, export.id)) is None:
            raise StorageFailure("StorageDomainDoesNotExist")
        if not export.reachable or self._is_cut(host_id, export.array):
            raise StorageFailure("StorageDomainAccessError")
        return Contents(self.db, self.db.get_one(Volume, export.volume_id), self.now)

    def _group(self, host_id: str, place: BlockPlace) -> Contents:
        cut, targets = self._cuts(host_id), self._targets(host_id)
        for volume in self.db.scalars(_VOLUMES, {"group": place.volume_group_id}):
            contents = Contents(self.db, volume, self.now)
            units = contents.logical_units
            if units and all(self._sees(unit, targets, cut) for unit in units):
                return contents
        raise StorageFailure("StorageDomainDoesNotExist")

    def reached(self, host_ids: Collection[str]) -> dict[str, set[int]]:
        """Return, by host, the volumes that it reaches: all units of a group over a portal that answers, or a mount."""
        mounts = select(Mount.host_id, Export.volume_id, Export.array).join(Export, Export.id == Mount.export_id)
        found: dict[str, set[int]] = {}
        for host_id in host_ids:
            cut = self._cuts(host_id)
            mounted = self.db.execute(mounts.where(Mount.host_id == host_id, Export.reachable))
            found[host_id] = {volume for _unused, volume, array in mounted if array not in cut}
            found[host_id] |= self._whole_groups(host_id, cut)
        return found

    def domains_on(self, volume_ids: Collection[int]) -> set[str]:
        """Return the domains that lie on volumes."""
        found = self.db.scalars(select(Volume.domain_id).where(Volume.id.in_(volume_ids)))
        return {domain_id for domain_id in found if domain_id is not None}

    def _whole_groups(self, host_id: str, cut: set[str]) -> set[int]:
        targets = self._targets(host_id)
        whole: dict[int, bool] = {}
        units = select(LogicalUnit).where(LogicalUnit.volume_id.is_not(None))
        for unit in self.db.scalars(units):
            assert unit.volume_id is not None
            whole[unit.volume_id] = whole.get(unit.volume_id, True) and self._sees(unit, targets, cut)
        return {volume for volume, complete in whole.items() if complete}

    def _targets(self, host_id: str) -> set[str]:
        """Return the targets that a host is logged in to over a portal that answers."""
        return set(self.db.scalars(_TARGETS, {"host_id": host_id}))

    def _sees(self, unit: LogicalUnit, targets: set[str], cut: set[str]) -> bool:
        """Tell whether a host with these targets, and cut off from these arrays, reaches a unit."""
        zoned = self.site in unit.zoned_sites if unit.target is None else unit.target in targets
        return zoned and unit.array not in cut

    def _cuts(self, host_id: str) -> set[str]:
        if host_id not in self._cut_arrays:
            self._cut_arrays[host_id] = set(self.db.scalars(_CUTS, {"host_id": host_id}))
        return self._cut_arrays[host_id]

    def _is_cut(self, host_id: str, array: str) -> bool:
        return array in self._cuts(host_id)

    def _portal(self, address: str, port: int) -> Portal | None:
        return self.db.scalar(select(Portal).filter_by(address=address, port=port, reachable=True))

    def _export(self, place: FilePlace) -> Export | None:
        if place not in self._exports:
            where = {"address": place.address, "path": place.path, "kind": place.kind}
            self._exports[place] = self.db.scalar(_EXPORT, where)
        return self._exports[place]

    def _volume_over(self, units: list[LogicalUnit], volumes: list[Volume]) -> Volume:
        """Return the volume of the units: the one they share, or a new one that takes them over."""
        ids = {unit.id for unit in units}
        if len(volumes) == 1 and {unit.id for unit in Contents(self.db, volumes[0], self.now).logical_units} == ids:
            return volumes[0]
        volume = Volume(name=f"{units[0].array}:{'+'.join(sorted(ids))}", array=units[0].array)
        self.db.add(volume)
        self.db.flush()
        for unit in units:
            unit.volume_id = volume.id
        return volume


def name_of(portal: Portal) -> str:
    """Return a portal in the form that a target advertises."""
    return f"{portal.address}:{portal.port},{portal.tpgt}"


def volume_group_id(seed: uuid.UUID) -> str:
    """Return an identifier in LVM's form."""
    text, cuts = seed.hex, (0, 6, 10, 14, 18, 22, 26, 32)
    return "-".join(text[start:end] for start, end in zip(cuts, cuts[1:], strict=False))
