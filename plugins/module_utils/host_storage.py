# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts see of block storage, and which hosts are there to ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .engine.bulk import each
from .engine.errors import EngineError
from .model.site import Host, Site

if TYPE_CHECKING:
    from .engine.records import Record
    from .engine.session import Session


@dataclass(frozen=True)
class Unit:
    """A logical unit as a host sees it; over iSCSI with the target and portal of its first path.

    storage_domain_id: of the domain on its volume group, whether or not the engine knows that domain. disk_id: of the
    disk that the engine uses it as. active_paths: None where the engine or the SDK is too old to tell.
    """

    id: str
    storage_type: str
    target: str | None = None
    address: str | None = None
    port: int | None = None
    volume_group_id: str | None = None
    storage_domain_id: str | None = None
    disk_id: str | None = None
    status: str | None = None
    paths: int = 1
    active_paths: int | None = None

    @property
    def dead(self) -> bool:
        """Whether no path to it works."""
        return self.active_paths == 0

    @property
    def lost_paths(self) -> int:
        """Return how many paths to it do not work."""
        return 0 if self.active_paths is None else self.paths - self.active_paths


View = tuple[Unit, ...]


def choose_hosts(site: Site, names: Sequence[str], data_center: str | None) -> list[Host]:
    """Return the named hosts, or every host of the data center that is up; EngineError where there is none to ask."""
    if names:
        chosen = [site.host(name) for name in names]
        resting = [f"{host.name} is {host.status}" for host in chosen if host.status != "up"]
        if resting:
            raise EngineError("rejected", f"host {', host '.join(resting)}", remedy="activate it, or name another")
        return chosen
    if not data_center:
        raise EngineError("invalid", "neither host nor data_center is given", remedy="give one of them")
    place = site.data_center(data_center)
    site.up_host(place)
    return [host for host in site.hosts_of(place) if host.status == "up"]


def view(engine: Session, host: Host, *, status: bool = False) -> View:
    """Return the logical units that a host sees; status: also whether each is in use, which takes the host long."""
    records = engine.list(f"hosts/{host.id}/storage", report_status=status)
    return tuple(_unit(unit, record.type) for record in records for unit in record.logical_units or ())


def views(engine: Session, hosts: Iterable[Host]) -> dict[str, View]:
    """Return what several hosts see, by the id of the host."""
    found = {}
    for host, seen in answers(engine, hosts).items():
        if isinstance(seen, EngineError):
            raise seen
        found[host.id] = seen
    return found


def answers(engine: Session, hosts: Iterable[Host], *, status: bool = False) -> dict[Host, View | EngineError]:
    """Return what each host sees, or why it does not say; status: as for `view`."""
    asked = list(hosts)
    return dict(zip(asked, each(engine, asked, lambda host: view(engine, host, status=status)), strict=True))


def cautions(
    label: str, units: Sequence[Unit], host: Host, others: Iterable[Host], seen: Mapping[str, View]
) -> Iterator[str]:
    """Yield what the operator has to know of the logical units of a storage domain that comes in over a host.

    label: how the domain is named. units: as the host sees them. seen: what the other hosts see, by their ids.
    """
    for unit in units:
        if unit.lost_paths:
            lost = f"{unit.lost_paths} of {unit.paths} paths from host {host.name} to logical unit {unit.id}"
            yield f"storage domain {label}: {lost} do not work"
    wanted = {unit.id for unit in units}
    for other in others:
        count = len(wanted & {unit.id for unit in seen.get(other.id, ()) if not unit.dead})
        if count < len(wanted):
            yield (
                f"storage domain {label}: host {other.name} sees {count} of its {len(wanted)} logical units; if it "
                "cannot be connected when the domain is attached it becomes non-operational"
            )


def _unit(record: Record, storage_type: str) -> Unit:
    return Unit(
        id=record.id,
        storage_type=storage_type,
        target=record.target,
        address=record.address,
        port=record.port,
        volume_group_id=record.volume_group_id,
        storage_domain_id=record.storage_domain_id,
        disk_id=record.disk_id,
        status=record.status,
        paths=record.paths or 0,
        active_paths=getattr(record, "active_paths", None),  # newer than the oldest SDK
    )
